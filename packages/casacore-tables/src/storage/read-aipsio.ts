/**
 * Reads StManAipsIO (`table.fN`), the oldest storage manager: one AipsIO object with each column as a whole in it.
 * Always big endian. Values are read where they lie; the column is never in memory as a whole.
 */
import { AipsIoReader } from "../aipsio/reader.ts";
import { decodeText } from "../aipsio/text.ts";
import { TableFormatError, UnsupportedFormatError } from "../errors.ts";
import { codeOfType, elementCount, type NumericType, numericLayouts } from "../table/data-types.ts";
import type { ColumnDesc, NumericArray } from "../table/model.ts";
import { type ByteSource, PagedReader } from "./byte-source.ts";
import { IndirectColumn } from "./indirect-column.ts";
import type { ArrayFileReader } from "./read-array-file.ts";
import { type ManagerReader, readBitsAt, readNumbersAt, type StoredColumn, wrongRead } from "./stored-column.ts";

/** Room for the framing of an object: magic, length, a name, version and the first fields. */
const frameBytes = 256;

export interface AipsIoManagerInput {
  readonly source: ByteSource;
  /** Rows the table has; each column must hold them. */
  readonly rowCount: number;
  openArrayFile(): ArrayFileReader;
}

/** Opens a StManAipsIO. @throws TableFormatError, UnsupportedFormatError */
export function openAipsIoManager(input: AipsIoManagerInput): ManagerReader {
  return new AipsIoManagerReader(input);
}

class AipsIoManagerReader implements ManagerReader {
  readonly input: AipsIoManagerInput;
  readonly pages: PagedReader;
  private readonly typeCodes: readonly number[];
  private readonly columnStarts: readonly number[];

  constructor(input: AipsIoManagerInput) {
    this.input = input;
    this.pages = new PagedReader(input.source, false);
    const frame = this.openFrame(0, "StManAipsIO", 2, true);
    if (frame.version > 1) frame.skipString();
    frame.u32(); // sequence number
    frame.u32(); // number for unique column names
    const rowCount = frame.u32();
    if (rowCount < input.rowCount) frame.fail("rows", `${input.rowCount}, as the table has`, `${rowCount}`);
    const columnCount = frame.u32();
    if (columnCount * 4 > input.source.sizeBytes) {
      frame.fail("columns", `at most ${Math.floor(input.source.sizeBytes / 4)}`, `${columnCount}`);
    }
    const typeCodes: number[] = [];
    for (let i = 0; i < columnCount; i++) typeCodes.push(frame.u32());
    const columnStarts: number[] = [];
    let at = frame.offsetBytes;
    for (let i = 0; i < columnCount; i++) {
      columnStarts.push(at);
      const lengthBytes = this.pages.u32(at, "length of a column");
      if (lengthBytes < 4) frame.fail(`length of column ${i}`, "4 or more", `${lengthBytes}`);
      at += lengthBytes;
    }
    this.typeCodes = typeCodes;
    this.columnStarts = columnStarts;
  }

  /** Opens an object of the file at an offset; the reader is left behind its version. */
  private openFrame(offsetBytes: number, type: string, maxVersion: number, isRoot: boolean): FrameCursor {
    const what = `object ${type}`;
    const { sizeBytes, name } = this.input.source;
    const available = Math.max(0, Math.min(frameBytes, sizeBytes - offsetBytes));
    const bytes = this.pages.bytes(offsetBytes, available, what);
    const reader = new AipsIoReader(bytes, { file: `${name} (${what} at byte ${offsetBytes})` });
    if (isRoot) {
      const magic = reader.u32();
      if (magic !== 0xbebebebe) throw reader.error("start of the file", "0xbebebebe", `0x${magic.toString(16)}`);
    }
    const lengthBytes = reader.u32();
    const endBytes = offsetBytes + (isRoot ? 4 : 0) + lengthBytes;
    if (endBytes > sizeBytes) throw reader.error("length", `an end at byte ${sizeBytes} at most`, `${endBytes}`);
    const found = reader.string();
    if (found !== type) throw reader.error("object type", type, JSON.stringify(found));
    const version = reader.u32();
    if (version > maxVersion) {
      throw new UnsupportedFormatError(name, what, `versions up to ${maxVersion}`, `${version}`);
    }
    return new FrameCursor(this.pages, offsetBytes + reader.offsetBytes, endBytes, version, what);
  }

  openColumn(desc: ColumnDesc, position: number, shape: readonly number[] | undefined): StoredColumn {
    const start = this.columnStarts[position];
    const typeCode = this.typeCodes[position];
    const expectedCode = codeOfType(desc.type === "record" ? "uchar" : desc.type);
    if (start === undefined || typeCode !== expectedCode) {
      throw new TableFormatError(
        this.input.source.name,
        `column ${position} (${desc.name})`,
        `type code ${expectedCode}`,
        typeCode === undefined ? "no such column" : `${typeCode}`,
      );
    }
    if (desc.form === "scalar" && desc.type !== "record") return this.openInline(desc, start, [], true);
    if (desc.type !== "record" && (desc.option & 1) !== 0) {
      const frame = this.openFrame(start, "StManColumnArrayAipsIO", 2, false);
      return this.openInline(desc, frame.offsetBytes, shape ?? [], false);
    }
    const frame = this.openFrame(start, "StManColumnIndArrayAipsIO", 2, false);
    frame.u32(); // data type
    frame.u32(); // not used
    const pieces = this.readPieces(frame.offsetBytes, desc.name, (piece) => {
      return piece.rowCount * 4;
    });
    const offsetOf = (rowIndex: number): number => {
      const piece = findPiece(pieces, rowIndex);
      return this.pages.u32(piece.startBytes + 4 * (rowIndex - piece.firstRow), "offset of an array");
    };
    const type = desc.type === "record" ? "uchar" : desc.type;
    return new IndirectColumn(desc.name, type, offsetOf, this.input.openArrayFile);
  }

  private openInline(desc: ColumnDesc, start: number, shape: readonly number[], isScalar: boolean): StoredColumn {
    const valueCount = elementCount(shape);
    const sizeOf = (piece: UnsizedPiece, cursor: FrameCursor): number => {
      const count = cursor.u32();
      if (count !== piece.rowCount * valueCount) {
        cursor.fail(`values of ${piece.rowCount} rows`, `${piece.rowCount * valueCount}`, `${count}`);
      }
      if (desc.type === "string") return cursor.skipStrings(count);
      if (desc.type === "bool") {
        return isScalar ? Math.ceil(count / 8) : piece.rowCount * Math.ceil(valueCount / 8);
      }
      return count * numericLayouts[desc.type as NumericType].elementBytes;
    };
    const pieces = this.readPieces(start, desc.name, sizeOf);
    if (desc.type === "string") return new PieceStringColumn(desc.name, pieces, this.pages, shape);
    return new PieceNumberColumn(desc.name, pieces, this.pages, desc.type as NumericType, shape, isScalar);
  }

  /** A column is stored in pieces, one for each time the table was extended. */
  private readPieces(
    start: number,
    columnName: string,
    sizeOf: (piece: UnsizedPiece, cursor: FrameCursor) => number,
  ): Piece[] {
    const cursor = this.openFrame(start, "StManColumnAipsIO", 2, false);
    const rowCount = cursor.u32();
    if (rowCount < this.input.rowCount) {
      cursor.fail(`rows of column ${columnName}`, `${this.input.rowCount}, as the table has`, `${rowCount}`);
    }
    const pieces: Piece[] = [];
    let firstRow = 0;
    while (firstRow < rowCount) {
      const pieceRowCount = cursor.u32();
      if (pieceRowCount === 0 || firstRow + pieceRowCount > rowCount) {
        cursor.fail(`rows of a piece of column ${columnName}`, `1 to ${rowCount - firstRow}`, `${pieceRowCount}`);
      }
      const unsized = { firstRow, rowCount: pieceRowCount };
      const byteCount = sizeOf(unsized, cursor);
      pieces.push({ ...unsized, startBytes: cursor.offsetBytes });
      cursor.skip(byteCount);
      firstRow += pieceRowCount;
    }
    if (cursor.offsetBytes !== cursor.endBytes) {
      cursor.fail(`end of column ${columnName}`, `byte ${cursor.endBytes}`, `byte ${cursor.offsetBytes}`);
    }
    return pieces;
  }

  close(): void {
    this.input.source.close();
  }
}

interface UnsizedPiece {
  readonly firstRow: number;
  readonly rowCount: number;
}

interface Piece extends UnsizedPiece {
  readonly startBytes: number;
}

/** A cursor over the file itself: columns may be larger than memory. */
class FrameCursor {
  readonly endBytes: number;
  readonly version: number;
  offsetBytes: number;
  private readonly pages: PagedReader;
  private readonly what: string;

  constructor(pages: PagedReader, offsetBytes: number, endBytes: number, version: number, what: string) {
    this.pages = pages;
    this.offsetBytes = offsetBytes;
    this.endBytes = endBytes;
    this.version = version;
    this.what = what;
  }

  fail(field: string, expected: string, found: string): never {
    throw new TableFormatError(this.pages.source.name, `${this.what}: ${field}`, expected, found);
  }

  skip(byteCount: number): void {
    if (byteCount > this.endBytes - this.offsetBytes) {
      this.fail("values", `at most ${this.endBytes - this.offsetBytes} bytes`, `${byteCount}`);
    }
    this.offsetBytes += byteCount;
  }

  u32(): number {
    const at = this.offsetBytes;
    this.skip(4);
    return this.pages.u32(at, this.what);
  }

  skipString(): void {
    this.skip(this.u32());
  }

  /** Bytes that `count` strings from here on take; the cursor stays where it is. */
  skipStrings(count: number): number {
    const start = this.offsetBytes;
    for (let i = 0; i < count; i++) this.skipString();
    const byteCount = this.offsetBytes - start;
    this.offsetBytes = start;
    return byteCount;
  }
}

function findPiece(pieces: readonly Piece[], rowIndex: number): Piece {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((pieces[middle] as Piece).firstRow <= rowIndex) low = middle;
    else high = middle - 1;
  }
  return pieces[low] as Piece;
}

class PieceNumberColumn implements StoredColumn {
  private readonly name: string;
  private readonly pieces: readonly Piece[];
  private readonly pages: PagedReader;
  private readonly type: NumericType;
  private readonly shape: readonly number[];
  /** Bool scalars are one stream of bits; Bool arrays start at a byte each. */
  private readonly isScalar: boolean;

  constructor(
    name: string,
    pieces: readonly Piece[],
    pages: PagedReader,
    type: NumericType,
    shape: readonly number[],
    isScalar: boolean,
  ) {
    this.name = name;
    this.pieces = pieces;
    this.pages = pages;
    this.type = type;
    this.shape = shape;
    this.isScalar = isScalar;
  }

  shapeOf(): readonly number[] {
    return this.shape;
  }

  equalShapeEnd(_rowStart: number, rowEnd: number): number {
    return rowEnd;
  }

  readNumbers(rowStart: number, rowEnd: number, into: NumericArray, intoStart: number): void {
    const { elementBytes, parts } = numericLayouts[this.type];
    const count = elementCount(this.shape);
    let at = intoStart;
    for (let row = rowStart; row < rowEnd; ) {
      const piece = findPiece(this.pieces, row);
      const end = Math.min(rowEnd, piece.firstRow + piece.rowCount);
      const skippedRows = row - piece.firstRow;
      const length = (end - row) * count * parts;
      if (this.type !== "bool") {
        const start = piece.startBytes + skippedRows * count * elementBytes;
        readNumbersAt(this.pages, start, this.type, into, at, at + length, this.name);
      } else if (this.isScalar) {
        readBitsAt(this.pages, piece.startBytes, skippedRows, length, into as Uint8Array, at, this.name);
      } else {
        const rowBytes = Math.ceil(count / 8);
        for (let i = 0; i < end - row; i++) {
          const start = piece.startBytes + (skippedRows + i) * rowBytes;
          readBitsAt(this.pages, start, 0, count, into as Uint8Array, at + i * count, this.name);
        }
      }
      at += length;
      row = end;
    }
  }

  readStrings(): void {
    throw wrongRead(this.name, "strings");
  }
}

class PieceStringColumn implements StoredColumn {
  private readonly name: string;
  private readonly pieces: readonly Piece[];
  private readonly pages: PagedReader;
  private readonly shape: readonly number[];
  /** Where to go on when rows are read in order: strings have no index. */
  private nextRow = 0;
  private nextBytes = 0;

  constructor(name: string, pieces: readonly Piece[], pages: PagedReader, shape: readonly number[]) {
    this.name = name;
    this.pieces = pieces;
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
    for (let row = rowStart; row < rowEnd; row++) {
      let start = this.startOf(row);
      for (let i = 0; i < elementCount(this.shape); i++) {
        const byteCount = this.pages.u32(start, this.name);
        into[at++] = decodeText(this.pages.bytes(start + 4, byteCount, this.name));
        start += 4 + byteCount;
      }
      this.nextRow = row + 1;
      this.nextBytes = start;
    }
  }

  private startOf(rowIndex: number): number {
    const piece = findPiece(this.pieces, rowIndex);
    let row = piece.firstRow;
    let at = piece.startBytes;
    if (this.nextRow > row && this.nextRow <= rowIndex) {
      row = this.nextRow;
      at = this.nextBytes;
    }
    const skippedCount = (rowIndex - row) * elementCount(this.shape);
    for (let i = 0; i < skippedCount; i++) at += 4 + this.pages.u32(at, this.name);
    return at;
  }

  readNumbers(): void {
    throw wrongRead(this.name, "numbers");
  }
}
