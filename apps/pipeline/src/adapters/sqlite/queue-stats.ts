/** Ages of groups, those that are stale, and the figures of the whole queue. */

import type { GroupTimings, QueueStats } from "../../ports/group-queue.ts";
import type { QueueContext } from "./queue-context.ts";

const HOUR_MS = 3_600_000;

/** Age of a row by the time since boot; by the wall clock, never negative, when the machine was started since. */
export const ageMs = (bootMs: string, bootId: string, nowSec: string) =>
  `(CASE WHEN waiting_since_boot_id = ${bootId} THEN ${bootMs} - waiting_since_boot_ms
    ELSE max(0, (${nowSec} - coalesce(waiting_since, received_at)) * 1000) END)`;
/** Whether a row is older than that. */
export const ageCondition = (bootMs: string, bootId: string, nowSec: string, limitMs: string) =>
  `${ageMs(bootMs, bootId, nowSec)} > ${limitMs}`;

/** Groups in work whose lease is over or whose worker is dead. */
export function staleGroups(
  { database, clock }: QueueContext,
  isDead: (owner: string) => boolean,
): readonly { readonly groupId: string; readonly owner: string; readonly crashCount: number }[] {
  const rows = database
    .prepare(
      `SELECT group_id, lease_owner, crash_count,
              lease_owner IS NULL OR lease_boot_id <> ? OR lease_expires_boot_ms <= ? AS is_over
       FROM ingest_queue WHERE state = 'in_progress' ORDER BY start_unix_sec`,
    )
    .all(clock.bootId, clock.sinceBootMs()) as unknown as readonly {
    readonly group_id: string;
    readonly lease_owner: string | null;
    readonly crash_count: number;
    readonly is_over: number;
  }[];
  return rows
    .filter((row) => row.is_over === 1 || isDead(row.lease_owner!))
    .map((row) => ({ groupId: row.group_id, owner: row.lease_owner ?? "", crashCount: row.crash_count }));
}

/** @see GroupQueue.stats */
export function stats(context: QueueContext, isDead: (owner: string) => boolean): QueueStats {
  const { database, clock } = context;
  const counts = database
    .prepare("SELECT state, count(*) AS count FROM ingest_queue GROUP BY state")
    .all() as unknown as readonly {
    readonly state: keyof QueueStats["countOfState"];
    readonly count: number;
  }[];
  const countOfState = { collecting: 0, pending: 0, in_progress: 0, completed: 0, failed: 0 };
  for (const { state, count } of counts) countOfState[state] = count;
  const now = clock.nowUnixSec();
  const oldest = database
    .prepare(`SELECT max(${ageMs("?1", "?2", "?3")}) AS age_ms FROM ingest_queue WHERE state = 'pending'`)
    .get(clock.sinceBootMs(), clock.bootId, now) as { age_ms: number | null };
  const completedWithin = (hourCount: number) =>
    database
      .prepare(
        `SELECT avg(load_time) AS loadSec, avg(phase_time) AS phaseSec, avg(write_time) AS writeSec, avg(total_time) AS totalSec,
                count(*) AS count FROM ingest_queue JOIN performance_metrics USING (group_id)
         WHERE state = 'completed' AND ${ageMs("?1", "?2", "?3")} < ?4`,
      )
      .get(clock.sinceBootMs(), clock.bootId, now, hourCount * HOUR_MS) as unknown as GroupTimings & {
      readonly count: number;
    };
  const mean = completedWithin(24);
  const { loadSec, phaseSec, writeSec, totalSec } = mean;
  return {
    countOfState,
    staleCount: staleGroups(context, isDead).length,
    oldestPendingAgeSec: oldest.age_ms === null ? null : oldest.age_ms / 1000,
    completedLastHourCount: completedWithin(1).count,
    meanTimings: mean.count === 0 ? null : { loadSec, phaseSec, writeSec, totalSec },
  };
}
