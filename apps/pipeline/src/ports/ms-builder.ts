import type { ConversionPlan, ConversionReport } from "../domain/conversion-plan.ts";

export interface BuildOptions {
  readonly workerCount: number;
  readonly signal: AbortSignal;
  onProgress(step: string, doneBytes: number, totalBytes: number): void;
}

/** Makes a Measurement Set from a plan. Nothing is visible under the final name before it is whole and verified. */
export interface MsBuilder {
  /** @throws PipelineError DISK_FULL, OUTPUT_NOT_WRITABLE, OUTPUT_EXISTS, MS_VERIFY_FAILED, UVH5_* or INTERRUPTED; nothing is left behind */
  build(plan: ConversionPlan, options: BuildOptions): Promise<ConversionReport>;
  /** Whether there is something under the final name. */
  exists(msPath: string): boolean;
}
