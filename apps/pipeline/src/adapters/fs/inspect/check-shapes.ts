/** Do the shapes of cells agree with the numbers of channels and correlations that the subtables announce? */

import type { Column, Table } from "@contimg/casacore-tables/node";
import { arrayOf, columnOf, numbersOf, subtableOf } from "./cells.ts";
import type { Findings } from "./findings.ts";
import { isSameShape } from "./shapes.ts";
import { readDataDescriptions } from "./subtable-records.ts";

/** Columns of [corr, chan]; those that must have a value in each row first. */
const CELL_COLUMNS: readonly (readonly [string, boolean])[] = [
  ["FLAG", true],
  ["DATA", true],
  ["FLOAT_DATA", true],
  ["CORRECTED_DATA", false],
  ["MODEL_DATA", false],
  ["WEIGHT_SPECTRUM", false],
  ["SIGMA_SPECTRUM", false],
];
const CORR_COLUMNS = ["WEIGHT", "SIGMA"];

export function checkMsShapes(main: Table, findings: Findings): void {
  findings.run("shapes", () => {
    const chanCounts = announcedCounts(main, "SPECTRAL_WINDOW", "NUM_CHAN", SPECTRAL_ARRAYS, findings);
    const corrCounts = announcedCounts(main, "POLARIZATION", "NUM_CORR", ["CORR_TYPE"], findings);
    const shapes = readDataDescriptions(main).map(({ spwId, polarizationId }) => [
      corrCounts[polarizationId] ?? -1,
      chanCounts[spwId] ?? -1,
    ]);
    const dataDescIds = numbersOf(main, "DATA_DESC_ID", 0);
    for (const [name, isRequired] of CELL_COLUMNS) {
      const column = columnOf(main, name);
      if (column?.form === "array")
        checkColumn(column, (row) => shapes[dataDescIds[row]!], isRequired, "[corr, chan]", findings);
    }
    for (const name of CORR_COLUMNS) {
      const column = columnOf(main, name);
      if (column?.form === "array")
        checkColumn(column, (row) => shapes[dataDescIds[row]!]?.slice(0, 1), true, "[corr]", findings);
    }
    const uvw = columnOf(main, "UVW");
    if (uvw?.form === "array") checkColumn(uvw, () => [3], true, "[3]", findings);
    return "cells have the shapes that NUM_CORR and NUM_CHAN announce";
  });
}

const SPECTRAL_ARRAYS = ["CHAN_FREQ", "CHAN_WIDTH", "EFFECTIVE_BW", "RESOLUTION"];

/** The counts in a column of a subtable, each compared with the lengths of arrays in its row. */
function announcedCounts(
  main: Table,
  subtable: string,
  countColumn: string,
  arrays: readonly string[],
  findings: Findings,
): Float64Array {
  using table = subtableOf(main, subtable);
  if (table === undefined) return new Float64Array(0);
  const counts = numbersOf(table, countColumn, -1);
  const cases = arrays.flatMap((name) =>
    Array.from(counts).flatMap((count, row) => {
      const length = arrayOf(table, name, row)?.length;
      return length === undefined || length === count
        ? []
        : [`${subtable} ${name}, row ${row}: expected ${count} values as ${countColumn} says, found ${length}`];
    }),
  );
  findings.addCases("error", "shapes", cases);
  return counts;
}

function checkColumn(
  column: Column,
  expectedOf: (row: number) => readonly number[] | undefined,
  isRequired: boolean,
  axes: string,
  findings: Findings,
): void {
  let wrongCount = 0;
  let example = "";
  let row = 0;
  while (row < column.rowCount) {
    const end = column.equalShapeEnd(row, column.rowCount);
    const shape = column.shapeOf(row);
    for (; row < end; row++) {
      const expected = expectedOf(row);
      if (expected === undefined || (shape === undefined && !isRequired)) continue;
      if (shape !== undefined && isSameShape(shape, expected)) continue;
      if (wrongCount++ === 0)
        example = `row ${row}: expected ${axes} = [${expected}], found ${shape === undefined ? "no value" : `[${shape}]`}`;
    }
  }
  if (wrongCount > 0)
    findings.add("error", "shapes", `${column.name}, ${example} (${wrongCount} of ${column.rowCount} rows)`);
}

/** Solutions: parameters, errors, flags and signal to noise have one shape, of all channels or of one. */
export function checkCalShapes(main: Table, findings: Findings): void {
  findings.run("shapes", () => {
    const name = main.hasColumn("CPARAM") ? "CPARAM" : "FPARAM";
    const parameters = columnOf(main, name);
    if (parameters === undefined) return undefined;
    using windows = subtableOf(main, "SPECTRAL_WINDOW");
    const chanCounts = windows === undefined ? new Float64Array(0) : numbersOf(windows, "NUM_CHAN", -1);
    const spwIds = numbersOf(main, "SPECTRAL_WINDOW_ID", 0);
    for (const other of ["FLAG", "SNR", "PARAMERR"]) {
      const column = columnOf(main, other);
      if (column?.form === "array")
        checkColumn(column, (row) => parameters.shapeOf(row), false, `the shape of ${name}`, findings);
    }
    checkColumn(
      parameters,
      (row) => {
        const [receptorCount = 0, chanCount = 0] = parameters.shapeOf(row) ?? [];
        return [receptorCount, chanCount === 1 ? 1 : (chanCounts[spwIds[row]!] ?? chanCount)];
      },
      true,
      "[receptor, chan]",
      findings,
    );
    return `${name}, FLAG and SNR have one shape, of the channels of their spectral window or of one`;
  });
}
