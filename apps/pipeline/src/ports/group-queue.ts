/** The queue of groups and the ledger of files, as one: what is true of a file and of its group changes together. */

import type { FileFate, FileVersion, WholeSubband } from "../domain/arrival.ts";
import type { ErrorCode } from "../domain/error-codes.ts";
import type { GroupCalibration } from "../domain/group-calibration.ts";
import type {
  ClaimedGroup,
  CollectingPolicy,
  GroupState,
  Lease,
  ProcessingStage,
  QueuedFile,
  RetryPolicy,
} from "../domain/queue.ts";

/** What became of an arrival, and of its group through it. */
export interface ArrivalOutcome {
  readonly fate: FileFate;
  readonly reason: string;
  /** null: the file is of no group. */
  readonly groupId: string | null;
  readonly groupState: GroupState | null;
  /** Whether this call made the group ready for processing. */
  readonly becamePending: boolean;
}

/** A file as the ledger has it. */
export interface LedgerEntry {
  readonly arrivalId: number;
  readonly path: string;
  readonly signature: string;
  readonly sizeBytes: number;
  readonly fate: FileFate;
  readonly reason: string;
  readonly groupId: string | null;
  readonly subbandIndex: number | null;
  readonly firstSeenUnixSec: number;
  readonly decidedUnixSec: number | null;
}

export interface LedgerSummary {
  readonly arrivalCount: number;
  readonly countOfFate: Readonly<Record<FileFate, number>>;
}

/** Wall time, as `performance_metrics` has it. */
export interface GroupTimings {
  readonly loadSec: number;
  readonly phaseSec: number;
  readonly writeSec: number;
  readonly totalSec: number;
}

/** Everything a finished group leaves in the database, written with the change of state or not at all. */
export interface Completion {
  readonly msPath: string;
  /** UTC, modified Julian dates of the first and last integration's edges. */
  readonly startMjd: number;
  readonly endMjd: number;
  /** Direction of the first FIELD, ICRS. */
  readonly raDeg: number | null;
  readonly decDeg: number | null;
  /** Where it was stored, for `storage_locations`: base directory of the Measurement Sets. */
  readonly storageBasePath: string;
  /** The last stage that was done, for `ms_index.stage`. */
  readonly stage: string;
  readonly timings: GroupTimings;
  readonly writerType: string;
  /** Calibrators in the beam, as `ingest_queue.calibrators` has them; null: nobody looked, the columns stay as they are. */
  readonly calibrators: { readonly count: number; readonly text: string } | null;
  /** null: the chain does not calibrate. */
  readonly calibration: GroupCalibration | null;
}

export interface Failure {
  readonly code: ErrorCode;
  /** The whole error, causes included. */
  readonly message: string;
  /** False: no attempt can help, the group is failed at once. */
  readonly isRetryable: boolean;
}

export interface StageRun {
  readonly stage: string;
  readonly startedUnixSec: number;
  readonly durationSec: number;
  readonly outcome: "done" | "skipped" | "failed";
  readonly error: string | null;
}

/** A row of the queue, for people. */
export interface GroupRecord {
  readonly groupId: string;
  readonly state: GroupState;
  readonly processingStage: ProcessingStage;
  readonly receivedUnixSec: number;
  readonly lastUpdateUnixSec: number;
  readonly expectedSubbandCount: number;
  readonly presentSubbands: readonly number[];
  readonly retryCount: number;
  readonly crashCount: number;
  readonly error: string | null;
  readonly errorCode: string | null;
  readonly checkpointPath: string | null;
  readonly leaseOwner: string | null;
  readonly leaseToken: number;
  /** How long until it may be claimed; 0: now. */
  readonly retryInMs: number;
}

export interface GroupDetail extends GroupRecord {
  readonly files: readonly QueuedFile[];
  readonly arrivals: readonly LedgerEntry[];
  readonly stageRuns: readonly StageRun[];
  readonly timings: GroupTimings | null;
  readonly msPath: string | null;
}

export interface QueueStats {
  readonly countOfState: Readonly<Record<GroupState, number>>;
  /** Groups whose lease ran out or whose worker died. */
  readonly staleCount: number;
  readonly oldestPendingAgeSec: number | null;
  readonly completedLastHourCount: number;
  /** Means over the groups completed in the last 24 hours; null: none. */
  readonly meanTimings: GroupTimings | null;
}

export interface IncompleteGroup {
  readonly groupId: string;
  readonly presentCount: number;
  readonly missingSubbands: readonly number[];
}

export interface CollectingReview {
  /** Groups that began to wait too long since the last review: one warning each. */
  readonly overdue: readonly IncompleteGroup[];
  /** Groups that will be processed although incomplete. */
  readonly promoted: readonly IncompleteGroup[];
  /** Groups that were given up. */
  readonly closed: readonly IncompleteGroup[];
}

export type ClaimEnd = "done" | "lease-lost";

/** For the watcher and the assembler. */
export interface ArrivalLedger {
  /** Newest version of every file ever seen directly in a directory, so that a scan looks only at what is new. */
  knownFiles(
    directory: string,
  ): Iterable<{ readonly name: string; readonly signature: string; readonly fate: FileFate }>;
  /** A whole subband file: decides its fate ({@link decideFate}) and puts it into its group, in one transaction. */
  recordSubband(file: WholeSubband): ArrivalOutcome;
  /** A file that cannot be used, or not yet. A `settling` row follows the file's changes; a decided one stays. */
  recordUnusable(
    file: FileVersion,
    fate: "settling" | "corrupt" | "foreign" | "abandoned",
    reason: string,
  ): ArrivalOutcome;
  /** Unfinished arrivals of files that are no longer there. @returns how many rows changed */
  recordVanished(paths: readonly string[]): number;
  ledgerSummary(): LedgerSummary;
  ledgerEntries(filter: {
    readonly fate?: FileFate;
    readonly groupId?: string;
    readonly maxCount: number;
  }): readonly LedgerEntry[];
}

/** For workers and the supervisor. Every method that takes a lease does nothing when the lease is not the newest. */
export interface GroupQueue {
  /** The oldest group by data time that is pending and whose wait is over. */
  claim(owner: string, leaseMs: number): ClaimedGroup | undefined;
  renew(lease: Lease, leaseMs: number): boolean;
  /** Records that a checkpoint exists: from now on another attempt is `resuming`. */
  saveCheckpoint(lease: Lease, checkpointPath: string): boolean;
  recordStage(lease: Lease, run: StageRun): boolean;
  complete(lease: Lease, completion: Completion): ClaimEnd;
  /** @param randomFraction  uniform in [0, 1), for the wait before the retry */
  fail(lease: Lease, failure: Failure, policy: RetryPolicy, randomFraction: number): ClaimEnd | "will-retry" | "failed";
  /**
   * Gives a group back unharmed: no attempt is counted.
   *
   * @param waitMs  before it may be claimed again
   * @param reason  what keeps it from being processed, shown as its error until it is completed. Of `CALIBRATION_MISSING`
   *   the queue keeps since when: {@link ClaimedGroup.heldMs}
   */
  handBack(lease: Lease, waitMs: number, reason?: Pick<Failure, "code" | "message">): ClaimEnd;
  /**
   * Takes groups from workers that died or whose lease ran out. @returns their ids and where they went
   */
  recoverStale(
    isDead: (owner: string) => boolean,
    policy: RetryPolicy,
  ): readonly { readonly groupId: string; readonly state: "pending" | "failed"; readonly leaseOwner: string }[];
  reviewCollecting(policy: CollectingPolicy): CollectingReview;
  stats(isDead: (owner: string) => boolean): QueueStats;
}

/** For operators. */
export interface QueueControl {
  list(filter: {
    readonly states?: readonly GroupState[];
    readonly maxCount: number;
    readonly newestFirst: boolean;
  }): readonly GroupRecord[];
  show(groupId: string): GroupDetail | undefined;
  /** failed → pending (collecting when subbands are missing), with a fresh budget. @returns false: not failed, or no such group */
  retry(groupId: string): boolean;
  /** Anything but completed → failed; a worker that has it stops at its next renewal. */
  cancel(groupId: string, reason: string): boolean;
  /** Anything → pending, whatever was done; a product that exists is checked and kept. */
  requeue(groupId: string): boolean;
}

export interface QueueDatabase extends ArrivalLedger, GroupQueue, QueueControl {
  close(): void;
}
