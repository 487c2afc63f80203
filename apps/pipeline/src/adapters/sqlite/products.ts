/**
 * Copies what finished groups leave into `products.sqlite3`, where operators look for it.
 *
 * The queue database is the truth: SQLite commits to two files in WAL mode are not atomic together, so the rows are
 * written there with the change of state, and copied here afterwards, as often as needed.
 */

import type { DatabaseSync } from "node:sqlite";
import { productTables } from "./migrations/0001-queue.sql.ts";
import { columnsOf, inTransaction, openDatabase } from "./open-database.ts";

export interface ProductsCopy {
  /** Copies every row of the queue database that is not here yet. */
  update(queue: DatabaseSync): void;
  close(): void;
}

const tables = {
  ms_index:
    "path, start_mjd, end_mjd, mid_mjd, processed_at, status, stage, stage_updated_at, cal_applied, imagename, ra_deg, dec_deg, group_id, change_id",
  storage_locations: "location_type, base_path, description, registered_at, status, notes, change_id",
} as const;

/** A catalogue of the Python pipeline has the tables already, of which the columns added since are missing. */
function makeTables(database: DatabaseSync): void {
  for (const [table, added] of [
    ["ms_index", ["group_id TEXT", "mid_mjd REAL", "change_id INTEGER"]],
    ["storage_locations", ["change_id INTEGER"]],
  ] as const) {
    const columns = columnsOf(database, table);
    if (columns.size === 0) continue;
    for (const column of added) {
      if (!columns.has(column.split(" ")[0]!)) database.exec(`ALTER TABLE ${table} ADD COLUMN ${column}`);
    }
  }
  database.exec(productTables.replace(/CREATE (TABLE|INDEX)/g, "CREATE $1 IF NOT EXISTS"));
  database.exec(`CREATE TABLE copied_rows (queue_id TEXT NOT NULL, table_name TEXT NOT NULL, last_change_id INTEGER NOT NULL,
       PRIMARY KEY (queue_id, table_name)) STRICT`);
}

export function openProductsCopy(path: string): ProductsCopy {
  const database = openDatabase(path, [makeTables]);
  // What a loss of power takes is copied again, for the mark is lost with it: no commit has to wait for the disk.
  database.exec("PRAGMA synchronous = NORMAL");
  return {
    update(queue) {
      const { id } = queue.prepare("SELECT queue_id AS id FROM queue_identity").get() as { id: string };
      inTransaction(database, () => {
        for (const [table, columns] of Object.entries(tables)) {
          const { newest } = queue.prepare(`SELECT coalesce(max(change_id), 0) AS newest FROM ${table}`).get() as {
            newest: number;
          };
          const { mark } = database
            .prepare(
              "SELECT coalesce(max(last_change_id), 0) AS mark FROM copied_rows WHERE queue_id = ? AND table_name = ?",
            )
            .get(id, table) as { mark: number };
          if (newest === mark) continue;
          const rows = queue
            .prepare(`SELECT ${columns} FROM ${table} WHERE change_id > ? ORDER BY change_id`)
            .all(mark);
          const insert = database.prepare(
            `INSERT OR REPLACE INTO ${table} (${columns}) VALUES (${columns.replace(/\w+/g, "?")})`,
          );
          for (const row of rows) insert.run(...Object.values(row));
          database.prepare("INSERT OR REPLACE INTO copied_rows VALUES (?, ?, ?)").run(id, table, newest);
        }
      });
    },
    close: () => database.close(),
  };
}
