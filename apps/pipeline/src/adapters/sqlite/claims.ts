/** Claims, leases and what a worker may record under them. */

import { type ClaimedGroup, type Lease, type QueuedFile, retryDelayMs } from "../../domain/queue.ts";
import type { Completion, GroupQueue, IncompleteGroup } from "../../ports/group-queue.ts";
import { createArrivalAdopter, releaseMoved } from "./adopt-arrivals.ts";
import { inTransaction } from "./open-database.ts";
import type { QueueContext } from "./queue-context.ts";
import { ageCondition, ageMs, staleGroups, stats } from "./queue-stats.ts";

interface FileRow {
  readonly subband_idx: number;
  readonly path: string;
  readonly size_bytes: number;
  readonly signature: string;
  readonly sample_digest: string | null;
  readonly first_time_jd: number | null;
  readonly integration_time_sec: number | null;
  readonly top_freq_hz: number | null;
}

/** The files of a group, ascending subband. */
export function filesOf({ database }: QueueContext, groupId: string): readonly QueuedFile[] {
  const rows = database
    .prepare("SELECT * FROM subband_files WHERE group_id = ? ORDER BY subband_idx")
    .all(groupId) as unknown as readonly FileRow[];
  return rows.map((row) => ({
    subbandIndex: row.subband_idx,
    path: row.path,
    sizeBytes: row.size_bytes,
    signature: row.signature,
    sampleDigest: row.sample_digest ?? "",
    firstTimeJd: row.first_time_jd ?? 0,
    integrationTimeSec: row.integration_time_sec ?? 0,
    topFreqHz: row.top_freq_hz ?? 0,
  }));
}

const HELD = "group_id = ? AND lease_token = ? AND state = 'in_progress'";
/** Waits for nothing. */
export const NOT_HELD = "held_since = NULL, held_since_boot_ms = NULL, held_since_boot_id = NULL";
const NO_LEASE = "lease_owner = NULL, lease_expires_boot_ms = NULL, lease_boot_id = NULL";
const missing = (present: ReadonlySet<number>, expectedCount: number) =>
  Array.from({ length: expectedCount }, (_, index) => index).filter((index) => !present.has(index));

export function groupQueue(context: QueueContext): GroupQueue {
  const { database, clock } = context;
  const adopter = createArrivalAdopter(context);
  const claimOldest = database.prepare(
    // One statement: two that read and then write would need a second look at what they read.
    `UPDATE ingest_queue SET revision = revision + 1,
       state = 'in_progress',
       processing_stage = CASE WHEN checkpoint_path IS NULL THEN 'processing_fresh' ELSE 'resuming' END,
       last_update = ?1, lease_token = lease_token + 1, lease_owner = ?2, lease_expires_boot_ms = ?3 + ?4, lease_boot_id = ?5
     WHERE group_id = (
       SELECT group_id FROM ingest_queue
       WHERE state = 'pending' AND start_unix_sec IS NOT NULL
         AND (not_before_boot_ms IS NULL OR not_before_boot_id <> ?5 OR not_before_boot_ms <= ?3)
       ORDER BY start_unix_sec, group_id LIMIT 1)
     RETURNING group_id, lease_token, start_unix_sec, expected_subbands, retry_count, processing_stage, checkpoint_path,
       CASE WHEN held_since IS NULL THEN 0 WHEN held_since_boot_id = ?5 THEN ?3 - held_since_boot_ms
       ELSE max(0, (?1 - held_since) * 1000) END AS held_ms`,
  );
  const renewLease = database.prepare(
    `UPDATE ingest_queue SET revision = revision + 1, lease_expires_boot_ms = ?, lease_boot_id = ?, last_update = ? WHERE ${HELD}`,
  );
  const completeGroup = database.prepare(
    `UPDATE ingest_queue SET revision = revision + 1, state = 'completed', processing_stage = 'completed', last_update = ?, waiting_since = ?, waiting_since_boot_ms = ?,
       waiting_since_boot_id = ?, error = NULL,
       error_code = NULL, checkpoint_path = NULL, ms_path = ?, has_calibrator = coalesce(?, has_calibrator),
       calibrators = coalesce(?, calibrators), ${NOT_HELD}, ${NO_LEASE} WHERE ${HELD}`,
  );
  const insertMs = database.prepare(
    `INSERT OR REPLACE INTO ms_index (path, start_mjd, end_mjd, mid_mjd, processed_at, status, stage,
       stage_updated_at, cal_applied, imagename, ra_deg, dec_deg, group_id, change_id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?,
       (SELECT coalesce(max(change_id), 0) + 1 FROM ms_index))`,
  );
  const insertLocation = database.prepare(
    `INSERT OR IGNORE INTO storage_locations (location_type, base_path, description, registered_at, change_id)
     VALUES ('ms', ?, 'Measurement Sets', ?, (SELECT coalesce(max(change_id), 0) + 1 FROM storage_locations))`,
  );
  const insertMetrics = database.prepare("INSERT OR REPLACE INTO performance_metrics VALUES (?, ?, ?, ?, ?, ?, ?)");
  const forgetApplied = database.prepare("DELETE FROM calibration_applied WHERE ms_path = ?");
  const insertApplied = database.prepare("INSERT INTO calibration_applied VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const isHeld = database.prepare(`SELECT 1 FROM ingest_queue WHERE ${HELD}`);
  const held = (lease: Lease) => isHeld.get(lease.groupId, lease.token) !== undefined;

  /** What was applied to the same Measurement Set before does not count any more. */
  function recordApplied(groupId: string, { msPath, calibration }: Completion, now: number): void {
    if (calibration === null) return;
    forgetApplied.run(msPath);
    for (const [position, { type, path, tableId, why, offsetDay }] of calibration.tables.entries())
      insertApplied.run(msPath, groupId, position, type, path, tableId, why, offsetDay, now);
  }

  function returnToPending(
    groupId: string,
    waitMs: number,
    changes: string,
    ...values: (string | number | null)[]
  ): void {
    database
      .prepare(
        `UPDATE ingest_queue SET revision = revision + 1, state = 'pending', ${NO_LEASE}, last_update = ?, not_before_boot_ms = ?, not_before_boot_id = ?
         ${changes === "" ? "" : `, ${changes}`} WHERE group_id = ?`,
      )
      .run(clock.nowUnixSec(), clock.sinceBootMs() + waitMs, clock.bootId, ...values, groupId);
    adopter.adopt(groupId);
    releaseMoved(context, groupId);
  }

  return {
    claim(owner, leaseMs): ClaimedGroup | undefined {
      return inTransaction(database, () => {
        const row = claimOldest.get(clock.nowUnixSec(), owner, clock.sinceBootMs(), leaseMs, clock.bootId) as unknown as
          | {
              readonly group_id: string;
              readonly lease_token: number;
              readonly start_unix_sec: number | null;
              readonly expected_subbands: number | null;
              readonly retry_count: number;
              readonly processing_stage: "processing_fresh" | "resuming";
              readonly checkpoint_path: string | null;
              readonly held_ms: number;
            }
          | undefined;
        if (!row) return undefined;
        // Also where an operator put the group back by hand.
        adopter.adopt(row.group_id);
        return {
          lease: { groupId: row.group_id, token: row.lease_token, owner },
          startUnixSec: row.start_unix_sec ?? Date.parse(`${row.group_id}Z`) / 1000,
          files: filesOf(context, row.group_id),
          expectedSubbandCount: row.expected_subbands ?? context.settings.expectedSubbandCount,
          retryCount: row.retry_count,
          processingStage: row.processing_stage,
          checkpointPath: row.checkpoint_path,
          heldMs: row.held_ms,
        };
      });
    },

    renew: (lease, leaseMs) =>
      renewLease.run(clock.sinceBootMs() + leaseMs, clock.bootId, clock.nowUnixSec(), lease.groupId, lease.token)
        .changes === 1,

    saveCheckpoint: (lease, checkpointPath) =>
      database
        .prepare(`UPDATE ingest_queue SET revision = revision + 1, checkpoint_path = ?, last_update = ? WHERE ${HELD}`)
        .run(checkpointPath, clock.nowUnixSec(), lease.groupId, lease.token).changes === 1,

    recordStage(lease, run) {
      return inTransaction(database, () => {
        if (!held(lease)) return false;
        database
          .prepare(
            `INSERT INTO stage_runs (group_id, lease_token, stage, started_at, duration_sec, outcome, error)
             VALUES (?, ?, ?, ?, ?, ?, ?)`,
          )
          .run(lease.groupId, lease.token, run.stage, run.startedUnixSec, run.durationSec, run.outcome, run.error);
        return true;
      });
    },

    complete(lease, completion) {
      return inTransaction(database, () => {
        const now = clock.nowUnixSec();
        const { changes } = completeGroup.run(
          now,
          now,
          clock.sinceBootMs(),
          clock.bootId,
          completion.msPath,
          completion.calibrators && Math.min(1, completion.calibrators.count),
          completion.calibrators && completion.calibrators.text,
          lease.groupId,
          lease.token,
        );
        if (changes !== 1) return "lease-lost";
        const { timings } = completion;
        insertMs.run(
          completion.msPath,
          completion.startMjd,
          completion.endMjd,
          (completion.startMjd + completion.endMjd) / 2,
          now,
          completion.calibration?.status === "uncalibrated" ? "uncalibrated" : "completed",
          completion.stage,
          now,
          (completion.calibration?.tables.length ?? 0) > 0 ? 1 : 0,
          completion.raDeg,
          completion.decDeg,
          lease.groupId,
        );
        recordApplied(lease.groupId, completion, now);
        insertLocation.run(completion.storageBasePath, now);
        insertMetrics.run(
          lease.groupId,
          timings.loadSec,
          timings.phaseSec,
          timings.writeSec,
          timings.totalSec,
          completion.writerType,
          now,
        );
        return "done";
      });
    },

    fail(lease, failure, policy, randomFraction) {
      return inTransaction(database, () => {
        if (!held(lease)) return "lease-lost";
        const { retry_count: before, crash_count: crashesBefore } = database
          .prepare("SELECT retry_count, crash_count FROM ingest_queue WHERE group_id = ?")
          .get(lease.groupId) as { retry_count: number; crash_count: number };
        const isCrash = failure.code === "WORKER_CRASHED";
        const retryCount = isCrash ? before : before + 1;
        const crashCount = isCrash ? crashesBefore + 1 : crashesBefore;
        const isExhausted = isCrash ? crashCount > policy.maxCrashCount : retryCount >= policy.maxRetryCount;
        const values = [retryCount, crashCount, failure.message, failure.code];
        const changes = "retry_count = ?, crash_count = ?, error = ?, error_code = ?";
        if (failure.isRetryable && !isExhausted) {
          returnToPending(
            lease.groupId,
            retryDelayMs(policy, isCrash ? crashCount : retryCount, randomFraction),
            changes,
            ...values,
          );
          return "will-retry";
        }
        // What failed is no longer what the group is: its repair came while it was attempted.
        if (adopter.adopt(lease.groupId) > 0) {
          returnToPending(lease.groupId, 0, changes, 0, 0, failure.message, failure.code);
          return "will-retry";
        }
        database
          .prepare(
            `UPDATE ingest_queue SET revision = revision + 1, state = 'failed', ${NO_LEASE}, last_update = ?, ${changes} WHERE group_id = ?`,
          )
          .run(clock.nowUnixSec(), ...values, lease.groupId);
        return "failed";
      });
    },

    handBack(lease, waitMs, reason) {
      return inTransaction(database, () => {
        if (!held(lease)) return "lease-lost";
        if (reason === undefined) returnToPending(lease.groupId, waitMs, "");
        else if (reason.code === "CALIBRATION_MISSING")
          returnToPending(
            lease.groupId,
            waitMs,
            `error = ?, error_code = ?, held_since_boot_ms = CASE WHEN held_since IS NULL THEN ? ELSE held_since_boot_ms END,
             held_since_boot_id = CASE WHEN held_since IS NULL THEN ? ELSE held_since_boot_id END,
             held_since = coalesce(held_since, ?)`,
            reason.message,
            reason.code,
            clock.sinceBootMs(),
            clock.bootId,
            clock.nowUnixSec(),
          );
        else returnToPending(lease.groupId, waitMs, "error = ?, error_code = ?", reason.message, reason.code);
        return "done";
      });
    },

    recoverStale(isDead, policy) {
      const held = staleGroups(context, isDead);
      if (held.length === 0) return [];
      return inTransaction(database, () =>
        staleGroups(context, isDead).map(({ groupId, owner, crashCount }) => {
          const values = [crashCount + 1, "Recovered from stale in_progress state", "WORKER_CRASHED"];
          const changes = "crash_count = ?, error = ?, error_code = ?";
          if (crashCount + 1 > policy.maxCrashCount) {
            database
              .prepare(
                `UPDATE ingest_queue SET revision = revision + 1, state = 'failed', ${NO_LEASE}, last_update = ?, ${changes} WHERE group_id = ?`,
              )
              .run(
                clock.nowUnixSec(),
                crashCount + 1,
                `its worker died ${crashCount + 1} times while it had this group; no further attempt is made`,
                "WORKER_CRASHED",
                groupId,
              );
            return { groupId, state: "failed" as const, leaseOwner: owner };
          }
          returnToPending(groupId, 0, changes, ...values);
          return { groupId, state: "pending" as const, leaseOwner: owner };
        }),
      );
    },

    reviewCollecting(policy) {
      const overdueBefore = ageCondition("?1", "?2", "?3", "?4");
      const candidates = database
        .prepare(`SELECT group_id FROM ingest_queue WHERE state = 'collecting' AND ${overdueBefore} LIMIT 1`)
        .get(clock.sinceBootMs(), clock.bootId, clock.nowUnixSec(), policy.timeoutMs);
      if (!candidates) return { overdue: [], promoted: [], closed: [] };
      return inTransaction(database, () => {
        const rows = database
          .prepare(
            `SELECT group_id, expected_subbands, is_overdue, ${ageMs("?1", "?2", "?3")} AS age_ms
             FROM ingest_queue WHERE state = 'collecting' AND ${overdueBefore} ORDER BY start_unix_sec`,
          )
          .all(clock.sinceBootMs(), clock.bootId, clock.nowUnixSec(), policy.timeoutMs) as unknown as readonly {
          readonly group_id: string;
          readonly expected_subbands: number;
          readonly is_overdue: number;
          readonly age_ms: number;
        }[];
        const overdue: IncompleteGroup[] = [];
        const promoted: IncompleteGroup[] = [];
        const closed: IncompleteGroup[] = [];
        for (const row of rows) {
          const present = new Set(filesOf(context, row.group_id).map((file) => file.subbandIndex));
          const group = {
            groupId: row.group_id,
            presentCount: present.size,
            missingSubbands: missing(present, row.expected_subbands),
          };
          if (row.is_overdue === 0) {
            database
              .prepare("UPDATE ingest_queue SET revision = revision + 1, is_overdue = 1 WHERE group_id = ?")
              .run(row.group_id);
            overdue.push(group);
          }
          if (present.size >= policy.minSubbandCount) {
            database
              .prepare(
                "UPDATE ingest_queue SET revision = revision + 1, state = 'pending', last_update = ? WHERE group_id = ?",
              )
              .run(clock.nowUnixSec(), row.group_id);
            promoted.push(group);
          } else if (row.age_ms > policy.closeAfterMs) {
            database
              .prepare(
                "UPDATE ingest_queue SET revision = revision + 1, state = 'failed', last_update = ?, error = ?, error_code = ? WHERE group_id = ?",
              )
              .run(
                clock.nowUnixSec(),
                `Collecting timeout: ${present.size} of ${row.expected_subbands} subbands came; missing: ${group.missingSubbands.join(", ")}`,
                "UVH5_SUBBAND_MISSING",
                row.group_id,
              );
            closed.push(group);
          }
        }
        return { overdue, promoted, closed };
      });
    },

    stats: (isDead) => stats(context, isDead),
  };
}
