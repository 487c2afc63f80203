/** Streams as sources: what has gone by a while ago is not kept. */
import { FitsTruncatedError, FitsUnsupportedError } from "../errors.ts";
import type { AsyncByteSource } from "./byte-source.ts";

/** Headers are read in pieces that may reach into the data behind them: so much can be asked for again. */
const KEPT_BYTES = 1 << 18;

/**
 * A source over a stream that can only be read once, from front to back: standard input, an HTTP body, a decompressor.
 * HDUs are to be walked with `walkHdus` and each read before the next is asked for.
 *
 * @returns a source whose length is not known; asking for what is long gone is a FitsUnsupportedError
 */
export function forwardSource(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  name = "stream",
): AsyncByteSource {
  const iterator = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  const kept: { readonly startByte: number; readonly bytes: Uint8Array }[] = [];
  let receivedBytes = 0;
  let isAtEnd = false;

  const receive = async (endByte: number): Promise<void> => {
    while (receivedBytes < endByte && !isAtEnd) {
      const next = await iterator.next();
      if (next.done) {
        isAtEnd = true;
      } else if (next.value.length > 0) {
        kept.push({ startByte: receivedBytes, bytes: next.value });
        receivedBytes += next.value.length;
      }
    }
  };
  const forget = (beforeByte: number): void => {
    let count = 0;
    while (count < kept.length && kept[count]!.startByte + kept[count]!.bytes.length <= beforeByte) count++;
    kept.splice(0, count);
  };

  /** Bytes between two readings are let go as they come. */
  const skip = async (toByte: number): Promise<void> => {
    while (receivedBytes < toByte && !isAtEnd) {
      await receive(receivedBytes + 1);
      forget(Math.min(receivedBytes, toByte) - KEPT_BYTES);
    }
  };

  const readInto = async (target: Uint8Array, startByte: number): Promise<void> => {
    const endByte = startByte + target.length;
    const firstByte = kept[0]?.startByte ?? receivedBytes;
    if (startByte < firstByte) {
      const place = "position in the stream";
      throw new FitsUnsupportedError({ file: name, place, expected: `${firstByte} or later`, found: `${startByte}` });
    }
    await skip(startByte);
    let doneByte = startByte;
    while (doneByte < endByte) {
      await receive(doneByte + 1);
      if (receivedBytes <= doneByte) {
        const expected = `bytes ${startByte} to ${endByte}`;
        throw new FitsTruncatedError({ file: name, place: "stream", expected, found: `the end at ${receivedBytes}` });
      }
      for (const { startByte: chunkByte, bytes } of kept) {
        if (chunkByte > doneByte || chunkByte + bytes.length <= doneByte) continue;
        const piece = bytes.subarray(doneByte - chunkByte, endByte - chunkByte);
        target.set(piece, doneByte - startByte);
        doneByte += piece.length;
      }
      forget(doneByte - KEPT_BYTES);
    }
  };

  return {
    name,
    byteLength: Infinity,
    readInto,
    async slice(startByte, endByte) {
      const bytes = new Uint8Array(endByte - startByte);
      await readInto(bytes, startByte);
      return bytes;
    },
  };
}
