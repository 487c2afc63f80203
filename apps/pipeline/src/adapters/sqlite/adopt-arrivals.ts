/** What came for a group while it was taken, and becomes part of it when it is attempted again. */

import type { QueueContext } from "./queue-context.ts";

interface Replacement {
  readonly arrival_id: number;
  readonly fate: "changed" | "resent";
  readonly subband_idx: number;
  readonly member_arrival_id: number | null;
  readonly signature: string;
  readonly size_bytes: number;
  readonly sample_digest: string | null;
  readonly first_time_jd: number | null;
  readonly integration_time_sec: number | null;
  readonly top_freq_hz: number | null;
}

/** Files that came in the place of a group's files. A copy of the same content counts too, for its version is another. */
function adoptReplacements({ database }: QueueContext, groupId: string): number {
  const newerThanMember = `a.group_id = f.group_id AND f.path = a.directory || '/' || a.name
    AND a.arrival_id > coalesce(f.arrival_id, 0) AND a.fate IN ('changed', 'resent')`;
  // With max(), SQLite takes the other columns from the row that has the maximum.
  const replacements = database
    .prepare(
      `SELECT max(a.arrival_id) AS arrival_id, a.fate, f.subband_idx, f.arrival_id AS member_arrival_id, a.signature,
              a.size_bytes, a.sample_digest, a.first_time_jd, a.integration_time_sec, a.top_freq_hz
       FROM subband_files f JOIN arrivals a ON ${newerThanMember} WHERE f.group_id = ? GROUP BY f.subband_idx`,
    )
    .all(groupId) as unknown as readonly Replacement[];
  const setFate = database.prepare("UPDATE arrivals SET fate = ?, reason = ? WHERE arrival_id = ?");
  for (const file of replacements) {
    database
      .prepare(
        `UPDATE arrivals AS a SET fate = 'superseded', reason = 'replaced while its group was in progress'
         FROM subband_files f
         WHERE f.group_id = ? AND f.subband_idx = ? AND a.fate = 'changed' AND ${newerThanMember}`,
      )
      .run(groupId, file.subband_idx);
    if (file.fate === "changed") {
      if (file.member_arrival_id !== null)
        setFate.run("superseded", "replaced while its group was in progress", file.member_arrival_id);
      setFate.run("queued", "", file.arrival_id);
    }
    database
      .prepare(
        `UPDATE subband_files SET arrival_id = ?, signature = ?, size_bytes = ?, sample_digest = ?, first_time_jd = ?,
                integration_time_sec = ?, top_freq_hz = ?
         WHERE group_id = ? AND subband_idx = ?`,
      )
      .run(
        file.fate === "changed" ? file.arrival_id : file.member_arrival_id,
        file.signature,
        file.size_bytes,
        file.sample_digest,
        file.first_time_jd,
        file.integration_time_sec,
        file.top_freq_hz,
        groupId,
        file.subband_idx,
      );
  }
  return replacements.filter(({ fate }) => fate === "changed").length;
}

/** Files that came too late for the attempt that was on: they are not too late for the next. */
function adoptLate({ database }: QueueContext, groupId: string): number {
  // The newest of those that claim a subband which the group has not, and that are still what lies under their name.
  const rows = database
    .prepare(
      `SELECT max(a.arrival_id) AS arrival_id FROM arrivals a
       WHERE a.group_id = ?1 AND a.fate = 'late'
         AND NOT EXISTS (SELECT 1 FROM subband_files f WHERE f.group_id = ?1 AND f.subband_idx = a.subband_idx)
         AND NOT EXISTS (SELECT 1 FROM arrivals b
                         WHERE b.directory = a.directory AND b.name = a.name AND b.arrival_id > a.arrival_id)
       GROUP BY a.subband_idx`,
    )
    .all(groupId) as unknown as readonly { readonly arrival_id: number }[];
  for (const { arrival_id: arrivalId } of rows) {
    database
      .prepare(
        `INSERT INTO subband_files (group_id, subband_idx, path, arrival_id, signature, size_bytes, sample_digest,
           first_time_jd, integration_time_sec, top_freq_hz)
         SELECT group_id, subband_idx, directory || '/' || name, arrival_id, signature, size_bytes, sample_digest,
           first_time_jd, integration_time_sec, top_freq_hz FROM arrivals WHERE arrival_id = ?`,
      )
      .run(arrivalId);
    database.prepare("UPDATE arrivals SET fate = 'queued', reason = '' WHERE arrival_id = ?").run(arrivalId);
  }
  return rows.length;
}

/** A member whose path holds data of another observation now: the newest arrival of the path says of which. */
const MOVED = `SELECT f.subband_idx, f.arrival_id FROM subband_files f JOIN arrivals a ON a.arrival_id = f.arrival_id
  WHERE f.group_id = ?1 AND EXISTS (
    SELECT 1 FROM arrivals b WHERE b.directory = a.directory AND b.name = a.name AND b.arrival_id > a.arrival_id
      AND b.group_id IS NOT NULL AND b.group_id <> ?1)`;

/**
 * Takes files from a group whose names were given to another observation. A group that is ready, and is not whole
 * without them, waits again.
 */
export function releaseMoved({ database, clock }: QueueContext, groupId: string): void {
  const moved = database.prepare(MOVED).all(groupId) as unknown as readonly {
    readonly subband_idx: number;
    readonly arrival_id: number;
  }[];
  if (moved.length === 0) return;
  for (const { subband_idx: subbandIndex, arrival_id: arrivalId } of moved) {
    database.prepare("DELETE FROM subband_files WHERE group_id = ? AND subband_idx = ?").run(groupId, subbandIndex);
    database
      .prepare(
        "UPDATE arrivals SET fate = 'superseded', reason = 'replaced by data of another observation' WHERE arrival_id = ?",
      )
      .run(arrivalId);
  }
  database
    .prepare(
      `UPDATE ingest_queue SET revision = revision + 1, state = 'collecting', last_update = ?2
       WHERE group_id = ?1 AND state = 'pending'
         AND (SELECT count(*) FROM subband_files WHERE group_id = ?1) < expected_subbands`,
    )
    .run(groupId, clock.nowUnixSec());
}

export interface ArrivalAdopter {
  /** @returns how many files of other content than before the group has now */
  adopt(groupId: string): number;
}

/** One for each connection: nearly always there is nothing to adopt, and that must be cheap to see. */
export function createArrivalAdopter(context: QueueContext): ArrivalAdopter {
  const hasNews = context.database.prepare(
    "SELECT 1 FROM arrivals WHERE group_id = ? AND fate IN ('changed', 'resent', 'late') LIMIT 1",
  );
  return {
    adopt(groupId) {
      if (hasNews.get(groupId) === undefined) return 0;
      return adoptReplacements(context, groupId) + adoptLate(context, groupId);
    },
  };
}
