/** Where the chunks of one array go: the caller's buffer, and what is known about equal values. */
import { isPlainFloat32, toFloat32Words, toFloat64Numbers } from "./convert.ts";
import { Uvh5InconsistentError } from "./errors.ts";
import type { RowArray } from "./row-array.ts";
import {
  allWordsEqual,
  type Block,
  scatterBytes,
  scatterDoublePairs,
  scatterPairs,
  scatterTwoPols,
  scatterWords,
} from "./scatter.ts";

/** The part of a chunk that is wanted, as bytes in memory. */
export interface Piece {
  readonly chunkIndex: number;
  /** Rows [rowStart, rowEnd) of the chunk are wanted; the bytes begin with row `storedRowStart`. */
  readonly storedRowStart: number;
  readonly rowStart: number;
  readonly rowEnd: number;
}

export interface Sink {
  readonly array: RowArray;
  put(bytes: Uint8Array<ArrayBuffer>, piece: Piece): void;
  /** Two neighbouring polarizations at once; false when this sink cannot, and nothing was done. */
  putTwo(words: Int32Array, firstWord: number, secondWord: number, first: Piece, second: Piece): boolean;
}

/** Geometry of a piece within a chunk and within the rows that were asked for. */
export function blockOf(array: RowArray, piece: Piece, bltStart: number): Block {
  const [, chans, pols] = array.shape;
  const [chunkRows, chunkChans, chunkPols] = array.chunkShape;
  const chanChunks = Math.ceil(chans / chunkChans);
  const polChunks = Math.ceil(pols / chunkPols);
  const polChunk = piece.chunkIndex % polChunks;
  const chanChunk = Math.floor(piece.chunkIndex / polChunks) % chanChunks;
  const band = Math.floor(piece.chunkIndex / (polChunks * chanChunks));
  const row = band * chunkRows + piece.rowStart - bltStart;
  return {
    sourceStart: (piece.rowStart - piece.storedRowStart) * chunkChans * chunkPols,
    rowCount: piece.rowEnd - piece.rowStart,
    chunkChans,
    chunkPols,
    chanCount: Math.min(chunkChans, chans - chanChunk * chunkChans),
    polCount: Math.min(chunkPols, pols - polChunk * chunkPols),
    targetStart: row * chans * pols + chanChunk * chunkChans * pols + polChunk * chunkPols,
    targetRow: chans * pols,
    targetPols: pols,
  };
}

const wordsOf = (bytes: Uint8Array<ArrayBuffer>): Int32Array<ArrayBuffer> =>
  new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);

/** A sink for visibilities in single precision. */
export function visSink(file: string, array: RowArray, vis: Float32Array, bltStart: number): Sink {
  const target = new Int32Array(vis.buffer, vis.byteOffset, vis.length);
  const isPlain = isPlainFloat32(array.type);
  const canPair = isPlain && array.chunkShape[2] === 1 && array.shape[2] === 2;
  return {
    array,
    put(bytes, piece) {
      const words = isPlain ? wordsOf(bytes) : toFloat32Words(file, array.path, bytes, array.type);
      scatterPairs(words, target, blockOf(array, piece, bltStart));
    },
    putTwo(words, firstWord, secondWord, first, second) {
      const isPair =
        canPair &&
        first.chunkIndex % 2 === 0 &&
        second.chunkIndex === first.chunkIndex + 1 &&
        first.rowStart === second.rowStart &&
        first.rowEnd === second.rowEnd &&
        first.storedRowStart === second.storedRowStart;
      if (!isPair) return false;
      const block = blockOf(array, first, bltStart);
      const start = block.sourceStart;
      scatterTwoPols(words, secondWord / 2 + start, target, { ...block, sourceStart: firstWord / 2 + start });
      return true;
    },
  };
}

/** A sink for visibilities in double precision. */
export function doubleVisSink(file: string, array: RowArray, vis: Float64Array, bltStart: number): Sink {
  return {
    array,
    put(bytes, piece) {
      scatterDoublePairs(toFloat64Numbers(file, array.path, bytes, array.type), vis, blockOf(array, piece, bltStart));
    },
    putTwo: () => false,
  };
}

/** A sink that holds back as long as all values are equal. */
export interface UniformSink extends Sink {
  /** Ends the read: writes the one value to the whole target unless told to leave it. @returns the value's bits, or undefined when values differ */
  finish(leaveUniform: boolean): number | undefined;
}

/**
 * @param elementCount  elements of the target that the range of rows fills
 *
 * Pieces whose values all equal the first one seen are not scattered. At the first that differs, the target
 * is filled with the value held so far, and from then on every piece is scattered.
 */
export function nsamplesSink(
  file: string,
  array: RowArray,
  nsamples: Float32Array,
  bltStart: number,
  elementCount: number,
): UniformSink {
  const target = new Int32Array(nsamples.buffer, nsamples.byteOffset, nsamples.length);
  const isPlain = isPlainFloat32(array.type);
  let held: number | undefined;
  let isUniform = true;
  return {
    array,
    put(bytes, piece) {
      const words = isPlain ? wordsOf(bytes) : toFloat32Words(file, array.path, bytes, array.type);
      const block = blockOf(array, piece, bltStart);
      if (isUniform) {
        held ??= words[block.sourceStart] as number;
        if (blockWordsEqual(words, block, held)) return;
        isUniform = false;
        target.fill(held, 0, elementCount);
      }
      scatterWords(words, target, block);
    },
    putTwo: () => false,
    finish(leaveUniform) {
      if (!isUniform || held === undefined) return undefined;
      if (!leaveUniform) target.fill(held, 0, elementCount);
      return held;
    },
  };
}

function blockWordsEqual(words: Int32Array, block: Block, value: number): boolean {
  const { sourceStart, rowCount, chunkChans, chunkPols, chanCount, polCount } = block;
  const rowWords = chunkChans * chunkPols;
  if (chanCount === chunkChans && polCount === chunkPols)
    return allWordsEqual(words, sourceStart, sourceStart + rowCount * rowWords, value);
  for (let row = 0; row < rowCount; row++) {
    for (let chan = 0; chan < chanCount; chan++) {
      const start = sourceStart + row * rowWords + chan * chunkPols;
      if (!allWordsEqual(words, start, start + polCount, value)) return false;
    }
  }
  return true;
}

/** A sink for flags. Any stored byte but 0 and 1 is refused. */
export function flagsSink(
  file: string,
  array: RowArray,
  flags: Uint8Array,
  bltStart: number,
  elementCount: number,
): UniformSink {
  let held: number | undefined;
  let isUniform = true;
  return {
    array,
    put(bytes, piece) {
      const block = blockOf(array, piece, bltStart);
      if (isUniform) {
        held ??= bytes[block.sourceStart] as number;
        if (blockBytesEqual(bytes, block, held)) {
          if (held > 1) badFlag(file, array, held);
          return;
        }
        isUniform = false;
        flags.fill(held, 0, elementCount);
      }
      const seen = scatterBytes(bytes, flags, block);
      if (seen > 1) badFlag(file, array, seen);
    },
    putTwo: () => false,
    finish(leaveUniform) {
      if (!isUniform || held === undefined) return undefined;
      if (!leaveUniform) flags.fill(held, 0, elementCount);
      return held;
    },
  };
}

function badFlag(file: string, array: RowArray, found: number): never {
  throw new Uvh5InconsistentError({
    file,
    field: array.path,
    expected: "bytes of 0 or 1",
    found: `bits ${found.toString(2)}`,
  });
}

function blockBytesEqual(bytes: Uint8Array<ArrayBuffer>, block: Block, value: number): boolean {
  const { sourceStart, rowCount, chunkChans, chunkPols, chanCount, polCount } = block;
  const rowBytes = chunkChans * chunkPols;
  if (chanCount === chunkChans && polCount === chunkPols)
    return runEqual(bytes, sourceStart, sourceStart + rowCount * rowBytes, value);
  for (let row = 0; row < rowCount; row++) {
    for (let chan = 0; chan < chanCount; chan++) {
      const start = sourceStart + row * rowBytes + chan * chunkPols;
      for (let pol = 0; pol < polCount; pol++) if (bytes[start + pol] !== value) return false;
    }
  }
  return true;
}

/** Whether bytes [start, end) all equal `value`, four at a time where they are aligned. */
function runEqual(bytes: Uint8Array<ArrayBuffer>, start: number, end: number, value: number): boolean {
  let at = start;
  while (at < end && (bytes.byteOffset + at) % 4 !== 0) if (bytes[at++] !== value) return false;
  const words = (end - at) >> 2;
  if (
    words > 0 &&
    !allWordsEqual(new Int32Array(bytes.buffer, bytes.byteOffset + at, words), 0, words, Math.imul(value, 0x01010101))
  )
    return false;
  for (at += 4 * words; at < end; at++) if (bytes[at] !== value) return false;
  return true;
}
