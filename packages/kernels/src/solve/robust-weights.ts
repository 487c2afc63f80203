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
  const { re, im } = state;
  const at = i * matrix.strideCount + j;
  const weight = matrix.weights[at];
  if (!(weight > 0)) return -1;
  const productRe = re[i] * re[j] + im[i] * im[j];
  const productIm = im[i] * re[j] - re[i] * im[j];
  if (mode === "phase") {
    const across = matrix.im[at] * productRe - matrix.re[at] * productIm;
    return (across * across) / weight;
  }
  const offRe = matrix.re[at] - weight * productRe;
  const offIm = matrix.im[at] - weight * productIm;
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
      const at = order[a] * matrix.strideCount + order[b];
      const weight = matrix.weights[at];
      if (weight > 0) deviations[count++] = (matrix.re[at] ** 2 + matrix.im[at] ** 2) / weight ** 2;
    }
  }
  const limit = BRIGHT_POWER_RATIO * selectInPlace(deviations, count, count >>> 1);
  for (let a = 0; a < activeCount; a++) {
    for (let b = a + 1; b < activeCount; b++) {
      const at = order[a] * matrix.strideCount + order[b];
      const weight = matrix.weights[at];
      const power = weight > 0 ? (matrix.re[at] ** 2 + matrix.im[at] ** 2) / weight ** 2 : 0;
      robust[at] = weight > 0 ? Math.min(1, power > 0 ? limit / power : 1) : 0;
    }
  }
  applyRobust(state, matrix);
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
  const { order, activeCount, robust, reweighted } = state;
  for (let a = 0; a < activeCount; a++) {
    for (let b = a + 1; b < activeCount; b++) {
      const at = order[a] * matrix.strideCount + order[b];
      const other = order[b] * matrix.strideCount + order[a];
      const factor = robust[at];
      reweighted.re[at] = reweighted.re[other] = factor * matrix.re[at];
      reweighted.im[at] = factor * matrix.im[at];
      reweighted.im[other] = -reweighted.im[at];
      reweighted.weights[at] = reweighted.weights[other] = factor * matrix.weights[at];
    }
  }
}

/** Weight for a deviation of `square` σ² in real and imaginary part together; at most 1. */
function robustFactor(square: number, weighting: RobustWeighting): number {
  if (weighting.kind === "student") return weighting.degreesCount / (weighting.degreesCount + square);
  return square <= weighting.limitSigma ** 2 ? 1 : weighting.limitSigma / Math.sqrt(square);
}
