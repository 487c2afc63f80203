/** Writes the sky of a catalogue into a Measurement Set, as MODEL_DATA. */

import type { CalSolveConfig, PredictReport } from "../domain/cal-solve.ts";
import type { MsCalibration } from "../ports/ms-calibration.ts";
import type { MsLocks } from "../ports/ms-locks.ts";
import type { SourceCatalog } from "../ports/source-catalog.ts";
import { chooseSky, type SkyChoice } from "./solve-calibration.ts";

export interface PredictModelOptions {
  readonly config: Pick<CalSolveConfig, "beam" | "dishDiameterM" | "isSmeared">;
  readonly choice: SkyChoice;
  readonly workerCount: number;
  readonly lockTimeoutMs: number;
  readonly signal: AbortSignal;
  onProgress(step: string, doneCount: number, totalCount: number): void;
  onWait(message: string): void;
}

/** What `contimg cal predict` needs. */
export interface PredictServices {
  predict(msPath: string, catalogPath: string, options: PredictModelOptions): Promise<PredictReport>;
}

export async function predictModel(
  msPath: string,
  catalog: SourceCatalog,
  { calibration, locks }: { readonly calibration: MsCalibration; readonly locks: MsLocks },
  options: PredictModelOptions,
): Promise<PredictReport> {
  const lock = await locks.acquire(msPath, "exclusive", {
    timeoutMs: options.lockTimeoutMs,
    signal: options.signal,
    onWait: ({ waitedMs, holders }) =>
      options.onWait(`${msPath}: waiting for ${holders} to release it, for ${(waitedMs / 1000).toFixed(0)} s now`),
  });
  try {
    const ms = calibration.describe(msPath);
    const sources = chooseSky(catalog, ms, options.config, options.choice);
    return await calibration.predict(msPath, { ...options, sources });
  } finally {
    await lock.release();
  }
}
