/** Opens a database file the way all of ours are used: durable, shared between processes, at the newest version. */

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type ErrorCode, PipelineError } from "../../domain/error-codes.ts";

/** Long enough for the slowest turn when many processes write: 11 s was seen with eight of them spinning. */
export const BUSY_TIMEOUT_MS = 30_000;

/** One step from version n to n + 1; its place in the list is its number. */
export type Migration = (database: DatabaseSync) => void;

type Unusable = (message: string, cause?: unknown) => PipelineError;

/**
 * @throws PipelineError `unusableCode` when the file cannot be opened, is no database, was made by a newer version, or
 *   lies on a file system that cannot share it between processes
 */
export function openDatabase(
  path: string,
  migrations: readonly Migration[],
  unusableCode: ErrorCode = "QUEUE_UNUSABLE",
): DatabaseSync {
  const unusable: Unusable = (message, cause) =>
    new PipelineError(unusableCode, `${path}: ${message}`, {
      subject: path,
      ...(cause === undefined ? {} : { cause }),
    });
  let database: DatabaseSync;
  try {
    mkdirSync(dirname(path), { recursive: true });
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
  } catch (error) {
    throw unusable(`cannot be opened: ${(error as Error).message}`, error);
  }
  try {
    const mode = switchToWal(database);
    if (mode !== "wal") throw unusable(`journal mode: expected wal, found ${mode}; put it on a local file system`);
    database.exec("PRAGMA synchronous = FULL");
    migrate(database, migrations, unusable);
    return database;
  } catch (error) {
    database.close();
    if (error instanceof PipelineError) throw error;
    throw unusable((error as Error).message, error);
  }
}

const SQLITE_BUSY = 5;

/**
 * Two processes that switch a new file at the same time: SQLite refuses one of them at once, for waiting could be a
 * deadlock, and the busy timeout does not count.
 */
function switchToWal(database: DatabaseSync): string {
  const endMs = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      return (database.prepare("PRAGMA journal_mode = WAL").get() as { journal_mode: string }).journal_mode;
    } catch (error) {
      const isBusy = ((error as { readonly errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY;
      if (!isBusy || performance.now() > endMs) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5 + 20 * Math.random());
    }
  }
}

function migrate(database: DatabaseSync, migrations: readonly Migration[], unusable: Unusable): void {
  const version = () => (database.prepare("PRAGMA user_version").get() as { user_version: number }).user_version;
  while (version() !== migrations.length) {
    inTransaction(database, () => {
      // Another process may have been faster.
      const from = version();
      if (from > migrations.length)
        throw unusable(`version ${from}: expected ${migrations.length} at most; it was made by a newer contimg`);
      const step = migrations[from];
      if (!step) return;
      step(database);
      database.exec(`PRAGMA user_version = ${from + 1}`);
    });
  }
}

/** Takes the right to write first: a transaction that reads and then writes could otherwise be refused half-way. */
export function inTransaction<Result>(database: DatabaseSync, act: () => Result): Result {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = act();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** Empty when there is no such table. */
export const columnsOf = (database: DatabaseSync, table: string) =>
  new Set(
    (database.prepare(`SELECT name FROM pragma_table_info('${table}')`).all() as { name: string }[]).map(
      (row) => row.name,
    ),
  );
