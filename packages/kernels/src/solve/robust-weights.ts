/** Baselines that lie off the solution lose weight. */
import { selectInPlace } from "../flag/robust.ts";
import type { CellMatrix } from "./cell-matrix.ts";
import type { GainState } from "./gain-state.ts";
import type { GainMode, RobustWeighting } from "./solve-options.ts";

/** Median of the square of a normal number with σ = 1, and of the sum of two: χ² with 1 and 2 degrees of freedom. */
const MEDIAN_SQUARE_ONE = 0.454936423119572;
const MEDIAN_SQUARE_TWO = 2 * Math.LN2;

/**
 * Noise of baselines about the solution: σ of real and imaginary part in units of 1/√weight; 1 when weights are 1/σ². Phase
 * solves look across the phase of the model only, since they know nothing of amplitudes.
 *
 * @returns NaN when there are no more baselines than parameters.
 */
export function residualSigma(state: GainState, matrix: CellMatrix, mode: GainMode): number {
  const { order, activeCount } = state;
  let sum = 0;
  let baselineCount = 0;
  for (let a = 0; a < activeCount; a++) {
    for (let b = a + 1; b < activeCount; b++) {
      const square = deviationSquare(state, matrix, order[a], order[b], mode);
      if (square < 0) continue;
      sum += square;
      baselineCount++;
    }
  }
  const freedomCount = mode === "phase" ? baselineCount - (activeCount - 1) : 2 * baselineCount - (2 * activeCount - 1);
  return freedomCount > 0 ? Math.sqrt(sum / freedomCount) : Number.NaN;
}

/** w |V/M − g_i g_j*|² of a baseline; −1 when it has no data. */
function deviationSquare(state: GainState, matrix: CellMatrix, i: number, j: number, mode: GainMode): number {
  const { gains } = state;
  const { sums } = matrix;
  const at = 3 * (i * matrix.strideCount + j);
  const weight = sums[at + 2];
  if (!(weight > 0)) return -1;
  const re = gains[3 * i] * gains[3 * j] + gains[3 * i + 1] * gains[3 * j + 1];
  const im = gains[3 * i + 1] * gains[3 * j] - gains[3 * i] * gains[3 * j + 1];
  if (mode === "phase") {
    const across = sums[at + 1] * re - sums[at] * im;
    return (across * across) / weight;
  }
  const offRe = sums[at] - weight * re;
  const offIm = sums[at + 1] - weight * im;
  return (offRe * offRe + offIm * offIm) / weight;
}

/**
 * First weights of a robust solve, before there are gains to deviate from: baselines much brighter than most lose it. Without
 * them, six of 66 baselines with interference of 24 times the signal led to a solution of the interference.
 */
export function weighByAmplitude(state: GainState, matrix: CellMatrix): void {
  const { order, activeCount, deviations, robust } = state;
  let count = 0;
  for (let a = 0; a < activeCount; a++) {
    for (let b = a + 1; b < activeCount; b++) {
      const power = powerOf(matrix, order[a], order[b]);
      if (power >= 0) deviations[count++] = power;
    }
  }
  const limit = BRIGHT_POWER_RATIO * selectInPlace(deviations, count, count >>> 1);
  for (let a = 0; a < activeCount; a++) {
    for (let b = a + 1; b < activeCount; b++) {
      const power = powerOf(matrix, order[a], order[b]);
      robust[order[a] * matrix.strideCount + order[b]] = power < 0 ? 0 : power > limit ? limit / power : 1;
    }
  }
  applyRobust(state, matrix);
}

/** |V/M|² of a baseline; −1 when it has no data. */
function powerOf(matrix: CellMatrix, i: number, j: number): number {
  const at = 3 * (i * matrix.strideCount + j);
  const weight = matrix.sums[at + 2];
  return weight > 0 ? (matrix.sums[at] ** 2 + matrix.sums[at + 1] ** 2) / weight ** 2 : -1;
}

/** Power above which baselines lose weight at first, in medians. */
const BRIGHT_POWER_RATIO = 4;

/**
 * Weighs baselines by their deviation in units of a robust σ (from the median), and writes the changed cell to
 * `state.reweighted`.
 *
 * @returns The largest change of a weight since the last call.
 */
export function reweight(state: GainState, matrix: CellMatrix, mode: GainMode, weighting: RobustWeighting): number {
  const { order, activeCount, deviations, robust } = state;
  let count = 0;
  for (let a = 0; a < activeCount; a++) {
    for (let b = a + 1; b < activeCount; b++) {
      const square = deviationSquare(state, matrix, order[a], order[b], mode);
      if (square >= 0) deviations[count++] = square;
    }
  }
  const variance =
    selectInPlace(deviations, count, count >>> 1) / (mode === "phase" ? MEDIAN_SQUARE_ONE : MEDIAN_SQUARE_TWO);
  let largest = 0;
  for (let a = 0; a < activeCount; a++) {
    for (let b = a + 1; b < activeCount; b++) {
      const square = deviationSquare(state, matrix, order[a], order[b], mode);
      const at = order[a] * matrix.strideCount + order[b];
      const factor = square < 0 ? 0 : variance > 0 ? robustFactor(square / variance, weighting) : 1;
      largest = Math.max(largest, Math.abs(factor - robust[at]));
      robust[at] = factor;
    }
  }
  applyRobust(state, matrix);
  return largest;
}

/** Writes the cell with robust weights. */
function applyRobust(state: GainState, matrix: CellMatrix): void {
  const { order, activeCount, robust } = state;
  const from = matrix.sums;
  const to = state.reweighted.sums;
  for (let a = 0; a < activeCount; a++) {
    for (let b = a + 1; b < activeCount; b++) {
      const factor = robust[order[a] * matrix.strideCount + order[b]];
      const upper = 3 * (order[a] * matrix.strideCount + order[b]);
      const lower = 3 * (order[b] * matrix.strideCount + order[a]);
      to[upper] = to[lower] = factor * from[upper];
      to[upper + 1] = factor * from[upper + 1];
      to[lower + 1] = -to[upper + 1];
      to[upper + 2] = to[lower + 2] = factor * from[upper + 2];
    }
  }
}

/** Weight for a deviation of `square` σ² in real and imaginary part together; at most 1. */
function robustFactor(square: number, weighting: RobustWeighting): number {
  if (weighting.kind === "student") return weighting.degreesCount / (weighting.degreesCount + square);
  return square <= weighting.limitSigma ** 2 ? 1 : weighting.limitSigma / Math.sqrt(square);
}
