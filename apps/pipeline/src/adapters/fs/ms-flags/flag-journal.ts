/**
 * New flags of a Measurement Set, all or none.
 *
 * Everything is written into `<ms>/.contimg-flag`: copies of the files that hold FLAG and FLAG_ROW, changed there, and new
 * FLAG_CMD and HISTORY. When all of it is on disk a file `commit.json` says which of them take whose place: that is the
 * commit point. Then each is renamed into its place. Killed before, the Measurement Set is as it was; killed after, its
 * files are old or new, each whole, and `recover` carries on with the renames.
 */

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { SubtableRow } from "@contimg/casacore-tables";
import { openTable, openTableForUpdate } from "@contimg/casacore-tables/node";
import type { Recovery } from "../../../ports/ms-flags.ts";
import { storageFilesOf } from "../inspect/storage-files.ts";
import { rewriteWithRows } from "./append-rows.ts";
import { unsuitable } from "./describe-ms.ts";
import { syncDirectory, writeDurably } from "./durable-files.ts";
import { type CellShapes, writeFlags } from "./flag-columns.ts";
import type { PackedFlags } from "./packed-flags.ts";

export const JOURNAL = ".contimg-flag";
const COMMIT = "commit.json";

interface Commit {
  /** Files of the journal's copy of the table that replace those of the same name. */
  readonly files: readonly string[];
  /** Subtables that are replaced as directories. */
  readonly subtables: readonly string[];
}

/** What a commit changes. */
export interface FlagChanges {
  readonly packed: PackedFlags;
  readonly shapes: CellShapes;
  readonly history: readonly SubtableRow[];
  /** New rows of FLAG_CMD, in place of those for which `isReplaced` says so; null: FLAG_CMD stays. */
  readonly commands: {
    readonly rows: readonly SubtableRow[];
    isReplaced(reason: string): boolean;
  } | null;
}

/** Called after each step, so that tests can stop there. */
export type OnCommitStep = (step: string) => void;

/**
 * Files of the table that hold FLAG and FLAG_ROW: those of their storage managers.
 *
 * @throws PipelineError MS_UNSUITABLE when they are kept in a way in which they cannot be changed
 */
export function flagFiles(msPath: string): readonly string[] {
  using main = openTable(msPath);
  const storage = storageFilesOf(main);
  const numbers = [
    ["FLAG", /^Tiled/, "tiles"],
    ["FLAG_ROW", /^(Standard|Incremental)StMan$/, "StandardStMan or IncrementalStMan"],
  ] as const;
  const bases = numbers.map(([name, known, expected]) => {
    const manager = storage?.managerOfColumn.get(name);
    if (manager === undefined || !known.test(manager.type))
      throw unsuitable(msPath, `storage of ${name}`, expected, manager?.type ?? "one file for all columns");
    return `table.f${manager.sequenceNumber}`;
  });
  return readdirSync(msPath).filter((name) =>
    bases.some((base) => name === base || name === `${base}i` || name.startsWith(`${base}_TSM`)),
  );
}

export async function commitFlags(msPath: string, changes: FlagChanges, onStep?: OnCommitStep): Promise<void> {
  const journal = join(msPath, JOURNAL);
  rmSync(journal, { recursive: true, force: true });
  const copy = join(journal, "table");
  mkdirSync(copy, { recursive: true });
  try {
    const files = copyTable(msPath, copy);
    const update = openTableForUpdate(copy);
    try {
      writeFlags(update, changes.packed, changes.shapes);
      await update.finish({ isDurable: true });
    } finally {
      update.abandon();
    }
    onStep?.("flags written");
    const subtables = await writeSubtables(msPath, journal, changes);
    onStep?.("subtables written");
    await syncDirectory(copy);
    await writeDurably(join(journal, COMMIT), JSON.stringify({ files, subtables } satisfies Commit));
    await syncDirectory(msPath);
  } catch (error) {
    rmSync(journal, { recursive: true, force: true });
    throw error;
  }
  onStep?.("committed");
  await carryOut(msPath, onStep);
}

/** Copies what a change of FLAG and FLAG_ROW needs. @returns the files that the change may make new */
function copyTable(msPath: string, copy: string): readonly string[] {
  for (const name of ["table.dat", "table.lock"])
    if (existsSync(join(msPath, name))) copyFileSync(join(msPath, name), join(copy, name));
  const files = flagFiles(msPath);
  for (const name of files) copyFileSync(join(msPath, name), join(copy, name));
  return files;
}

async function writeSubtables(
  msPath: string,
  journal: string,
  { history, commands }: FlagChanges,
): Promise<readonly string[]> {
  await rewriteWithRows(subtablePath(msPath, "HISTORY"), join(journal, "HISTORY"), history);
  if (commands === null) return ["HISTORY"];
  await rewriteWithRows(
    subtablePath(msPath, "FLAG_CMD"),
    join(journal, "FLAG_CMD"),
    commands.rows,
    (table, row) => !commands.isReplaced(table.column("REASON").getScalar(row) as string),
  );
  return ["HISTORY", "FLAG_CMD"];
}

/** @throws PipelineError MS_UNSUITABLE when the subtable lies elsewhere: it may be another's as well */
function subtablePath(msPath: string, name: string): string {
  const expected = join(msPath, name);
  using main = openTable(msPath);
  const found = main.subtablePath(name);
  if (join(found) !== expected) throw unsuitable(msPath, `place of ${name}`, expected, found);
  return expected;
}

/** Each step may have been done before. */
async function carryOut(msPath: string, onStep?: OnCommitStep): Promise<void> {
  const journal = join(msPath, JOURNAL);
  const { files, subtables } = JSON.parse(readFileSync(join(journal, COMMIT), "utf8")) as Commit;
  for (const name of files) {
    const from = join(journal, "table", name);
    if (!existsSync(from)) continue;
    renameSync(from, join(msPath, name));
    onStep?.(`${name} in place`);
  }
  for (const name of subtables) {
    const from = join(journal, name);
    if (!existsSync(from)) continue;
    const place = join(msPath, name);
    if (existsSync(place)) {
      rmSync(join(journal, `old-${name}`), { recursive: true, force: true });
      renameSync(place, join(journal, `old-${name}`));
      onStep?.(`${name} taken out`);
    }
    renameSync(from, place);
    onStep?.(`${name} in place`);
  }
  await syncDirectory(msPath);
  await raiseCounters(msPath);
  onStep?.("counters raised");
  rmSync(journal, { recursive: true, force: true });
}

/** Writing a row as it is marks the columns as changed for whoever opened the table before. */
async function raiseCounters(msPath: string): Promise<void> {
  using main = openTable(msPath);
  const flags = main.column("FLAG").getArray(0).data as Uint8Array;
  const update = openTableForUpdate(msPath, { mayBeOpenElsewhere: true });
  try {
    update.updateTiledRows("FLAG", 0, flags);
    await update.finish({ isDurable: true });
  } finally {
    update.abandon();
  }
}

/** Carries out or removes what a killed process left. The lock of the Measurement Set is the caller's. */
export async function recoverFlags(msPath: string, onStep?: OnCommitStep): Promise<Recovery> {
  const journal = join(msPath, JOURNAL);
  if (!existsSync(journal)) return "nothing";
  if (existsSync(join(journal, COMMIT))) {
    await carryOut(msPath, onStep);
    return "completed";
  }
  rmSync(journal, { recursive: true, force: true });
  return "discarded";
}
