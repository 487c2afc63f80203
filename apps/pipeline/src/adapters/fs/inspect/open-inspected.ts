/** Opens tables for inspection, with the pipeline's errors. */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isCasacoreTableError, openTable, type Table, tableKeywordNames } from "@contimg/casacore-tables/node";
import { PipelineError } from "../../../domain/error-codes.ts";
import type { TableIdentity, TableKind } from "../../../ports/ms-inspector.ts";

/** @throws PipelineError INPUT_UNREADABLE, TABLE_UNREADABLE */
export function openInspected(path: string): Table {
  refuseWhatIsNoTable(path);
  return withTableErrors(path, () => openTable(path));
}

function refuseWhatIsNoTable(path: string): void {
  const refuse = (found: string, cause?: unknown): never => {
    throw new PipelineError("INPUT_UNREADABLE", `${path}: expected a casacore table, found ${found}`, {
      subject: path,
      cause,
    });
  };
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) refuse("nothing there");
    else if (!found.isDirectory()) refuse("a file, not a directory");
    else if (statSync(join(path, "table.dat"), { throwIfNoEntry: false }) === undefined)
      refuse("a directory without table.dat");
  } catch (error) {
    if (error instanceof PipelineError) throw error;
    refuse((error as Error).message, error);
  }
}

/** Runs `read` and gives errors of the table library a code. */
export function withTableErrors<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isCasacoreTableError(error)) throw error;
    throw new PipelineError("TABLE_UNREADABLE", error.message, { subject: path, cause: error });
  }
}

/** What the library says about an error of its own; other errors go on. */
export function tableProblem(error: unknown): string {
  if (isCasacoreTableError(error)) return error.message;
  throw error;
}

export function tableKindOf(table: Table): TableKind {
  if (table.info.type === "Calibration" || table.keywords.has("VisCal")) return "calibration-table";
  const hasMsColumns = ["ANTENNA1", "ANTENNA2", "TIME", "DATA_DESC_ID"].every((name) => table.hasColumn(name));
  return table.info.type === "Measurement Set" || table.keywords.has("MS_VERSION") || hasMsColumns
    ? "measurement-set"
    : "other-table";
}

export function identityOf(table: Table): TableIdentity {
  return {
    path: table.path,
    kind: tableKindOf(table),
    infoType: table.info.type,
    infoSubType: table.info.subType,
    sizeBytes: sizeOnDiskBytes(table.path),
    rowCount: table.rowCount,
    columnNames: table.columnNames,
    subtableNames: tableKeywordNames(table.keywords),
    notes: [],
  };
}

/** All files below a directory. */
function sizeOnDiskBytes(path: string): number {
  let sizeBytes = 0;
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) sizeBytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  return sizeBytes;
}
