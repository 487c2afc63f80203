/** Calibration: solving for gains, making them comparable, applying them. */
export {
  accumulateRows,
  leaveOutUvRange,
  orderByBaseline,
  type PriorGains,
  type SolveRows,
} from "./accumulate-rows.ts";
export {
  type ApplyRows,
  applyGains,
  composeGains,
  createInverseGains,
  type InverseGains,
  invertGains,
} from "./apply-gains.ts";
export { type ClosurePhases, closurePhases } from "./closure-phases.ts";
export { checkGainTable, createGainTable, type GainTable, gainIndex } from "./gain-table.ts";
export {
  type GainInterpolation,
  interpolateGains,
  mixGains,
  multiplyGains,
  spreadGains,
} from "./interpolate-gains.ts";
export {
  baselineCountOf,
  baselineIndex,
  CELL_LENGTH_COUNT,
  createNormalCells,
  mergeCells,
  type NormalCells,
} from "./normal-cells.ts";
export { type NormaliseOptions, normaliseGains } from "./normalise-gains.ts";
export { type RankOptions, type ReferenceResult, rankReferences, referenceGains } from "./reference-gains.ts";
export { fillGaps, fitAmplitudes, type SmoothWindow, smoothBandpass } from "./smooth-bandpass.ts";
export type { CellOutcome } from "./solve-cell.ts";
export { type GainSolutions, solveCells } from "./solve-cells.ts";
export {
  type DelayOptions,
  type DelayOutcome,
  type DelaySolutions,
  delayGains,
  solveDelays,
} from "./solve-delays.ts";
export { type GainMode, type RobustWeighting, SOLVE_DEFAULTS, type SolveOptions } from "./solve-options.ts";
