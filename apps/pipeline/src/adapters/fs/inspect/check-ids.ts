/** Do the numbers that point into subtables point at rows that exist? */

import type { NumericArray, Table } from "@contimg/casacore-tables/node";
import type { TableKind } from "../../../ports/ms-inspector.ts";
import { rowPieces, subtableOf } from "./cells.ts";
import type { Findings } from "./findings.ts";

interface Pointer {
  readonly column: string;
  readonly target: string;
  /** Values below 0 mean "none". */
  readonly mayBeNone: boolean;
  /** Many writers leave the target empty and write 0: told, but no error. */
  readonly isOftenLoose: boolean;
}

const pointer = (column: string, target: string, mayBeNone = false, isOftenLoose = false): Pointer => ({
  column,
  target,
  mayBeNone,
  isOftenLoose,
});

const MS_POINTERS: Readonly<Record<string, readonly Pointer[]>> = {
  MAIN: [
    pointer("ANTENNA1", "ANTENNA"),
    pointer("ANTENNA2", "ANTENNA"),
    pointer("DATA_DESC_ID", "DATA_DESCRIPTION"),
    pointer("FIELD_ID", "FIELD"),
    pointer("OBSERVATION_ID", "OBSERVATION"),
    pointer("PROCESSOR_ID", "PROCESSOR", true, true),
    pointer("STATE_ID", "STATE", true, true),
  ],
  DATA_DESCRIPTION: [pointer("SPECTRAL_WINDOW_ID", "SPECTRAL_WINDOW"), pointer("POLARIZATION_ID", "POLARIZATION")],
  FEED: [pointer("ANTENNA_ID", "ANTENNA"), pointer("SPECTRAL_WINDOW_ID", "SPECTRAL_WINDOW", true)],
  POINTING: [pointer("ANTENNA_ID", "ANTENNA", true, true)],
};

const CAL_POINTERS: Readonly<Record<string, readonly Pointer[]>> = {
  MAIN: [
    pointer("ANTENNA1", "ANTENNA"),
    pointer("ANTENNA2", "ANTENNA", true),
    pointer("FIELD_ID", "FIELD", true),
    pointer("SPECTRAL_WINDOW_ID", "SPECTRAL_WINDOW"),
    pointer("OBSERVATION_ID", "OBSERVATION", true, true),
  ],
};

const PIECE_ROW_COUNT = 1 << 16;

export function checkIds(main: Table, kind: TableKind, findings: Findings): void {
  const pointers = kind === "measurement-set" ? MS_POINTERS : kind === "calibration-table" ? CAL_POINTERS : {};
  if (Object.keys(pointers).length === 0) return;
  findings.run("ids", () => {
    let count = 0;
    for (const [owner, list] of Object.entries(pointers)) {
      const from = owner === "MAIN" ? undefined : subtableOf(main, owner);
      if (owner !== "MAIN" && from === undefined) continue;
      try {
        for (const each of list) count += checkPointer(main, from ?? main, owner, each, findings);
      } finally {
        from?.close();
      }
    }
    checkSources(main, findings);
    return `${count} numbers of rows in subtables are within range`;
  });
}

/** @returns how many values were looked at */
function checkPointer(main: Table, from: Table, owner: string, wanted: Pointer, findings: Findings): number {
  using target = subtableOf(main, wanted.target);
  if (target === undefined || !from.hasColumn(wanted.column)) return 0;
  const column = from.column(wanted.column);
  let wrongCount = 0;
  let example = "";
  for (const [start, end] of rowPieces(from.rowCount, PIECE_ROW_COUNT)) {
    const ids = column.getScalarRange(start, end) as NumericArray;
    for (let k = 0; k < ids.length; k++) {
      const id = Number(ids[k]);
      if (id < target.rowCount && (id >= 0 || wanted.mayBeNone)) continue;
      if (wrongCount++ === 0) example = `${id} in row ${start + k}`;
    }
  }
  if (wrongCount > 0) {
    const expected = target.rowCount === 0 ? "none, as it has no rows" : `0 to ${target.rowCount - 1}`;
    findings.add(
      wanted.isOftenLoose ? "warning" : "error",
      "ids",
      `${owner} ${wanted.column}: expected rows of ${wanted.target}, ${expected}; found ${example} (${wrongCount} of ${from.rowCount} rows)`,
    );
  }
  return from.rowCount;
}

/** SOURCE_ID is a key, not a row: the SOURCE table has a row for each time and spectral window. */
function checkSources(main: Table, findings: Findings): void {
  using fields = subtableOf(main, "FIELD");
  using sources = subtableOf(main, "SOURCE");
  if (fields === undefined || sources === undefined) return;
  if (!fields.hasColumn("SOURCE_ID") || !sources.hasColumn("SOURCE_ID")) return;
  const known = new Set(sources.column("SOURCE_ID").getScalarRange(0, sources.rowCount) as Int32Array);
  const wanted = fields.column("SOURCE_ID").getScalarRange(0, fields.rowCount) as Int32Array;
  const cases = [...wanted].flatMap((id, row) =>
    id < 0 || known.has(id) ? [] : [`FIELD SOURCE_ID: ${id} in row ${row} is in no row of SOURCE`],
  );
  findings.addCases("warning", "ids", cases);
}
