/** Reads IncrementalStMan (`table.fN`): a value is stored where it changes and holds until the next one. */
import { AipsIoReader } from "../aipsio/reader.ts";
import { decodeText } from "../aipsio/text.ts";
import { TableFormatError, UnsupportedFormatError } from "../errors.ts";
import { elementCount, type NumericType, numericLayouts } from "../table/data-types.ts";
import type { ColumnDesc, NumericArray } from "../table/model.ts";
import { type ByteSource, PagedReader, readPiece } from "./byte-source.ts";
import { IndirectColumn } from "./indirect-column.ts";
import type { ArrayFileReader } from "./read-array-file.ts";
import { type ManagerReader, readBitsAt, readNumbersAt, type StoredColumn, wrongRead } from "./stored-column.ts";

const headerBytes = 512;
/** Set in the first word of a bucket whose row numbers take 64 bits. */
const wideRowsFlag = 0xf0000000;

export interface IncrementalManagerInput {
  readonly source: ByteSource;
  readonly littleEndian: boolean;
  /** Rows the table has; the index must cover them. */
  readonly rowCount: number;
  openArrayFile(): ArrayFileReader;
}

/** Opens an IncrementalStMan. @throws TableFormatError, UnsupportedFormatError */
export function openIncrementalManager(input: IncrementalManagerInput): ManagerReader {
  return new IncrementalReader(input);
}

class IncrementalReader implements ManagerReader {
  readonly input: IncrementalManagerInput;
  readonly source: ByteSource;
  readonly pages: PagedReader;
  readonly bucketBytes: number;
  readonly bucketCount: number;
  /** First row of each bucket in row order, and one more: the number of rows. */
  readonly startRows: Float64Array;
  readonly buckets: Float64Array;

  constructor(input: IncrementalManagerInput) {
    this.input = input;
    this.source = input.source;
    this.pages = new PagedReader(input.source, input.littleEndian);
    const header = new AipsIoReader(readPiece(this.source, 0, Math.min(headerBytes, this.source.sizeBytes), "header"), {
      file: this.source.name,
      littleEndian: input.littleEndian,
    });
    const { version } = header.openObject("IncrementalStMan", 5);
    if (version > 4 && header.bool() === input.littleEndian) {
      throw header.error("byte order", "that of table.dat", "the other one");
    }
    this.bucketBytes = header.u32();
    this.bucketCount = header.u32();
    header.u32(); // cache size
    header.u32(); // number for unique column names
    if (version > 1) {
      header.u32(); // free buckets
      header.i32(); // first free bucket
    }
    header.closeObject();

    const indexOffset = headerBytes + this.bucketCount * this.bucketBytes;
    const indexBytes = this.source.sizeBytes - indexOffset;
    const index = new AipsIoReader(readPiece(this.source, indexOffset, Math.max(0, indexBytes), "index"), {
      file: `${this.source.name} (index)`,
      littleEndian: input.littleEndian,
    });
    const object = index.openObject("ISMIndex", 2);
    const usedCount = index.u32();
    const startRows = index.blockOfCounts(object.version > 1);
    const buckets = index.blockOfCounts();
    index.closeObject();
    if (usedCount + 1 > startRows.length || usedCount > buckets.length) {
      throw index.error("buckets in the index", `${usedCount}`, `${Math.min(startRows.length - 1, buckets.length)}`);
    }
    for (let i = 0; i < usedCount; i++) {
      if ((startRows[i + 1] as number) < (startRows[i] as number)) {
        throw index.error(`first row of bucket ${i + 1}`, `${startRows[i]} or more`, `${startRows[i + 1]}`);
      }
    }
    if ((startRows[usedCount] as number) < input.rowCount) {
      throw index.error("rows in the index", `${input.rowCount}, as the table has`, `${startRows[usedCount]}`);
    }
    this.startRows = startRows.subarray(0, usedCount + 1);
    this.buckets = buckets.subarray(0, usedCount);
  }

  openColumn(desc: ColumnDesc, position: number, shape: readonly number[] | undefined): StoredColumn {
    const runs = new ValueRuns(this, desc.name, position);
    const isDirect = (desc.option & 1) !== 0;
    if (desc.type === "record" || (desc.form === "array" && !isDirect)) {
      const type = desc.type === "record" ? "uchar" : desc.type;
      const offsetOf = (rowIndex: number): number => {
        runs.find(rowIndex);
        return this.pages.i64(runs.valueBytes, "offset of an array");
      };
      return new IndirectColumn(desc.name, type, offsetOf, this.input.openArrayFile);
    }
    const fixedShape = desc.form === "array" ? (shape ?? []) : [];
    if (desc.type === "string") return new RunStringColumn(runs, this.pages, fixedShape);
    const bits = elementCount(fixedShape) * (desc.type === "bool" ? 1 : numericLayouts[desc.type].elementBytes * 8);
    if (bits / 8 > this.bucketBytes || this.bucketBytes > this.source.sizeBytes) {
      throw new TableFormatError(
        this.source.name,
        `cell of column ${desc.name}`,
        `at most a bucket of ${this.bucketBytes} bytes`,
        `${bits / 8} bytes`,
      );
    }
    return new RunNumberColumn(runs, this.pages, desc.type, fixedShape);
  }

  close(): void {
    this.source.close();
  }
}

/** The runs of rows with one value of a column; remembers the bucket and run found last. */
class ValueRuns {
  readonly columnName: string;
  private readonly manager: IncrementalReader;
  private readonly position: number;
  private bucketFirstRow = 0;
  private bucketEndRow = 0;
  private dataBytes = 0;
  private dataEndBytes = 0;
  private runStarts: Uint32Array = new Uint32Array(0);
  private runOffsets: Uint32Array = new Uint32Array(0);
  /** The run found last: its rows, and where its value is in the file. */
  firstRow = 0;
  endRow = 0;
  valueBytes = 0;

  constructor(manager: IncrementalReader, columnName: string, position: number) {
    this.manager = manager;
    this.columnName = columnName;
    this.position = position;
  }

  find(rowIndex: number): void {
    if (rowIndex >= this.firstRow && rowIndex < this.endRow) return;
    if (!(rowIndex >= this.bucketFirstRow && rowIndex < this.bucketEndRow)) this.openBucket(rowIndex);
    const run = lastAtMost(this.runStarts, rowIndex - this.bucketFirstRow);
    this.firstRow = this.bucketFirstRow + (this.runStarts[run] as number);
    this.endRow =
      run + 1 < this.runStarts.length ? this.bucketFirstRow + (this.runStarts[run + 1] as number) : this.bucketEndRow;
    this.valueBytes = this.dataBytes + (this.runOffsets[run] as number);
    if (this.valueBytes >= this.dataEndBytes) {
      throw this.error("offset of a value", `below ${this.dataEndBytes - this.dataBytes}`, `${this.runOffsets[run]}`);
    }
  }

  private error(field: string, expected: string, found: string): TableFormatError {
    return new TableFormatError(
      this.manager.source.name,
      `bucket of rows ${this.bucketFirstRow} to ${this.bucketEndRow - 1}, column ${this.columnName}: ${field}`,
      expected,
      found,
    );
  }

  private openBucket(rowIndex: number): void {
    const { startRows, buckets, bucketBytes, bucketCount, pages } = this.manager;
    const entry = lastAtMost(startRows.subarray(0, buckets.length), rowIndex);
    this.bucketFirstRow = startRows[entry] as number;
    this.bucketEndRow = startRows[entry + 1] as number;
    const bucket = buckets[entry] as number;
    if (!(bucket < bucketCount)) throw this.error("number", `0 to ${bucketCount - 1}`, `${bucket}`);
    const start = headerBytes + bucket * bucketBytes;
    const what = `bucket ${bucket}`;
    const indexOffset = pages.u32(start, what);
    if ((indexOffset & wideRowsFlag) !== 0) {
      throw new UnsupportedFormatError(this.manager.source.name, "bucket", "32-bit row numbers", "64-bit row numbers");
    }
    this.dataBytes = start + 4;
    this.dataEndBytes = start + indexOffset;
    let at = start + indexOffset;
    const end = start + bucketBytes;
    // One list of runs for each column, in the order of the columns: those before ours are stepped over.
    for (let column = 0; ; column++) {
      const count = at + 4 <= end ? pages.u32(at, what) : 0;
      const listEnd = at + 4 + 8 * count;
      if (count === 0 || listEnd > end) {
        throw this.error("number of values", `1 to ${Math.max(1, Math.floor((end - at - 4) / 8))}`, `${count}`);
      }
      if (column === this.position) {
        this.readRuns(at + 4, count, what);
        return;
      }
      at = listEnd;
    }
  }

  private readRuns(at: number, count: number, what: string): void {
    const { pages } = this.manager;
    this.runStarts = new Uint32Array(count);
    this.runOffsets = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      this.runStarts[i] = pages.u32(at + 4 * i, what);
      this.runOffsets[i] = pages.u32(at + 4 * (count + i), what);
      if (i === 0 ? this.runStarts[0] !== 0 : (this.runStarts[i] as number) <= (this.runStarts[i - 1] as number)) {
        const expected = i === 0 ? "0" : `more than ${this.runStarts[i - 1]}`;
        const found = `${this.runStarts[i]}`;
        this.bucketEndRow = this.bucketFirstRow;
        throw this.error(`first row of value ${i}`, expected, found);
      }
    }
  }
}

/** Index of the last entry that is at most `value`; entries ascend and the first is at most `value`. */
function lastAtMost(entries: Float64Array | Uint32Array, value: number): number {
  let low = 0;
  let high = entries.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((entries[middle] as number) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

class RunNumberColumn implements StoredColumn {
  private readonly runs: ValueRuns;
  private readonly pages: PagedReader;
  private readonly type: NumericType;
  private readonly shape: readonly number[];

  constructor(runs: ValueRuns, pages: PagedReader, type: NumericType, shape: readonly number[]) {
    this.runs = runs;
    this.pages = pages;
    this.type = type;
    this.shape = shape;
  }

  shapeOf(): readonly number[] {
    return this.shape;
  }

  equalShapeEnd(_rowStart: number, rowEnd: number): number {
    return rowEnd;
  }

  readNumbers(rowStart: number, rowEnd: number, into: NumericArray, intoStart: number): void {
    const { runs, pages, type } = this;
    const length = elementCount(this.shape) * numericLayouts[type].parts;
    let at = intoStart;
    for (let row = rowStart; row < rowEnd; ) {
      runs.find(row);
      const end = Math.min(rowEnd, runs.endRow);
      if (type === "bool") {
        readBitsAt(pages, runs.valueBytes, 0, length, into as Uint8Array, at, runs.columnName);
      } else {
        readNumbersAt(pages, runs.valueBytes, type, into, at, at + length, runs.columnName);
      }
      const last = at + (end - row) * length;
      if (length === 1) into.fill(into[at] as never, at + 1, last);
      else for (let copy = at + length; copy < last; copy += length) into.copyWithin(copy, at, at + length);
      at = last;
      row = end;
    }
  }

  readStrings(): void {
    throw wrongRead(this.runs.columnName, "strings");
  }
}

class RunStringColumn implements StoredColumn {
  private readonly runs: ValueRuns;
  private readonly pages: PagedReader;
  private readonly shape: readonly number[];

  constructor(runs: ValueRuns, pages: PagedReader, shape: readonly number[]) {
    this.runs = runs;
    this.pages = pages;
    this.shape = shape;
  }

  shapeOf(): readonly number[] {
    return this.shape;
  }

  equalShapeEnd(_rowStart: number, rowEnd: number): number {
    return rowEnd;
  }

  readStrings(rowStart: number, rowEnd: number, into: string[], intoStart: number): void {
    let at = intoStart;
    for (let row = rowStart; row < rowEnd; ) {
      this.runs.find(row);
      const end = Math.min(rowEnd, this.runs.endRow);
      const value = this.valueOfRun();
      for (; row < end; row++) for (const text of value) into[at++] = text;
    }
  }

  /** The length that stands before a value counts itself. */
  private valueOfRun(): string[] {
    const { runs, pages } = this;
    const totalBytes = pages.u32(runs.valueBytes, runs.columnName);
    if (totalBytes < 4) {
      throw new TableFormatError(pages.source.name, `string in column ${runs.columnName}`, "4 bytes", `${totalBytes}`);
    }
    const bytes = pages.bytes(runs.valueBytes + 4, totalBytes - 4, runs.columnName);
    // One string, be it a scalar or an array of one, has no second length.
    if (elementCount(this.shape) === 1) return [decodeText(bytes)];
    const file = `${pages.source.name} (column ${runs.columnName})`;
    const reader = new AipsIoReader(bytes, { file, littleEndian: pages.littleEndian });
    return bytes.length === 0 ? unfilled(elementCount(this.shape), reader) : reader.strings(elementCount(this.shape));
  }

  readNumbers(): void {
    throw wrongRead(this.runs.columnName, "numbers");
  }
}

/** What a damaged shape may claim when no bytes stand behind it. */
const maxUnfilledCount = 1 << 16;

function unfilled(count: number, reader: AipsIoReader): string[] {
  if (count > maxUnfilledCount) throw reader.error("strings without values", `at most ${maxUnfilledCount}`, `${count}`);
  return new Array<string>(count).fill("");
}
