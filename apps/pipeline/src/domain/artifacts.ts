/** Everything that passes from stage to stage, down to the columns of a Measurement Set. */

import type { AppliedCalibration } from "./cal-apply-report.ts";
import type { Group } from "./group.ts";
import type { GroupCalibration } from "./group-calibration.ts";
import type { MeasurementSet } from "./measurement-set.ts";

export interface Artifacts {
  "uvh5-group": Group;
  "ms:DATA": MeasurementSet;
  "ms:FLAG": MeasurementSet;
  "ms:WEIGHT": MeasurementSet;
  "ms:CORRECTED_DATA": MeasurementSet;
  /** Tables that apply to the Measurement Set; nothing of it is changed by choosing them. */
  calibration: GroupCalibration;
  /** What whoever reads DATA has to apply to it. */
  "applied-calibration": AppliedCalibration;
}

export type ArtifactKind = keyof Artifacts;
