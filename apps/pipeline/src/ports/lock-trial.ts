/** Trying locks with processes that contend for one, as against asking whether two of them exclude each other. */

export interface LockTrialResult {
  readonly verdict: "trusted" | "violated" | "hung" | "inconclusive";
  /** For the operator. */
  readonly sentence: string;
}

/** A second's trial in a directory, which must be writable; nothing is left there. */
export type LockTrial = (directory: string) => Promise<LockTrialResult>;
