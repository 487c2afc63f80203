/** The order of the pipeline: the only file that knows two stages. */

import { applyOnTheFlyDeclaration } from "./apply/index.ts";
import { calibrateDeclaration } from "./calibrate/index.ts";
import { convertDeclaration } from "./convert/index.ts";
import { flagDeclaration } from "./flag/index.ts";
import { requiredAtStart, type StageDeclaration } from "./stage.ts";

/** From subband files to what astronomers use; further stages join behind. */
export const scienceChain: readonly StageDeclaration[] = [
  convertDeclaration,
  flagDeclaration,
  calibrateDeclaration,
  applyOnTheFlyDeclaration,
];

/** The same without the stages that are turned off. */
export function scienceChainWith(isOn: {
  readonly flag: boolean;
  readonly calibrate: boolean;
}): readonly StageDeclaration[] {
  const off = new Set([
    ...(isOn.flag ? [] : [flagDeclaration.name]),
    ...(isOn.calibrate ? [] : [calibrateDeclaration.name, applyOnTheFlyDeclaration.name]),
  ] as string[]);
  return scienceChain.filter(({ name }) => !off.has(name));
}

export const scienceChainNeeds = requiredAtStart(scienceChain);
