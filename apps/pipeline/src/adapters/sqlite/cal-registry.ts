/** The registry of calibration tables: one SQLite file, `cal_registry.sqlite3`, that any number of processes share. */

import type { DatabaseSync } from "node:sqlite";
import {
  assertRegistrable,
  type CalTable,
  calTableTypes,
  type NewCalTable,
  noteOfReplacement,
  noteOfRetirement,
  whatBecomesOf,
} from "../../domain/cal-table.ts";
import type { CalRegistry, Registered } from "../../ports/cal-registry.ts";
import type { HostClock } from "../../ports/clock.ts";
import { calSolves } from "./cal-solves.ts";
import { insertTable, selectNewest, selectTables } from "./cal-table-rows.ts";
import { withCodedErrors } from "./coded-errors.ts";
import { isLegacyRegistry, takeOverLegacyRegistry } from "./legacy-cal-registry.ts";
import { keepLegacyCopy } from "./legacy-copy.ts";
import { calRegistryTables } from "./migrations/0001-cal-registry.sql.ts";
import { inTransaction, type Migration, openDatabase } from "./open-database.ts";

const migrations: readonly Migration[] = [
  (database) => {
    if (isLegacyRegistry(database)) {
      keepLegacyCopy(database.location()!);
      takeOverLegacyRegistry(database);
    } else database.exec(calRegistryTables);
  },
];

/** @throws PipelineError CAL_REGISTRY_UNUSABLE, or DISK_FULL; so does every method */
export function openCalRegistry(options: { readonly path: string; readonly clock: HostClock }): CalRegistry {
  const database = openDatabase(options.path, migrations, "CAL_REGISTRY_UNUSABLE");
  return withCodedErrors(calRegistry(database, options.clock), options.path, "CAL_REGISTRY_UNUSABLE");
}

/** Entries of a type that nobody knows were taken over as failed; they are there for SQL alone. */
const KNOWN_TYPE = `table_type IN (${calTableTypes.map((type) => `'${type}'`).join(", ")})`;

/** Active tables that are valid within ?1 to ?2, and each type's last before and next after. */
const CANDIDATES = `status = 'active' AND (
  coalesce(valid_start_mjd, -9e99) <= ?2 AND coalesce(valid_end_mjd, 9e99) >= ?1
  OR id IN (SELECT id FROM (SELECT id, max(valid_end_mjd) FROM caltables
    WHERE status = 'active' AND valid_end_mjd < ?1 GROUP BY table_type))
  OR id IN (SELECT id FROM (SELECT id, min(valid_start_mjd) FROM caltables
    WHERE status = 'active' AND valid_start_mjd > ?2 GROUP BY table_type)))`;

function calRegistry(database: DatabaseSync, clock: HostClock): CalRegistry {
  const findPath = (path: string): CalTable | undefined =>
    selectTables(database, `path = ? AND ${KNOWN_TYPE}`, path)[0];

  function registerOne(table: NewCalTable): Registered {
    const before = findPath(table.path);
    if (before === undefined) {
      // An entry of a type that nobody knows gives way.
      database.prepare("DELETE FROM caltables WHERE path = ?").run(table.path);
      return { table: insertTable(database, table, clock.nowUnixSec(), table.notes), outcome: "new" };
    }
    if (whatBecomesOf(before, table) === "already") return { table: before, outcome: "already" };
    database.prepare("DELETE FROM caltables WHERE id = ?").run(before.id);
    const notes = noteOfReplacement(before, table.notes);
    return { table: insertTable(database, table, clock.nowUnixSec(), notes), outcome: "replaced" };
  }

  function register(tables: readonly NewCalTable[]): readonly Registered[] {
    for (const table of tables) assertRegistrable(table);
    return tables.map(registerOne);
  }

  return {
    register: (tables) => inTransaction(database, () => register(tables)),

    list({ types, statuses, fromMjd, toMjd, maxCount }) {
      const listOf = (texts: readonly string[]) => JSON.stringify(texts);
      return selectNewest(
        database,
        maxCount,
        `${KNOWN_TYPE} AND (?1 IS NULL OR table_type IN (SELECT value FROM json_each(?1)))
          AND (?2 IS NULL OR status IN (SELECT value FROM json_each(?2)))
          AND (?3 IS NULL OR valid_end_mjd IS NULL OR valid_end_mjd > ?3)
          AND (?4 IS NULL OR valid_start_mjd IS NULL OR valid_start_mjd <= ?4)`,
        types ? listOf(types) : null,
        statuses ? listOf(statuses) : null,
        fromMjd ?? null,
        toMjd ?? null,
      );
    },

    newestId(type) {
      const row = database.prepare("SELECT coalesce(max(id), 0) AS id FROM caltables WHERE table_type = ?").get(type);
      return (row as { id: number }).id;
    },

    find: (id) => selectTables(database, `id = ? AND ${KNOWN_TYPE}`, id)[0],
    findPath,

    candidates: (mjd, marginDay) => selectTables(database, CANDIDATES, mjd - marginDay, mjd + marginDay),

    retire(seen, cause, reason) {
      const note = noteOfRetirement(cause, reason, clock.nowUnixSec());
      const { changes } = database
        .prepare(
          `UPDATE caltables SET status = 'retired', retired_cause = ?, notes = coalesce(notes || char(10), '') || ?
           WHERE id = ? AND status = 'active' AND content_digest IS ?`,
        )
        .run(cause, note, seen.id, seen.contentDigest);
      return changes === 1 ? "done" : "changed";
    },

    ...calSolves({ database, clock, findPath, register }),

    close: () => database.close(),
  };
}
