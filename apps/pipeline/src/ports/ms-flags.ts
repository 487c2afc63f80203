/** Flags of Measurement Sets: searched, written, saved and restored. */

import type {
  BadInput,
  BaselineRecord,
  FlagCommand,
  FlaggableMs,
  FlagPlan,
  FlagTotals,
  FlagVersion,
  RuleCounts,
} from "../domain/flagging.ts";

export interface FlagRunOptions {
  readonly workerCount: number;
  readonly signal: AbortSignal;
  onProgress(step: string, doneBytes: number, totalBytes: number): void;
}

export interface SearchResult {
  readonly rules: RuleCounts;
  /** Of all baselines that were read, in no order; empty unless inputs are to be judged. */
  readonly baselines: readonly BaselineRecord[];
}

/** Rows of FLAG_CMD and HISTORY about a run. */
export interface FlagRecord {
  readonly commands: readonly FlagCommand[];
  readonly history: readonly string[];
}

/** One run over the flags of one Measurement Set. Nothing of it is seen in the Measurement Set before `commit`. */
export interface FlagSession {
  readonly isBaseNew: boolean;
  readonly rescuedVersion: string | null;
  /** Asks every rule of the plan but that for inputs. @throws PipelineError INTERRUPTED, TABLE_UNREADABLE, AOFLAGGER_FAILED */
  search(): Promise<SearchResult>;
  /** Adds the flags of inputs and counts everything. */
  flagInputs(inputs: readonly BadInput[]): FlagTotals;
  /**
   * Writes FLAG, FLAG_ROW, FLAG_CMD and HISTORY. Killed before its commit point it leaves the old flags; after that, the new
   * ones follow from what it left by `recover`.
   */
  commit(record: FlagRecord): Promise<void>;
  /** Gives up what was not committed. Harmless after `commit`. */
  close(): Promise<void>;
}

/** What an interrupted run had left: nothing, a decision that was carried out now, or less, which was removed. */
export type Recovery = "nothing" | "completed" | "discarded";

/** All methods that change something expect the caller to hold the lock of the Measurement Set. */
export interface MsFlags {
  /** @throws PipelineError INPUT_UNREADABLE, TABLE_UNREADABLE, MS_UNSUITABLE */
  describe(msPath: string, dataColumn: string): FlaggableMs;
  /** @throws PipelineError MS_IN_USE when another program has the table open */
  recover(msPath: string): Promise<Recovery>;
  open(plan: FlagPlan, options: FlagRunOptions): Promise<FlagSession>;
  /** In the order in which they were saved. */
  versions(msPath: string): readonly FlagVersion[];
  /** @throws PipelineError FLAG_VERSION_EXISTS */
  save(msPath: string, version: FlagVersion): Promise<void>;
  /** @throws PipelineError FLAG_VERSION_UNKNOWN, TABLE_UNREADABLE when the version is not of this Measurement Set */
  restore(msPath: string, name: string, history: string): Promise<void>;
}
