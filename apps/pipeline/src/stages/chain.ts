/** The order of the pipeline: the only file that knows two stages. */

import { calibrateDeclaration } from "./calibrate/index.ts";
import { convertDeclaration } from "./convert/index.ts";
import { flagDeclaration } from "./flag/index.ts";
import { requiredAtStart, type StageDeclaration } from "./stage.ts";

/** From subband files to what astronomers use; further stages join behind. */
export const scienceChain: readonly StageDeclaration[] = [convertDeclaration, flagDeclaration, calibrateDeclaration];

/** The same without the stages that are turned off. */
export function scienceChainWith(isOn: {
  readonly flag: boolean;
  readonly calibrate: boolean;
}): readonly StageDeclaration[] {
  return scienceChain.filter(
    (stage) => (stage !== flagDeclaration || isOn.flag) && (stage !== calibrateDeclaration || isOn.calibrate),
  );
}

export const scienceChainNeeds = requiredAtStart(scienceChain);
