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

/** Turns members of a group that its files were replaced by while it was being processed into its files. */
export function adoptChangedFiles({ database }: QueueContext, groupId: string): void {
  const changed = database
    .prepare(
      `SELECT max(arrival_id) AS arrival_id, subband_idx, directory, name, signature, size_bytes, sample_digest,
              first_time_jd, integration_time_sec, top_freq_hz
       FROM arrivals WHERE group_id = ? AND fate = 'changed' GROUP BY subband_idx`,
    )
    .all(groupId) as unknown as readonly {
    readonly arrival_id: number;
    readonly subband_idx: number;
    readonly directory: string;
    readonly name: string;
    readonly signature: string;
    readonly size_bytes: number;
    readonly sample_digest: string;
    readonly first_time_jd: number;
    readonly integration_time_sec: number;
    readonly top_freq_hz: number;
  }[];
  for (const file of changed) {
    database
      .prepare(
        `UPDATE arrivals SET fate = 'superseded', reason = 'replaced while its group was in progress'
         WHERE group_id = ?1 AND subband_idx = ?2 AND arrival_id <> ?3 AND fate IN ('queued', 'changed')`,
      )
      .run(groupId, file.subband_idx, file.arrival_id);
    database.prepare("UPDATE arrivals SET fate = 'queued', reason = '' WHERE arrival_id = ?").run(file.arrival_id);
    database
      .prepare(
        `UPDATE subband_files SET path = ?, arrival_id = ?, signature = ?, size_bytes = ?, sample_digest = ?,
                first_time_jd = ?, integration_time_sec = ?, top_freq_hz = ?
         WHERE group_id = ? AND subband_idx = ?`,
      )
      .run(
        `${file.directory}/${file.name}`,
        file.arrival_id,
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
