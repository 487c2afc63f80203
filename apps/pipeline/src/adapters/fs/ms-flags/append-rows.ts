/** Subtables with rows added at the end: written anew, since rows of strings cannot be added in place. */

import type { CellInput, ColumnContent, ColumnDesc, KeywordSet, SubtableRow, Table } from "@contimg/casacore-tables";
import { createTable, openTable } from "@contimg/casacore-tables/node";

/**
 * Writes a copy of a table, to disk, with some rows left out and others added.
 *
 * @param isKept  whether a row of the old table stays; all do where it is left out
 * @param added  values by column; columns that are not named get an empty value
 */
export async function rewriteWithRows(
  from: string,
  to: string,
  added: readonly SubtableRow[],
  isKept?: (table: Table, row: number) => boolean,
): Promise<void> {
  using table = openTable(from);
  const kept: number[] = [];
  for (let row = 0; row < table.rowCount; row++) if (isKept?.(table, row) !== false) kept.push(row);
  const { desc, info } = table;
  const copy = createTable(to, {
    rowCount: kept.length + added.length,
    descName: desc.name,
    descVersion: desc.version,
    descComment: desc.comment,
    infoType: info.type,
    infoSubType: info.subType,
    infoReadme: info.readme,
    keywords: withoutTables(desc.keywords),
  });
  try {
    for (const column of desc.columns) {
      const cells = [...kept.map((row) => cellOf(table, column, row)), ...added.map((row) => addedCell(column, row))];
      const content: ColumnContent = { kind: "cells", cells };
      const plain = { ...column, dataManagerType: "", dataManagerGroup: "", keywords: withoutTables(column.keywords) };
      copy.addColumn(plain, content, { manager: "StandardStMan" });
    }
    await copy.finish({ isDurable: true });
  } catch (error) {
    copy.abandon();
    throw error;
  }
}

function cellOf(table: Table, { name, form, type }: ColumnDesc, row: number): CellInput {
  const column = table.column(name);
  if (type === "record") return column.isDefined(row) ? column.getRecord(row) : undefined;
  if (form === "scalar") return column.getScalar(row);
  return column.isDefined(row) ? column.getArray(row) : undefined;
}

function addedCell({ name, form, type }: ColumnDesc, row: SubtableRow): CellInput {
  const value = row[name];
  if (value !== undefined || form === "array" || type === "record") return value;
  if (type === "string") return "";
  if (type === "bool") return false;
  if (type === "int64") return 0n;
  return type === "complex" || type === "dcomplex" ? { re: 0, im: 0 } : 0;
}

/** Paths of other tables would lead elsewhere from the place where the copy is written. */
const withoutTables = (keywords: KeywordSet): KeywordSet =>
  new Map([...keywords].filter(([, value]) => value.kind !== "table"));
