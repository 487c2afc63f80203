/** What all statement families share. */

import type { DatabaseSync } from "node:sqlite";
import type { HostClock } from "../../ports/clock.ts";

export interface QueueSettings {
  readonly expectedSubbandCount: number;
  /** Recorded in `chunk_minutes`. */
  readonly chunkMinutes: number;
}

export interface QueueContext {
  readonly database: DatabaseSync;
  readonly clock: HostClock;
  readonly settings: QueueSettings;
}

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

/**
 * Files that came in the place of a group's files while it was being processed become its files: the next attempt will
 * find them on disk. A copy of the same content counts too, for its version is another.
 */
export function adoptReplacements({ database }: QueueContext, groupId: string): void {
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
}
