/** Executes a plan: reads spans, undoes filters, hands the pieces to their sinks. */
import { numberBytes } from "./convert.ts";
import type { Hdf5Bytes } from "./hdf5/byte-source.ts";
import { type Codecs, FilterScratch, undoFilters } from "./hdf5/filters.ts";
import type { RowArray } from "./row-array.ts";
import { planRows, type RowPlan, type Span } from "./row-plan.ts";
import type { Piece, Sink } from "./row-sink.ts";

/** Memory of one open file, used again by each read. */
export class ReadScratch {
  #span = new Uint8Array(0);
  #aligned = new Uint8Array(0);
  readonly filters = new FilterScratch();

  span(bytes: number): Uint8Array<ArrayBuffer> {
    if (this.#span.length < bytes) this.#span = new Uint8Array(bytes);
    return this.#span;
  }

  /** A copy of `bytes` at an 8-byte boundary. */
  aligned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    if (this.#aligned.length < bytes.length) this.#aligned = new Uint8Array(bytes.length);
    this.#aligned.set(bytes);
    return this.#aligned.subarray(0, bytes.length);
  }
}

/** Reads the rows [bltStart, bltEnd) of the sinks' arrays. */
export function readIntoSinks(
  hdf5: Hdf5Bytes,
  codecs: Codecs,
  scratch: ReadScratch,
  sinks: readonly Sink[],
  range: { readonly bltStart: number; readonly bltEnd: number },
): void {
  const plan = planRows(
    sinks.map((sink) => sink.array),
    range,
  );
  for (const { arrayIndex, chunkIndex } of plan.missing) {
    const sink = sinks[arrayIndex] as Sink;
    hdf5.checkMissing(`chunk ${chunkIndex} of ${sink.array.path}`);
    putFill(sink, chunkIndex, range);
  }
  for (const span of plan.spans) readSpan(hdf5, codecs, scratch, sinks, plan, span);
}

function readSpan(
  hdf5: Hdf5Bytes,
  codecs: Codecs,
  scratch: ReadScratch,
  sinks: readonly Sink[],
  plan: RowPlan,
  span: Span,
): void {
  // The span begins in memory at the same place modulo 8 as in the file, so that aligned chunks stay aligned.
  const shift = span.startByte % 8;
  const spanBytes = span.endByte - span.startByte;
  const memory = scratch.span(spanBytes + 8);
  hdf5.source.readInto(memory.subarray(shift, shift + spanBytes), span.startByte);
  const base = span.startByte - shift;
  const words = new Int32Array(memory.buffer, 0, memory.length >> 2);
  for (let i = span.pieceStart; i < span.pieceEnd; i++) {
    const sink = sinks[plan.arrayIndex[i] as number] as Sink;
    const { array } = sink;
    const at = (plan.addressBytes[i] as number) - base;
    const piece = pieceOf(plan, i);
    if (array.filters.length === 0) {
      if (i + 1 < span.pieceEnd && plan.arrayIndex[i + 1] === plan.arrayIndex[i]) {
        const next = (plan.addressBytes[i + 1] as number) - base;
        if (at % 8 === 0 && next % 8 === 0 && sink.putTwo(words, at / 4, next / 4, piece, pieceOf(plan, i + 1))) {
          i++;
          continue;
        }
      }
      const bytes = memory.subarray(at, at + (plan.lengthBytes[i] as number));
      sink.put(at % numberBytes(array.type) === 0 ? bytes : scratch.aligned(bytes), piece);
      continue;
    }
    const stored = memory.subarray(at, at + (plan.lengthBytes[i] as number));
    const chunkBytes = array.chunkShape[0] * array.chunkShape[1] * array.chunkShape[2] * array.elementBytes;
    const field = `chunk ${piece.chunkIndex} of ${array.path}`;
    const plain = undoFilters(
      hdf5,
      codecs,
      scratch.filters,
      array.filters,
      stored,
      chunkBytes,
      array.skippedFilters?.[piece.chunkIndex] ?? 0,
      field,
    );
    sink.put(
      plain.byteOffset % 8 === 0 && plain.buffer instanceof ArrayBuffer
        ? (plain as Uint8Array<ArrayBuffer>)
        : scratch.aligned(plain),
      piece,
    );
  }
}

function pieceOf(plan: RowPlan, i: number): Piece {
  return {
    chunkIndex: plan.chunkIndex[i] as number,
    storedRowStart: plan.storedRowStart[i] as number,
    rowStart: plan.rowStart[i] as number,
    rowEnd: plan.rowEnd[i] as number,
  };
}

/** Puts the fill value where a chunk is not stored, row by row. */
function putFill(sink: Sink, chunkIndex: number, range: { readonly bltStart: number; readonly bltEnd: number }): void {
  const { array } = sink;
  const [chunkRows, chunkChans, chunkPols] = array.chunkShape;
  const perBand = Math.ceil(array.shape[1] / chunkChans) * Math.ceil(array.shape[2] / chunkPols);
  const band = Math.floor(chunkIndex / perBand);
  const rowStart = Math.max(0, range.bltStart - band * chunkRows);
  const rowEnd = Math.min(chunkRows, range.bltEnd - band * chunkRows);
  const row = new Uint8Array(chunkChans * chunkPols * array.elementBytes);
  if (array.fillBytes !== null)
    for (let at = 0; at < row.length; at += array.elementBytes) row.set(array.fillBytes, at);
  for (let r = rowStart; r < rowEnd; r++) sink.put(row, { chunkIndex, storedRowStart: r, rowStart: r, rowEnd: r + 1 });
}

/**
 * A number of rows that suits reading in turn: a multiple of the rows of every array's chunks where that stays
 * small, and about `targetBytes` of visibilities.
 */
export function rowBlock(arrays: readonly RowArray[], rowBytes: number, targetBytes = 4 << 20): number {
  const rowCount = arrays[0]?.shape[0] ?? 0;
  let unit = 1;
  for (const { chunkShape } of arrays) {
    const common = (unit * chunkShape[0]) / greatestCommonDivisor(unit, chunkShape[0]);
    if (common * rowBytes <= 16 * targetBytes) unit = common;
  }
  const blocks = Math.max(1, Math.round(targetBytes / (unit * rowBytes)));
  return Math.max(1, Math.min(unit * blocks, rowCount));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
