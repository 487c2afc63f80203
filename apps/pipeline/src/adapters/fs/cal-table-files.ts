/** Calibration tables as directories of casacore files. */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { isCasacoreTableError, openTable, stringKeyword, type Table } from "@contimg/casacore-tables/node";
import type { CalSolutions, SolutionKind } from "../../domain/cal-solutions.ts";
import { PipelineError } from "../../domain/error-codes.ts";
import type { CalTableCondition, CalTableFiles } from "../../ports/cal-table-files.ts";

/** CASA writes into it whenever it opens a table to read. */
const LOCK_FILE = "table.lock";
const SEC_PER_DAY = 86_400;

const errnoOf = (error: unknown) => (error as NodeJS.ErrnoException | null)?.code;
const isAbsence = (error: unknown) => errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR";

function statusOf(path: string): "there" | "absent" {
  try {
    statSync(path);
    return "there";
  } catch (error) {
    if (isAbsence(error)) return "absent";
    throw error;
  }
}

/**
 * A table that is not where it was is gone for good, unless the nearest directory above it is empty: that is what is
 * left where a disk was mounted.
 */
function absence(path: string): CalTableCondition {
  let above = dirname(path);
  while (statusOf(above) === "absent") above = dirname(above);
  if (readdirSync(above).length > 0) return { kind: "vanished" };
  return { kind: "unreachable", reason: `${above} is empty: is a disk not mounted?` };
}

/** Of names and bytes of all files, in the order of their names. */
function digestOf(path: string): string {
  const names = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== LOCK_FILE)
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .sort();
  const hash = createHash("sha256");
  for (const name of names) {
    const bytes = readFileSync(join(path, name));
    hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex");
}

function inspect(path: string): CalTableCondition {
  try {
    if (statusOf(path) === "absent") return absence(path);
    return { kind: "whole", ...readThrough(path), contentDigest: digestOf(path) };
  } catch (error) {
    // A file that is missing in it will not come; one that cannot be read now may.
    if (isCasacoreTableError(error, "TableIo") && !isAbsence(error.cause))
      return { kind: "unreachable", reason: error.message };
    if (isCasacoreTableError(error)) return { kind: "corrupt", reason: error.message };
    if (errnoOf(error) === undefined) throw error;
    return { kind: "unreachable", reason: (error as Error).message };
  }
}

/** Every solution and flag once, whatever the shapes. */
function readThrough(path: string): { readonly visCal: string; readonly referenceMjd: number | null } {
  using table = openTable(path);
  const { rowCount } = table;
  const visCal = stringKeyword(table.keywords, "VisCal", path);
  for (const name of [table.hasColumn("FPARAM") ? "FPARAM" : "CPARAM", "FLAG"]) {
    const column = table.column(name);
    for (let row = 0; row < rowCount; row++) column.getArray(row);
  }
  for (const name of ["ANTENNA1", "SPECTRAL_WINDOW_ID"]) table.column(name).getScalarRange(0, rowCount);
  const timesMjdSec = table.column("TIME").getScalarRange(0, rowCount, new Float64Array(rowCount));
  if (rowCount === 0) return { visCal, referenceMjd: null };
  const middleMjdSec =
    (timesMjdSec.reduce((a, b) => Math.min(a, b)) + timesMjdSec.reduce((a, b) => Math.max(a, b))) / 2;
  return { visCal, referenceMjd: middleMjdSec / SEC_PER_DAY };
}

function numbersOf(table: Table, name: string, cellShape: readonly number[], partCount: number): Float32Array {
  const values = new Float32Array(table.rowCount * cellShape[0]! * cellShape[1]! * partCount);
  table.column(name).getCellsInto(0, table.rowCount, values);
  return values;
}

const hasValues = (table: Table, name: string) =>
  table.rowCount > 0 && table.hasColumn(name) && table.column(name).isDefined(0);

/** By the first word of VisCal; T is a gain that both receptors share. */
const KIND_OF_VIS_CAL: ReadonlyMap<string, SolutionKind> = new Map([
  ["B", "bandpass"],
  ["G", "gain"],
  ["T", "gain"],
  ["K", "delay"],
]);

/** [spectral window][channel]; an empty array for windows whose channels are not there. */
function frequenciesHz(path: string): readonly Float64Array[] {
  using table = openTable(join(path, "SPECTRAL_WINDOW"));
  const column = table.column("CHAN_FREQ");
  return Array.from({ length: table.rowCount }, (_, row) =>
    column.isDefined(row) ? Float64Array.from(column.getArray(row).data as Float64Array) : new Float64Array(0),
  );
}

function antennaNamesOf(path: string): readonly string[] {
  using table = openTable(join(path, "ANTENNA"));
  return Array.from(table.column("NAME").getScalarRange(0, table.rowCount) as ArrayLike<string>);
}

/** None of a table that has no such subtable. */
function historyOf(path: string): readonly string[] {
  if (statusOf(join(path, "HISTORY")) === "absent") return [];
  using table = openTable(join(path, "HISTORY"));
  if (table.rowCount === 0 || !table.hasColumn("MESSAGE")) return [];
  return Array.from(table.column("MESSAGE").getScalarRange(0, table.rowCount) as ArrayLike<string>);
}

function readSolutionsOf(path: string): CalSolutions {
  using table = openTable(path);
  const { rowCount } = table;
  const visCal = stringKeyword(table.keywords, "VisCal", path);
  const isDelay = table.hasColumn("FPARAM");
  const name = isDelay ? "FPARAM" : "CPARAM";
  const [receptorCount = 0, chanCount = 0] = rowCount === 0 ? [] : (table.column(name).shapeOf(0) ?? []);
  const cellShape = [receptorCount, chanCount] as const;
  const flags = new Uint8Array(rowCount * receptorCount * chanCount);
  table.column("FLAG").getCellsInto(0, rowCount, flags);
  return {
    visCal,
    kind: KIND_OF_VIS_CAL.get(visCal.split(" ")[0]!) ?? "other",
    rowCount,
    cellShape,
    timesMjdSec: table.column("TIME").getScalarRange(0, rowCount, new Float64Array(rowCount)),
    snrRatio: hasValues(table, "SNR") ? numbersOf(table, "SNR", cellShape, 1) : null,
    antennaNames: antennaNamesOf(path),
    history: historyOf(path),
    spwFreqHz: frequenciesHz(path),
    antennaIds: table.column("ANTENNA1").getScalarRange(0, rowCount, new Int32Array(rowCount)),
    spectralWindowIds: table.column("SPECTRAL_WINDOW_ID").getScalarRange(0, rowCount, new Int32Array(rowCount)),
    gains: isDelay ? null : numbersOf(table, name, cellShape, 2),
    delaysNs: isDelay ? numbersOf(table, name, cellShape, 1) : null,
    flags,
  };
}

export const calTableFiles: CalTableFiles = {
  inspect,
  readSolutions(path) {
    try {
      return readSolutionsOf(path);
    } catch (error) {
      if (!isCasacoreTableError(error)) throw error;
      const code = isCasacoreTableError(error, "TableNotFound", "TableIo") ? "INPUT_UNREADABLE" : "TABLE_UNREADABLE";
      throw new PipelineError(code, error.message, { subject: path, cause: error });
    }
  },
};
