/** Changes values of a numeric scalar column of IncrementalStMan: its file is made anew, all other columns in it byte for byte. */
import { AipsIoReader } from "../aipsio/reader.ts";
import { TableFormatError } from "../errors.ts";
import { type NumericType, numericLayouts } from "../table/data-types.ts";
import type { NumericArray } from "../table/model.ts";
import { ByteSink, numberBytes } from "./cell-bytes.ts";
import { defaultBucketBytes, headerArea, headerBytes, indexBlob } from "./incremental-writer.ts";

/** A column in the file of an IncrementalStMan. */
export interface IncrementalTarget {
  /** Path of the file, for errors. */
  readonly path: string;
  /** All of it. */
  readonly bytes: Uint8Array;
  readonly isLittleEndian: boolean;
  readonly rowCount: number;
  /** Number of the column among those of the manager, in the order of table.dat. */
  readonly position: number;
  /** How many columns the manager has. */
  readonly columnCount: number;
  readonly type: NumericType;
}

/** Where values change within a bucket, counted from its first row, and where they stand in its data. */
interface Runs {
  readonly rows: readonly number[];
  readonly offsets: readonly number[];
}

interface Bucket {
  readonly firstRow: number;
  readonly endRow: number;
  readonly data: Uint8Array;
  readonly columns: Runs[];
}

/**
 * Rows keep their buckets, so that other columns need not be known: neither their types nor how often an array is used.
 *
 * @param values  those of the rows from `rowStart` on; bool one byte each
 * @returns the new file
 * @throws TableFormatError when the file contradicts itself
 */
export function updateIncremental(target: IncrementalTarget, rowStart: number, values: NumericArray): Uint8Array {
  const { type, isLittleEndian, rowCount } = target;
  const buckets = readBuckets(target);
  const valueBytes = type === "bool" ? 1 : numericLayouts[type].elementBytes;
  // A bool on its own is one byte whose lowest bit counts.
  const encoded =
    type === "bool"
      ? (values as Uint8Array).map((value) => (value === 0 ? 0 : 1))
      : numberBytes(type, values, isLittleEndian);
  const changed = buckets.map((bucket) =>
    serializeBucket(replaceColumn(bucket, target, valueBytes, rowStart, encoded), isLittleEndian),
  );
  const bucketBytes = changed.reduce((most, one) => Math.max(most, one.length), defaultBucketBytes);
  const index = indexBlob(
    buckets.map((bucket) => bucket.firstRow),
    rowCount,
    isLittleEndian,
  );
  const file = new Uint8Array(headerBytes + changed.length * bucketBytes + index.length);
  file.set(headerArea(bucketBytes, changed.length, isLittleEndian), 0);
  for (const [i, bucket] of changed.entries()) file.set(bucket, headerBytes + i * bucketBytes);
  file.set(index, headerBytes + changed.length * bucketBytes);
  return file;
}

function readBuckets({ path, bytes, isLittleEndian, rowCount, columnCount }: IncrementalTarget): Bucket[] {
  const header = new AipsIoReader(bytes.subarray(0, headerBytes), { file: path, littleEndian: isLittleEndian });
  const { version } = header.openObject("IncrementalStMan", 5);
  if (version > 4) header.bool();
  const bucketBytes = header.u32();
  const bucketCount = header.u32();
  const index = new AipsIoReader(bytes.subarray(headerBytes + bucketCount * bucketBytes), {
    file: `${path} (index)`,
    littleEndian: isLittleEndian,
  });
  const { version: indexVersion } = index.openObject("ISMIndex", 2);
  const usedCount = index.u32();
  const startRows = index.blockOfCounts(indexVersion > 1);
  const numbers = index.blockOfCounts();
  return Array.from({ length: usedCount }, (_, i) => {
    const firstRow = startRows[i] as number;
    const endRow = Math.min(rowCount, startRows[i + 1] as number);
    const start = headerBytes + (numbers[i] as number) * bucketBytes;
    const bucket = bytes.subarray(start, start + bucketBytes);
    if (bucket.length < bucketBytes || !(endRow >= firstRow)) {
      throw new TableFormatError(path, `bucket ${i}`, `${bucketBytes} bytes of ascending rows`, `${bucket.length}`);
    }
    return { firstRow, endRow, ...readRuns(bucket, path, isLittleEndian, columnCount) };
  });
}

function readRuns(
  bucket: Uint8Array,
  path: string,
  isLittleEndian: boolean,
  columnCount: number,
): { data: Uint8Array; columns: Runs[] } {
  const view = new DataView(bucket.buffer, bucket.byteOffset, bucket.length);
  const indexOffset = view.getUint32(0, isLittleEndian);
  let at = indexOffset;
  const columns = Array.from({ length: columnCount }, (_, column): Runs => {
    const count = at >= 4 && at + 4 <= bucket.length ? view.getUint32(at, isLittleEndian) : 0;
    if (count === 0 || at + 4 + 8 * count > bucket.length) {
      throw new TableFormatError(path, `bucket, values of column ${column}`, "one at least", `${count}`);
    }
    const list = (from: number): number[] =>
      Array.from({ length: count }, (_unused, i) => view.getUint32(from + 4 * i, isLittleEndian));
    const runs = { rows: list(at + 4), offsets: list(at + 4 + 4 * count) };
    at += 4 + 8 * count;
    return runs;
  });
  return { data: bucket.subarray(4, indexOffset), columns };
}

function replaceColumn(
  bucket: Bucket,
  { path, position }: IncrementalTarget,
  valueBytes: number,
  rowStart: number,
  encoded: Uint8Array,
): Bucket {
  const { firstRow, endRow, data, columns } = bucket;
  const old = columns[position] as Runs;
  // A table without rows has one value nevertheless.
  const rowCount = Math.max(1, endRow - firstRow);
  const rows = new Uint8Array(rowCount * valueBytes);
  for (const [i, row] of old.rows.entries()) {
    const offset = old.offsets[i] as number;
    if (offset + valueBytes > data.length) {
      throw new TableFormatError(path, "offset of a value", `at most ${data.length - valueBytes}`, `${offset}`);
    }
    const end = Math.min(rowCount, old.rows[i + 1] ?? rowCount);
    const value = data.subarray(offset, offset + valueBytes);
    if (valueBytes === 1) rows.fill(value[0] as number, row, end);
    else for (let at = row; at < end; at++) rows.set(value, at * valueBytes);
  }
  const from = Math.max(firstRow, rowStart);
  const to = Math.min(endRow, rowStart + encoded.length / valueBytes);
  if (to > from) {
    const some = encoded.subarray((from - rowStart) * valueBytes, (to - rowStart) * valueBytes);
    rows.set(some, (from - firstRow) * valueBytes);
  }
  const isSame = (one: number, other: number): boolean => {
    for (let k = 0; k < valueBytes; k++) if (rows[one * valueBytes + k] !== rows[other * valueBytes + k]) return false;
    return true;
  };
  // Old values are taken out of the data, those behind them move up; the new ones follow at the end.
  const removed = old.offsets.toSorted((one, other) => one - other);
  const kept = new Uint8Array(data.length - removed.length * valueBytes);
  for (let i = 0, at = 0, out = 0; i <= removed.length; i++) {
    const piece = data.subarray(at, removed[i] ?? data.length);
    kept.set(piece, out);
    out += piece.length;
    at = (removed[i] ?? 0) + valueBytes;
  }
  const movedTo = (offset: number): number => offset - valueBytes * countBelow(removed, offset);
  const newRows: number[] = [];
  for (let row = 0; row < rowCount; row++) if (row === 0 || !isSame(row, row - 1)) newRows.push(row);
  const newData = new Uint8Array(kept.length + newRows.length * valueBytes);
  newData.set(kept);
  for (const [i, row] of newRows.entries()) {
    newData.set(rows.subarray(row * valueBytes, (row + 1) * valueBytes), kept.length + i * valueBytes);
  }
  return {
    firstRow,
    endRow,
    data: newData,
    columns: columns.map((runs, column) =>
      column === position
        ? { rows: newRows, offsets: newRows.map((_, i) => kept.length + i * valueBytes) }
        : { rows: runs.rows, offsets: runs.offsets.map(movedTo) },
    ),
  };
}

/** How many of the ascending numbers are below `value`. */
function countBelow(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function serializeBucket({ data, columns }: Bucket, isLittleEndian: boolean): Uint8Array {
  const sink = new ByteSink(isLittleEndian);
  sink.u32(4 + data.length);
  sink.raw(data);
  for (const { rows, offsets } of columns) {
    sink.u32(rows.length);
    for (const row of rows) sink.u32(row);
    for (const offset of offsets) sink.u32(offset);
  }
  return sink.finish();
}
