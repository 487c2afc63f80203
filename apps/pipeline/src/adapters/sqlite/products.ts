/**
 * Copies what finished groups leave into `products.sqlite3`, where operators look for it.
 *
 * The queue database is the truth: SQLite commits to two files in WAL mode are not atomic together, so the rows are
 * written there with the change of state, and copied here afterwards, as often as needed.
 */

import type { DatabaseSync } from "node:sqlite";
import { productTables } from "./migrations/0001-queue.sql.ts";
import { inTransaction, openDatabase } from "./open-database.ts";

export interface ProductsCopy {
  /** Copies every row of the queue database that is not here yet. */
  update(queue: DatabaseSync): void;
  close(): void;
}

const tables = {
  ms_index:
    "path, start_mjd, end_mjd, mid_mjd, processed_at, status, stage, stage_updated_at, cal_applied, imagename, ra_deg, dec_deg, group_id",
  storage_locations: "location_type, base_path, description, registered_at, status, notes",
} as const;

export function openProductsCopy(path: string): ProductsCopy {
  const database = openDatabase(path, [
    (fresh) =>
      fresh.exec(
        `${productTables} CREATE TABLE copied_rows (table_name TEXT PRIMARY KEY, last_rowid INTEGER NOT NULL) STRICT;`,
      ),
  ]);
  return {
    update(queue) {
      inTransaction(database, () => {
        for (const [table, columns] of Object.entries(tables)) {
          const mark = database.prepare("SELECT last_rowid FROM copied_rows WHERE table_name = ?").get(table) as
            | { last_rowid: number }
            | undefined;
          const rows = queue
            .prepare(`SELECT rowid AS copied_rowid, ${columns} FROM ${table} WHERE rowid > ? ORDER BY rowid`)
            .all(mark?.last_rowid ?? 0);
          if (rows.length === 0) continue;
          const marks = columns.replace(/\w+/g, "?");
          const insert = database.prepare(`INSERT OR REPLACE INTO ${table} (${columns}) VALUES (${marks})`);
          for (const { copied_rowid: _, ...row } of rows) insert.run(...Object.values(row));
          database
            .prepare("INSERT OR REPLACE INTO copied_rows VALUES (?, ?)")
            .run(table, rows.at(-1)!["copied_rowid"]!);
        }
      });
    },
    close: () => database.close(),
  };
}
