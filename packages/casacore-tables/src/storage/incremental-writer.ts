/** IncrementalStMan, written in one go: a value is stored where it changes, and again at the start of each bucket. */
import { AipsIoWriter } from "../aipsio/writer.ts";
import { elementCount } from "../table/data-types.ts";
import type { ColumnDesc, NumericArray } from "../table/model.ts";
import type { TableFile, TableFiles } from "../table/table-files.ts";
import { ArrayFileWriter } from "./array-file-writer.ts";
import { ByteSink, numberBytes } from "./cell-bytes.ts";
import { type CellValue, isDirect } from "./cell-values.ts";
import type { CellRun, ColumnSource } from "./column-source.ts";

export const headerBytes = 512;
/** casacore's own default. */
export const defaultBucketBytes = 32_768;

/** What IncrementalStMan keeps in table.dat. */
export function incrementalBlob(managerName: string): Uint8Array {
  const writer = new AipsIoWriter();
  writer.openObject("ISM", 3);
  writer.string(managerName);
  writer.closeObject();
  return writer.finish();
}

/** The runs of one column, with the value at hand as bytes. */
interface Cursor {
  readonly desc: ColumnDesc;
  readonly runs: Iterator<CellRun>;
  next: CellRun | undefined;
  value: Uint8Array;
  /** Where the value stands in the array file, and in how many places it is used; 0: not in the array file. */
  position: number;
  useCount: number;
  /** This bucket's changes: rows counted from the bucket's first, and positions of the values in the data. */
  readonly rows: number[];
  readonly offsets: number[];
}

/** Puts buckets together and writes them. */
class BucketWriter {
  readonly bucketBytes: number;
  readonly startRows: number[] = [];
  private readonly file: TableFile;
  private readonly cursors: readonly Cursor[];
  private readonly isLittleEndian: boolean;
  private readonly data: ByteSink;

  constructor(file: TableFile, cursors: readonly Cursor[], bucketBytes: number, isLittleEndian: boolean) {
    this.file = file;
    this.cursors = cursors;
    this.bucketBytes = bucketBytes;
    this.isLittleEndian = isLittleEndian;
    this.data = new ByteSink(isLittleEndian);
  }

  begin(row: number): void {
    this.startRows.push(row);
    for (const cursor of this.cursors) this.add(cursor, row);
  }

  add(cursor: Cursor, row: number): void {
    cursor.rows.push(row - (this.startRows.at(-1) as number));
    cursor.offsets.push(this.data.sizeBytes);
    cursor.useCount++;
    this.data.raw(cursor.value);
  }

  /** Bytes of the bucket if `addedBytes` in `addedCount` values came to it. */
  sizeWith(addedBytes: number, addedCount: number): number {
    let count = addedCount;
    for (const cursor of this.cursors) count += cursor.rows.length;
    return 4 + this.data.sizeBytes + addedBytes + 4 * this.cursors.length + 8 * count;
  }

  end(): void {
    const sink = new ByteSink(this.isLittleEndian);
    sink.u32(4 + this.data.sizeBytes);
    sink.raw(this.data.finish());
    for (const cursor of this.cursors) {
      sink.u32(cursor.rows.length);
      for (const row of cursor.rows) sink.u32(row);
      for (const offset of cursor.offsets) sink.u32(offset);
      cursor.rows.length = 0;
      cursor.offsets.length = 0;
    }
    const bucket = new Uint8Array(this.bucketBytes);
    bucket.set(sink.finish());
    this.file.writeAt(bucket, headerBytes + (this.startRows.length - 1) * this.bucketBytes);
    this.data.clear();
  }
}

/**
 * Writes all columns of one IncrementalStMan.
 *
 * @param path  path of the data file, `table.f<n>`
 * @returns what the manager keeps in table.dat
 */
export function writeIncremental(
  files: TableFiles,
  path: string,
  managerName: string,
  columns: readonly ColumnSource[],
  rowCount: number,
  isLittleEndian: boolean,
): Uint8Array {
  const file = files.create(path);
  const needsArrayFile = columns.some(({ desc }) => isInArrayFile(desc));
  const arrays = needsArrayFile ? new ArrayFileWriter(files, `${path}i`, isLittleEndian, true) : undefined;
  const advance = (cursor: Cursor): void => {
    const run = cursor.next as CellRun;
    releaseValue(cursor, arrays);
    const encoded = encodeValue(cursor.desc, run.cell, arrays, isLittleEndian);
    cursor.value = encoded.bytes;
    cursor.position = encoded.position;
    cursor.next = nextRun(cursor.runs);
  };
  const cursors = columns.map((column): Cursor => {
    const runs = column.runs();
    return {
      desc: column.desc,
      runs,
      next: nextRun(runs),
      value: empty,
      position: 0,
      useCount: 0,
      rows: [],
      offsets: [],
    };
  });
  for (const cursor of cursors) advance(cursor);
  // A bucket must hold the largest set of values of one row; ten of them, so that buckets are not mostly repetition.
  const rowBytes = 4 + cursors.reduce((sum, cursor) => sum + cursor.value.length + 12, 0);
  const bucketBytes = Math.max(defaultBucketBytes, 10 * rowBytes);
  const writer = new BucketWriter(file, cursors, bucketBytes, isLittleEndian);
  writer.begin(0);
  for (;;) {
    let row = Number.POSITIVE_INFINITY;
    for (const cursor of cursors) if (cursor.next !== undefined) row = Math.min(row, cursor.next.rowStart);
    if (row === Number.POSITIVE_INFINITY) break;
    const changed = cursors.filter((cursor) => cursor.next?.rowStart === row);
    for (const cursor of changed) advance(cursor);
    const addedBytes = changed.reduce((sum, cursor) => sum + cursor.value.length, 0);
    if (writer.sizeWith(addedBytes, changed.length) <= bucketBytes) {
      for (const cursor of changed) writer.add(cursor, row);
      continue;
    }
    writer.end();
    writer.begin(row);
    if (writer.sizeWith(0, 0) > bucketBytes) {
      throw new RangeError(
        `row ${row}: expected values of at most ${bucketBytes} bytes for IncrementalStMan, found more`,
      );
    }
  }
  writer.end();
  for (const cursor of cursors) releaseValue(cursor, arrays);
  file.writeAt(headerArea(bucketBytes, writer.startRows.length, isLittleEndian), 0);
  file.writeAt(
    indexBlob(writer.startRows, rowCount, isLittleEndian),
    headerBytes + writer.startRows.length * bucketBytes,
  );
  arrays?.finish();
  return incrementalBlob(managerName);
}

const empty = new Uint8Array(0);

function nextRun(runs: Iterator<CellRun>): CellRun | undefined {
  const result = runs.next();
  return result.done === true ? undefined : result.value;
}

/** Records in how many places the value was used that is now given up. */
function releaseValue(cursor: Cursor, arrays: ArrayFileWriter | undefined): void {
  if (cursor.position !== 0) (arrays as ArrayFileWriter).setReferenceCount(cursor.position, cursor.useCount);
  cursor.useCount = 0;
}

function isInArrayFile(desc: ColumnDesc): boolean {
  return desc.type === "record" || (desc.form === "array" && !isDirect(desc));
}

function encodeValue(
  desc: ColumnDesc,
  cell: CellValue | undefined,
  arrays: ArrayFileWriter | undefined,
  isLittleEndian: boolean,
): { bytes: Uint8Array; position: number } {
  if (isInArrayFile(desc)) {
    const position = cell === undefined ? 0 : (arrays as ArrayFileWriter).put(desc, cell);
    const sink = new ByteSink(isLittleEndian);
    sink.i64(position);
    return { bytes: sink.finish(), position };
  }
  const value = cell as CellValue;
  if (desc.type !== "string") {
    const bytes = numberBytes(desc.type, value.data as NumericArray, isLittleEndian);
    return { bytes: bytes.slice(), position: 0 };
  }
  const texts = new ByteSink(isLittleEndian);
  // One string, be it a scalar or an array of one, has its length once.
  if (elementCount(value.shape) === 1) {
    const encoded = new TextEncoder().encode(value.data[0] as string);
    texts.u32(4 + encoded.length);
    texts.raw(encoded);
    return { bytes: texts.finish(), position: 0 };
  }
  for (let i = 0; i < elementCount(value.shape); i++) texts.text(value.data[i] as string);
  const sink = new ByteSink(isLittleEndian);
  sink.u32(4 + texts.sizeBytes);
  sink.raw(texts.finish());
  return { bytes: sink.finish(), position: 0 };
}

/** The first block of the file. */
export function headerArea(bucketBytes: number, bucketCount: number, isLittleEndian: boolean): Uint8Array {
  const writer = new AipsIoWriter({ littleEndian: isLittleEndian });
  writer.openObject("IncrementalStMan", isLittleEndian ? 5 : 4);
  if (isLittleEndian) writer.bool(false);
  writer.u32(bucketBytes);
  writer.u32(bucketCount);
  writer.u32(1); // buckets kept in memory
  writer.u32(bucketCount); // a number that no bucket has yet
  writer.u32(0); // no free buckets
  writer.i32(-1);
  writer.closeObject();
  const area = new Uint8Array(headerBytes);
  area.set(writer.finish());
  return area;
}

/** What stands behind the buckets: the first row of each. */
export function indexBlob(startRows: readonly number[], rowCount: number, isLittleEndian: boolean): Uint8Array {
  const isWide = rowCount > 0x7fffffff;
  const writer = new AipsIoWriter({ littleEndian: isLittleEndian });
  writer.openObject("ISMIndex", isWide ? 2 : 1);
  writer.u32(startRows.length);
  writer.blockOfCounts([...startRows, rowCount], isWide);
  writer.blockOfCounts(startRows.map((_, i) => i));
  writer.closeObject();
  return writer.finish();
}
