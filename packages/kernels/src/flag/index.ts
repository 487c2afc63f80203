/** Flagging on typed arrays. Pure: every kernel adds flags (1) to arrays it is given and says how many. */
export { type Background, type BackgroundOptions, createBackground, subtractBackground } from "./background.ts";
export { type BaselineStatistics, measureBaseline } from "./baseline-statistics.ts";
export {
  addFlagStatistics,
  createFlagStatistics,
  type FlagStatistics,
} from "./flag-statistics.ts";
export { type ClipOptions, flagClip, flagInvalid, type InvalidCounts } from "./flag-values.ts";
export {
  createGrowWork,
  extendCorrelations,
  type GrowOptions,
  type GrowWork,
  growPlane,
} from "./grow-flags.ts";
export {
  type BaselineFigures,
  INPUT_LIMITS_DEFAULTS,
  type InputLimits,
  type InputReason,
  type InputVerdict,
  judgeInputs,
} from "./judge-inputs.ts";
export {
  createRfiSearch,
  RFI_SEARCH_DEFAULTS,
  type RfiPlaneResult,
  type RfiSearch,
  type RfiSearchOptions,
  searchBaseline,
  searchPlane,
} from "./rfi-search.ts";
export { madSigmaInPlace, medianInPlace, SIGMA_PER_MAD_RATIO, selectInPlace } from "./robust.ts";
export { createRankWork, type RankWork, rankLine, rankPlane } from "./scale-invariant-rank.ts";
export {
  flagChannels,
  flagRows,
  markAntennas,
  markAutocorrelations,
  markBaselines,
  markQuack,
  markShadowed,
  markTimes,
  type QuackOptions,
  type ShadowOptions,
} from "./select-rows.ts";
export {
  createSumThreshold,
  SUM_THRESHOLD_RHO_RATIO,
  type SumThreshold,
  setThresholds,
  sumThresholdLine,
  sumThresholdPlane,
} from "./sum-threshold.ts";
export {
  checkBlock,
  gatherAmplitudes,
  gatherFlags,
  rowsByBaseline,
  scatterFlags,
  type VisibilityBlock,
} from "./visibility-block.ts";
