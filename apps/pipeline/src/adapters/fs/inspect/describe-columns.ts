/** The columns of a table: types, shapes, storage, units, measures, keywords. Nothing of it needs the columns' values. */

import { type ColumnDesc, isCasacoreTableError, type KeywordSet, type Table } from "@contimg/casacore-tables/node";
import type { ColumnDescription, SubtableDescription, TableDescription } from "../../../ports/ms-inspector.ts";
import { textKeyword } from "./cells.ts";
import { identityOf, openInspected, tableProblem, withTableErrors } from "./open-inspected.ts";
import { keywordEntries } from "./plain-values.ts";
import { storageFilesOf } from "./storage-files.ts";

export function describeColumns(path: string): TableDescription {
  using table = openInspected(path);
  return withTableErrors(path, () => {
    const identity = identityOf(table);
    const managers = storageFilesOf(table)?.managerOfColumn;
    return {
      ...identity,
      columns: table.desc.columns.map((desc) => describeColumn(table, desc, managers?.get(desc.name)?.type)),
      keywords: keywordEntries(table.keywords),
      subtables: identity.subtableNames.map((name) => describeSubtable(table, name)),
    };
  });
}

function describeColumn(table: Table, desc: ColumnDesc, managerType: string | undefined): ColumnDescription {
  let { shape } = desc as { shape?: readonly number[] };
  let manager = managerType ?? "";
  let unreadableReason: string | null = null;
  try {
    const column = table.column(desc.name);
    if (shape === undefined && table.rowCount > 0 && desc.form === "array") shape = column.shapeOf(0);
  } catch (error) {
    unreadableReason = tableProblem(error);
    if (isCasacoreTableError(error, "UnknownDataManager") && "manager" in error) {
      manager = String(error.manager);
      unreadableReason = `data manager ${manager} is not supported`;
    }
  }
  return {
    name: desc.name,
    type: desc.type,
    form: desc.form,
    shape: desc.form === "scalar" ? [] : (shape?.toReversed() ?? null),
    hasFixedShape: desc.form === "scalar" || desc.shape !== undefined,
    manager,
    unreadableReason,
    units: unitsOf(desc.keywords),
    measure: measureOf(desc.keywords),
    comment: desc.comment,
    keywords: keywordEntries(desc.keywords),
  };
}

function unitsOf(keywords: KeywordSet): readonly string[] {
  const units = keywords.get("QuantumUnits");
  if (units?.kind === "array" && units.value.type === "string") return units.value.data as readonly string[];
  const unit = textKeyword(keywords, "UNIT") || textKeyword(keywords, "QuantumUnits");
  return unit === "" ? [] : [unit];
}

function measureOf(keywords: KeywordSet): string | null {
  const info = keywords.get("MEASINFO");
  if (info?.kind !== "record") return null;
  const variable = textKeyword(info.value, "VarRefCol");
  const frame = variable === "" ? textKeyword(info.value, "Ref") : `[${variable}]`;
  return `${textKeyword(info.value, "type")} ${frame}`.trim();
}

function describeSubtable(table: Table, name: string): SubtableDescription {
  const path = table.subtablePath(name);
  try {
    using subtable = table.subtable(name);
    return { name, path, rowCount: subtable.rowCount, problem: null };
  } catch (error) {
    return { name, path, rowCount: null, problem: tableProblem(error) };
  }
}
