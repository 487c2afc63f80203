/** The ledger: what became of every file. */

import {
  type ArrivalContext,
  decideFate,
  type FileFate,
  type FileVersion,
  fileFates,
  type WholeSubband,
} from "../../domain/arrival.ts";
import { groupIdOf, startUnixSecOf } from "../../domain/group.ts";
import type { GroupState } from "../../domain/queue.ts";
import type { ArrivalLedger, ArrivalOutcome, LedgerEntry } from "../../ports/group-queue.ts";
import { releaseMoved } from "./adopt-arrivals.ts";
import { completeLegacyGroup, LEGACY_SIGNATURE } from "./legacy-queue.ts";
import { inTransaction } from "./open-database.ts";
import type { QueueContext } from "./queue-context.ts";

/** Headers of one group agree to the bit; a second allows for writers that round. */
const SAME_TIME_SEC = 1;
const KNOWN_FILES_PAGE_COUNT = 20_000;

interface ArrivalRow {
  readonly arrival_id: number;
  readonly directory: string;
  readonly name: string;
  readonly signature: string;
  readonly size_bytes: number;
  readonly fate: FileFate;
  readonly reason: string;
  readonly group_id: string | null;
  readonly subband_idx: number | null;
  readonly sample_digest: string | null;
  readonly first_seen: number;
  readonly decided_at: number | null;
}

interface GroupRow {
  readonly group_id: string;
  readonly state: GroupState;
  readonly is_cancelled: number;
}

interface MemberRow {
  readonly path: string;
  readonly sample_digest: string | null;
  readonly arrival_id: number | null;
}

function split(path: string): readonly [directory: string, name: string] {
  const at = path.lastIndexOf("/");
  return [path.slice(0, Math.max(at, 0)), path.slice(at + 1)];
}

const toEntry = (row: ArrivalRow): LedgerEntry => ({
  arrivalId: row.arrival_id,
  path: `${row.directory}/${row.name}`,
  signature: row.signature,
  sizeBytes: row.size_bytes,
  fate: row.fate,
  reason: row.reason,
  groupId: row.group_id,
  subbandIndex: row.subband_idx,
  firstSeenUnixSec: row.first_seen,
  decidedUnixSec: row.decided_at,
});

/** The newest arrivals first. */
export function ledgerEntries(
  { database }: QueueContext,
  filter: Parameters<ArrivalLedger["ledgerEntries"]>[0],
): readonly LedgerEntry[] {
  const rows = database
    .prepare(
      `SELECT * FROM arrivals WHERE (?1 IS NULL OR fate = ?1) AND (?2 IS NULL OR group_id = ?2)
       ORDER BY arrival_id DESC LIMIT ?3`,
    )
    .all(filter.fate ?? null, filter.groupId ?? null, filter.maxCount);
  return (rows as unknown as readonly ArrivalRow[]).map(toEntry);
}

export function arrivalLedger(context: QueueContext): ArrivalLedger {
  const { database, clock, settings } = context;
  const selectNewest = database.prepare(
    "SELECT * FROM arrivals WHERE directory = ? AND name = ? ORDER BY arrival_id DESC LIMIT 1",
  );
  const selectOpenOwners = database.prepare(
    `SELECT DISTINCT q.group_id FROM arrivals a JOIN ingest_queue q ON q.group_id = a.group_id
     WHERE a.directory = ? AND a.name = ? AND a.fate = 'queued' AND q.group_id <> ?
       AND (q.state IN ('collecting', 'pending') OR (q.state = 'failed' AND q.is_cancelled = 0))`,
  );
  const selectGroup = database.prepare(
    `SELECT group_id, state, is_cancelled FROM ingest_queue WHERE start_unix_sec BETWEEN ?1 - ${SAME_TIME_SEC} AND ?1 + ${SAME_TIME_SEC}
     ORDER BY abs(start_unix_sec - ?1) LIMIT 1`,
  );
  const selectGroupById = database.prepare("SELECT group_id, state, is_cancelled FROM ingest_queue WHERE group_id = ?");
  const selectMember = database.prepare(
    "SELECT path, sample_digest, arrival_id FROM subband_files WHERE group_id = ? AND subband_idx = ?",
  );
  const insertArrival = database.prepare(
    `INSERT INTO arrivals (directory, name, signature, size_bytes, fate, reason, group_id, subband_idx, sample_digest,
       first_time_jd, integration_time_sec, top_freq_hz, first_seen, decided_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const updateArrival = database.prepare(
    `UPDATE arrivals SET signature = ?, size_bytes = ?, fate = ?, reason = ?, group_id = ?, subband_idx = ?,
       sample_digest = ?, first_time_jd = ?, integration_time_sec = ?, top_freq_hz = ?, decided_at = ? WHERE arrival_id = ?`,
  );
  const insertGroup = database.prepare(
    `INSERT INTO ingest_queue (group_id, state, received_at, last_update, expected_subbands, chunk_minutes,
       start_unix_sec, waiting_since, waiting_since_boot_ms, waiting_since_boot_id)
     VALUES (?, 'collecting', ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const upsertMember = database.prepare(
    `INSERT OR REPLACE INTO subband_files (group_id, subband_idx, path, arrival_id, signature, size_bytes, sample_digest,
       first_time_jd, integration_time_sec, top_freq_hz)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  /** A group that has all its files is ready; a failed one that was repaired gets a fresh budget. */
  const updateGroup = database.prepare(
    `UPDATE ingest_queue SET revision = revision + 1,
       last_update = ?2,
       state = CASE
         WHEN (SELECT count(*) FROM subband_files WHERE group_id = ?1) >= expected_subbands THEN 'pending'
         WHEN state = 'failed' THEN 'collecting'
         ELSE state END,
       retry_count = CASE WHEN state = 'failed' THEN 0 ELSE retry_count END,
       crash_count = CASE WHEN state = 'failed' THEN 0 ELSE crash_count END,
       error = CASE WHEN state = 'failed' THEN NULL ELSE error END,
       error_code = CASE WHEN state = 'failed' THEN NULL ELSE error_code END,
       waiting_since = CASE WHEN state = 'failed' THEN ?2 ELSE waiting_since END,
       waiting_since_boot_ms = CASE WHEN state = 'failed' THEN ?3 ELSE waiting_since_boot_ms END,
       waiting_since_boot_id = CASE WHEN state = 'failed' THEN ?4 ELSE waiting_since_boot_id END,
       is_overdue = CASE WHEN state = 'failed' THEN 0 ELSE is_overdue END
     WHERE group_id = ?1
     RETURNING state`,
  );

  function outcome(row: Pick<ArrivalRow, "fate" | "reason" | "group_id">, becamePending: boolean): ArrivalOutcome {
    const group =
      row.group_id === null ? undefined : (selectGroupById.get(row.group_id) as unknown as GroupRow | undefined);
    return {
      fate: row.fate,
      reason: row.reason,
      groupId: row.group_id,
      groupState: group?.state ?? null,
      becamePending,
    };
  }

  /** Writes the decided row: into the settling one of the same file if there is one. @returns its id */
  function write(
    file: FileVersion & Partial<WholeSubband>,
    settlingId: number | undefined,
    fate: FileFate,
    reason: string,
    groupId: string | null,
  ): number {
    const now = clock.nowUnixSec();
    const [directory, name] = split(file.path);
    const content = [
      groupId,
      file.subbandIndex ?? null,
      file.sampleDigest ?? null,
      file.firstTimeJd ?? null,
      file.integrationTimeSec ?? null,
      file.topFreqHz ?? null,
    ];
    const decidedAt = fate === "settling" ? null : now;
    if (settlingId !== undefined) {
      updateArrival.run(file.signature, file.sizeBytes, fate, reason, ...content, decidedAt, settlingId);
      return settlingId;
    }
    const inserted = insertArrival.run(
      directory,
      name,
      file.signature,
      file.sizeBytes,
      fate,
      reason,
      ...content,
      now,
      decidedAt,
    );
    return Number(inserted.lastInsertRowid);
  }

  /** The path is of another observation now. A group that is in work is told when its attempt ends. */
  function releaseFromOthers(directory: string, name: string, groupId: string): void {
    const others = selectOpenOwners.all(directory, name, groupId) as unknown as readonly {
      readonly group_id: string;
    }[];
    for (const other of others) releaseMoved(context, other.group_id);
  }

  function findGroup(startUnixSec: number): GroupRow | undefined {
    const byStart = selectGroup.get(startUnixSec) ?? selectGroupById.get(groupIdOf(startUnixSec));
    return byStart as unknown as GroupRow | undefined;
  }

  return {
    *knownFiles(directory) {
      // With max(), SQLite takes the other columns from the row that has the maximum.
      const page = database.prepare(
        `SELECT name, signature, fate, max(arrival_id) FROM arrivals WHERE directory = ? AND name > ?
         GROUP BY name ORDER BY name LIMIT ${KNOWN_FILES_PAGE_COUNT}`,
      );
      // In pages: a statement left open would keep this connection from writing what others wrote after.
      for (let last = ""; ; ) {
        const rows = page.all(directory, last) as unknown as readonly {
          name: string;
          signature: string;
          fate: FileFate;
        }[];
        for (const { name, signature, fate } of rows) yield { name, signature, fate };
        if (rows.length < KNOWN_FILES_PAGE_COUNT) return;
        last = rows.at(-1)!.name;
      }
    },

    recordSubband(file) {
      return inTransaction(database, () => {
        const [directory, name] = split(file.path);
        const previous = selectNewest.get(directory, name) as unknown as ArrivalRow | undefined;
        if (previous?.signature === LEGACY_SIGNATURE && previous.fate === "queued") {
          // The first look at a file that the queue before this one had processed.
          updateArrival.run(
            file.signature,
            file.sizeBytes,
            "queued",
            previous.reason,
            previous.group_id,
            previous.subband_idx,
            file.sampleDigest,
            file.firstTimeJd,
            file.integrationTimeSec,
            file.topFreqHz,
            previous.decided_at,
            previous.arrival_id,
          );
          completeLegacyGroup(
            context,
            file,
            previous.group_id,
            findGroup(startUnixSecOf(file.firstTimeJd, file.integrationTimeSec)) === undefined,
          );
          return outcome(previous, false);
        }
        const startUnixSec = startUnixSecOf(file.firstTimeJd, file.integrationTimeSec);
        const group = findGroup(startUnixSec);
        const member = group
          ? (selectMember.get(group.group_id, file.subbandIndex) as unknown as MemberRow | undefined)
          : undefined;
        const known: ArrivalContext = {
          expectedSubbandCount: settings.expectedSubbandCount,
          samePath: previous && {
            signature: previous.signature,
            fate: previous.fate,
            sampleDigest: previous.sample_digest,
          },
          group: group && { state: group.state, isCancelled: group.is_cancelled === 1 },
          member: member && { path: member.path, sampleDigest: member.sample_digest ?? "" },
        };
        const decision = decideFate(file, known);
        if (!decision) return outcome(previous!, false);

        const groupId = group?.group_id ?? (decision.joins ? groupIdOf(startUnixSec) : null);
        const now = clock.nowUnixSec();
        if (decision.joins && !group) {
          insertGroup.run(
            groupId,
            now,
            now,
            settings.expectedSubbandCount,
            settings.chunkMinutes,
            startUnixSec,
            now,
            clock.sinceBootMs(),
            clock.bootId,
          );
        }
        const settlingId = previous?.fate === "settling" ? previous.arrival_id : undefined;
        if (decision.supersedesMember && member !== undefined && member.arrival_id !== null) {
          database
            .prepare(
              "UPDATE arrivals SET fate = 'superseded', reason = 'replaced by a newer version' WHERE arrival_id = ?",
            )
            .run(member.arrival_id);
        }
        const arrivalId = write(file, settlingId, decision.fate, decision.reason, groupId);
        if (groupId !== null) releaseFromOthers(directory, name, groupId);
        let becamePending = false;
        if (decision.joins) {
          upsertMember.run(
            groupId,
            file.subbandIndex,
            file.path,
            decision.fate === "resent" ? (member?.arrival_id ?? arrivalId) : arrivalId,
            file.signature,
            file.sizeBytes,
            file.sampleDigest,
            file.firstTimeJd,
            file.integrationTimeSec,
            file.topFreqHz,
          );
          const { state } = updateGroup.get(groupId, now, clock.sinceBootMs(), clock.bootId) as unknown as GroupRow;
          becamePending = state === "pending" && group?.state !== "pending";
        }
        return outcome({ fate: decision.fate, reason: decision.reason, group_id: groupId }, becamePending);
      });
    },

    recordUnusable(file, fate, reason) {
      return inTransaction(database, () => {
        const previous = selectNewest.get(...split(file.path)) as unknown as ArrivalRow | undefined;
        const isKnown = previous && previous.fate !== "settling" && previous.signature === file.signature;
        if (isKnown) return outcome(previous, false);
        // Somebody's log file that grows is one arrival, not one at each look.
        const isSameRow = previous?.fate === "settling" || (previous?.fate === "foreign" && fate === "foreign");
        write(file, isSameRow ? previous.arrival_id : undefined, fate, reason, null);
        return outcome({ fate, reason, group_id: null }, false);
      });
    },

    recordVanished(paths) {
      return inTransaction(database, () => {
        let changedCount = 0;
        for (const path of paths) {
          const previous = selectNewest.get(...split(path)) as unknown as ArrivalRow | undefined;
          if (previous?.fate !== "settling") continue;
          database
            .prepare("UPDATE arrivals SET fate = 'vanished', decided_at = ? WHERE arrival_id = ?")
            .run(clock.nowUnixSec(), previous.arrival_id);
          changedCount++;
        }
        return changedCount;
      });
    },

    ledgerSummary() {
      const rows = database
        .prepare("SELECT fate, count(*) AS count FROM arrivals GROUP BY fate")
        .all() as unknown as readonly {
        readonly fate: FileFate;
        readonly count: number;
      }[];
      // Of all that were ever written, not of those that are still there: a row that was lost shows.
      const { count } = database
        .prepare("SELECT coalesce(max(seq), 0) AS count FROM sqlite_sequence WHERE name = 'arrivals'")
        .get() as { count: number };
      const countOfFate = Object.fromEntries(fileFates.map((fate) => [fate, 0])) as Record<FileFate, number>;
      for (const row of rows) countOfFate[row.fate] = row.count;
      return { arrivalCount: count, countOfFate };
    },

    ledgerEntries: (filter) => ledgerEntries(context, filter),
  };
}
