/** Writes a table again from what the reader says of it: the same description and values, by this library's writers. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createTable, openTable, type Table } from "../src/node.ts";
import type { ColumnDesc, KeywordSet, KeywordValue } from "../src/table/model.ts";
import { parseTableDat } from "../src/table/table-dat.ts";
import type { CellInput, ColumnContent, StorageChoice, WritableManager } from "../src/table/table-spec.ts";

/** The managers that are written, and for those that are only read the one that takes their place. */
const writtenManagers: Readonly<Record<string, WritableManager>> = {
  StandardStMan: "StandardStMan",
  IncrementalStMan: "IncrementalStMan",
  TiledColumnStMan: "TiledColumnStMan",
  TiledShapeStMan: "TiledShapeStMan",
  TiledCellStMan: "TiledShapeStMan",
  TiledDataStMan: "TiledShapeStMan",
  StManAipsIO: "StandardStMan",
};

/** Tables under a folder, each by its path, a table before its subtables. */
export function findTables(folder: string): string[] {
  const found: string[] = [];
  if (existsSync(join(folder, "table.dat"))) found.push(folder);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) found.push(...findTables(join(folder, entry.name)));
  }
  return found;
}

/**
 * @param byteOrder  of the new table's data
 * @throws Error when the table is not one with data of its own
 */
export async function rewriteTable(from: string, to: string, byteOrder: "little" | "big" = "little"): Promise<void> {
  using table = openTable(from);
  const dat = parseTableDat(readFileSync(join(from, "table.dat")), from);
  if (dat.kind !== "plain") throw new Error(`${from}: a ${dat.kind} table`);
  const { desc } = dat;
  const copy = createTable(to, {
    rowCount: table.rowCount,
    descName: desc.name,
    descVersion: desc.version,
    descComment: desc.comment,
    infoType: table.info.type,
    infoSubType: table.info.subType,
    infoReadme: table.info.readme,
    keywords: withoutTables(desc.keywords),
    privateKeywords: desc.privateKeywords,
    byteOrder,
  });
  for (const [i, column] of desc.columns.entries()) {
    const sequenceNumber = dat.columns[i]?.sequenceNumber;
    const type = dat.dataManagers.find((manager) => manager.sequenceNumber === sequenceNumber)?.type ?? "";
    const manager = managerFor(column, type);
    const isTiled = manager.startsWith("Tiled");
    const storage: StorageChoice = { manager, name: `${manager}${sequenceNumber}${isTiled ? column.name : ""}` };
    const keywords = withoutTables(column.keywords);
    copy.addColumn({ ...column, keywords }, contentOf(table, column), storage);
  }
  await copy.finish();
}

function managerFor(column: ColumnDesc, type: string): WritableManager {
  const manager = writtenManagers[type];
  if (manager === undefined) throw new Error(`no writer for ${type}`);
  if (!manager.startsWith("Tiled")) return manager;
  if (column.form === "scalar") return "StandardStMan"; // coordinates and ids of TiledDataStMan
  return manager;
}

function contentOf(table: Table, desc: ColumnDesc): ColumnContent {
  const column = table.column(desc.name);
  if (desc.form === "scalar" && desc.type !== "record") {
    return { kind: "values", values: column.getScalarRange(0, table.rowCount) };
  }
  const cells = Array.from({ length: table.rowCount }, (_, row): CellInput => {
    if (desc.type === "record") return column.isDefined(row) ? column.getRecord(row) : undefined;
    return column.isDefined(row) ? column.getArray(row) : undefined;
  });
  return { kind: "cells", cells };
}

/** Subtables are compared on their own; their paths differ. */
function withoutTables(keywords: KeywordSet): KeywordSet {
  return new Map([...keywords].filter(([, value]: [string, KeywordValue]) => value.kind !== "table"));
}
