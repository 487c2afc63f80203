/** The order of the pipeline: the only file that knows two stages. */

import { convertDeclaration } from "./convert/index.ts";
import { requiredAtStart, type StageDeclaration } from "./stage.ts";

/** From subband files to what astronomers use; further stages join behind. */
export const scienceChain: readonly StageDeclaration[] = [convertDeclaration];

export const scienceChainNeeds = requiredAtStart(scienceChain);
