/**
 * The calibrate stage: solves for what is due on this group, and says which tables apply to it. The Measurement Set is
 * only read.
 *
 * consumes ms:DATA, ms:FLAG · produces calibration
 */

import type { GroupCalibration } from "../../domain/group-calibration.ts";
import type { MeasurementSet } from "../../domain/measurement-set.ts";
import { defineStage, type StageContext } from "../stage.ts";

export const calibrateDeclaration = {
  name: "calibrate",
  consumes: ["ms:DATA", "ms:FLAG"],
  produces: ["calibration"],
} as const;

export interface CalibrateStageOptions {
  /** @throws PipelineError CALIBRATION_MISSING when the group is to wait */
  calibrate(ms: MeasurementSet, context: StageContext): Promise<GroupCalibration>;
}

/** Builds the stage on what does the work. */
export function calibrateStage({ calibrate }: CalibrateStageOptions) {
  return defineStage({
    ...calibrateDeclaration,
    plan: async (inputs) => inputs["ms:DATA"],
    msPathOf: (ms) => ms.path,
    run: async (ms, context) => ({ calibration: await calibrate(ms, context) }),
  });
}
