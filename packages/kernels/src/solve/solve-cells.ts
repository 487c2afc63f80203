/** Gains of all cells. */
import { createCellMatrix, loadMatrices, presentAntennas } from "./cell-matrix.ts";
import { createGainState, type GainState } from "./gain-state.ts";
import { createGainTable, type GainTable, gainIndex } from "./gain-table.ts";
import type { NormalCells } from "./normal-cells.ts";
import { type CellOutcome, solveCell } from "./solve-cell.ts";
import { checkOptions, SOLVE_DEFAULTS, type SolveOptions } from "./solve-options.ts";

/** Gains with their errors, and what became of each cell. */
export interface GainSolutions extends GainTable {
  /** As `flags`: σ of real and of imaginary part (radians of phase solves); 0 where there is no solution. */
  readonly errors: Float64Array;
  /** As `flags`: |gain| / error; 0 where there is no solution. */
  readonly snr: Float64Array;
  /** `[interval][bin][pol]`. */
  readonly outcomes: readonly CellOutcome[];
}

/** Matrices filled at once: a line of cache of a baseline holds 5 bins. More of them no longer fit the first cache. */
const MATRIX_COUNT = 4;

/**
 * Solves every interval, bin and polarisation for itself. Bins follow one another, each beginning with the gains of the last.
 *
 * The phase that all antennas of a cell share is free: `referenceGains` makes cells comparable. A dead antenna is solved like
 * others; its amplitude and SNR are near 0, so `minSnr` flags it.
 *
 * Errors are those of one gain when all others are known (the diagonal of the normal matrix, as CASA has it). For n antennas
 * they differ from the full error by about 1/n of it.
 *
 * Agrees with explicit normal equations to 1e-6 and reaches the Cramér–Rao bound (test/solve-reference.test.ts).
 *
 * @throws RangeError when an option is out of its range. Cells without data or convergence are outcomes, not errors.
 */
export function solveCells(cells: NormalCells, changes: Partial<SolveOptions> = {}): GainSolutions {
  const options: SolveOptions = { ...SOLVE_DEFAULTS, ...changes };
  checkOptions(options);
  const { antennaCount, intervalCount, polCount, binCount } = cells;
  const table = createGainTable({ antennaCount, intervalCount, polCount, binCount });
  const solutions = {
    ...table,
    errors: new Float64Array(table.flags.length),
    snr: new Float64Array(table.flags.length),
    outcomes: new Array<CellOutcome>(intervalCount * binCount * polCount),
  };
  for (let pol = 0; pol < polCount; pol++) {
    for (let interval = 0; interval < intervalCount; interval++) {
      const present = presentAntennas(cells, interval, pol);
      const state = createGainState(present.length);
      const matrices = Array.from({ length: Math.min(MATRIX_COUNT, binCount) }, () => createCellMatrix(present.length));
      for (let bin = 0; bin < binCount; bin++) {
        const place = bin % MATRIX_COUNT;
        if (place === 0) loadMatrices(matrices, cells, interval, pol, bin, present);
        const outcome = solveCell(state, matrices[place], options);
        solutions.outcomes[(interval * binCount + bin) * polCount + pol] = outcome;
        store(solutions, state, outcome, options, interval, bin, pol, present);
      }
    }
  }
  return solutions;
}

function store(
  solutions: GainSolutions,
  state: GainState,
  outcome: CellOutcome,
  options: SolveOptions,
  interval: number,
  bin: number,
  pol: number,
  present: Int32Array,
): void {
  const { gains, flags, errors, snr } = solutions;
  const fromScatter = options.noise === "residual" && outcome.residualSigma >= 0;
  const noiseSigma = fromScatter ? outcome.residualSigma : 1;
  for (let turn = 0; turn < state.activeCount; turn++) {
    const i = state.order[turn];
    const at = gainIndex(solutions, interval, present[i], bin, pol);
    const length = Math.sqrt(state.gains[3 * i + 2]);
    // Of a phase solve the amplitude is what the data say: pull / weight.
    const error =
      options.mode === "phase"
        ? (noiseSigma * Math.sqrt(state.weights[i])) / state.pulls[i]
        : noiseSigma / Math.sqrt(state.curvatures[i]);
    const good = length > 0 && error < Infinity;
    if (!good) continue;
    gains[2 * at] = options.mode === "amplitude" ? length : state.gains[3 * i];
    gains[2 * at + 1] = options.mode === "amplitude" ? 0 : state.gains[3 * i + 1];
    errors[at] = error;
    snr[at] = length / error;
    flags[at] = snr[at] >= options.minSnr ? 0 : 1;
  }
}
