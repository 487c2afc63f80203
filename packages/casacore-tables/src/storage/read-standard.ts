/**
 * Reads StandardStMan (`table.fN`): buckets of a fixed number of rows, column after column inside a bucket.
 *
 * Numbers follow the table's byte order. Big endian whatever that is: links of index buckets, headers of string
 * buckets, and what is inside the string arrays in them.
 */
import { AipsIoReader } from "../aipsio/reader.ts";
import { decodeText } from "../aipsio/text.ts";
import { TableFormatError } from "../errors.ts";
import { elementCount, type NumericType, numericLayouts } from "../table/data-types.ts";
import type { ColumnDesc, NumericArray } from "../table/model.ts";
import { type ByteSource, PagedReader, readPiece } from "./byte-source.ts";
import { IndirectColumn } from "./indirect-column.ts";
import type { ArrayFileReader } from "./read-array-file.ts";
import {
  findEqualShapeEnd,
  type ManagerReader,
  readBitsAt,
  readNumbersAt,
  type StoredColumn,
  wrongRead,
} from "./stored-column.ts";

/** Buckets start behind the header area. */
const headerBytes = 512;
const indexBucketHeaderBytes = 8;
const stringBucketHeaderBytes = 16;
/** Bucket, offset, length; the bytes themselves when there are at most 8. */
const stringReferenceBytes = 12;
const maxInlineStringBytes = 8;
/** A string array of which only the shape was set takes no room in the file: this bounds what a damaged shape may claim. */
const maxUnfilledCount = 1 << 16;

interface BucketIndex {
  readonly rowsPerBucket: number;
  /** Last row and number of each bucket used, in row order. */
  readonly lastRows: Float64Array;
  readonly buckets: Float64Array;
}

export interface StandardManagerInput {
  readonly source: ByteSource;
  /** The manager's entry in table.dat: names the offsets of columns in a bucket. */
  readonly blob: Uint8Array;
  readonly tableFile: string;
  readonly littleEndian: boolean;
  /** Rows the table has; the index must cover them. */
  readonly rowCount: number;
  /** Opens `table.fNi` when a column needs it. */
  openArrayFile(): ArrayFileReader;
}

/** Opens a StandardStMan. @throws TableFormatError, UnsupportedFormatError */
export function openStandardManager(input: StandardManagerInput): ManagerReader {
  return new StandardReader(input);
}

class StandardReader implements ManagerReader {
  readonly input: StandardManagerInput;
  readonly source: ByteSource;
  readonly pages: PagedReader;
  readonly bucketBytes: number;
  readonly bucketCount: number;
  private readonly indices: readonly BucketIndex[];
  private readonly columnOffsets: Float64Array;
  private readonly columnIndices: Float64Array;

  constructor(input: StandardManagerInput) {
    this.input = input;
    this.source = input.source;
    this.pages = new PagedReader(input.source, input.littleEndian);
    const blob = new AipsIoReader(input.blob, { file: `${input.tableFile} (StandardStMan entry)` });
    blob.openObject("SSM", 2);
    blob.string();
    this.columnOffsets = blob.blockOfCounts();
    this.columnIndices = blob.blockOfCounts();
    blob.closeObject();

    const header = new AipsIoReader(readPiece(this.source, 0, Math.min(headerBytes, this.source.sizeBytes), "header"), {
      file: this.source.name,
      littleEndian: input.littleEndian,
    });
    const { version } = header.openObject("StandardStMan", 3);
    if (version > 2 && header.bool() === input.littleEndian) {
      throw header.error("byte order", `that of ${input.tableFile}`, "the other one");
    }
    this.bucketBytes = header.u32();
    this.bucketCount = header.u32();
    header.u32(); // cache size
    header.u32(); // free buckets
    header.i32(); // first free bucket
    header.u32(); // index buckets
    const firstIndexBucket = header.i32();
    const indexOffsetBytes = version > 1 ? header.u32() : 0;
    header.i32(); // last string bucket
    const indexBytes = header.u32();
    const indexCount = header.u32();
    header.closeObject();
    if (this.bucketBytes <= stringBucketHeaderBytes) {
      throw header.error("bucket size", `more than ${stringBucketHeaderBytes} bytes`, `${this.bucketBytes}`);
    }
    this.indices = this.readIndices(firstIndexBucket, indexOffsetBytes, indexBytes, indexCount);
  }

  /** Offset of a bucket in the file. */
  bucketOffset(bucket: number, what: string): number {
    if (!(bucket >= 0 && bucket < this.bucketCount)) {
      throw new TableFormatError(
        this.source.name,
        `bucket number of ${what}`,
        `0 to ${this.bucketCount - 1}`,
        `${bucket}`,
      );
    }
    return headerBytes + bucket * this.bucketBytes;
  }

  private readIndices(firstBucket: number, offset: number, byteCount: number, indexCount: number): BucketIndex[] {
    if (byteCount > this.source.sizeBytes) {
      throw new TableFormatError(
        this.source.name,
        "length of the index",
        `at most ${this.source.sizeBytes}`,
        `${byteCount}`,
      );
    }
    let blob: Uint8Array;
    if (offset > 0) {
      blob = readPiece(this.source, this.bucketOffset(firstBucket, "the index") + offset, byteCount, "index");
    } else {
      blob = new Uint8Array(byteCount);
      let bucket = firstBucket;
      let done = 0;
      while (done < byteCount) {
        const start = this.bucketOffset(bucket, "the index");
        const length = Math.min(byteCount - done, this.bucketBytes - indexBucketHeaderBytes);
        blob.set(this.pages.bytes(start + indexBucketHeaderBytes, length, "index"), done);
        done += length;
        if (done < byteCount) bucket = this.pages.i32(start + 4, "next index bucket", false);
      }
    }
    const reader = new AipsIoReader(blob, {
      file: `${this.source.name} (index)`,
      littleEndian: this.input.littleEndian,
    });
    const indices: BucketIndex[] = [];
    for (let i = 0; i < indexCount; i++) indices.push(readBucketIndex(reader));
    return indices;
  }

  openColumn(desc: ColumnDesc, position: number, shape: readonly number[] | undefined): StoredColumn {
    const columnOffset = this.columnOffsets[position];
    const index = this.indices[this.columnIndices[position] ?? -1];
    if (columnOffset === undefined || index === undefined) {
      throw new TableFormatError(
        this.input.tableFile,
        `StandardStMan entry of column ${desc.name}`,
        `an offset and one of ${this.indices.length} indices for column ${position}`,
        `${this.columnOffsets.length} offsets, ${this.columnIndices.length} index numbers`,
      );
    }
    const indexedRowCount = index.lastRows.length === 0 ? 0 : (index.lastRows[index.lastRows.length - 1] as number) + 1;
    if (indexedRowCount < this.input.rowCount) {
      throw new TableFormatError(
        this.source.name,
        `index of column ${desc.name}`,
        `${this.input.rowCount} rows, as the table has`,
        `${indexedRowCount}`,
      );
    }
    const rows = new BucketRows(this, desc.name, index, columnOffset);
    if (desc.type === "string") {
      if (desc.form === "array") return new StringArrayColumn(rows, this, shape);
      this.assertFits(desc.name, columnOffset, index, desc.maxLengthBytes * 8);
      return new StringColumn(rows, this, desc.maxLengthBytes);
    }
    // Arrays are in the bucket only when the column is Direct; a record is a vector of bytes.
    if (desc.type === "record" || (desc.form === "array" && (desc.option & 1) === 0)) {
      const type = desc.type === "record" ? "uchar" : desc.type;
      const offsetOf = (rowIndex: number) => this.pages.i64(rows.offsetOf(rowIndex, 8), "offset of an array");
      return new IndirectColumn(desc.name, type, offsetOf, this.input.openArrayFile);
    }
    const fixedShape = desc.form === "array" ? (shape ?? []) : [];
    const bits = elementCount(fixedShape) * (desc.type === "bool" ? 1 : numericLayouts[desc.type].elementBytes * 8);
    this.assertFits(desc.name, columnOffset, index, bits);
    return new NumberColumn(rows, this.pages, desc.type, fixedShape);
  }

  /** Checks that a bucket has room for its rows of a column: no cell is larger than a bucket then. */
  private assertFits(columnName: string, offset: number, index: BucketIndex, valueBits: number): void {
    const end = offset + Math.ceil((index.rowsPerBucket * valueBits) / 8);
    if (end > this.bucketBytes || (this.bucketCount > 0 && this.bucketBytes > this.source.sizeBytes)) {
      throw new TableFormatError(
        this.source.name,
        `column ${columnName} in a bucket of ${index.rowsPerBucket} rows`,
        `an end at byte ${Math.min(this.bucketBytes, this.source.sizeBytes)} at most`,
        `${end}`,
      );
    }
  }

  /** Bytes of a value in string buckets; the value may go on in the next bucket of the chain. */
  readStringBytes(bucket: number, offset: number, byteCount: number): Uint8Array {
    const what = "a string";
    const capacity = this.bucketBytes - stringBucketHeaderBytes;
    if (!(offset >= 0 && offset <= capacity && byteCount >= 0 && byteCount <= this.source.sizeBytes)) {
      throw new TableFormatError(
        this.source.name,
        `reference to ${what} in bucket ${bucket}`,
        `an offset up to ${capacity} and a length up to ${this.source.sizeBytes}`,
        `offset ${offset}, length ${byteCount}`,
      );
    }
    const inFirst = Math.min(byteCount, capacity - offset);
    const start = this.bucketOffset(bucket, what);
    if (inFirst === byteCount) return this.pages.bytes(start + stringBucketHeaderBytes + offset, byteCount, what);
    const value = new Uint8Array(byteCount);
    value.set(this.pages.bytes(start + stringBucketHeaderBytes + offset, inFirst, what));
    let done = inFirst;
    let at = start;
    while (done < byteCount) {
      at = this.bucketOffset(this.pages.i32(at + 12, "next string bucket", false), what);
      const length = Math.min(byteCount - done, capacity);
      value.set(this.pages.bytes(at + stringBucketHeaderBytes, length, what), done);
      done += length;
    }
    return value;
  }

  close(): void {
    this.source.close();
  }
}

function readBucketIndex(reader: AipsIoReader): BucketIndex {
  const { version } = reader.openObject("SSMIndex", 2);
  const usedCount = reader.u32();
  const rowsPerBucket = reader.u32();
  reader.i32(); // number of columns
  skipFreeSpaceMap(reader);
  const lastRows = reader.blockOfCounts(version > 1);
  const buckets = reader.blockOfCounts();
  reader.closeObject();
  if (usedCount > lastRows.length || usedCount > buckets.length) {
    throw reader.error("buckets in the index", `${usedCount}`, `${Math.min(lastRows.length, buckets.length)}`);
  }
  let firstRow = 0;
  for (let i = 0; i < usedCount; i++) {
    const last = lastRows[i] as number;
    if (last < firstRow - 1 || last - firstRow >= rowsPerBucket) {
      throw reader.error(`last row of bucket ${i}`, `${firstRow} to ${firstRow + rowsPerBucket - 1}`, `${last}`);
    }
    firstRow = last + 1;
  }
  return { rowsPerBucket, lastRows: lastRows.subarray(0, usedCount), buckets: buckets.subarray(0, usedCount) };
}

function skipFreeSpaceMap(reader: AipsIoReader): void {
  reader.openObject("SimpleOrderedMap", 1);
  reader.i32();
  const count = reader.u32();
  reader.u32();
  if (count * 8 > reader.remainingBytes) throw reader.error("free space", `${count} entries`, "fewer bytes");
  for (let i = 0; i < 2 * count; i++) reader.i32();
  reader.closeObject();
}

/** Where the rows of one column are: runs of rows that lie one behind the other in a bucket. */
class BucketRows {
  readonly columnName: string;
  private readonly manager: StandardReader;
  private readonly index: BucketIndex;
  private readonly columnOffset: number;
  /** The run found last: bytes of the column in the bucket, first row, end row. */
  startBytes = 0;
  firstRow = 0;
  endRow = 0;

  constructor(manager: StandardReader, columnName: string, index: BucketIndex, columnOffset: number) {
    this.manager = manager;
    this.columnName = columnName;
    this.index = index;
    this.columnOffset = columnOffset;
  }

  /** Finds the bucket of a row. */
  find(rowIndex: number): void {
    if (rowIndex >= this.firstRow && rowIndex < this.endRow) return;
    const { lastRows, buckets } = this.index;
    let low = 0;
    let high = lastRows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((lastRows[middle] as number) < rowIndex) low = middle + 1;
      else high = middle;
    }
    if (low === lastRows.length) {
      throw new TableFormatError(
        this.manager.source.name,
        `index of column ${this.columnName}`,
        `a bucket with row ${rowIndex}`,
        `${lastRows.length === 0 ? 0 : (lastRows[lastRows.length - 1] as number) + 1} rows`,
      );
    }
    const bucket = buckets[low] as number;
    this.startBytes = this.manager.bucketOffset(bucket, `column ${this.columnName}`) + this.columnOffset;
    this.firstRow = low === 0 ? 0 : (lastRows[low - 1] as number) + 1;
    this.endRow = (lastRows[low] as number) + 1;
  }

  /** Offset of the value of a row, when each takes `valueBytes`. */
  offsetOf(rowIndex: number, valueBytes: number): number {
    this.find(rowIndex);
    return this.startBytes + (rowIndex - this.firstRow) * valueBytes;
  }
}

/** Scalars, and arrays that are in the bucket. */
class NumberColumn implements StoredColumn {
  private readonly rows: BucketRows;
  private readonly pages: PagedReader;
  private readonly type: NumericType;
  private readonly shape: readonly number[];
  private readonly valueCount: number;

  constructor(rows: BucketRows, pages: PagedReader, type: NumericType, shape: readonly number[]) {
    this.rows = rows;
    this.pages = pages;
    this.type = type;
    this.shape = shape;
    this.valueCount = elementCount(shape);
  }

  shapeOf(): readonly number[] {
    return this.shape;
  }

  equalShapeEnd(_rowStart: number, rowEnd: number): number {
    return rowEnd;
  }

  readNumbers(rowStart: number, rowEnd: number, into: NumericArray, intoStart: number): void {
    const { rows, pages, type, valueCount } = this;
    const { elementBytes, parts } = numericLayouts[type];
    let at = intoStart;
    for (let row = rowStart; row < rowEnd; ) {
      rows.find(row);
      const end = Math.min(rowEnd, rows.endRow);
      const skipped = (row - rows.firstRow) * valueCount;
      const count = (end - row) * valueCount;
      if (type === "bool") {
        readBitsAt(pages, rows.startBytes, skipped, count, into as Uint8Array, at, rows.columnName);
      } else {
        const start = rows.startBytes + skipped * elementBytes;
        readNumbersAt(pages, start, type, into, at, at + count * parts, rows.columnName);
      }
      at += count * parts;
      row = end;
    }
  }

  readStrings(): void {
    throw wrongRead(this.rows.columnName, "strings");
  }
}

/** String scalars: of a fixed length in the bucket, or by reference to a string bucket. */
class StringColumn implements StoredColumn {
  private readonly rows: BucketRows;
  private readonly manager: StandardReader;
  private readonly maxLengthBytes: number;

  /** @param maxLengthBytes 0: any length */
  constructor(rows: BucketRows, manager: StandardReader, maxLengthBytes: number) {
    this.rows = rows;
    this.manager = manager;
    this.maxLengthBytes = maxLengthBytes;
  }

  shapeOf(): readonly number[] {
    return [];
  }

  equalShapeEnd(_rowStart: number, rowEnd: number): number {
    return rowEnd;
  }

  readStrings(rowStart: number, rowEnd: number, into: string[], intoStart: number): void {
    for (let row = rowStart; row < rowEnd; row++) into[intoStart + row - rowStart] = this.stringOf(row);
  }

  private stringOf(rowIndex: number): string {
    const { rows, manager, maxLengthBytes } = this;
    if (maxLengthBytes > 0) {
      const at = rows.offsetOf(rowIndex, maxLengthBytes);
      const bytes = manager.pages.bytes(at, maxLengthBytes, rows.columnName);
      const end = bytes.indexOf(0);
      return decodeText(end < 0 ? bytes : bytes.subarray(0, end));
    }
    const at = rows.offsetOf(rowIndex, stringReferenceBytes);
    const byteCount = manager.pages.i32(at + 8, rows.columnName);
    if (byteCount >= 0 && byteCount <= maxInlineStringBytes) {
      return decodeText(manager.pages.bytes(at, byteCount, rows.columnName));
    }
    const bucket = manager.pages.i32(at, rows.columnName);
    const offset = manager.pages.i32(at + 4, rows.columnName);
    return decodeText(manager.readStringBytes(bucket, offset, byteCount));
  }

  readNumbers(): void {
    throw wrongRead(this.rows.columnName, "numbers");
  }
}

/** String arrays: in string buckets, with their shape unless it is fixed. */
class StringArrayColumn implements StoredColumn {
  private readonly rows: BucketRows;
  private readonly manager: StandardReader;
  private readonly fixedShape: readonly number[] | undefined;

  constructor(rows: BucketRows, manager: StandardReader, fixedShape: readonly number[] | undefined) {
    this.rows = rows;
    this.manager = manager;
    this.fixedShape = fixedShape;
  }

  /** The stored bytes of a cell, or undefined when it holds no value. */
  private cell(rowIndex: number): Uint8Array | undefined {
    const { rows, manager } = this;
    const at = rows.offsetOf(rowIndex, stringReferenceBytes);
    const bucket = manager.pages.i32(at, rows.columnName);
    const offset = manager.pages.i32(at + 4, rows.columnName);
    const byteCount = manager.pages.i32(at + 8, rows.columnName);
    return byteCount === 0 ? undefined : manager.readStringBytes(bucket, offset, byteCount);
  }

  shapeOf(rowIndex: number): readonly number[] | undefined {
    if (this.fixedShape !== undefined) return this.fixedShape;
    const bytes = this.cell(rowIndex);
    return bytes === undefined ? undefined : this.parse(bytes).shape;
  }

  equalShapeEnd(rowStart: number, rowEnd: number): number {
    return this.fixedShape === undefined ? findEqualShapeEnd(this, rowStart, rowEnd) : rowEnd;
  }

  /** Everything inside a string array is big endian, whatever the table is. */
  private parse(bytes: Uint8Array): { shape: readonly number[]; strings: string[] } {
    const reader = new AipsIoReader(bytes, { file: `${this.manager.source.name} (column ${this.rows.columnName})` });
    let shape = this.fixedShape;
    let isFilled = true;
    if (shape === undefined) {
      const axisCount = reader.u32();
      if (axisCount * 4 > reader.remainingBytes) {
        throw reader.error("number of axes", `at most ${reader.remainingBytes / 4}`, `${axisCount}`);
      }
      const axes: number[] = [];
      for (let axis = 0; axis < axisCount; axis++) axes.push(reader.u32());
      shape = axes;
      isFilled = reader.i32() !== 0;
    }
    const count = shape.length === 0 ? 0 : elementCount(shape);
    // A cell may have been given a shape but no values yet.
    if (!isFilled) this.assertUnfilled(count);
    return { shape, strings: isFilled ? reader.strings(count) : new Array<string>(count).fill("") };
  }

  private assertUnfilled(count: number): void {
    if (count > maxUnfilledCount) {
      throw new TableFormatError(
        this.manager.source.name,
        `string array without values in column ${this.rows.columnName}`,
        `at most ${maxUnfilledCount} strings`,
        `${count}`,
      );
    }
  }

  readStrings(rowStart: number, rowEnd: number, into: string[], intoStart: number): void {
    let at = intoStart;
    for (let row = rowStart; row < rowEnd; row++) {
      const bytes = this.cell(row);
      if (bytes === undefined) {
        const count = elementCount(this.fixedShape ?? []);
        this.assertUnfilled(count);
        for (let i = 0; i < count; i++) into[at++] = "";
      } else {
        for (const text of this.parse(bytes).strings) into[at++] = text;
      }
    }
  }

  readNumbers(): void {
    throw wrongRead(this.rows.columnName, "numbers");
  }
}
