/**
 * The life of a group in the queue.
 *
 *     collecting ──► pending ──► in_progress ──► completed
 *         │             ▲  ▲          │
 *         │             │  └──retry───┤
 *         ▼             │             ▼
 *       failed ◄────────┴───────── failed
 *
 * - collecting → pending: all expected subbands are there, or enough of them after the collecting timeout
 * - collecting → failed: too few subbands when the group is closed
 * - pending → in_progress: claimed by a worker, which holds a lease
 * - in_progress → completed | pending | failed: only the holder of the newest lease may say so
 * - failed → collecting or pending: a file came that repairs the group, or the operator asked
 * - completed → pending: only the operator
 */

export const groupStates = ["collecting", "pending", "in_progress", "completed", "failed"] as const;
export type GroupState = (typeof groupStates)[number];

/** `resuming` when an attempt goes on from a checkpoint, so that operators can tell it from a fresh run. */
export const processingStages = ["collecting", "processing_fresh", "resuming", "completed"] as const;
export type ProcessingStage = (typeof processingStages)[number];

/** A worker's right to change a group. A later claim has a higher token, and the earlier one is worth nothing. */
export interface Lease {
  readonly groupId: string;
  readonly token: number;
  /** Who holds it: {@link HostProcesses.identity}. */
  readonly owner: string;
}

export interface QueuedFile {
  readonly subbandIndex: number;
  readonly path: string;
  readonly sizeBytes: number;
  readonly signature: string;
  readonly firstTimeJd: number;
  readonly integrationTimeSec: number;
  readonly topFreqHz: number;
  /** {@link WholeSubband.sampleDigest}; null in rows of databases that had none. */
  readonly sampleDigest: string | null;
}

/** What a worker gets with a claim. */
export interface ClaimedGroup {
  readonly lease: Lease;
  /** Start of the first integration, Unix seconds. */
  readonly startUnixSec: number;
  /** Ascending subband index. */
  readonly files: readonly QueuedFile[];
  readonly expectedSubbandCount: number;
  /** Attempts that failed before. */
  readonly retryCount: number;
  readonly processingStage: "processing_fresh" | "resuming";
  readonly checkpointPath: string | null;
  /** How long it has waited for calibration; 0: not yet. */
  readonly heldMs: number;
}

/** How often and how fast a failed group is tried again. */
export interface RetryPolicy {
  /** Attempts that may fail before the group is `failed`. */
  readonly maxRetryCount: number;
  /** Attempts during which the worker itself died, before the group is `failed`. */
  readonly maxCrashCount: number;
  /** Wait before the first retry; doubles each time. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  maxRetryCount: 3,
  maxCrashCount: 10,
  baseDelayMs: 5_000,
  maxDelayMs: 300_000,
};

/**
 * Wait before the attempt after `retryCount` failures: exponential, with half of it random, so that groups that failed
 * together do not come back together.
 *
 * @param randomFraction  uniform in [0, 1)
 */
export function retryDelayMs(policy: RetryPolicy, retryCount: number, randomFraction: number): number {
  const fullMs = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** Math.max(0, retryCount - 1));
  return fullMs * (0.5 + 0.5 * randomFraction);
}

/** When groups that stay incomplete are given up or processed as they are. */
export interface CollectingPolicy {
  /** A group that waits longer is warned about, and processed if it has `minSubbandCount`. */
  readonly timeoutMs: number;
  /** Fewer subbands are never processed; equal to the expected number: no partial groups. */
  readonly minSubbandCount: number;
  /** A group that waits longer is closed as `failed`. */
  readonly closeAfterMs: number;
}
