/** Everything that passes from stage to stage, down to the columns of a Measurement Set. */

import type { Group } from "./group.ts";
import type { MeasurementSet } from "./measurement-set.ts";

export interface Artifacts {
  "uvh5-group": Group;
  "ms:DATA": MeasurementSet;
  "ms:FLAG": MeasurementSet;
  "ms:WEIGHT": MeasurementSet;
}

export type ArtifactKind = keyof Artifacts;
