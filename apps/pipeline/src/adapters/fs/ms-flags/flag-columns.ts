/** FLAG and FLAG_ROW of a table, as packed flags and back. */

import type { Column, Table, TableUpdate } from "@contimg/casacore-tables";
import type { FlagWindow } from "../../../domain/flagging.ts";
import { unsuitable } from "./describe-ms.ts";
import { countRow, createFlagBuffer, createPackedFlags, type PackedFlags, packRow, unpackRow } from "./packed-flags.ts";

/** Elements of one system call and one buffer. */
const BLOCK_SAMPLE_COUNT = 1 << 22;

/** What shape the cells of FLAG have: that of the window. */
export interface CellShapes {
  readonly windows: readonly FlagWindow[];
  readonly dataDescId: Int32Array;
}

export const sampleCountOf = ({ freqHz, corrs }: FlagWindow): number => freqHz.length * corrs.length;

/** Rows with cells of one shape, a few million samples at most. */
function* blocks({ windows, dataDescId }: CellShapes): Generator<{ rowStart: number; rowEnd: number; count: number }> {
  const counts = windows.map(sampleCountOf);
  for (let rowStart = 0; rowStart < dataDescId.length; ) {
    const first = windows[dataDescId[rowStart]!]!;
    const count = counts[dataDescId[rowStart]!]!;
    const most = rowStart + Math.max(8, Math.floor(BLOCK_SAMPLE_COUNT / count / 8) * 8);
    let rowEnd = rowStart + 1;
    while (rowEnd < dataDescId.length && rowEnd < most) {
      const { freqHz, corrs } = windows[dataDescId[rowEnd]!]!;
      if (freqHz.length !== first.freqHz.length || corrs.length !== first.corrs.length) break;
      rowEnd++;
    }
    yield { rowStart, rowEnd, count };
    rowStart = rowEnd;
  }
}

/** All flags of a table: those of FLAG, and all of a row where FLAG_ROW is set. @throws PipelineError MS_UNSUITABLE */
export function readFlags(table: Table, shapes: CellShapes): PackedFlags {
  const rowSampleCountMax = Math.max(...shapes.windows.map(sampleCountOf));
  const packed = createPackedFlags(table.rowCount, rowSampleCountMax);
  const flag = table.column("FLAG");
  const flagRow = table.column("FLAG_ROW").getScalarRange(0, table.rowCount) as Uint8Array;
  let buffer = createFlagBuffer(0);
  for (const { rowStart, rowEnd, count } of blocks(shapes)) {
    assertCells(table.path, flag, shapes, rowStart);
    const length = (rowEnd - rowStart) * count;
    if (buffer.flags.length < length) buffer = createFlagBuffer(length);
    flag.getCellsInto(rowStart, rowEnd, buffer.flags);
    for (let row = rowStart, at = 0; row < rowEnd; row++, at += count) {
      if (flagRow[row] !== 0) buffer.flags.fill(1, at, at + count);
      packRow(packed, row, buffer, at, count);
    }
  }
  return packed;
}

function assertCells(path: string, flag: Column, { windows, dataDescId }: CellShapes, row: number): void {
  const { corrs, freqHz } = windows[dataDescId[row]!]!;
  const shape = flag.shapeOf(row);
  if (shape?.length === 2 && shape[0] === corrs.length && shape[1] === freqHz.length) return;
  const found = shape === undefined ? "no value" : `[${shape.join(", ")}]`;
  throw unsuitable(path, `FLAG of row ${row}`, `cells of [${corrs.length}, ${freqHz.length}]`, found);
}

/** Calls `use` with unpacked flags of rows with one shape, in ascending order. */
export function eachFlagBlock(
  packed: PackedFlags,
  shapes: CellShapes,
  use: (rowStart: number, flags: Uint8Array, cellShape: readonly [number, number]) => void,
): void {
  let buffer = createFlagBuffer(0);
  for (const { rowStart, rowEnd, count } of blocks(shapes)) {
    const length = (rowEnd - rowStart) * count;
    if (buffer.flags.length < length) buffer = createFlagBuffer(length);
    for (let row = rowStart, at = 0; row < rowEnd; row++, at += count) unpackRow(packed, row, buffer, at, count);
    const { corrs, freqHz } = shapes.windows[shapes.dataDescId[rowStart]!]!;
    use(rowStart, buffer.flags.subarray(0, length), [corrs.length, freqHz.length]);
  }
}

/** 1 for each row of which every sample is flagged. */
export function wholeRows(packed: PackedFlags, { windows, dataDescId }: CellShapes): Uint8Array {
  const counts = windows.map(sampleCountOf);
  const whole = new Uint8Array(dataDescId.length);
  for (let row = 0; row < whole.length; row++) if (countRow(packed, row) === counts[dataDescId[row]!]) whole[row] = 1;
  return whole;
}

/** Overwrites FLAG and FLAG_ROW of a table. */
export function writeFlags(update: TableUpdate, packed: PackedFlags, shapes: CellShapes): void {
  eachFlagBlock(packed, shapes, (rowStart, flags) => update.updateTiledRows("FLAG", rowStart, flags));
  update.updateScalars("FLAG_ROW", 0, wholeRows(packed, shapes));
}
