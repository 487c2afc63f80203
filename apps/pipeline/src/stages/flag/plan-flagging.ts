/** Decides everything about a run from metadata. */

import type { FlaggableMs, FlagPlan } from "../../domain/flagging.ts";
import { chooseBands, chooseRfi } from "./choose-bands.ts";
import { BASE_VERSION, type FlagConfig } from "./config.ts";
import { parseAntennas, parseBaselines, parseChannels, parseScans, parseTimes } from "./parse-selection.ts";

/** @throws PipelineError CONFIG_INVALID for a selection of what is not there */
export function planFlagging(ms: FlaggableMs, config: FlagConfig): FlagPlan {
  const subject = ms.path;
  const bands = chooseBands(ms, config.rfiScope, config.subbandChannelCount);
  return {
    ms,
    dataColumn: config.dataColumn,
    bands,
    rows: {
      autocorrelations: config.flagsAutocorrelations,
      antennaIds: parseAntennas(config.antennas, ms.antennas, subject),
      baselines: parseBaselines(config.baselines, ms.antennas, subject),
      scanNumbers: parseScans(config.scans, ms.scanNumbers, subject),
      times: parseTimes(config.times, subject),
      quack: config.quack,
      shadow: config.shadowToleranceM === null ? null : { toleranceM: config.shadowToleranceM },
    },
    channels: parseChannels(config.channels, ms.windows, subject),
    clip: config.clip,
    rfi: config.engine === "contimg" ? chooseRfi(bands, ms, config.rfiThresholdSigma) : null,
    growth: config.growth,
    extendsCorrelations: config.extendsCorrelations,
    judgesInputs: config.flagsDeadInputs || config.flagsNoisyInputs,
    aoflagger: config.engine === "aoflagger" ? config.aoflagger : null,
    baseVersion: BASE_VERSION,
    startsFromBase: config.startsFromSaved,
  };
}
