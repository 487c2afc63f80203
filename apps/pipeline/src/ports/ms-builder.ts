import type { ConversionPlan, ConversionReport } from "../domain/conversion-plan.ts";

export interface BuildOptions {
  readonly workerCount: number;
  readonly signal: AbortSignal;
  onProgress(step: string, doneBytes: number, totalBytes: number): void;
  /** Called when the table is whole, before it gets its name; what it throws leaves nothing behind. */
  beforePublish?(): void;
}

/** Makes a Measurement Set from a plan. Nothing is visible under the final name before it is whole and verified. */
export interface MsBuilder {
  /** @throws PipelineError DISK_FULL, OUTPUT_NOT_WRITABLE, OUTPUT_EXISTS, MS_VERIFY_FAILED, UVH5_* or INTERRUPTED; nothing is left behind */
  build(plan: ConversionPlan, options: BuildOptions): Promise<ConversionReport>;
  /** Whether there is something under the final name. */
  exists(msPath: string): boolean;
  /** {@link ConversionPlan.inputsDigest} that a Measurement Set was made with; undefined: it says none, or is none. */
  inputsDigestOf(msPath: string): string | undefined;
  /** Reads a Measurement Set that exists against the plan for it. @throws PipelineError MS_VERIFY_FAILED */
  adopt(plan: ConversionPlan): ConversionReport;
}
