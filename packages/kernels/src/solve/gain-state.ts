/** Gains of one cell while they are being solved, and a first guess of them. */
import { type CellMatrix, createCellMatrix } from "./cell-matrix.ts";

/** Scratch of a solve; used again for cell after cell, whose gains then are the first guess of the next. */
export interface GainState {
  readonly antennaCount: number;
  /** Gains; 0 of antennas that are not solved. */
  readonly re: Float64Array;
  readonly im: Float64Array;
  /** |g|², 0 of antennas that are not solved. */
  readonly powers: Float64Array;
  /** 1 = solved. */
  readonly active: Uint8Array;
  /** The solved antennas: the first `activeCount` entries. */
  readonly order: Int32Array;
  activeCount: number;
  /** Whether `re`, `im` hold gains from which to start. */
  hasGains: boolean;
  /** Σ w |M|² |g_j|² of each antenna at the solution: 1/σ² of real and imaginary part of its gain, for noise of 1. */
  readonly curvatures: Float64Array;
  /** |Σ w V M* g_j| of each antenna at the solution. */
  readonly pulls: Float64Array;
  /** Σ w |M|² over solved baselines of each antenna. */
  readonly weights: Float64Array;
  /** The cell with weights changed, for robust solves. */
  readonly reweighted: CellMatrix;
  /** Robust weight by baseline, as in a matrix; scratch of as many deviations. */
  readonly robust: Float64Array;
  readonly deviations: Float32Array;
}

export function createGainState(antennaCount: number): GainState {
  const strideCount = antennaCount + (antennaCount & 1);
  return {
    antennaCount,
    re: new Float64Array(strideCount),
    im: new Float64Array(strideCount),
    powers: new Float64Array(strideCount),
    active: new Uint8Array(strideCount),
    order: new Int32Array(antennaCount),
    activeCount: 0,
    hasGains: false,
    curvatures: new Float64Array(strideCount),
    pulls: new Float64Array(strideCount),
    weights: new Float64Array(strideCount),
    reweighted: createCellMatrix(antennaCount),
    robust: new Float64Array(antennaCount * strideCount),
    deviations: new Float32Array((antennaCount * (antennaCount - 1)) / 2),
  };
}

/** Power iterations at most, and the change at which they end: a guess needs no more than right phases. */
const POWER_ITERATION_COUNT = 20;
const POWER_CHANGE_RATIO = 0.02;

/**
 * A guess that does not depend on phases: gains along the leading eigenvector of Σ w V M*, found by power iterations from the
 * baselines of the antenna with most signal. Least squares from there met no other minimum in 10⁴ trials
 * (test/solve-reference.test.ts tries some).
 */
export function guessGains(state: GainState, matrix: CellMatrix): void {
  const { re, im, order, activeCount, active, powers } = state;
  const { strideCount } = matrix;
  let strongest = order[0];
  let most = -1;
  for (let turn = 0; turn < activeCount; turn++) {
    const i = order[turn];
    let signal = 0;
    for (let j = 0; j < matrix.antennaCount; j++) {
      if (active[j] === 1) signal += Math.hypot(matrix.re[i * strideCount + j], matrix.im[i * strideCount + j]);
    }
    if (signal > most) {
      most = signal;
      strongest = i;
    }
  }
  re.fill(0);
  im.fill(0);
  let largest = 0;
  for (let turn = 0; turn < activeCount; turn++) {
    const i = order[turn];
    re[i] = matrix.re[i * strideCount + strongest];
    im[i] = matrix.im[i * strideCount + strongest];
    largest = Math.max(largest, Math.hypot(re[i], im[i]));
  }
  re[strongest] = largest > 0 ? largest : 1;
  normalise(state);
  for (let iteration = 0; iteration < POWER_ITERATION_COUNT; iteration++) {
    if (powerStep(state, matrix) < POWER_CHANGE_RATIO) break;
  }
  for (let i = 0; i < strideCount; i++) powers[i] = re[i] * re[i] + im[i] * im[i];
  scaleToData(state, matrix);
  state.hasGains = true;
}

function normalise(state: GainState): void {
  const { re, im, order, activeCount } = state;
  let sum = 0;
  for (let turn = 0; turn < activeCount; turn++) sum += re[order[turn]] ** 2 + im[order[turn]] ** 2;
  const factor = sum > 0 ? 1 / Math.sqrt(sum) : 1;
  for (let turn = 0; turn < activeCount; turn++) {
    re[order[turn]] *= factor;
    im[order[turn]] *= factor;
  }
}

/** One step towards the leading eigenvector; half of the old one stays, against negative eigenvalues. @returns The change. */
function powerStep(state: GainState, matrix: CellMatrix): number {
  const { re, im, order, activeCount, curvatures: nextRe, pulls: nextIm } = state;
  const { strideCount } = matrix;
  let sum = 0;
  for (let turn = 0; turn < activeCount; turn++) {
    const i = order[turn];
    const rowStart = i * strideCount;
    let pullRe = 0;
    let pullIm = 0;
    for (let j = 0; j < matrix.antennaCount; j++) {
      pullRe += matrix.re[rowStart + j] * re[j] - matrix.im[rowStart + j] * im[j];
      pullIm += matrix.re[rowStart + j] * im[j] + matrix.im[rowStart + j] * re[j];
    }
    nextRe[i] = pullRe;
    nextIm[i] = pullIm;
    sum += pullRe * pullRe + pullIm * pullIm;
  }
  if (!(sum > 0)) return 0;
  const factor = 1 / Math.sqrt(sum);
  let change = 0;
  for (let turn = 0; turn < activeCount; turn++) {
    const i = order[turn];
    const stepRe = factor * nextRe[i] - re[i];
    const stepIm = factor * nextIm[i] - im[i];
    change += stepRe * stepRe + stepIm * stepIm;
    re[i] += 0.5 * stepRe;
    im[i] += 0.5 * stepIm;
  }
  normalise(state);
  return Math.sqrt(change);
}

/** Scales gains by one number to fit the data best; leaves them when the data have no such signal. */
function scaleToData(state: GainState, matrix: CellMatrix): void {
  const { re, im, powers, order, activeCount } = state;
  let signal = 0;
  let expected = 0;
  for (let turn = 0; turn < activeCount; turn++) {
    const i = order[turn];
    const rowStart = i * matrix.strideCount;
    for (let j = 0; j < matrix.antennaCount; j++) {
      const productRe = re[i] * re[j] + im[i] * im[j];
      const productIm = im[i] * re[j] - re[i] * im[j];
      signal += productRe * matrix.re[rowStart + j] + productIm * matrix.im[rowStart + j];
      expected += powers[i] * powers[j] * matrix.weights[rowStart + j];
    }
  }
  if (!(signal > 0 && expected > 0)) return;
  const factor = Math.sqrt(signal / expected);
  for (let turn = 0; turn < activeCount; turn++) {
    const i = order[turn];
    re[i] *= factor;
    im[i] *= factor;
    powers[i] *= factor * factor;
  }
}
