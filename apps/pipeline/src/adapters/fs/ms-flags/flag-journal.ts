/**
 * New flags of a Measurement Set, all or none.
 *
 * Everything is written into `<ms>/.contimg-flag`: copies of the files that hold FLAG and FLAG_ROW, changed there, new
 * FLAG_CMD and HISTORY, and where columns are added or replaced their files and a new table.dat. When all of it is on disk a file `commit.json` says which of them take whose place: that is the
 * commit point. Then each is renamed into its place. Killed before, the Measurement Set is as it was; killed after, its
 * files are old or new, each whole, and `recover` carries on with the renames.
 */

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { SubtableRow, TableUpdate } from "@contimg/casacore-tables";
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
  /** Files of the journal's copy of the table that take their place, in this order. */
  readonly files: readonly string[];
  /** Files of columns that are no more, deleted at the end. */
  readonly removed?: readonly string[];
  /** Subtables that are replaced as directories. */
  readonly subtables: readonly string[];
}

/** What a commit changes. */
export interface FlagChanges {
  readonly packed: PackedFlags;
  readonly shapes: CellShapes;
  history(): readonly SubtableRow[];
  /** New rows of FLAG_CMD, in place of those for which `isReplaced` says so; null: FLAG_CMD stays. */
  readonly commands: {
    readonly rows: readonly SubtableRow[];
    isReplaced(reason: string): boolean;
  } | null;
  /**
   * Adds, renames or removes columns of the journal's copy of the table, before flags are written. One rename of table.dat
   * makes all of them take effect.
   */
  changeColumns?(copy: TableUpdate): Promise<void>;
  /** Looks at the copy when all is written; throws when nothing shall be changed. */
  check?(copyPath: string): void;
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
    const flagFileNames = copyTable(msPath, copy);
    const update = openTableForUpdate(copy);
    try {
      if (changes.changeColumns) {
        await changes.changeColumns(update);
        onStep?.("columns written");
      }
      writeFlags(update, changes.packed, changes.shapes);
      await update.finish({ isDurable: true });
    } finally {
      update.abandon();
    }
    changes.check?.(copy);
    onStep?.("flags written");
    const columns = changes.changeColumns ? columnFiles(msPath, copy) : { added: [], removed: [] };
    const files = [...columns.added, ...flagFileNames, ...(changes.changeColumns ? ["table.dat"] : [])];
    const subtables = await writeSubtables(msPath, journal, changes);
    onStep?.("subtables written");
    await syncDirectory(copy);
    await writeDurably(
      join(journal, COMMIT),
      JSON.stringify({ files, removed: columns.removed, subtables } satisfies Commit),
    );
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

/** Files of storage managers that only one of the two descriptions knows. */
function columnFiles(msPath: string, copy: string): { readonly added: string[]; readonly removed: string[] } {
  const numbersIn = (path: string) => {
    using table = openTable(path);
    return new Set(storageFilesOf(table)!.managers.map(({ sequenceNumber }) => sequenceNumber));
  };
  const [before, after] = [numbersIn(msPath), numbersIn(copy)];
  const filesOf = (path: string, isWanted: (sequenceNumber: number) => boolean) =>
    readdirSync(path).filter((name) => {
      const number = /^table\.f(\d+)(i|_TSM\d+)?$/.exec(name)?.[1];
      return number !== undefined && isWanted(Number(number));
    });
  return {
    added: filesOf(copy, (number) => after.has(number) && !before.has(number)),
    removed: filesOf(msPath, (number) => before.has(number) && !after.has(number)),
  };
}

async function writeSubtables(
  msPath: string,
  journal: string,
  { history, commands }: FlagChanges,
): Promise<readonly string[]> {
  await rewriteWithRows(subtablePath(msPath, "HISTORY"), join(journal, "HISTORY"), history());
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
  const { files, removed = [], subtables } = JSON.parse(readFileSync(join(journal, COMMIT), "utf8")) as Commit;
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
  for (const name of removed) rmSync(join(msPath, name), { force: true });
  if (removed.length > 0) onStep?.("old columns deleted");
  await raiseCounters(msPath, files.includes("table.dat"));
  onStep?.("counters raised");
  rmSync(journal, { recursive: true, force: true });
}

/** Writing a row, or a keyword, as it is marks what was changed for whoever opened the table before. */
async function raiseCounters(msPath: string, hasNewDescription: boolean): Promise<void> {
  using main = openTable(msPath);
  const flags = main.column("FLAG").getArray(0).data as Uint8Array;
  const update = openTableForUpdate(msPath, { mayBeOpenElsewhere: true });
  try {
    update.updateTiledRows("FLAG", 0, flags);
    const keyword = hasNewDescription ? [...main.keywords].find(([, { kind }]) => kind !== "table") : undefined;
    if (keyword) update.setKeyword(...keyword);
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
