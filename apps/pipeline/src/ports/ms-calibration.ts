/** Solves on Measurement Sets. */

import type { CalSolveConfig, CalSolveReport, PredictReport, SkySource } from "../domain/cal-solve.ts";

/** Where a Measurement Set looks. */
export interface CalibratableMs {
  readonly fieldName: string;
  readonly raDeg: number;
  readonly decDeg: number;
  /** How far the sky drifted past the beam. */
  readonly driftDeg: number;
  readonly middleMjd: number;
  readonly middleFreqHz: number;
  readonly dishDiameterM: number;
}

export interface SolveRequest {
  /** The model; none when it is a column. */
  readonly sources: readonly SkySource[];
  /** Such as MODEL_DATA; null: the model is predicted from the sources. */
  readonly modelColumn: string | null;
  readonly config: CalSolveConfig;
  readonly dataColumn: string;
  /** Tables become `<prefix>_kcal`, `<prefix>_bpcal`, `<prefix>_gpcal`, `<prefix>_2gcal`. */
  readonly outputPrefix: string;
  /** Threads; null: as many as are worth their start, 4 at most. What comes out does not depend on it. */
  readonly workerCount: number | null;
  /** Of the sums in memory; more than that, and data are read again. Default 1 GiB. */
  readonly maxSumsBytes?: number;
  readonly signal: AbortSignal;
  onProgress(step: string, doneCount: number, totalCount: number): void;
}

export interface PredictRequest extends Pick<SolveRequest, "sources" | "signal" | "onProgress"> {
  readonly config: Pick<CalSolveConfig, "beam" | "dishDiameterM" | "isSmeared">;
  readonly workerCount: number;
}

export interface MsCalibration {
  /** @throws PipelineError INPUT_UNREADABLE, TABLE_UNREADABLE, MS_UNSUITABLE */
  describe(msPath: string): CalibratableMs;
  /**
   * The Measurement Set is only read; the lock is the caller's.
   *
   * @throws PipelineError SOLVE_FAILED, PRIOR_UNUSABLE, MODEL_UNUSABLE, OUTPUT_EXISTS, INTERRUPTED, and those of `describe`
   */
  solve(msPath: string, request: SolveRequest): Promise<CalSolveReport>;
  /**
   * Writes MODEL_DATA, all of it or nothing; the lock is the caller's.
   *
   * @throws PipelineError MS_UNSUITABLE, MODEL_UNUSABLE, MS_IN_USE, INTERRUPTED, DISK_FULL, and those of `describe`
   */
  predict(msPath: string, request: PredictRequest): Promise<PredictReport>;
}
