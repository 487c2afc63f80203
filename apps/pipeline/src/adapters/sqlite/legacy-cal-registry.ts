/** Registry files of the Python pipeline: what they know is taken over. */

import type { DatabaseSync } from "node:sqlite";
import { isCalTableType, orderIndexOf, typeOfCalPath } from "../../domain/cal-table.ts";
import { calRegistryTables } from "./migrations/0001-cal-registry.sql.ts";
import { columnsOf } from "./open-database.ts";

export function isLegacyRegistry(database: DatabaseSync): boolean {
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  return version === 0 && columnsOf(database, "caltables").size > 0;
}

type Value = string | number | null;

/** Columns that are taken as they are, when the file has them. */
const TAKEN = ["cal_field", "refant", "source_ms_path", "solver_command", "solver_version"] as const;

function jsonOf(value: Value | undefined): string | null {
  if (value === null || value === undefined) return null;
  try {
    JSON.parse(String(value));
    return String(value);
  } catch {
    return JSON.stringify({ text: String(value) }); // what is no JSON is kept as a text
  }
}

const numberOrNull = (value: Value | undefined) => (typeof value === "number" ? value : null);
const textOrNull = (value: Value | undefined) => (value === null || value === undefined ? null : String(value));

/** What keeps an entry from being active, and the status it gets; the words go into its notes. */
function judge(row: Readonly<Record<string, Value>>, type: string): readonly [status: string, defect: string | null] {
  const status = String(row["status"] ?? "active");
  const [start, end] = [numberOrNull(row["valid_start_mjd"]), numberOrNull(row["valid_end_mjd"])];
  if (!["active", "retired", "failed"].includes(status)) return ["failed", `its status was ${status}`];
  if (status !== "active") return [status, null];
  if (!isCalTableType(type)) return ["failed", `its type was ${type}`];
  if (start !== null && end !== null && !(start < end))
    return ["failed", `its validity ended at ${end} and began at ${start}`];
  return [status, null];
}

/** Makes the new tables and moves the rows. Entries that contradict themselves become `failed`, and say why. */
export function takeOverLegacyRegistry(database: DatabaseSync): { readonly movedCount: number } {
  for (const index of ["idx_caltables_set", "idx_caltables_valid"]) database.exec(`DROP INDEX IF EXISTS ${index}`);
  database.exec("ALTER TABLE caltables RENAME TO legacy_caltables");
  database.exec(calRegistryTables);
  const rows = database.prepare("SELECT * FROM legacy_caltables ORDER BY id").all() as unknown as readonly Readonly<
    Record<string, Value>
  >[];
  const insert = database.prepare(
    `INSERT INTO caltables (id, set_name, path, table_type, order_index, created_at, valid_start_mjd, valid_end_mjd, status,
       notes, solver_params, quality_metrics, retired_cause, ${TAKEN.join(", ")})
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${TAKEN.map(() => "?").join(", ")})`,
  );
  for (const row of rows) {
    const path = String(row["path"]);
    const given = String(row["table_type"]);
    const type = isCalTableType(given) ? given : (typeOfCalPath(path) ?? given);
    const [status, defect] = judge(row, type);
    const notes = [textOrNull(row["notes"]), defect === null ? null : `taken over as failed: ${defect}`];
    insert.run(
      row["id"]!,
      String(row["set_name"]),
      path,
      type,
      numberOrNull(row["order_index"]) ?? (isCalTableType(type) ? orderIndexOf(type) : 0),
      numberOrNull(row["created_at"]) ?? 0,
      numberOrNull(row["valid_start_mjd"]),
      numberOrNull(row["valid_end_mjd"]),
      status,
      notes.filter((note) => note !== null && note !== "").join("\n") || null,
      jsonOf(row["solver_params"]),
      jsonOf(row["quality_metrics"]),
      status === "retired" ? "by-operator" : null,
      ...TAKEN.map((column) => textOrNull(row[column])),
    );
  }
  database.exec("DROP TABLE legacy_caltables");
  return { movedCount: rows.length };
}
