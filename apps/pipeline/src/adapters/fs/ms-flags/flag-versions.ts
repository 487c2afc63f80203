/** Saved flags beside a Measurement Set, as CASA's flagmanager keeps them: `<ms>.flagversions/flags.<name>` and a list. */

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ColumnDesc, KeywordSet } from "@contimg/casacore-tables";
import { createTable, openTable, openTiledRows } from "@contimg/casacore-tables/node";
import { PipelineError } from "../../../domain/error-codes.ts";
import type { FlagVersion } from "../../../domain/flagging.ts";
import { unsuitable } from "./describe-ms.ts";
import { syncDirectory, writeDurably } from "./durable-files.ts";
import { type CellShapes, eachFlagBlock, readFlags, wholeRows } from "./flag-columns.ts";
import type { PackedFlags } from "./packed-flags.ts";

const LIST = "FLAG_VERSION_LIST";
const NAME = /^[A-Za-z0-9_.+-]+$/;

const trimmed = (msPath: string) => msPath.replace(/\/+$/, "");
const directoryOf = (msPath: string) => `${trimmed(msPath)}.flagversions`;
const tableOf = (msPath: string, name: string) => join(directoryOf(msPath), `flags.${name}`);

/** In the order of the list; versions whose table is gone are left out. */
export function listVersions(msPath: string): readonly FlagVersion[] {
  const path = join(directoryOf(msPath), LIST);
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line): FlagVersion => {
      const at = line.indexOf(" : ");
      return at < 0
        ? { name: line.trim(), comment: "" }
        : { name: line.slice(0, at).trim(), comment: line.slice(at + 3).trim() };
    })
    .filter(({ name }) => existsSync(join(tableOf(msPath, name), "table.dat")));
}

export const hasVersion = (msPath: string, name: string): boolean =>
  listVersions(msPath).some((version) => version.name === name);

/** The first of `name`, `name_2`, `name_3` … that is free. */
export function freeName(msPath: string, name: string): string {
  let free = name;
  for (let count = 2; hasVersion(msPath, free); count++) free = `${name}_${count}`;
  return free;
}

/** The table is on disk before the list names it. @throws PipelineError FLAG_VERSION_EXISTS, CONFIG_INVALID */
export async function saveVersion(
  msPath: string,
  { name, comment }: FlagVersion,
  packed: PackedFlags,
  shapes: CellShapes,
): Promise<void> {
  if (!NAME.test(name)) {
    const message = `name of a flag version: expected letters, digits and any of _ . + -, found "${name}"`;
    throw new PipelineError("CONFIG_INVALID", message, { subject: msPath });
  }
  if (hasVersion(msPath, name)) {
    const message = `${directoryOf(msPath)}: has a version ${name} already`;
    throw new PipelineError("FLAG_VERSION_EXISTS", message, { subject: msPath });
  }
  const directory = directoryOf(msPath);
  mkdirSync(directory, { recursive: true });
  const path = tableOf(msPath, name);
  const growing = join(directory, `.growing.${name}`);
  for (const leftover of [growing, path]) rmSync(leftover, { recursive: true, force: true });
  try {
    await writeTable(growing, packed, shapes);
    renameSync(growing, path);
  } catch (error) {
    rmSync(growing, { recursive: true, force: true });
    throw error;
  }
  await syncDirectory(directory);
  const list = join(directory, LIST);
  const before = existsSync(list) ? readFileSync(list, "utf8") : "";
  const separator = before === "" || before.endsWith("\n") ? "" : "\n";
  await writeDurably(list, `${before}${separator}${name} : ${comment.replaceAll(/\s+/g, " ")}\n`);
}

const noKeywords: KeywordSet = new Map();
const column = { comment: "", type: "bool", option: 0, maxLengthBytes: 0, keywords: noKeywords } as const;
const unbound = { dataManagerType: "", dataManagerGroup: "" };
const flagDesc = { ...column, ...unbound, name: "FLAG", form: "array", ndim: 2 } as const satisfies ColumnDesc;
const flagRowDesc = { ...column, ...unbound, name: "FLAG_ROW", form: "scalar", ndim: 0 } as const satisfies ColumnDesc;

async function writeTable(path: string, packed: PackedFlags, shapes: CellShapes): Promise<void> {
  const table = createTable(path, { rowCount: packed.rowCount });
  try {
    const [first] = shapes.windows;
    const cellShape = [first!.corrs.length, first!.freqHz.length] as const;
    const isUniform = shapes.windows.every(
      ({ corrs, freqHz }) => corrs.length === cellShape[0] && freqHz.length === cellShape[1],
    );
    if (isUniform) {
      const rows = openTiledRows(table.addTiledColumn(flagDesc, { cellShape, name: "TiledFlag" }));
      try {
        eachFlagBlock(packed, shapes, (rowStart, flags) => rows.writeRows(rowStart, flags));
      } finally {
        rows.close();
      }
    } else table.addColumn(flagDesc, { kind: "cells", cells: cellsOf(packed, shapes) }, { manager: "TiledShapeStMan" });
    table.addColumn(flagRowDesc, { kind: "values", values: wholeRows(packed, shapes) });
    await table.finish({ isDurable: true });
  } catch (error) {
    table.abandon();
    throw error;
  }
}

function cellsOf(packed: PackedFlags, shapes: CellShapes) {
  const cells: { readonly shape: readonly number[]; readonly data: Uint8Array }[] = [];
  eachFlagBlock(packed, shapes, (_rowStart, flags, shape) => {
    const count = shape[0] * shape[1];
    for (let at = 0; at < flags.length; at += count) cells.push({ shape, data: flags.slice(at, at + count) });
  });
  return cells;
}

/** @throws PipelineError FLAG_VERSION_UNKNOWN, MS_UNSUITABLE when it is not of this Measurement Set */
export function readVersion(msPath: string, name: string, shapes: CellShapes): PackedFlags {
  const versions = listVersions(msPath);
  if (!versions.some((version) => version.name === name)) {
    const known = versions.map((version) => version.name).join(", ") || "none";
    throw new PipelineError(
      "FLAG_VERSION_UNKNOWN",
      `${directoryOf(msPath)}: expected a version ${name}, found ${known}`,
      { subject: msPath },
    );
  }
  using table = openTable(tableOf(msPath, name));
  const rowCount = shapes.dataDescId.length;
  if (table.rowCount !== rowCount)
    throw unsuitable(table.path, "rows of the flag version", `${rowCount}`, `${table.rowCount}`);
  return readFlags(table, shapes);
}
