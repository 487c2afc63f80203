/** Are all files of a table there, long enough, and of one mind about the number of rows? */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Column, isCasacoreTableError, type Table, tableKeywordNames } from "@contimg/casacore-tables/node";
import type { Findings } from "./findings.ts";
import { tableProblem } from "./open-inspected.ts";
import { elementCountOf } from "./shapes.ts";
import { storageFilesOf } from "./storage-files.ts";

/** Cells of each column that are read: all of small tables, the first, the last and some between of others. */
const READ_ROW_COUNT = 64;

export function checkStorage(main: Table, findings: Findings): void {
  const check = "storage";
  const older: string[] = [];
  findings.run(check, () => {
    const columnCount = checkTable(main, "MAIN", older, findings);
    let subtableCount = 0;
    let total = columnCount;
    for (const name of tableKeywordNames(main.keywords)) {
      const opened = openOrReport(main, name, findings);
      if (opened === undefined) continue;
      using subtable = opened;
      total += checkTable(subtable, name, older, findings);
      subtableCount++;
    }
    if (findings.list.every((found) => found.severity !== "error"))
      findings.add("ok", "row-counts", rowCountText(main.rowCount, older));
    return `${total} columns of MAIN and ${subtableCount} subtables are kept in files that are there and can be read`;
  });
}

function openOrReport(main: Table, name: string, findings: Findings): Table | undefined {
  try {
    return main.subtable(name);
  } catch (error) {
    if (!isCasacoreTableError(error)) throw error;
    findings.add("error", "storage", `subtable ${name}: ${error.message}`);
    return undefined;
  }
}

/** casacore writes the count of a table that grew beside the locks and leaves table.dat as it was: no fault, but told. */
function rowCountText(rowCount: number, older: readonly string[]): string {
  const left =
    older.length === 0 ? "" : `; table.dat holds an older count, as casacore leaves it, in ${older.join(", ")}`;
  return `MAIN has ${rowCount} rows; all files of all tables hold the rows that their table.lock says${left}`;
}

/**
 * @param older takes the names of tables whose table.dat has another count than their table.lock
 * @returns the number of columns that can be read
 */
function checkTable(table: Table, name: string, older: string[], findings: Findings): number {
  const files = storageFilesOf(table);
  if (files !== undefined) {
    const { tableDatRowCount, lockRowCount } = files;
    if (lockRowCount !== null && lockRowCount !== 0 && lockRowCount !== tableDatRowCount) older.push(name);
    for (const manager of files.managers) {
      const file = join(table.path, `table.f${manager.sequenceNumber}`);
      const isVirtual = !/StMan/.test(manager.type);
      if (manager.columnNames.length > 0 && !isVirtual && !existsSync(file)) {
        findings.add(
          "error",
          "storage",
          `${file}: expected the ${manager.type} of ${manager.columnNames.join(", ")}, found no such file`,
        );
      }
    }
  }
  let readableCount = 0;
  const problems = new Set<string>();
  for (const column of table.columnNames) {
    try {
      readSomeCells(table.column(column));
      readableCount++;
    } catch (error) {
      const problem = tableProblem(error);
      // All columns of a manager fail with the same message when its file is damaged.
      if (problems.has(problem)) continue;
      problems.add(problem);
      if (isCasacoreTableError(error, "UnknownDataManager"))
        findings.add("warning", "storage", `${name} ${column} is not checked: ${problem}`);
      else if (!isMissingFileTold(problem, findings)) findings.add("error", "storage", `${name} ${column}: ${problem}`);
    }
  }
  return readableCount;
}

/** Whether the file that an error names is reported as missing already. */
function isMissingFileTold(message: string, findings: Findings): boolean {
  return findings.list.some(
    (finding) => finding.message.endsWith("no such file") && message.startsWith(`${finding.message.split(": ")[0]}: `),
  );
}

function readSomeCells(column: Column): void {
  const { rowCount } = column;
  const step = Math.max(1, (rowCount - 1) / (READ_ROW_COUNT - 1));
  for (let at = 0, last = -1; at < rowCount; at += step) {
    const row = Math.min(Math.round(at), rowCount - 1);
    if (row !== last) readCell(column, row);
    last = row;
  }
  if (rowCount > 0) readCell(column, rowCount - 1);
}

function readCell(column: Column, row: number): void {
  if (column.type === "record") column.getRecord(row);
  else if (column.form === "scalar") column.getScalarRange(row, row + 1);
  else if (elementCountOf(column.shapeOf(row) ?? []) > 0) column.getArray(row);
}
