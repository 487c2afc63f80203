/** The parameters of flagging, with their defaults: the CLI's flags are made from these. */

import { RFI_SEARCH_DEFAULTS } from "@contimg/kernels/flag";
import type { ClipSelection, GrowthSettings, RowSelection } from "../../domain/flagging.ts";

export interface FlagConfig {
  /** Who searches for interference. */
  readonly engine: "contimg" | "aoflagger" | "none";
  readonly dataColumn: "DATA" | "CORRECTED_DATA";
  /**
   * Flags start from those that were there before the first run, so that a second run gives what a first one would.
   * false: from the present ones.
   */
  readonly startsFromSaved: boolean;
  /** Their power is the receivers' noise, not the sky's: solvers and imagers that do not leave them out by themselves are misled. */
  readonly flagsAutocorrelations: boolean;
  /** Names, stations: `12,45`. All of these texts may be empty. */
  readonly antennas: string;
  /** `12&45,3&7` */
  readonly baselines: string;
  /** `2:5~9;40,*:0~1`: spectral window and channels. */
  readonly channels: string;
  /** `1,3~5` */
  readonly scans: string;
  /** UTC: `2025-10-03T11:48:50~2025-10-03T11:50:00`, several with commas. */
  readonly times: string;
  readonly quack: RowSelection["quack"];
  /** Overlap of two dishes that is not yet shadowing; null: shadow is not flagged. */
  readonly shadowToleranceM: number | null;
  readonly clip: ClipSelection | null;
  /** Interference is searched over all windows side by side, or in each by itself. */
  readonly rfiScope: "band" | "spw";
  /** First threshold of the last round, in σ. */
  readonly rfiThresholdSigma: number;
  /** Channels that share a bandpass shape; null: those of a window when a band has several. */
  readonly subbandChannelCount: number | null;
  readonly growth: GrowthSettings | null;
  /** What the search found in one correlation is flagged in all. */
  readonly extendsCorrelations: boolean;
  readonly flagsDeadInputs: boolean;
  readonly flagsNoisyInputs: boolean;
  readonly aoflagger: { readonly command: string; readonly strategyPath: string | null };
}

export const defaultFlagConfig: FlagConfig = {
  engine: "contimg",
  dataColumn: "DATA",
  startsFromSaved: true,
  flagsAutocorrelations: true,
  antennas: "",
  baselines: "",
  channels: "",
  scans: "",
  times: "",
  quack: null,
  shadowToleranceM: 0,
  clip: null,
  rfiScope: "band",
  rfiThresholdSigma: RFI_SEARCH_DEFAULTS.firstThresholdSigmaRatio,
  subbandChannelCount: null,
  growth: null,
  extendsCorrelations: true,
  flagsDeadInputs: true,
  flagsNoisyInputs: true,
  aoflagger: { command: "aoflagger", strategyPath: null },
};

/** The flags as they were before contimg touched them. */
export const BASE_VERSION = "before_contimg_flag";
