/** StandardStMan, written in one go: buckets of rows, column by column within a bucket, then buckets of strings and the index. */
import { encodeText } from "../aipsio/text.ts";
import { AipsIoWriter } from "../aipsio/writer.ts";
import type { ColumnDesc, NumericArray } from "../table/model.ts";
import type { TableFiles } from "../table/table-files.ts";
import { ArrayFileWriter } from "./array-file-writer.ts";
import { numberBytes, stringArrayBlob } from "./cell-bytes.ts";
import { inlineBitCount } from "./cell-values.ts";
import type { ColumnSource } from "./column-source.ts";
import { packFlags } from "./pack-flags.ts";
import { StringBuckets } from "./string-buckets.ts";

/** Bytes before the first bucket. */
export const standardHeaderBytes = 512;
const smallestBucketBytes = 128;
const linkBytes = 8;
const inlineStringBytes = 8;
const targetBucketBytes = 1 << 17;
const fewRows = 32;

/** Bits a row of the column takes in a bucket. */
export function standardBitCount(desc: ColumnDesc): number {
  const inline = inlineBitCount(desc);
  if (inline !== undefined) return inline;
  if (desc.type === "string") return desc.form === "scalar" && desc.maxLengthBytes > 0 ? 8 * desc.maxLengthBytes : 96;
  return 64; // where the array stands in the array file
}

/** How the columns lie in a bucket. */
export interface StandardLayout {
  readonly bucketRowCount: number;
  readonly bucketBytes: number;
  readonly columnOffsetBytes: readonly number[];
}

/**
 * Lays columns into a bucket.
 *
 * @param bucketRowCount  default: 32, as casacore has it, or for larger tables as many as take 128 kB, a multiple of 32;
 *                        in any case so many that they fill the smallest bucket there is
 */
export function layOutBucket(descs: readonly ColumnDesc[], rowCount: number, bucketRowCount?: number): StandardLayout {
  const bitCounts = descs.map(standardBitCount);
  const rowBits = bitCounts.reduce((sum, bits) => sum + bits, 0);
  const inTarget = Math.floor((8 * targetBucketBytes) / Math.max(1, rowBits) / fewRows) * fewRows;
  const needed = Math.ceil(rowCount / fewRows) * fewRows;
  const rows = bucketRowCount ?? Math.max(fewRows, Math.min(inTarget, needed));
  const layout = layOutRows(bitCounts, rows);
  if (layout.bucketBytes >= smallestBucketBytes || rowBits === 0) {
    return { ...layout, bucketBytes: Math.max(layout.bucketBytes, smallestBucketBytes) };
  }
  // As casacore: a bucket is not left half empty.
  let more = layOutRows(bitCounts, Math.floor((8 * smallestBucketBytes) / rowBits));
  while (more.bucketBytes > smallestBucketBytes) more = layOutRows(bitCounts, more.bucketRowCount - 1);
  return { ...more, bucketBytes: smallestBucketBytes };
}

function layOutRows(bitCounts: readonly number[], bucketRowCount: number): StandardLayout {
  let bucketBytes = 0;
  const columnOffsetBytes = bitCounts.map((bits) => {
    const at = bucketBytes;
    bucketBytes += Math.ceil((bucketRowCount * bits) / 8);
    return at;
  });
  return { bucketRowCount, bucketBytes, columnOffsetBytes };
}

/** What StandardStMan keeps in table.dat. */
export function standardBlob(managerName: string, columnOffsetBytes: readonly number[]): Uint8Array {
  const writer = new AipsIoWriter();
  writer.openObject("SSM", 2);
  writer.string(managerName);
  writer.blockOfCounts(columnOffsetBytes);
  writer.blockOfCounts(columnOffsetBytes.map(() => 0)); // all columns are in the first index
  writer.closeObject();
  return writer.finish();
}

/**
 * Writes all columns of one StandardStMan.
 *
 * @param path  path of the data file, `table.f<n>`
 * @returns what the manager keeps in table.dat
 */
export function writeStandard(
  files: TableFiles,
  path: string,
  managerName: string,
  columns: readonly ColumnSource[],
  rowCount: number,
  options: { readonly isLittleEndian: boolean; readonly bucketRowCount?: number | undefined },
): Uint8Array {
  const { isLittleEndian } = options;
  const layout = layOutBucket(
    columns.map((column) => column.desc),
    rowCount,
    options.bucketRowCount,
  );
  const { bucketRowCount, bucketBytes, columnOffsetBytes } = layout;
  const file = files.create(path);
  const dataBucketCount = Math.ceil(rowCount / bucketRowCount);
  let bucketCount = dataBucketCount;
  const writeBucket = (bucketIndex: number, bucket: Uint8Array): void =>
    file.writeAt(bucket, standardHeaderBytes + bucketIndex * bucketBytes);
  const strings = new StringBuckets(bucketBytes, () => bucketCount++, writeBucket);
  const needsArrayFile = columns.some(({ desc }) => desc.type !== "string" && inlineBitCount(desc) === undefined);
  const arrays = needsArrayFile ? new ArrayFileWriter(files, `${path}i`, isLittleEndian, false) : undefined;
  const cells = { isLittleEndian, strings, arrays };
  const bucket = new Uint8Array(bucketBytes);
  for (let index = 0; index < dataBucketCount; index++) {
    const rowStart = index * bucketRowCount;
    const rowEnd = Math.min(rowCount, rowStart + bucketRowCount);
    bucket.fill(0);
    for (const [i, column] of columns.entries()) {
      fillColumn(column, rowStart, rowEnd, bucket.subarray(columnOffsetBytes[i]), cells);
    }
    writeBucket(index, bucket);
  }
  strings.finish();
  const index = indexBlob(layout, columns.length, rowCount, dataBucketCount, isLittleEndian);
  const firstIndexBucket = bucketCount;
  const indexOffsetBytes = index.length <= (bucketBytes - linkBytes) / 2 ? linkBytes : 0;
  const indexBuckets = indexBucketsOf(index, bucketBytes, firstIndexBucket);
  for (const one of indexBuckets) writeBucket(bucketCount++, one);
  const header = new AipsIoWriter({ littleEndian: isLittleEndian });
  header.openObject("StandardStMan", isLittleEndian ? 3 : 2);
  if (isLittleEndian) header.bool(false);
  header.u32(bucketBytes);
  header.u32(bucketCount);
  header.u32(2); // buckets kept in memory
  header.u32(0); // no free buckets
  header.i32(-1);
  header.u32(indexBuckets.length);
  header.i32(firstIndexBucket);
  header.u32(indexOffsetBytes);
  header.i32(strings.lastBucketIndex);
  header.u32(index.length);
  header.u32(1);
  header.closeObject();
  const headerArea = new Uint8Array(standardHeaderBytes);
  headerArea.set(header.finish());
  file.writeAt(headerArea, 0);
  arrays?.finish();
  return standardBlob(managerName, columnOffsetBytes);
}

interface CellStores {
  readonly isLittleEndian: boolean;
  readonly strings: StringBuckets;
  readonly arrays: ArrayFileWriter | undefined;
}

function fillColumn(
  column: ColumnSource,
  rowStart: number,
  rowEnd: number,
  into: Uint8Array,
  stores: CellStores,
): void {
  const { desc } = column;
  if (inlineBitCount(desc) !== undefined) {
    const values = column.block(rowStart, rowEnd);
    if (desc.type === "bool") packFlags(values as Uint8Array, into);
    else into.set(numberBytes(desc.type, values as NumericArray, stores.isLittleEndian));
    return;
  }
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
  for (let row = rowStart; row < rowEnd; row++) {
    const i = row - rowStart;
    if (desc.type === "string") putString(column, row, into, view, i, stores);
    else {
      const cell = column.cell(row);
      if (cell === undefined) continue;
      const position = (stores.arrays as ArrayFileWriter).put(desc, cell);
      view.setBigInt64(8 * i, BigInt(position), stores.isLittleEndian);
    }
  }
}

function putString(
  column: ColumnSource,
  row: number,
  into: Uint8Array,
  view: DataView,
  i: number,
  { strings, isLittleEndian }: CellStores,
): void {
  const { desc } = column;
  const cell = column.cell(row);
  if (cell === undefined) return;
  if (desc.form === "scalar") {
    const bytes = encodeText(cell.data[0] as string);
    if (desc.maxLengthBytes > 0) {
      if (bytes.length > desc.maxLengthBytes) {
        throw new RangeError(
          `column ${desc.name}, row ${row}: expected ${desc.maxLengthBytes} bytes, found ${bytes.length}`,
        );
      }
      into.set(bytes, i * desc.maxLengthBytes);
      return;
    }
    if (bytes.length <= inlineStringBytes) {
      into.set(bytes, 12 * i);
      view.setInt32(12 * i + 8, bytes.length, isLittleEndian);
      return;
    }
    putPlace(bytes);
    return;
  }
  putPlace(stringArrayBlob(cell, desc.shape !== undefined));

  function putPlace(bytes: Uint8Array): void {
    const place = strings.put(bytes);
    view.setInt32(12 * i, place.bucketIndex, isLittleEndian);
    view.setInt32(12 * i + 4, place.offsetBytes, isLittleEndian);
    view.setInt32(12 * i + 8, place.sizeBytes, isLittleEndian);
  }
}

function indexBlob(
  layout: StandardLayout,
  columnCount: number,
  rowCount: number,
  dataBucketCount: number,
  isLittleEndian: boolean,
): Uint8Array {
  const isWide = rowCount > 0x7fffffff;
  const writer = new AipsIoWriter({ littleEndian: isLittleEndian });
  writer.openObject("SSMIndex", isWide ? 2 : 1);
  writer.u32(dataBucketCount);
  writer.u32(layout.bucketRowCount);
  writer.i32(columnCount);
  writer.openObject("SimpleOrderedMap", 1); // free space of removed columns
  writer.i32(0);
  writer.u32(0);
  writer.u32(1);
  writer.closeObject();
  const lastRows: number[] = [];
  const buckets: number[] = [];
  for (let i = 0; i < dataBucketCount; i++) {
    lastRows.push(Math.min(rowCount, (i + 1) * layout.bucketRowCount) - 1);
    buckets.push(i);
  }
  writer.blockOfCounts(lastRows, isWide);
  writer.blockOfCounts(buckets);
  writer.closeObject();
  return writer.finish();
}

/** The index in buckets that each begin with two links to the next; the links are big endian in any table. */
function indexBucketsOf(index: Uint8Array, bucketBytes: number, firstBucket: number): Uint8Array[] {
  const buckets: Uint8Array[] = [];
  const payloadBytes = bucketBytes - linkBytes;
  for (let from = 0; from < index.length; from += payloadBytes) {
    const bucket = new Uint8Array(bucketBytes);
    bucket.set(index.subarray(from, from + payloadBytes), linkBytes);
    const next = from + payloadBytes < index.length ? firstBucket + buckets.length + 1 : -1;
    const view = new DataView(bucket.buffer);
    view.setInt32(0, next);
    view.setInt32(4, next);
    buckets.push(bucket);
  }
  return buckets;
}
