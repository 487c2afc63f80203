/** Where bytes come from: the only thing that reading knows of the outside. */
import { FitsTruncatedError } from "../errors.ts";

/** Random access to bytes: a file, a blob, a server that answers ranges. */
export interface AsyncByteSource {
  /** Path, address or name, for errors. */
  readonly name: string;
  /** Infinity when it is not known, as for a stream. */
  readonly byteLength: number;
  /** The bytes `startByte` to `endByte` (exclusive), which lie inside `byteLength`. */
  slice(startByte: number, endByte: number): Promise<Uint8Array>;
  /** Fills all of `target`; offered where that saves memory. */
  readInto?(target: Uint8Array, startByte: number): Promise<void>;
}

/** A source over bytes that are in memory. */
export function bytesInMemory(bytes: Uint8Array, name = "memory"): AsyncByteSource {
  return {
    name,
    byteLength: bytes.length,
    slice: (startByte, endByte) => Promise.resolve(bytes.subarray(startByte, endByte)),
  };
}

/** A source over a Blob, such as a file that a user has dropped into a page. */
export function blobSource(blob: Blob, name = "blob"): AsyncByteSource {
  return {
    name,
    byteLength: blob.size,
    slice: async (startByte, endByte) => new Uint8Array(await blob.slice(startByte, endByte).arrayBuffer()),
  };
}

/**
 * The bytes `startByte` to `endByte`, checked against the length before anything is asked for.
 *
 * @throws FitsTruncatedError when the source ends before
 */
export async function readBytes(
  source: AsyncByteSource,
  startByte: number,
  endByte: number,
  place: string,
): Promise<Uint8Array> {
  assertInside(source, startByte, endByte, place);
  if (startByte === endByte) return new Uint8Array(0);
  const bytes = await source.slice(startByte, endByte);
  if (bytes.length !== endByte - startByte) throw tooShort(source, startByte, endByte, startByte + bytes.length, place);
  return bytes;
}

/** Reads of one source that take turns in the same memory, where the source can fill it. */
export class ReadBuffer {
  readonly source: AsyncByteSource;
  #bytes = new Uint8Array(0);

  constructor(source: AsyncByteSource) {
    this.source = source;
  }

  /** As `readBytes`. The result is valid until the next call. */
  async read(startByte: number, endByte: number, place: string): Promise<Uint8Array> {
    const { source } = this;
    if (source.readInto === undefined) return readBytes(source, startByte, endByte, place);
    assertInside(source, startByte, endByte, place);
    const byteCount = endByte - startByte;
    if (this.#bytes.length < byteCount) this.#bytes = new Uint8Array(byteCount);
    const target = this.#bytes.subarray(0, byteCount);
    await source.readInto(target, startByte);
    return target;
  }
}

/** @throws FitsTruncatedError when the source ends before; to be called before memory is taken for the bytes */
export function assertInside(source: AsyncByteSource, startByte: number, endByte: number, place: string): void {
  if (endByte > source.byteLength) throw tooShort(source, startByte, endByte, source.byteLength, place);
}

function tooShort(
  source: AsyncByteSource,
  startByte: number,
  endByte: number,
  foundByte: number,
  place: string,
): Error {
  return new FitsTruncatedError({
    file: source.name,
    place,
    expected: `bytes ${startByte} to ${endByte}`,
    found: `the end at ${foundByte}`,
  });
}
