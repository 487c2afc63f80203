/** Where Measurement Sets live, and what one is to the pipeline: a reference, not an open table. */

import type { CalibratorMatch } from "./calibrator.ts";
import type { ConversionReport } from "./conversion-plan.ts";

export type MsClass = "science" | "calibrators" | "failed";

/**
 * The organised place of a Measurement Set: `ms/science/2025-10-03/2025-10-03T11:48:50.ms`.
 * When the output directory is itself called `ms`, as `CONTIMG_OUTPUT_DIR` is, no second `ms` is added.
 */
export function organisedMsPath(outputDir: string, msClass: MsClass, groupId: string): string {
  const trimmed = outputDir.length > 1 ? outputDir.replace(/\/+$/, "") : outputDir;
  const root = /(^|\/)ms$/.test(trimmed) ? trimmed : `${trimmed}/ms`;
  return `${root}/${msClass}/${groupId.slice(0, 10)}/${groupId}.ms`;
}

/**
 * Under which directory of `ms/` a group goes: with the calibrators when one of them crosses the meridian in it. Groups
 * follow each other without a gap, so that each transit is in one.
 *
 * @param chosen  as `chooseCalibrators` gives them
 */
export function msClassOf(chosen: readonly CalibratorMatch[]): Exclude<MsClass, "failed"> {
  return chosen.some(({ transitsWithin }) => transitsWithin) ? "calibrators" : "science";
}

export interface MeasurementSet {
  readonly path: string;
  readonly groupId: string;
  readonly rowCount: number;
  readonly sizeBytes: number;
  /** Calibrators in its beam, the best first; null: nobody looked. */
  readonly calibrators: readonly CalibratorMatch[] | null;
  /** How it came to be. */
  readonly conversion: ConversionReport;
}
