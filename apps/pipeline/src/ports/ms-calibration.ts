/** Solves on Measurement Sets. */

import type { CalSolveConfig, CalSolveReport, SkySource } from "../domain/cal-solve.ts";

/** Where a Measurement Set looks. */
export interface CalibratableMs {
  readonly fieldName: string;
  readonly raDeg: number;
  readonly decDeg: number;
  /** How far the sky drifted past the beam. */
  readonly driftDeg: number;
  readonly middleFreqHz: number;
  readonly dishDiameterM: number;
}

export interface SolveRequest {
  readonly sources: readonly SkySource[];
  readonly config: CalSolveConfig;
  readonly dataColumn: string;
  /** Tables become `<prefix>_bpcal`, `<prefix>_gpcal`, `<prefix>_2gcal`. */
  readonly outputPrefix: string;
  readonly signal: AbortSignal;
  onProgress(step: string, doneCount: number, totalCount: number): void;
}

export interface MsCalibration {
  /** @throws PipelineError INPUT_UNREADABLE, TABLE_UNREADABLE, MS_UNSUITABLE */
  describe(msPath: string): CalibratableMs;
  /**
   * The Measurement Set is only read; the lock is the caller's.
   *
   * @throws PipelineError SOLVE_FAILED, OUTPUT_EXISTS, INTERRUPTED, and those of `describe`
   */
  solve(msPath: string, request: SolveRequest): Promise<CalSolveReport>;
}
