/** Random access to the bytes of one file: the only thing the storage readers know of the outside. */
import { TableFormatError } from "../errors.ts";

/** An open file. Offsets are 64-bit (exact up to 2^53); a file is never read as a whole. */
export interface ByteSource {
  /** Path or name, for errors. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Fills all of `target` from the file at `offsetBytes`, which the caller has checked against `sizeBytes`. */
  read(target: Uint8Array, offsetBytes: number): void;
  close(): void;
}

/** Fills `target`, after checking that the file reaches so far. */
export function readExactly(source: ByteSource, target: Uint8Array, offsetBytes: number, what: string): void {
  assertInside(source, offsetBytes, target.length, what);
  source.read(target, offsetBytes);
}

/** @throws TableFormatError when the file does not hold these bytes; to be called before anything is allocated for them */
export function assertInside(source: ByteSource, offsetBytes: number, byteCount: number, what: string): void {
  const end = offsetBytes + byteCount;
  if (!(offsetBytes >= 0 && byteCount >= 0 && end <= source.sizeBytes)) {
    throw new TableFormatError(
      source.name,
      what,
      `bytes ${offsetBytes} to ${end} inside the file`,
      `a file of ${source.sizeBytes} bytes`,
    );
  }
}

/** Largest header or index that is read at once. Real ones have kilobytes to some megabytes. */
const maxWholeBytes = 0x7fffffff;

/** Reads a whole piece into memory: headers and indices, never data. */
export function readPiece(source: ByteSource, offsetBytes: number, byteCount: number, what: string): Uint8Array {
  assertInside(source, offsetBytes, byteCount, what);
  if (byteCount > maxWholeBytes) {
    throw new TableFormatError(source.name, what, `at most ${maxWholeBytes} bytes`, `${byteCount}`);
  }
  const bytes = new Uint8Array(byteCount);
  source.read(bytes, offsetBytes);
  return bytes;
}

const pageBytes = 1 << 16;
const maxPageCount = 64;

/**
 * Small reads of a file through a cache of recently used 64-kB pages (4 MB in all), so that going through a column
 * row by row does not cost a system call each.
 */
export class PagedReader {
  readonly source: ByteSource;
  readonly littleEndian: boolean;
  private readonly pages = new Map<number, { bytes: Uint8Array; view: DataView }>();
  private lastIndex = -1;
  private last: { bytes: Uint8Array; view: DataView } | undefined;
  private readonly straddling = new Uint8Array(8);
  private readonly straddlingView = new DataView(this.straddling.buffer);

  constructor(source: ByteSource, littleEndian: boolean) {
    this.source = source;
    this.littleEndian = littleEndian;
  }

  private page(index: number): { bytes: Uint8Array; view: DataView } {
    if (index === this.lastIndex && this.last !== undefined) return this.last;
    let page = this.pages.get(index);
    if (page === undefined) {
      let bytes: Uint8Array | undefined;
      if (this.pages.size >= maxPageCount) {
        const [oldest, reusable] = this.pages.entries().next().value as [number, { bytes: Uint8Array }];
        this.pages.delete(oldest);
        if (reusable.bytes.length === pageBytes) bytes = reusable.bytes;
      }
      const start = index * pageBytes;
      const length = Math.min(pageBytes, this.source.sizeBytes - start);
      if (bytes === undefined || length !== pageBytes) bytes = new Uint8Array(length);
      this.source.read(bytes, start);
      page = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
    } else {
      this.pages.delete(index);
    }
    this.pages.set(index, page);
    this.last = page;
    this.lastIndex = index;
    return page;
  }

  /**
   * Bytes of the file, checked. Valid until the next call: a view of a page where it fits in one, else a copy.
   */
  bytes(offsetBytes: number, byteCount: number, what: string): Uint8Array {
    assertInside(this.source, offsetBytes, byteCount, what);
    if (byteCount === 0) return this.straddling.subarray(0, 0);
    const index = Math.floor(offsetBytes / pageBytes);
    const start = offsetBytes - index * pageBytes;
    if (start + byteCount <= pageBytes) return this.page(index).bytes.subarray(start, start + byteCount);
    return readPiece(this.source, offsetBytes, byteCount, what);
  }

  private numberAt(offsetBytes: number, byteCount: 4 | 8, what: string): DataView {
    assertInside(this.source, offsetBytes, byteCount, what);
    const index = Math.floor(offsetBytes / pageBytes);
    const start = offsetBytes - index * pageBytes;
    if (start + byteCount <= pageBytes) {
      this.numberStart = start;
      return this.page(index).view;
    }
    this.source.read(this.straddling.subarray(0, byteCount), offsetBytes);
    this.numberStart = 0;
    return this.straddlingView;
  }
  private numberStart = 0;

  u32(offsetBytes: number, what: string, littleEndian = this.littleEndian): number {
    return this.numberAt(offsetBytes, 4, what).getUint32(this.numberStart, littleEndian);
  }

  i32(offsetBytes: number, what: string, littleEndian = this.littleEndian): number {
    return this.numberAt(offsetBytes, 4, what).getInt32(this.numberStart, littleEndian);
  }

  /** A 64-bit file offset as a number. */
  i64(offsetBytes: number, what: string): number {
    const value = this.numberAt(offsetBytes, 8, what).getBigInt64(this.numberStart, this.littleEndian);
    return Number(value);
  }
}
