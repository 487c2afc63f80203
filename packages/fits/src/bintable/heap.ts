/** Cells of variable length: FITS standard 4.0, 7.3.5. */
import { type AsyncByteSource, assertInside, ReadBuffer } from "../bytes/byte-source.ts";
import { FitsCorruptError } from "../errors.ts";
import { assertMemory } from "../image/region.ts";
import type { TableColumn } from "./column.ts";
import { type ColumnValues, decodeColumn } from "./column-values.ts";
import { bytesOfElements } from "./tform.ts";

/** Where the cells of a table lie. */
export interface Heap {
  readonly source: AsyncByteSource;
  readonly startByte: number;
  readonly byteCount: number;
  /** For errors. */
  readonly place: string;
}

interface CellPlace {
  readonly row: number;
  readonly elementCount: number;
  readonly startByte: number;
  readonly endByte: number; // exclusive
}

const MAX_GAP_BYTES = 1 << 15;
const MAX_FETCH_BYTES = 1 << 20;

/** Reads the cells that descriptors point to. @throws FitsCorruptError, FitsTruncatedError, FitsLimitError */
export async function readCells(
  column: TableColumn,
  descriptors: Uint8Array,
  rowStart: number,
  rowCount: number,
  heap: Heap,
  maxBytes: number,
): Promise<readonly ColumnValues[]> {
  const places = cellPlaces(column, descriptors, rowStart, rowCount, heap);
  // Cells may overlap, so that a small file can stand for any amount of data.
  const totalBytes = places.reduce((sum, { startByte, endByte }) => sum + endByte - startByte, 0);
  assertMemory(totalBytes, 1, maxBytes, heap.source.name, heap.place);
  const lastByte = places.reduce((last, { endByte }) => Math.max(last, endByte), heap.startByte);
  assertInside(heap.source, heap.startByte, lastByte, heap.place);

  const cells = new Array<ColumnValues>(rowCount);
  const inOrder = places.toSorted((a, b) => a.startByte - b.startByte);
  const buffer = new ReadBuffer(heap.source);
  for (let at = 0; at < inOrder.length; ) {
    const { startByte } = inOrder[at]!;
    let { endByte } = inOrder[at]!;
    let next = at + 1;
    for (; next < inOrder.length; next++) {
      const place = inOrder[next]!;
      const unitedEndByte = Math.max(endByte, place.endByte);
      if (place.startByte - endByte > MAX_GAP_BYTES || unitedEndByte - startByte > MAX_FETCH_BYTES) break;
      endByte = unitedEndByte;
    }
    const bytes = await buffer.read(startByte, endByte, heap.place);
    for (; at < next; at++) {
      const place = inOrder[at]!;
      const own = bytes.slice(place.startByte - startByte, place.endByte - startByte);
      cells[place.row] = decodeCell(column, own, place.elementCount);
    }
  }
  return cells;
}

/** As a column of one row. */
function decodeCell(column: TableColumn, bytes: Uint8Array, elementCount: number): ColumnValues {
  const format = { ...column.format, repeatCount: elementCount };
  return decodeColumn({ ...column, format, cellShape: [], charCount: elementCount }, bytes, 1);
}

function cellPlaces(
  { format }: TableColumn,
  descriptors: Uint8Array,
  rowStart: number,
  rowCount: number,
  heap: Heap,
): readonly CellPlace[] {
  const view = new DataView(descriptors.buffer, descriptors.byteOffset, descriptors.length);
  const isWide = format.descriptor === "Q";
  const integerAt = (byte: number): number => (isWide ? Number(view.getBigInt64(byte)) : view.getInt32(byte));
  return Array.from({ length: rowCount }, (_, row) => {
    if (format.repeatCount === 0) return { row, elementCount: 0, startByte: heap.startByte, endByte: heap.startByte };
    const at = row * format.rowBytes;
    const elementCount = integerAt(at);
    const offsetBytes = integerAt(at + format.rowBytes / 2);
    const byteCount = elementCount > 0 ? bytesOfElements(format.element, elementCount) : 0;
    const isEmpty = elementCount === 0;
    if (elementCount < 0 || (!isEmpty && (offsetBytes < 0 || !(offsetBytes + byteCount <= heap.byteCount)))) {
      const place = `${heap.place}, row ${rowStart + row}`;
      const found = `${elementCount} elements at ${offsetBytes}`;
      throw new FitsCorruptError({
        file: heap.source.name,
        place,
        expected: `a cell within the heap of ${heap.byteCount} bytes`,
        found,
      });
    }
    const startByte = heap.startByte + (isEmpty ? 0 : offsetBytes);
    return { row, elementCount, startByte, endByte: startByte + byteCount };
  });
}
