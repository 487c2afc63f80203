/** Who solves: one at a time for each key, on a lease. */

import type { DatabaseSync } from "node:sqlite";
import type { CalTable, NewCalTable } from "../../domain/cal-table.ts";
import { isLost } from "../../domain/cal-table.ts";
import type { CalRegistry, Registered, SolveClaim, SolveLease } from "../../ports/cal-registry.ts";
import type { HostClock } from "../../ports/clock.ts";
import { inTransaction } from "./open-database.ts";

interface SolveRow {
  readonly state: "claimed" | "done" | "abandoned";
  readonly lease_token: number;
  readonly lease_owner: string;
  readonly lease_expires_boot_ms: number;
  readonly lease_boot_id: string;
  readonly attempt_count: number;
  readonly last_failure: string | null;
  readonly table_paths: string;
}

export interface SolveContext {
  readonly database: DatabaseSync;
  readonly clock: HostClock;
  findPath(path: string): CalTable | undefined;
  /** Within the transaction of the caller. */
  register(tables: readonly NewCalTable[]): readonly Registered[];
}

const HELD = "solve_key = ? AND lease_token = ? AND state = 'claimed'";

type SolveMethods = Pick<CalRegistry, "claimSolve" | "renewSolve" | "completeSolve" | "abandonSolve">;

export function calSolves({ database, clock, findPath, register }: SolveContext): SolveMethods {
  /** undefined: some of what it made is no longer there. */
  function tablesOf(row: SolveRow): readonly CalTable[] | undefined {
    const paths = JSON.parse(row.table_paths) as readonly string[];
    const tables = paths.flatMap((path) => findPath(path) ?? []);
    return tables.length === paths.length && !tables.some(isLost) ? tables : undefined;
  }

  function claim(key: string, owner: string, leaseMs: number, isDead: (owner: string) => boolean): SolveClaim {
    const row = database.prepare("SELECT * FROM cal_solves WHERE solve_key = ?").get(key) as unknown as
      | SolveRow
      | undefined;
    if (row?.state === "claimed" && row.lease_boot_id === clock.bootId) {
      const expiresInMs = row.lease_expires_boot_ms - clock.sinceBootMs();
      if (expiresInMs > 0 && !isDead(row.lease_owner)) return { kind: "busy", owner: row.lease_owner, expiresInMs };
    }
    const tables = row?.state === "done" ? tablesOf(row) : undefined;
    if (tables) return { kind: "done", tables };
    const token = (row?.lease_token ?? 0) + 1;
    // A solve whose tables were lost begins anew.
    const attemptCount = row === undefined || row.state === "done" ? 1 : row.attempt_count + 1;
    const lastFailure =
      row?.state === "claimed" ? `${row.lease_owner} did not end it in time` : (row?.last_failure ?? null);
    database
      .prepare(
        `INSERT OR REPLACE INTO cal_solves (solve_key, state, lease_token, lease_owner, lease_expires_boot_ms, lease_boot_id,
           attempt_count, last_failure, last_update) VALUES (?, 'claimed', ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        key,
        token,
        owner,
        clock.sinceBootMs() + leaseMs,
        clock.bootId,
        attemptCount,
        lastFailure,
        clock.nowUnixSec(),
      );
    return { kind: "claimed", lease: { key, token, owner }, attemptCount, lastFailure };
  }

  const end = (lease: SolveLease, state: "done" | "abandoned", paths: readonly string[], failure: string | null) =>
    database
      .prepare(`UPDATE cal_solves SET state = ?, table_paths = ?, last_failure = ?, last_update = ? WHERE ${HELD}`)
      .run(state, JSON.stringify(paths), failure, clock.nowUnixSec(), lease.key, lease.token).changes === 1;

  return {
    claimSolve: (key, owner, leaseMs, isDead = () => false) =>
      inTransaction(database, () => claim(key, owner, leaseMs, isDead)),

    renewSolve: (lease, leaseMs) =>
      database
        .prepare(`UPDATE cal_solves SET lease_expires_boot_ms = ?, lease_boot_id = ?, last_update = ? WHERE ${HELD}`)
        .run(clock.sinceBootMs() + leaseMs, clock.bootId, clock.nowUnixSec(), lease.key, lease.token).changes === 1,

    completeSolve: (lease, tables) =>
      inTransaction(database, () => {
        const paths = tables.map(({ path }) => path);
        if (!end(lease, "done", paths, null)) return "lease-lost";
        return register(tables);
      }),

    abandonSolve: (lease, reason) => (end(lease, "abandoned", [], reason) ? "done" : "lease-lost"),
  };
}
