/** Arrays of any shape: the manager keeps an offset for each row, the array file the values. */
import type { DataType, NumericArray } from "../table/model.ts";
import type { ArrayFileReader } from "./read-array-file.ts";
import { findEqualShapeEnd, type StoredColumn, wrongRead } from "./stored-column.ts";

/** A column whose cells are arrays in an array file, found by an offset each. */
export class IndirectColumn implements StoredColumn {
  private readonly name: string;
  private readonly type: Exclude<DataType, "record">;
  private readonly offsetOf: (rowIndex: number) => number;
  private readonly openArrays: () => ArrayFileReader;
  private arrays: ArrayFileReader | undefined;

  /**
   * @param offsetOf   offset of the array of a row in the array file; 0 when the cell holds no value
   * @param openArrays opens that file, at the first array that is asked for
   */
  constructor(
    name: string,
    type: Exclude<DataType, "record">,
    offsetOf: (rowIndex: number) => number,
    openArrays: () => ArrayFileReader,
  ) {
    this.name = name;
    this.type = type;
    this.offsetOf = offsetOf;
    this.openArrays = openArrays;
  }

  private file(): ArrayFileReader {
    this.arrays ??= this.openArrays();
    return this.arrays;
  }

  shapeOf(rowIndex: number): readonly number[] | undefined {
    const offset = this.offsetOf(rowIndex);
    return offset === 0 ? undefined : this.file().shapeAt(offset, this.type);
  }

  equalShapeEnd(rowStart: number, rowEnd: number): number {
    return findEqualShapeEnd(this, rowStart, rowEnd);
  }

  readNumbers(rowStart: number, rowEnd: number, into: NumericArray, intoStart: number): void {
    if (this.type === "string") throw wrongRead(this.name, "numbers");
    let at = intoStart;
    for (let row = rowStart; row < rowEnd; row++) {
      at += this.file().readNumbers(this.offsetOf(row), this.type, into, at);
    }
  }

  readStrings(rowStart: number, rowEnd: number, into: string[], intoStart: number): void {
    let at = intoStart;
    for (let row = rowStart; row < rowEnd; row++) at += this.file().readStrings(this.offsetOf(row), into, at);
  }
}
