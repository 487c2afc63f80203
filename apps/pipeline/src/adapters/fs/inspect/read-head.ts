/** A few rows of a table as plain values. */

import { isCasacoreTableError } from "@contimg/casacore-tables/node";
import { PipelineError } from "../../../domain/error-codes.ts";
import type { HeadCell, HeadOptions, TableHead } from "../../../ports/ms-inspector.ts";
import { openInspected, tableProblem } from "./open-inspected.ts";
import { headCell } from "./plain-values.ts";

/** @throws PipelineError INPUT_UNREADABLE when there is no column or row of the name or number asked for */
export function readHead(path: string, options: HeadOptions): TableHead {
  using table = openInspected(path);
  const columnNames = options.columnNames ?? table.columnNames;
  const unknown = columnNames.filter((name) => !table.hasColumn(name));
  if (unknown.length > 0) {
    const known = table.columnNames.join(", ");
    throw new PipelineError("INPUT_UNREADABLE", `${path}: columns: expected of ${known}; found ${unknown.join(", ")}`, {
      subject: path,
    });
  }
  const { firstRowIndex } = options;
  if (firstRowIndex > 0 && firstRowIndex >= table.rowCount) {
    const range = table.rowCount === 0 ? "a table with rows" : `a row from 0 to ${table.rowCount - 1}`;
    throw new PipelineError("INPUT_UNREADABLE", `${path}: row: expected ${range}, found ${firstRowIndex}`, {
      subject: path,
    });
  }
  const endRowIndex = Math.min(firstRowIndex + options.rowCount, table.rowCount);
  const cellOf = (name: string, row: number): HeadCell => {
    try {
      return headCell(table.column(name), row);
    } catch (error) {
      const reason =
        isCasacoreTableError(error, "UnknownDataManager") && "manager" in error
          ? `data manager ${String(error.manager)} is not supported`
          : tableProblem(error);
      return { kind: "unreadable", reason };
    }
  };
  const rows = [];
  for (let row = firstRowIndex; row < endRowIndex; row++)
    rows.push({ rowIndex: row, cells: columnNames.map((name) => cellOf(name, row)) });
  return { path: table.path, rowCount: table.rowCount, columnNames, rows };
}
