/** Whether a write-ahead log, shared between connections, works in a directory. */

import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Leaves nothing behind. `found` says what was seen, or why it does not work. */
export function probeWriteAheadLog(directory: string): { readonly works: boolean; readonly found: string } {
  let folder: string | undefined;
  const open: DatabaseSync[] = [];
  try {
    folder = mkdtempSync(join(directory, ".contimg-probe-"));
    const connect = () => {
      const database = new DatabaseSync(join(folder!, "probe.sqlite3"), { timeout: 1000 });
      open.push(database);
      return database;
    };
    const writer = connect();
    const { journal_mode: mode } = writer.prepare("PRAGMA journal_mode = WAL").get() as { journal_mode: string };
    if (mode !== "wal") return { works: false, found: `journal mode ${mode} instead of wal` };
    writer.exec("PRAGMA synchronous = FULL; CREATE TABLE t(x); INSERT INTO t VALUES (1)");
    const reader = connect();
    writer.exec("BEGIN IMMEDIATE; INSERT INTO t VALUES (2)");
    const { n: seenCount } = reader.prepare("SELECT count(*) AS n FROM t").get() as { n: number };
    writer.exec("COMMIT");
    if (seenCount !== 1) return { works: false, found: `a reader saw ${seenCount} rows instead of the 1 committed` };
    return { works: true, found: "a reader and a writer share a write-ahead log" };
  } catch (error) {
    return { works: false, found: (error as Error).message };
  } finally {
    for (const database of open) database.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}
