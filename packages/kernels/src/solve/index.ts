/** Calibration: solving for gains, making them comparable, applying them. */
export {
  accumulateRows,
  leaveOutUvRange,
  orderByBaseline,
  type PriorGains,
  type SolveRows,
} from "./accumulate-rows.ts";
export { checkGainTable, createGainTable, type GainTable, gainIndex } from "./gain-table.ts";
export {
  baselineCountOf,
  baselineIndex,
  CELL_LENGTH_COUNT,
  createNormalCells,
  mergeCells,
  type NormalCells,
} from "./normal-cells.ts";
export type { CellOutcome } from "./solve-cell.ts";
export { type GainSolutions, solveCells } from "./solve-cells.ts";
export { type GainMode, type RobustWeighting, SOLVE_DEFAULTS, type SolveOptions } from "./solve-options.ts";
