/** Columns made of rows of other columns: what reference and concatenated tables show. */
import type { NumericArray } from "../table/model.ts";
import { type StoredColumn, sameShape } from "./stored-column.ts";

/** Length of an array of equal cells, in elements of the caller's array. */
type CellLength = (shape: readonly number[] | undefined) => number;

/** Rows of another column, in any order. Runs of consecutive rows are read in one go. */
export class SelectedColumn implements StoredColumn {
  private readonly root: StoredColumn;
  private readonly rows: Float64Array;
  private readonly cellLength: CellLength;

  /** @param rows row of `root` for each own row, inside it */
  constructor(root: StoredColumn, rows: Float64Array, cellLength: CellLength) {
    this.root = root;
    this.rows = rows;
    this.cellLength = cellLength;
  }

  /** End of the own rows from `rowStart` on that follow each other in the root too. */
  private runEnd(rowStart: number, rowEnd: number): number {
    let row = rowStart + 1;
    while (row < rowEnd && this.rows[row] === (this.rows[row - 1] as number) + 1) row++;
    return row;
  }

  shapeOf(rowIndex: number): readonly number[] | undefined {
    return this.root.shapeOf(this.rows[rowIndex] as number);
  }

  equalShapeEnd(rowStart: number, rowEnd: number): number {
    const shape = this.shapeOf(rowStart);
    for (let row = rowStart; row < rowEnd; ) {
      if (!sameShape(this.shapeOf(row), shape)) return row;
      const end = this.runEnd(row, rowEnd);
      const rootStart = this.rows[row] as number;
      const equalEnd = row + this.root.equalShapeEnd(rootStart, rootStart + end - row) - rootStart;
      if (equalEnd < end) return equalEnd;
      row = end;
    }
    return rowEnd;
  }

  readNumbers(rowStart: number, rowEnd: number, into: NumericArray, intoStart: number): void {
    const length = this.cellLength(this.shapeOf(rowStart));
    for (let row = rowStart; row < rowEnd; ) {
      const end = this.runEnd(row, rowEnd);
      const rootStart = this.rows[row] as number;
      this.root.readNumbers(rootStart, rootStart + end - row, into, intoStart + (row - rowStart) * length);
      row = end;
    }
  }

  readStrings(rowStart: number, rowEnd: number, into: string[], intoStart: number): void {
    const length = this.cellLength(this.shapeOf(rowStart));
    for (let row = rowStart; row < rowEnd; ) {
      const end = this.runEnd(row, rowEnd);
      const rootStart = this.rows[row] as number;
      this.root.readStrings(rootStart, rootStart + end - row, into, intoStart + (row - rowStart) * length);
      row = end;
    }
  }
}

/** One column after the other. */
export class ConcatenatedColumn implements StoredColumn {
  private readonly parts: readonly StoredColumn[];
  /** First row of each part, and the number of all rows. */
  private readonly starts: readonly number[];
  private readonly cellLength: CellLength;

  constructor(parts: readonly StoredColumn[], starts: readonly number[], cellLength: CellLength) {
    this.parts = parts;
    this.starts = starts;
    this.cellLength = cellLength;
  }

  private partOf(rowIndex: number): number {
    let low = 0;
    let high = this.parts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.starts[middle] as number) <= rowIndex) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  shapeOf(rowIndex: number): readonly number[] | undefined {
    const part = this.partOf(rowIndex);
    return this.parts[part]?.shapeOf(rowIndex - (this.starts[part] as number));
  }

  equalShapeEnd(rowStart: number, rowEnd: number): number {
    const shape = this.shapeOf(rowStart);
    for (let row = rowStart; row < rowEnd; ) {
      if (!sameShape(this.shapeOf(row), shape)) return row;
      const part = this.partOf(row);
      const start = this.starts[part] as number;
      const end = Math.min(rowEnd, this.starts[part + 1] as number);
      const equalEnd = start + (this.parts[part] as StoredColumn).equalShapeEnd(row - start, end - start);
      if (equalEnd < end) return equalEnd;
      row = end;
    }
    return rowEnd;
  }

  readNumbers(rowStart: number, rowEnd: number, into: NumericArray, intoStart: number): void {
    this.eachPart(rowStart, rowEnd, (part, start, end, at) => part.readNumbers(start, end, into, intoStart + at));
  }

  readStrings(rowStart: number, rowEnd: number, into: string[], intoStart: number): void {
    this.eachPart(rowStart, rowEnd, (part, start, end, at) => part.readStrings(start, end, into, intoStart + at));
  }

  private eachPart(
    rowStart: number,
    rowEnd: number,
    read: (part: StoredColumn, start: number, end: number, at: number) => void,
  ): void {
    const length = rowStart < rowEnd ? this.cellLength(this.shapeOf(rowStart)) : 0;
    for (let row = rowStart; row < rowEnd; ) {
      const index = this.partOf(row);
      const start = this.starts[index] as number;
      const end = Math.min(rowEnd, this.starts[index + 1] as number);
      read(this.parts[index] as StoredColumn, row - start, end - start, (row - rowStart) * length);
      row = end;
    }
  }
}
