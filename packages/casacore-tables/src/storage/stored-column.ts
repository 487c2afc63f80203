/** One column as a storage reader offers it: rows in, values out. The public column (table/column.ts) checks the calls. */
import { hostIsLittleEndian, swapBytes, unpackBits } from "../aipsio/byte-order.ts";
import { type NumericType, numericLayouts } from "../table/data-types.ts";
import type { ColumnDesc, NumericArray } from "../table/model.ts";
import { assertInside, type PagedReader, readExactly } from "./byte-source.ts";

/** Rows are checked by the caller; a scalar column is one whose cells have the shape []. */
export interface StoredColumn {
  /** Shape of a cell, or undefined when it holds no value. */
  shapeOf(rowIndex: number): readonly number[] | undefined;
  /** End of the run of rows from `rowStart` on, at most `rowEnd`, whose cells have one shape (or all have none). */
  equalShapeEnd(rowStart: number, rowEnd: number): number;
  /** Values of rows whose cells have one shape, one behind the other, into elements `intoStart` and on. */
  readNumbers(rowStart: number, rowEnd: number, into: NumericArray, intoStart: number): void;
  /** The same for strings. */
  readStrings(rowStart: number, rowEnd: number, into: string[], intoStart: number): void;
}

/** An open data manager. */
export interface ManagerReader {
  /** @param position of the column among those of this manager, in the order of the table description */
  openColumn(desc: ColumnDesc, position: number, shape: readonly number[] | undefined): StoredColumn;
  close(): void;
}

export function sameShape(a: readonly number[] | undefined, b: readonly number[] | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** `equalShapeEnd` for storage that knows shapes row by row only. */
export function findEqualShapeEnd(column: Pick<StoredColumn, "shapeOf">, rowStart: number, rowEnd: number): number {
  const shape = column.shapeOf(rowStart);
  let row = rowStart + 1;
  while (row < rowEnd && sameShape(column.shapeOf(row), shape)) row++;
  return row;
}

/** Reads up to this size go through the page cache, larger ones straight into the caller's memory. */
const pagedReadBytes = 4096;

/**
 * Reads numbers into elements [elementStart, elementEnd) of the caller's array and turns their bytes when the file's
 * order is not that of the host. A complex value counts as two elements.
 */
export function readNumbersAt(
  pages: PagedReader,
  offsetBytes: number,
  type: NumericType,
  into: NumericArray,
  elementStart: number,
  elementEnd: number,
  what: string,
): void {
  const { partBytes } = numericLayouts[type];
  const byteCount = (elementEnd - elementStart) * partBytes;
  const target = new Uint8Array(into.buffer, into.byteOffset + elementStart * partBytes, byteCount);
  if (byteCount <= pagedReadBytes) target.set(pages.bytes(offsetBytes, byteCount, what));
  else readExactly(pages.source, target, offsetBytes, what);
  if (pages.littleEndian !== hostIsLittleEndian) swapBytes(target, partBytes);
}

const bitScratchBytes = 1 << 18;
let bitScratch: Uint8Array | undefined;

/** Reads bits, lowest bit of a byte first, as bytes 0 or 1; `bitStart` counts from `offsetBytes`. */
export function readBitsAt(
  pages: PagedReader,
  offsetBytes: number,
  bitStart: number,
  bitCount: number,
  into: Uint8Array,
  intoStart: number,
  what: string,
): void {
  const firstByte = offsetBytes + Math.floor(bitStart / 8);
  const skippedBits = bitStart % 8;
  const byteCount = Math.ceil((skippedBits + bitCount) / 8);
  if (byteCount <= pagedReadBytes) {
    unpackBits(pages.bytes(firstByte, byteCount, what), skippedBits, bitCount, into, intoStart);
    return;
  }
  assertInside(pages.source, firstByte, byteCount, what);
  bitScratch ??= new Uint8Array(bitScratchBytes);
  let done = 0;
  for (let start = 0; start < byteCount; start += bitScratchBytes) {
    const packed = bitScratch.subarray(0, Math.min(bitScratchBytes, byteCount - start));
    pages.source.read(packed, firstByte + start);
    const from = start === 0 ? skippedBits : 0;
    const count = Math.min(bitCount - done, packed.length * 8 - from);
    unpackBits(packed, from, count, into, intoStart + done);
    done += count;
  }
}

/** A defect of this library, not of a table: the public column asks only for what the column holds. */
export function wrongRead(column: string, kind: string): Error {
  return new Error(`column ${column} holds no ${kind}`);
}
