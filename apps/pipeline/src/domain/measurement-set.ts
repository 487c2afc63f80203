/** Where Measurement Sets live, and what one is to the pipeline: a reference, not an open table. */

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

export interface MeasurementSet {
  readonly path: string;
  readonly groupId: string;
  readonly rowCount: number;
  readonly sizeBytes: number;
  /** How it came to be. */
  readonly conversion: ConversionReport;
}
