/** What operators see and do. */

import type { GroupState, ProcessingStage } from "../../domain/queue.ts";
import type { GroupDetail, GroupRecord, GroupTimings, QueueControl, StageRun } from "../../ports/group-queue.ts";
import { createArrivalAdopter, releaseMoved } from "./adopt-arrivals.ts";
import { ledgerEntries } from "./arrivals.ts";
import { filesOf, NOT_HELD } from "./claims.ts";
import { inTransaction } from "./open-database.ts";
import type { QueueContext } from "./queue-context.ts";

interface Row {
  readonly group_id: string;
  readonly state: GroupState;
  readonly processing_stage: ProcessingStage;
  readonly received_at: number;
  readonly last_update: number;
  readonly expected_subbands: number | null;
  readonly subbands: string | null;
  readonly retry_count: number;
  readonly crash_count: number;
  readonly error: string | null;
  readonly error_code: string | null;
  readonly checkpoint_path: string | null;
  readonly lease_owner: string | null;
  readonly lease_token: number;
  readonly not_before_boot_ms: number | null;
  readonly not_before_boot_id: string | null;
  readonly ms_path: string | null;
}

const SELECT = `SELECT *, (SELECT group_concat(subband_idx) FROM subband_files f WHERE f.group_id = q.group_id) AS subbands
  FROM ingest_queue q`;

const PENDING_WHEN_WHOLE = `CASE
  WHEN (SELECT count(*) FROM subband_files f WHERE f.group_id = ingest_queue.group_id) >= expected_subbands
  THEN 'pending' ELSE 'collecting' END`;

export function queueControl(context: QueueContext): QueueControl {
  const { database, clock } = context;
  const adopter = createArrivalAdopter(context);

  function toRecord(row: Row): GroupRecord {
    const waits = row.state === "pending" && row.not_before_boot_id === clock.bootId;
    return {
      groupId: row.group_id,
      state: row.state,
      processingStage: row.processing_stage,
      receivedUnixSec: row.received_at,
      lastUpdateUnixSec: row.last_update,
      expectedSubbandCount: row.expected_subbands ?? context.settings.expectedSubbandCount,
      presentSubbands: (row.subbands ?? "")
        .split(",")
        .filter(Boolean)
        .map(Number)
        .toSorted((a, b) => a - b),
      retryCount: row.retry_count,
      crashCount: row.crash_count,
      error: row.error,
      errorCode: row.error_code,
      checkpointPath: row.checkpoint_path,
      leaseOwner: row.lease_owner,
      leaseToken: row.lease_token,
      retryInMs: waits ? Math.max(0, (row.not_before_boot_ms ?? 0) - clock.sinceBootMs()) : 0,
    };
  }

  /** Back to work with a fresh budget and no worker, where `condition` holds. */
  function reopen(groupId: string, state: string, condition: string): boolean {
    return inTransaction(database, () => {
      const isOpen = database.prepare(`SELECT 1 FROM ingest_queue WHERE group_id = ? AND ${condition}`).get(groupId);
      if (isOpen === undefined) return false;
      adopter.adopt(groupId);
      releaseMoved(context, groupId);
      database
        .prepare(
          `UPDATE ingest_queue SET revision = revision + 1,
             state = ${state}, processing_stage = 'collecting', retry_count = 0, crash_count = 0, is_cancelled = 0, is_overdue = 0,
             error = NULL, error_code = NULL, last_update = ?1, waiting_since = ?1, waiting_since_boot_ms = ?2,
             waiting_since_boot_id = ?3,
             not_before_boot_ms = NULL, ${NOT_HELD}, lease_owner = NULL, lease_expires_boot_ms = NULL, lease_boot_id = NULL
           WHERE group_id = ?4`,
        )
        .run(clock.nowUnixSec(), clock.sinceBootMs(), clock.bootId, groupId);
      return true;
    });
  }

  return {
    list({ states, maxCount, newestFirst }) {
      const rows = database
        .prepare(
          `${SELECT} WHERE ?1 IS NULL OR state IN (SELECT value FROM json_each(?1))
           ORDER BY coalesce(start_unix_sec, received_at) ${newestFirst ? "DESC" : "ASC"}, group_id LIMIT ?2`,
        )
        .all(states ? JSON.stringify(states) : null, maxCount);
      return (rows as unknown as readonly Row[]).map(toRecord);
    },

    show(groupId): GroupDetail | undefined {
      const row = database.prepare(`${SELECT} WHERE group_id = ?`).get(groupId) as unknown as Row | undefined;
      if (!row) return undefined;
      const stageRuns = database
        .prepare(
          `SELECT stage, started_at AS startedUnixSec, duration_sec AS durationSec, outcome, error
           FROM stage_runs WHERE group_id = ? ORDER BY run_id`,
        )
        .all(groupId) as unknown as readonly StageRun[];
      const timings = database
        .prepare(
          `SELECT load_time AS loadSec, phase_time AS phaseSec, write_time AS writeSec, total_time AS totalSec
           FROM performance_metrics WHERE group_id = ?`,
        )
        .get(groupId) as unknown as GroupTimings | undefined;
      return {
        ...toRecord(row),
        files: filesOf(context, groupId),
        arrivals: ledgerEntries(context, { groupId, maxCount: 10_000 }),
        stageRuns: stageRuns.map((run) => ({ ...run })),
        timings: timings ? { ...timings } : null,
        msPath: row.ms_path,
      };
    },

    retry: (groupId) => reopen(groupId, PENDING_WHEN_WHOLE, "state = 'failed'"),
    requeue: (groupId) => reopen(groupId, "'pending'", "1"),

    cancel: (groupId, reason) =>
      database
        .prepare(
          `UPDATE ingest_queue SET revision = revision + 1, state = 'failed', is_cancelled = 1, error = ?, error_code = NULL, last_update = ?,
             lease_owner = NULL, lease_expires_boot_ms = NULL, lease_boot_id = NULL
           WHERE group_id = ? AND state <> 'completed' AND is_cancelled = 0`,
        )
        .run(`Cancelled: ${reason}`, clock.nowUnixSec(), groupId).changes === 1,
  };
}
