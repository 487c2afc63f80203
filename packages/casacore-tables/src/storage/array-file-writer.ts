/** The file `table.f<n>i`, in which StandardStMan and IncrementalStMan keep the arrays whose shape may vary. */
import { encodeText } from "../aipsio/text.ts";
import type { ColumnDesc, NumericArray } from "../table/model.ts";
import type { TableFile, TableFiles } from "../table/table-files.ts";
import { ByteSink, numberBytes } from "./cell-bytes.ts";
import type { CellValue } from "./cell-values.ts";

const headerBytes = 16;
const alignmentBytes = 8;
const flushBytes = 1 << 20;

/** Appends arrays to an array file. The file is made with the first `open`, as casacore makes it for any column that could need it. */
export class ArrayFileWriter {
  private readonly file: TableFile;
  private readonly sink: ByteSink;
  private readonly hasReferenceCounts: boolean;
  private flushedBytes = headerBytes;
  /** Reference counts that differ from 1, by the position of the array; written at the end. */
  private readonly counts = new Map<number, number>();

  /** @param hasReferenceCounts  as IncrementalStMan has them, whose values may stand in several buckets */
  constructor(files: TableFiles, path: string, isLittleEndian: boolean, hasReferenceCounts: boolean) {
    this.file = files.create(path);
    this.sink = new ByteSink(isLittleEndian);
    this.hasReferenceCounts = hasReferenceCounts;
  }

  /** Adds an array. @returns its position, which is what a column stores */
  put(desc: ColumnDesc, cell: CellValue): number {
    const { sink } = this;
    this.align();
    const position = this.flushedBytes + sink.sizeBytes;
    if (this.hasReferenceCounts) sink.u32(1);
    sink.u32(cell.shape.length);
    for (const axis of cell.shape) sink.u32(axis);
    if (desc.type === "string") this.putStrings(cell.data as readonly string[]);
    else sink.raw(numberBytes(desc.type, cell.data as NumericArray, sink.isLittleEndian));
    if (sink.sizeBytes >= flushBytes) this.flush();
    return position;
  }

  /** Says in how many places a value is used. */
  setReferenceCount(position: number, count: number): void {
    if (count === 1) this.counts.delete(position);
    else this.counts.set(position, count);
  }

  /** The strings themselves stand behind the list of their positions; an empty string has position 0. */
  private putStrings(texts: readonly string[]): void {
    const encoded = texts.map(encodeText);
    let at = this.flushedBytes + this.sink.sizeBytes + 4 * texts.length;
    for (const bytes of encoded) {
      this.sink.u32(bytes.length === 0 ? 0 : at);
      if (bytes.length > 0) at += 4 + bytes.length;
    }
    for (const bytes of encoded) {
      if (bytes.length === 0) continue;
      this.sink.u32(bytes.length);
      this.sink.raw(bytes);
    }
  }

  private align(): void {
    while ((this.flushedBytes + this.sink.sizeBytes) % alignmentBytes !== 0) this.sink.raw(zeroByte);
  }

  private flush(): void {
    this.file.writeAt(this.sink.finish(), this.flushedBytes);
    this.flushedBytes += this.sink.sizeBytes;
    this.sink.clear();
  }

  /** Writes the header and what is left. */
  finish(): void {
    this.flush();
    for (const [position, count] of this.counts) {
      this.sink.u32(count);
      this.file.writeAt(this.sink.finish(), position);
      this.sink.clear();
    }
    this.sink.u32(this.hasReferenceCounts ? 1 : 0);
    this.sink.i64(this.flushedBytes);
    this.sink.u32(0);
    this.file.writeAt(this.sink.finish(), 0);
    this.sink.clear();
  }
}

const zeroByte = Uint8Array.of(0);
