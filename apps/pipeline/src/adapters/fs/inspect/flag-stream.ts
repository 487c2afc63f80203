/** Goes through flags (and data beside them) of a whole table with one buffer of a few megabytes. */

import type { Column, Table } from "@contimg/casacore-tables/node";
import type { FlagCount } from "../../../ports/ms-inspector.ts";
import { columnOf } from "./cells.ts";
import { elementCountOf } from "./shapes.ts";

/** Rows whose cells have one shape. */
export interface CellBlock {
  readonly rowStart: number;
  readonly rowEnd: number;
  readonly shape: readonly number[];
}

const BLOCK_ELEMENT_COUNT = 1 << 20;

/** Blocks of at most a million elements (a row at least); rows without value are left out. */
export function* cellBlocks(column: Column): Generator<CellBlock> {
  let row = 0;
  while (row < column.rowCount) {
    const equalEnd = column.equalShapeEnd(row, column.rowCount);
    const shape = column.shapeOf(row) ?? [];
    const perRow = elementCountOf(shape);
    if (perRow > 0) {
      const blockRowCount = Math.max(1, Math.floor(BLOCK_ELEMENT_COUNT / perRow));
      for (let start = row; start < equalEnd; start += blockRowCount)
        yield { rowStart: start, rowEnd: Math.min(start + blockRowCount, equalEnd), shape };
    }
    row = equalEnd;
  }
}

/** A buffer that grows to what is asked for and is used again. */
export function reusedBuffer<T>(create: (length: number) => T & { readonly length: number }): (length: number) => T {
  let buffer = create(0);
  return (length) => {
    if (buffer.length < length) buffer = create(length);
    return buffer;
  };
}

/** Flagged values of the whole table and of each group of rows. */
export interface CountedFlags {
  readonly all: FlagCount;
  readonly ofGroup: ReadonlyMap<number, FlagCount>;
}

/**
 * Counts FLAG, all of a row where FLAG_ROW is set.
 *
 * @param groupOfRow any whole number for each row
 * @returns undefined when there is no column FLAG
 */
export function countFlags(table: Table, groupOfRow: Int32Array): CountedFlags | undefined {
  const flag = columnOf(table, "FLAG");
  if (flag === undefined || flag.form !== "array" || flag.type !== "bool") return undefined;
  const flagRow = columnOf(table, "FLAG_ROW")?.getScalarRange(0, table.rowCount) as Uint8Array | undefined;
  const bufferOf = reusedBuffer((length) => new Uint8Array(length));
  const groups = new Map<number, { flaggedCount: number; valueCount: number }>();
  for (const { rowStart, rowEnd, shape } of cellBlocks(flag)) {
    const perRow = elementCountOf(shape);
    const flags = bufferOf((rowEnd - rowStart) * perRow);
    flag.getCellsInto(rowStart, rowEnd, flags);
    for (let row = rowStart, at = 0; row < rowEnd; row++, at += perRow) {
      let flaggedCount = 0;
      if (flagRow?.[row]) flaggedCount = perRow;
      else for (let k = at; k < at + perRow; k++) flaggedCount += flags[k]!;
      let group = groups.get(groupOfRow[row]!);
      if (group === undefined) {
        group = { flaggedCount: 0, valueCount: 0 };
        groups.set(groupOfRow[row]!, group);
      }
      group.flaggedCount += flaggedCount;
      group.valueCount += perRow;
    }
  }
  return { all: sumOf([...groups.values()]), ofGroup: groups };
}

export function sumOf(counts: readonly FlagCount[]): FlagCount {
  return counts.reduce(
    (sum, { flaggedCount, valueCount }) => ({
      flaggedCount: sum.flaggedCount + flaggedCount,
      valueCount: sum.valueCount + valueCount,
    }),
    { flaggedCount: 0, valueCount: 0 },
  );
}
