/** Queue files of the Python streaming converter: what they know is taken over. */

import type { DatabaseSync } from "node:sqlite";
import type { WholeSubband } from "../../domain/arrival.ts";
import { groupIdOf, startUnixSecOf } from "../../domain/group.ts";
import { queueTables } from "./migrations/0001-queue.sql.ts";
import { columnsOf } from "./open-database.ts";
import type { QueueContext } from "./queue-context.ts";

/** In `signature`: any version of the file, since the old queue recorded only its path. */
export const LEGACY_SIGNATURE = "legacy";

const hasTable = (database: DatabaseSync, name: string) =>
  database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined;

export function isLegacyQueue(database: DatabaseSync): boolean {
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  return version === 0 && hasTable(database, "ingest_queue");
}

/** `2025-10-05 12:30:00`, `2025-10-05_12_30_00` and Unix seconds become `2025-10-05T12:30:00`. */
export function normalGroupId(text: string): string {
  if (/^\d{9,10}(\.\d+)?$/.test(text)) return new Date(Math.floor(Number(text)) * 1000).toISOString().slice(0, 19);
  const parts = /^(\d{4}-\d{2}-\d{2})[T _](\d{2})[:_](\d{2})[:_](\d{2})/.exec(text);
  return parts ? `${parts[1]}T${parts[2]}:${parts[3]}:${parts[4]}` : text;
}

interface LegacyGroup {
  readonly group_id: string | number;
  readonly state: string;
  readonly received_at: number | null;
  readonly last_update: number | null;
  readonly expected_subbands: number | null;
  readonly retry_count: number | null;
  readonly error: string | null;
  readonly chunk_minutes: number | null;
  readonly has_calibrator: number | null;
  readonly calibrators: string | null;
}

/**
 * Makes the new tables and moves the rows of finished groups. Groups that were open are not moved: the old queue named
 * them by the clock of a writer, so their files are looked into again and find their true group.
 *
 * @returns how many rows were moved, and how many files are looked into again
 */
export function takeOverLegacyQueue(database: DatabaseSync): {
  readonly movedCount: number;
  readonly reopenedCount: number;
} {
  const old = ["ingest_queue", "subband_files", "performance_metrics"] as const;
  const present = old.filter((table) => hasTable(database, table));
  for (const table of present) database.exec(`ALTER TABLE ${table} RENAME TO legacy_${table}`);
  database.exec(queueTables);
  const has = columnsOf(database, "legacy_ingest_queue");
  const take = (column: string) => (has.has(column) ? column : `NULL AS ${column}`);
  const groups = database
    .prepare(
      `SELECT group_id, state, ${["received_at", "last_update", "expected_subbands", "retry_count", "error", "chunk_minutes", "has_calibrator", "calibrators"].map(take).join(", ")} FROM legacy_ingest_queue`,
    )
    .all() as unknown as readonly LegacyGroup[];
  const insertGroup = database.prepare(
    `INSERT OR IGNORE INTO ingest_queue (group_id, state, received_at, last_update, expected_subbands, retry_count, error,
       processing_stage, chunk_minutes, has_calibrator, calibrators)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const filesOf = database.prepare("SELECT subband_idx, path FROM legacy_subband_files WHERE group_id = ?");
  const insertArrival = database.prepare(
    `INSERT INTO arrivals (directory, name, signature, size_bytes, fate, reason, group_id, subband_idx, first_seen, decided_at)
     VALUES (?, ?, '${LEGACY_SIGNATURE}', 0, ?, 'known to the queue before this one', ?, ?, ?, ?)`,
  );
  const insertFile = database.prepare(
    "INSERT OR IGNORE INTO subband_files (group_id, subband_idx, path, arrival_id, signature) VALUES (?, ?, ?, ?, ?)",
  );
  let movedCount = 0;
  let reopenedCount = 0;
  for (const group of groups) {
    const isDone = group.state === "completed" || group.state === "done";
    const isFailed = group.state === "failed" || group.state === "error";
    const groupId = normalGroupId(String(group.group_id));
    const seen = group.received_at ?? 0;
    if (isDone || isFailed) {
      insertGroup.run(
        groupId,
        isDone ? "completed" : "failed",
        seen,
        group.last_update ?? seen,
        group.expected_subbands,
        group.retry_count ?? 0,
        group.error,
        isDone ? "completed" : "collecting",
        group.chunk_minutes,
        group.has_calibrator,
        group.calibrators,
      );
      movedCount++;
    }
    const files = present.includes("subband_files")
      ? (filesOf.all(group.group_id) as unknown as readonly { readonly subband_idx: number; readonly path: string }[])
      : [];
    for (const { subband_idx: subbandIndex, path } of files) {
      const at = path.lastIndexOf("/");
      const [directory, name] = [path.slice(0, Math.max(at, 0)), path.slice(at + 1)];
      if (isDone || isFailed) {
        const { lastInsertRowid } = insertArrival.run(directory, name, "queued", groupId, subbandIndex, seen, seen);
        insertFile.run(groupId, subbandIndex, path, lastInsertRowid, LEGACY_SIGNATURE);
      } else {
        insertArrival.run(directory, name, "settling", null, null, seen, null);
        reopenedCount++;
      }
    }
  }
  if (present.includes("performance_metrics")) {
    const old = columnsOf(database, "legacy_performance_metrics");
    const column = (name: string) => (old.has(name) ? name : "NULL");
    const rows = database
      .prepare(
        `SELECT group_id, ${["load_time", "phase_time", "write_time", "total_time", "writer_type"].map(column).join(", ")}, coalesce(${column("recorded_at")}, 0) FROM legacy_performance_metrics`,
      )
      .all() as unknown as readonly Record<string, string | number | null>[];
    const insert = database.prepare("INSERT OR IGNORE INTO performance_metrics VALUES (?, ?, ?, ?, ?, ?, ?)");
    for (const row of rows) {
      const [groupId, ...values] = Object.values(row);
      insert.run(normalGroupId(String(groupId)), ...values);
    }
  }
  for (const table of present.toReversed()) database.exec(`DROP TABLE legacy_${table}`);
  return { movedCount, reopenedCount };
}

/**
 * Writes down what the first look at a file of a taken-over group tells: the old queue knew neither the data time of a
 * group nor the version of a file.
 *
 * @param isTimeFree  whether no group has that data time yet
 */
export function completeLegacyGroup(
  { database }: QueueContext,
  file: WholeSubband,
  groupId: string | null,
  isTimeFree: boolean,
): void {
  database
    .prepare(
      `UPDATE subband_files SET signature = ?, size_bytes = ?, sample_digest = ?, first_time_jd = ?,
         integration_time_sec = ?, top_freq_hz = ? WHERE group_id = ? AND path = ?`,
    )
    .run(
      file.signature,
      file.sizeBytes,
      file.sampleDigest,
      file.firstTimeJd,
      file.integrationTimeSec,
      file.topFreqHz,
      groupId,
      file.path,
    );
  const startUnixSec = startUnixSecOf(file.firstTimeJd, file.integrationTimeSec);
  if (!isTimeFree && groupIdOf(startUnixSec) !== groupId) return;
  database
    .prepare("UPDATE ingest_queue SET start_unix_sec = ? WHERE group_id = ? AND start_unix_sec IS NULL")
    .run(startUnixSec, groupId);
}
