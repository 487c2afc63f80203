/** Calibration applied to one Measurement Set: tables chosen, looked at, matched, tried, and where asked for written. */

import type { ApplyMode, ApplyOptions, CalApplyPlan } from "../domain/cal-apply.ts";
import type { AppliedCalibration, ApplyReport, CalTableRequest } from "../domain/cal-apply-report.ts";
import { PipelineError } from "../domain/error-codes.ts";
import type { MsApplication } from "../ports/ms-application.ts";
import type { MsLockMode, MsLocks } from "../ports/ms-locks.ts";
import { requestsOf, runApplication } from "../stages/apply/index.ts";
import type { StageProgress } from "../stages/stage.ts";
import type { FoundCalibration } from "./find-calibration.ts";

export interface ApplyCalibrationPorts {
  readonly application: MsApplication;
  /** null: the caller holds the lock, shared on the fly, else exclusive. */
  readonly locks: MsLocks | null;
}

export interface ApplyCalibrationOptions {
  readonly mode: ApplyMode;
  readonly workerCount: number;
  readonly software: string;
  readonly lockTimeoutMs: number;
  readonly monotonicMs: () => number;
  readonly signal: AbortSignal;
  onProgress(progress: StageProgress): void;
  onWait(message: string): void;
}

/** What `contimg cal apply` needs. */
export interface ApplyServices {
  middleMjd(msPath: string): number;
  /** Reads the tables and matches them; nothing is calibrated. @throws PipelineError CAL_NOT_APPLICABLE, … */
  matchTables(applied: AppliedCalibration): CalApplyPlan;
  apply(applied: AppliedCalibration, options: ApplyCalibrationOptions): Promise<ApplyReport>;
}

/** @throws PipelineError CAL_MISSING naming each type, when it was valid and will be, and what became of a better table */
export function assertComplete({ isComplete, mjd, reasons }: FoundCalibration, msPath: string): void {
  if (isComplete) return;
  const bound = (at: number | null) => (at === null ? "never" : `MJD ${at.toFixed(5)}`);
  const lines = reasons.flatMap((reason) => {
    if (reason.kind === "missing")
      return [
        `${reason.type} was valid until ${bound(reason.lastValidMjd)}, is again from ${bound(reason.nextValidMjd)}`,
      ];
    return reason.kind === "unusable" ? [`${reason.type} ${reason.path} is ${reason.cause}: ${reason.why}`] : [];
  });
  throw new PipelineError(
    "CAL_MISSING",
    `${msPath}: calibration at MJD ${mjd.toFixed(5)}: expected a valid table of each needed type, found ${lines.join("; ")}. Solve with contimg cal solve, or borrow with --borrow BP=7`,
    { subject: msPath },
  );
}

/** @throws PipelineError CAL_MISSING */
export function planApplication(
  found: FoundCalibration,
  msPath: string,
  options: ApplyOptions,
  dataColumn = "DATA",
): AppliedCalibration {
  assertComplete(found, msPath);
  return { msPath, dataColumn, requests: requestsOf(found), options };
}

/** Tables that somebody names, in the order of their types. */
export const requestsOfPaths = (paths: readonly string[]): readonly CalTableRequest[] =>
  paths.map((path) => ({ type: null, orderIndex: null, paths: [path] }));

/**
 * Verifies that the tables apply by calibrating a sample of rows; writes CORRECTED_DATA where the mode says so.
 *
 * @throws PipelineError CAL_NOT_APPLICABLE, CAL_RESULT_TRIVIAL, MS_UNSUITABLE, MS_IN_USE, LOCK_TIMEOUT, INTERRUPTED, …
 */
export async function applyCalibration(
  applied: AppliedCalibration,
  { application, locks }: ApplyCalibrationPorts,
  options: ApplyCalibrationOptions,
): Promise<ApplyReport> {
  const { msPath } = applied;
  const acquire = (mode: MsLockMode) =>
    locks?.acquire(msPath, mode, {
      timeoutMs: options.lockTimeoutMs,
      signal: options.signal,
      onWait: ({ waitedMs, holders }) =>
        options.onWait(`${msPath}: waiting for ${holders} to release it, for ${(waitedMs / 1000).toFixed(0)} s now`),
    });
  const isRead = options.mode === "on-the-fly";
  if (isRead && application.isInterrupted(msPath)) {
    const lock = await acquire("exclusive");
    try {
      await application.recover(msPath);
    } finally {
      await lock?.release();
    }
  }
  const lock = await acquire(isRead ? "shared" : "exclusive");
  try {
    const context = { signal: options.signal, onProgress: options.onProgress };
    return await runApplication(applied, options.mode, { ...options, application }, context);
  } finally {
    await lock?.release();
  }
}
