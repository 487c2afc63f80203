/** The values of one column, whatever form the caller gave them in: by blocks of rows, by cell, or by runs of equal cells. */
import { elementCount, type NumericLayout, numericLayouts } from "../table/data-types.ts";
import type { ColumnDesc, NumericArray } from "../table/model.ts";
import type { ColumnContent } from "../table/table-spec.ts";
import { type CellValue, emptyCell, isDirect, sameShape, toCellValue } from "./cell-values.ts";

/** Cells that are equal for all rows from `rowStart` to the next run. */
export interface CellRun {
  readonly rowStart: number;
  readonly cell: CellValue | undefined;
}

/**
 * A column and its values.
 *
 * @throws RangeError (constructor) when there are too many or too few values, or runs are out of order
 */
export class ColumnSource {
  readonly desc: ColumnDesc;
  readonly rowCount: number;
  private readonly content: ColumnContent;
  /** Shape of all cells, as far as it is known beforehand; [] for scalars. */
  cellShape: readonly number[] | undefined;
  private scratch: NumericArray | undefined;
  private cachedIndex = -1;
  private cached: CellValue | undefined;

  constructor(desc: ColumnDesc, content: ColumnContent, rowCount: number) {
    this.desc = desc;
    this.content = content;
    this.rowCount = rowCount;
    this.cellShape =
      desc.form === "scalar" ? [] : (desc.shape ?? ("cellShape" in content ? content.cellShape : undefined));
    this.check();
  }

  /** Whether every row has a cell of the same shape. */
  get hasUniformCells(): boolean {
    const { kind } = this.content;
    if (kind === "constant") return this.cached !== undefined;
    return this.cellShape !== undefined && (kind === "values" || kind === "fill");
  }

  private check(): void {
    const { content, desc, rowCount, cellShape } = this;
    if (desc.shape !== undefined && "cellShape" in content && content.cellShape !== undefined) {
      if (!sameShape(desc.shape, content.cellShape))
        this.refuse(`cells of shape [${desc.shape}]`, `[${content.cellShape}]`);
    }
    switch (content.kind) {
      case "constant":
        this.cachedIndex = 0;
        this.cached = toCellValue(desc, content.value, cellShape);
        if (this.cached !== undefined && desc.type !== "record") this.cellShape = this.cached.shape;
        return;
      case "runs": {
        const { rowStarts, values } = content;
        if (rowStarts.length !== values.length) this.refuse(`${rowStarts.length} values of runs`, `${values.length}`);
        if (rowCount > 0 && rowStarts[0] !== 0) this.refuse("a first run that starts at row 0", `${rowStarts[0]}`);
        for (let i = 1; i < rowStarts.length; i++) {
          if (!((rowStarts[i] as number) > (rowStarts[i - 1] as number) && (rowStarts[i] as number) < rowCount)) {
            this.refuse("ascending first rows of runs, inside the table", `${rowStarts[i]} after ${rowStarts[i - 1]}`);
          }
        }
        return;
      }
      case "values":
        if (content.values.length !== rowCount * this.elementsPerRow()) {
          this.refuse(`${rowCount * this.elementsPerRow()} elements`, `${content.values.length}`);
        }
        if (desc.type !== "string") this.checkArrayType(content.values);
        return;
      case "fill":
        this.elementsPerRow();
        if (desc.type === "string") this.refuse("a list of strings", "a function that fills numbers");
        return;
      case "cells":
        if (content.cells.length !== rowCount) this.refuse(`${rowCount} cells`, `${content.cells.length}`);
        return;
      case "undefined":
        return;
    }
  }

  /** Elements of the typed array (or list) that hold one row. */
  private elementsPerRow(): number {
    const { desc, cellShape } = this;
    if (desc.type === "record") return this.refuse("cells with keyword sets", "an array of all values");
    if (cellShape === undefined) return this.refuse("cellShape", "none");
    return elementCount(cellShape) * (desc.type === "string" ? 1 : numericLayouts[desc.type].parts);
  }

  private checkArrayType(values: NumericArray | readonly string[]): void {
    const expected = this.layout().create(0);
    if (Object.getPrototypeOf(values) !== Object.getPrototypeOf(expected)) {
      this.refuse(`a ${expected.constructor.name} for type ${this.desc.type}`, values.constructor.name);
    }
  }

  private layout(): NumericLayout {
    return numericLayouts[this.desc.type as Exclude<ColumnDesc["type"], "record" | "string">];
  }

  private refuse(expected: string, found: string): never {
    throw new RangeError(`column ${this.desc.name}: expected ${expected}, found ${found}`);
  }

  /** Values of rows of a numeric column whose cells have one shape. Valid until the next call. */
  block(rowStart: number, rowEnd: number): NumericArray {
    const { content } = this;
    const perRow = this.elementsPerRow();
    if (content.kind === "values") return (content.values as NumericArray).subarray(rowStart * perRow, rowEnd * perRow);
    const count = (rowEnd - rowStart) * perRow;
    if (this.scratch === undefined || this.scratch.length < count) this.scratch = this.layout().create(count);
    const out = this.scratch.subarray(0, count);
    if (content.kind === "fill") {
      content.fill(rowStart, rowEnd, out);
      return out;
    }
    for (let row = rowStart, at = 0; row < rowEnd; row++, at += perRow) {
      const cell = this.cell(row);
      if (cell === undefined) out.fill(0 as never, at, at + perRow);
      else setElements(out, cell.data as NumericArray, at);
    }
    return out;
  }

  /** One cell; for content by `fill` in ascending order of rows. */
  cell(row: number): CellValue | undefined {
    const { content, desc, cellShape } = this;
    switch (content.kind) {
      case "constant":
        return this.cached;
      case "undefined":
        return emptyCell(desc);
      case "cells":
        return toCellValue(desc, content.cells[row], cellShape);
      case "runs": {
        const run = this.runOf(row);
        if (run !== this.cachedIndex) this.cached = toCellValue(desc, content.values[run], cellShape);
        this.cachedIndex = run;
        return this.cached;
      }
      case "values": {
        const perRow = this.elementsPerRow();
        const shape = cellShape as readonly number[];
        if (desc.type === "string")
          return { shape, data: (content.values as string[]).slice(row * perRow, (row + 1) * perRow) };
        return { shape, data: (content.values as NumericArray).subarray(row * perRow, (row + 1) * perRow) };
      }
      case "fill":
        return { shape: cellShape as readonly number[], data: this.block(row, row + 1).slice() };
    }
  }

  private runOf(row: number): number {
    const { rowStarts } = this.content as Extract<ColumnContent, { kind: "runs" }>;
    let run = this.cachedIndex;
    if (run < 0 || (rowStarts[run] as number) > row) run = 0;
    while (run + 1 < rowStarts.length && (rowStarts[run + 1] as number) <= row) run++;
    return run;
  }

  /** Runs of equal cells, the first from row 0; one even when the table has no rows, without an array that nobody would see. */
  *runs(): Generator<CellRun> {
    const { content, rowCount } = this;
    if (rowCount === 0) {
      const isArray = this.desc.form === "array" && !isDirect(this.desc);
      yield { rowStart: 0, cell: isArray ? undefined : emptyCell(this.desc) };
      return;
    }
    if (content.kind === "constant" || content.kind === "undefined") {
      yield { rowStart: 0, cell: this.cell(0) };
      return;
    }
    if (content.kind === "runs") {
      for (let i = 0; i < content.rowStarts.length; i++) {
        const rowStart = content.rowStarts[i] as number;
        yield { rowStart, cell: this.cell(rowStart) };
      }
      return;
    }
    let last: CellValue | undefined;
    for (let row = 0; row < rowCount; row++) {
      const cell = this.cell(row);
      if (row > 0 && sameCell(last, cell)) continue;
      last = cell;
      yield { rowStart: row, cell };
    }
  }
}

function setElements(out: NumericArray, data: NumericArray, at: number): void {
  if (out instanceof BigInt64Array) out.set(data as BigInt64Array, at);
  else out.set(data as Float64Array, at);
}

function sameCell(a: CellValue | undefined, b: CellValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (!sameShape(a.shape, b.shape) || a.data.length !== b.data.length) return false;
  for (let i = 0; i < a.data.length; i++) if (!Object.is(a.data[i], b.data[i])) return false;
  return true;
}
