/** Makes images of a Measurement Set. */

import type { AppliedCalibration } from "../domain/cal-apply-report.ts";
import type { ImageProduct } from "../domain/image-products.ts";
import type { ImagingEngine, ImagingParameters } from "../domain/imaging.ts";

export interface ImagingRequest {
  readonly msPath: string;
  readonly dataColumn: string;
  /** Applied on the way, nothing is written; null: the data column as it is. */
  readonly calibration: AppliedCalibration | null;
  readonly parameters: ImagingParameters;
  readonly threadCount: number;
  readonly memoryLimitBytes: number | null;
}

/** What will be done, before it is. */
export interface ImagingPlan {
  readonly engine: ImagingEngine;
  /** As the engine names itself, with its version. */
  readonly engineVersion: string;
  readonly request: ImagingRequest;
  /** For people and for provenance: a command that can be run by hand, or what the embedded engine decided. */
  readonly description: readonly string[];
}

export interface ImagingRun {
  /** An existing directory, on the file system of the products; what the engine leaves in it is removed by the caller. */
  readonly workDir: string;
  /** Begin of the names of files. */
  readonly base: string;
  readonly signal: AbortSignal;
  onProgress(step: string, doneRatio: number | null): void;
  onMessage(line: string): void;
}

export interface Imager {
  readonly engine: ImagingEngine;
  /** @throws PipelineError CAL_NOT_APPLICABLE, ENGINE_UNUSABLE when the engine is not there or too old, MS_UNSUITABLE, CONFIG_INVALID */
  plan(request: ImagingRequest): Promise<ImagingPlan>;
  /**
   * @returns what was made, in `workDir`
   * @throws PipelineError IMAGING_FAILED, MEMORY_SHORT, INTERRUPTED, DISK_FULL
   */
  run(plan: ImagingPlan, run: ImagingRun): Promise<readonly ImageProduct[]>;
}
