/** Calibration tables applied to Measurement Sets. */

import type { CalApplyPlan } from "../domain/cal-apply.ts";
import type { AppliedSample } from "../domain/cal-apply-check.ts";
import type { AppliedCalibration } from "../domain/cal-apply-report.ts";

export interface ApplyRunOptions {
  readonly workerCount: number;
  readonly signal: AbortSignal;
  onProgress(step: string, doneCount: number, totalCount: number): void;
}

export interface WrittenData {
  readonly rowCount: number;
  /** Samples without gain that were not flagged before. */
  readonly newlyFlaggedCount: number;
  readonly unflaggedCount: number;
  /** The flag version that holds the flags from before. */
  readonly flagVersion: string;
}

/** Tables read and matched to a Measurement Set: ready to be applied. */
export interface PreparedApplication {
  readonly plan: CalApplyPlan;
  /**
   * Calibrates some rows everywhere and writes nothing.
   *
   * @throws PipelineError CAL_RESULT_TRIVIAL, TABLE_UNREADABLE
   */
  trySample(): AppliedSample;
  /**
   * Writes CORRECTED_DATA, WEIGHT, WEIGHT_SPECTRUM, FLAG, FLAG_ROW and HISTORY, all or none. The exclusive lock of the
   * Measurement Set is the caller's.
   *
   * @throws PipelineError CAL_RESULT_TRIVIAL, MS_IN_USE, MS_UNSUITABLE, MS_VERIFY_FAILED, INTERRUPTED, DISK_FULL, …
   */
  write(
    history: (counts: Pick<WrittenData, "newlyFlaggedCount" | "unflaggedCount">) => readonly string[],
    options: ApplyRunOptions,
  ): Promise<WrittenData>;
}

export interface MsApplication {
  /** Middle of the data. @throws PipelineError INPUT_UNREADABLE, TABLE_UNREADABLE, MS_UNSUITABLE */
  middleMjd(msPath: string): number;
  /** Carries out or removes what a killed run left; the lock is the caller's. @throws PipelineError MS_IN_USE */
  recover(msPath: string): Promise<void>;
  /** Whether there is something to recover. */
  isInterrupted(msPath: string): boolean;
  /** @throws PipelineError CAL_NOT_APPLICABLE, MS_UNSUITABLE, INPUT_UNREADABLE, TABLE_UNREADABLE */
  prepare(applied: AppliedCalibration): PreparedApplication;
}
