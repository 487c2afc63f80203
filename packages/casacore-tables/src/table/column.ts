/** A column of an open table, whatever its storage: checked access by rows. */
import { AipsIoReader } from "../aipsio/reader.ts";
import { readRecord } from "../aipsio/record.ts";
import { CellUndefinedError, ColumnMismatchError, RowOutOfRangeError } from "../errors.ts";
import type { StoredColumn } from "../storage/stored-column.ts";
import { elementCount, type NumericType, numericLayouts } from "./data-types.ts";
import type { ArrayValue, ColumnDesc, DataType, KeywordSet, NumericArray, ScalarValue } from "./model.ts";

/**
 * One column of an open table. Reading is synchronous. Nothing is read before it is asked for, and no call takes more
 * memory than the rows it is asked for; `getCellsInto` and `getScalarRange` with `into` take none.
 *
 * Rows are `rowStart` to `rowEnd`, the end exclusive. Shapes are in casacore order: axis 0 varies fastest.
 */
export class Column {
  readonly name: string;
  readonly desc: ColumnDesc;
  readonly keywords: KeywordSet;
  readonly type: DataType;
  readonly form: "scalar" | "array";
  readonly rowCount: number;
  private readonly path: string;
  private readonly stored: StoredColumn;

  /** For this library; callers get columns from `Table.column`. */
  constructor(path: string, desc: ColumnDesc, rowCount: number, stored: StoredColumn) {
    this.path = path;
    this.desc = desc;
    this.name = desc.name;
    this.keywords = desc.keywords;
    this.type = desc.type;
    this.form = desc.form;
    this.rowCount = rowCount;
    this.stored = stored;
  }

  /**
   * The value of a scalar column in one row: a boolean, number, bigint (int64), string or `{ re, im }`.
   *
   * @throws RowOutOfRangeError; ColumnMismatchError for array and record columns
   */
  getScalar(row: number): ScalarValue {
    const values = this.getScalarRange(row, row + 1);
    if (this.type === "bool") return values[0] !== 0;
    if (this.type === "complex" || this.type === "dcomplex")
      return { re: values[0] as number, im: values[1] as number };
    return values[0] as ScalarValue;
  }

  /**
   * The values of a scalar column in a range of rows: a list for strings, else a typed array, complex values as re, im
   * pairs, bool as 0 and 1.
   *
   * @param into to be filled instead of a new array; at least as long as needed, of the type's array class
   * @throws RowOutOfRangeError; ColumnMismatchError for array and record columns, or an `into` that does not fit
   */
  getScalarRange(rowStart: number, rowEnd: number): NumericArray | string[];
  getScalarRange<T extends NumericArray>(rowStart: number, rowEnd: number, into: T): T;
  getScalarRange(rowStart: number, rowEnd: number, into?: NumericArray): NumericArray | string[] {
    this.assertRows(rowStart, rowEnd);
    if (this.form !== "scalar" || this.type === "record") {
      throw this.mismatch(
        "a column of scalars",
        `${this.form === "array" ? "arrays" : "scalars"} of type ${this.type}`,
      );
    }
    const count = rowEnd - rowStart;
    if (this.type === "string") {
      if (into !== undefined) throw this.mismatch("no typed array for strings", into.constructor.name);
      const list: string[] = [];
      this.stored.readStrings(rowStart, rowEnd, list, 0);
      return list;
    }
    const length = count * numericLayouts[this.type].parts;
    const values = into ?? numericLayouts[this.type].create(length);
    if (into !== undefined) this.assertBuffer(into, length);
    this.stored.readNumbers(rowStart, rowEnd, values, 0);
    return values;
  }

  /**
   * The array in one cell.
   *
   * @throws CellUndefinedError when the cell holds no value; RowOutOfRangeError; ColumnMismatchError for scalars
   */
  getArray(row: number): ArrayValue {
    const type = this.arrayType();
    const shape = this.shapeOf(row);
    if (shape === undefined) throw new CellUndefinedError(this.path, this.name, row);
    if (type === "string") {
      const data: string[] = [];
      this.stored.readStrings(row, row + 1, data, 0);
      return { type, shape, data };
    }
    const data = numericLayouts[type].create(cellElementCount(shape) * numericLayouts[type].parts);
    if (data.length > 0) this.stored.readNumbers(row, row + 1, data, 0);
    return { type, shape, data };
  }

  /**
   * Fills a buffer with the cells of a range of rows, one behind the other. For columns whose cells have one shape:
   * the way to go through DATA or FLAG, with one buffer for all calls. Numbers are read straight into it.
   *
   * @param into at least (rowEnd − rowStart) × elements a cell; complex values take two elements, bool one byte each
   * @returns the shape of the cells
   * @throws ColumnMismatchError when shapes differ, the buffer is too short or of another class, or cells are strings;
   *         CellUndefinedError when the cells hold no value; RowOutOfRangeError
   */
  getCellsInto(rowStart: number, rowEnd: number, into: NumericArray): readonly number[] {
    this.assertRows(rowStart, rowEnd);
    const type = this.arrayType();
    if (type === "string") throw this.mismatch("a column of numbers", "strings");
    if (rowStart === rowEnd) return this.desc.shape ?? [];
    const shape = this.stored.shapeOf(rowStart);
    if (shape === undefined) throw new CellUndefinedError(this.path, this.name, rowStart);
    const equalEnd = this.stored.equalShapeEnd(rowStart, rowEnd);
    if (equalEnd < rowEnd) {
      const other = this.stored.shapeOf(equalEnd);
      if (other === undefined) throw new CellUndefinedError(this.path, this.name, equalEnd);
      throw this.mismatch(
        `cells of shape [${shape}] in rows ${rowStart} to ${rowEnd}`,
        `[${other}] in row ${equalEnd}`,
      );
    }
    const length = (rowEnd - rowStart) * cellElementCount(shape) * numericLayouts[type].parts;
    this.assertBuffer(into, length);
    if (length > 0) this.stored.readNumbers(rowStart, rowEnd, into, 0);
    return shape;
  }

  /**
   * End (exclusive) of the rows from `rowStart` on, up to `rowEnd`, whose cells have the same shape as the one in
   * `rowStart` (or hold no value like it). Cheap for tiled columns.
   */
  equalShapeEnd(rowStart: number, rowEnd: number): number {
    this.assertRows(rowStart, rowEnd);
    return rowStart === rowEnd ? rowEnd : this.stored.equalShapeEnd(rowStart, rowEnd);
  }

  /** Shape of the array in a cell, [] for scalars; undefined when the cell holds no value. */
  shapeOf(row: number): readonly number[] | undefined {
    this.assertRows(row, row + 1);
    return this.stored.shapeOf(row);
  }

  /** Whether the cell holds a value. Scalars always do. */
  isDefined(row: number): boolean {
    return this.shapeOf(row) !== undefined;
  }

  /**
   * The record in a cell of a record column, empty when none was stored.
   *
   * @throws ColumnMismatchError for other columns; TableFormatError
   */
  getRecord(row: number): KeywordSet {
    if (this.type !== "record") throw this.mismatch("a column of records", `type ${this.type}`);
    const shape = this.shapeOf(row);
    const byteCount = shape === undefined ? 0 : cellElementCount(shape);
    if (byteCount === 0) return new Map();
    const bytes = new Uint8Array(byteCount);
    this.stored.readNumbers(row, row + 1, bytes, 0);
    return readRecord(new AipsIoReader(bytes, { file: `${this.path} (column ${this.name}, row ${row})` }));
  }

  private arrayType(): Exclude<DataType, "record"> {
    if (this.form !== "array" || this.type === "record") throw this.mismatch("a column of arrays", `${this.form}s`);
    return this.type;
  }

  private assertRows(rowStart: number, rowEnd: number): void {
    const isRange = Number.isInteger(rowStart) && Number.isInteger(rowEnd) && rowStart >= 0 && rowStart <= rowEnd;
    if (!isRange || rowEnd > this.rowCount) throw new RowOutOfRangeError(this.path, rowStart, rowEnd, this.rowCount);
  }

  private assertBuffer(into: NumericArray, length: number): void {
    const expected = numericLayouts[this.type as NumericType].create(0).constructor.name;
    if (into.constructor.name !== expected || into.length < length) {
      throw this.mismatch(`a ${expected} of ${length} elements`, `a ${into.constructor.name} of ${into.length}`);
    }
  }

  private mismatch(expected: string, found: string): ColumnMismatchError {
    return new ColumnMismatchError(this.path, this.name, expected, found);
  }
}

/** A cell without axes holds no elements. */
function cellElementCount(shape: readonly number[]): number {
  return shape.length === 0 ? 0 : elementCount(shape);
}
