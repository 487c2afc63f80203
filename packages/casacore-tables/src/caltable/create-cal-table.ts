/** Writing calibration tables as CASA 6.6.3 does: the same descriptions, storage and table.info, byte for byte. */
import { TableWriteError } from "../errors.ts";
import { column } from "../ms/schema-column.ts";
import { subtableSchema } from "../ms/subtable-schema.ts";
import { buildTable } from "../table/create-table.ts";
import type { ColumnDesc, DataType, KeywordValue, NumericArray } from "../table/model.ts";
import type { TableFiles } from "../table/table-files.ts";
import type { ColumnContent, FinishOptions, StorageChoice, TableBuilder } from "../table/table-spec.ts";
import type { CalSolutions, CalSubtable, CalTableSpec } from "./cal-table-spec.ts";

/** CASA makes every calibration table in memory and copies it, which is why one manager of this name holds all columns. */
const storage: StorageChoice = { manager: "StandardStMan", name: "MSMTAB", bucketRowCount: 32 };
const subtableOrder: readonly CalSubtable[] = ["OBSERVATION", "ANTENNA", "FIELD", "SPECTRAL_WINDOW", "HISTORY"];
/** CASA sets casacore's Direct and FixedShape on scalars too. */
const scalarOption = 5;

/** See `createCalTable` of the node entry. */
export async function buildCalTable(
  files: TableFiles,
  path: string,
  spec: CalTableSpec,
  options?: FinishOptions,
): Promise<void> {
  const { kind, solutions } = spec;
  const typeName = `${kind} Jones`;
  const parameters = kind === "K" ? solutions.delaysNs : solutions.gains;
  if (parameters === undefined) {
    throw new TableWriteError(path, typeName, kind === "K" ? "delaysNs" : "gains", "none");
  }
  const table = buildTable(files, path, {
    rowCount: solutions.rowCount,
    descName: typeName,
    descVersion: "1.0",
    descComment: "New calibration table",
    infoType: "Calibration",
    infoSubType: typeName,
    keywords: new Map([
      ["ParType", text(kind === "K" ? "Float" : "Complex")],
      ["MSName", text(spec.msName)],
      ["VisCal", text(typeName)],
      ["PolBasis", text(spec.polBasis ?? "unknown")],
      ["CASA_Version", text(spec.casaVersion ?? "6.6.3-22")],
    ]),
  });
  try {
    addSolutions(table, solutions, kind === "K", parameters);
    for (const name of subtableOrder) await writeSubtable(table, name, spec, options);
    await table.finish(options);
  } catch (error) {
    table.abandon();
    throw error;
  }
}

function addSolutions(table: TableBuilder, solutions: CalSolutions, isDelay: boolean, parameters: Float32Array): void {
  const { rowCount, cellShape } = solutions;
  const zeros = new Int32Array(rowCount);
  addScalar(table, "TIME", "double", solutions.timeMjdSec, { units: "s", measure: ["epoch", "UTC"] });
  addScalar(table, "FIELD_ID", "int", solutions.fieldIds);
  addScalar(table, "SPECTRAL_WINDOW_ID", "int", solutions.spectralWindowIds);
  addScalar(table, "ANTENNA1", "int", solutions.antennaIds);
  addScalar(table, "ANTENNA2", "int", solutions.refAntennaIds);
  addScalar(table, "INTERVAL", "double", solutions.intervalSec ?? new Float64Array(rowCount), { units: "s" });
  addScalar(table, "SCAN_NUMBER", "int", solutions.scanNumbers);
  addScalar(table, "OBSERVATION_ID", "int", solutions.observationIds ?? zeros);
  const addArray = (name: string, type: DataType, values: NumericArray | undefined): void => {
    const desc = inStandardManager(column(name, type, "", { ndim: -1 }).desc);
    const content: ColumnContent = values === undefined ? { kind: "undefined" } : { kind: "values", values, cellShape };
    table.addColumn(desc, content, storage);
  };
  if (isDelay) addArray("FPARAM", "float", parameters);
  else addArray("CPARAM", "complex", parameters);
  addArray("PARAMERR", "float", solutions.paramErrorSigma);
  addArray("FLAG", "bool", solutions.flags);
  addArray("SNR", "float", solutions.snrRatio);
  addArray("WEIGHT", "float", solutions.weights);
}

function addScalar(
  table: TableBuilder,
  name: string,
  type: DataType,
  values: NumericArray,
  options: Parameters<typeof column>[3] = {},
): void {
  const desc = inStandardManager(column(name, type, "", options).desc);
  table.addColumn({ ...desc, option: scalarOption }, { kind: "values", values }, storage);
}

async function writeSubtable(
  table: TableBuilder,
  name: CalSubtable,
  spec: CalTableSpec,
  options: FinishOptions | undefined,
): Promise<void> {
  const rows = spec.subtables[name] ?? [];
  const schema = subtableSchema[name];
  const used = new Set(rows.flatMap((row) => Object.keys(row)));
  for (const columnName of used) {
    if (!schema.some(({ desc }) => desc.name === columnName)) {
      throw new TableWriteError(`${table.path}/${name}`, "column", "one of the subtable's definition", columnName);
    }
  }
  const subtable = table.addSubtable(name, { rowCount: rows.length });
  for (const { desc, isOptional } of schema) {
    if (isOptional && !used.has(desc.name)) continue;
    const cells = rows.map((row) => row[desc.name]);
    subtable.addColumn(inStandardManager(desc), { kind: "cells", cells }, storage);
  }
  for (const entry of spec.subtableColumnKeywords ?? []) {
    if (entry.table === name) subtable.setColumnKeyword(entry.columnName, entry.keyword, entry.value);
  }
  await subtable.finish(options);
}

function inStandardManager(desc: ColumnDesc): ColumnDesc {
  return { ...desc, dataManagerType: "StandardStMan", dataManagerGroup: "StandardStMan" };
}

function text(value: string): KeywordValue {
  return { kind: "scalar", type: "string", value };
}
