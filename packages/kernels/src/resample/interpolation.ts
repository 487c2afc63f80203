/**
 * Interpolation of band-limited functions from equally spaced nodes with least mean square error.
 *
 * The function is a sum of e^(2πi τ x), |τ| ≤ band, x in node spacings; the taps for a place t minimise the mean over the band
 * of |e^(2πi τ t) − Σ_k a_k e^(2πi τ k)|². Their normal equations are sin(2π band d)/(2π band d) of distances d.
 */

/** Added to the diagonal, where the equations hardly tell taps apart: errors of 1e-7 at most, and taps that stay small. */
const REGULARISATION = 1e-14;

/** Taps at nodes 1 − K/2 to K/2 for a place in [0, 1), and the root mean square error over the band. */
export interface Interpolation {
  readonly taps: Float64Array;
  readonly errorRatio: number;
}

/** Solves the normal equations for many places at once. */
export function interpolations(
  tapCount: number,
  bandTurns: number,
  places: readonly number[],
): readonly Interpolation[] {
  const node = (k: number): number => k + 1 - tapCount / 2;
  const matrix = Array.from({ length: tapCount }, (_, j) =>
    Float64Array.from({ length: tapCount }, (_unused, k) => sinc(2 * bandTurns * (node(j) - node(k)))),
  );
  const lower = cholesky(matrix);
  return places.map((place) => {
    const right = Float64Array.from({ length: tapCount }, (_, k) => sinc(2 * bandTurns * (place - node(k))));
    const taps = solve(lower, right);
    return { taps, errorRatio: meanError(taps, bandTurns, place, node) };
  });
}

/** By quadrature, not by the normal equations, in which small errors cancel. */
function meanError(taps: Float64Array, bandTurns: number, place: number, node: (k: number) => number): number {
  const steps = 8 * taps.length;
  let sum = 0;
  for (let step = 0; step < steps; step++) {
    const angleRad = 2 * Math.PI * bandTurns * ((step + 0.5) / steps);
    let re = Math.cos(angleRad * place);
    let im = Math.sin(angleRad * place);
    for (let k = 0; k < taps.length; k++) {
      re -= taps[k] * Math.cos(angleRad * node(k));
      im -= taps[k] * Math.sin(angleRad * node(k));
    }
    sum += re * re + im * im;
  }
  return Math.sqrt(sum / steps);
}

/** The widest band, in turns a node spacing, for which the error half way between nodes, where it is largest, is allowed. */
export function widestBand(tapCount: number, errorRatio: number): number {
  let [low, high] = [0, 0.5];
  for (let step = 0; step < 30; step++) {
    const middle = (low + high) / 2;
    const [found] = interpolations(tapCount, middle, [0.5]);
    if (found !== undefined && found.errorRatio <= errorRatio) low = middle;
    else high = middle;
  }
  return low;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function cholesky(matrix: readonly Float64Array[]): readonly Float64Array[] {
  const size = matrix.length;
  const lower = matrix.map(() => new Float64Array(size));
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      const [a, b] = [lower[row] as Float64Array, lower[column] as Float64Array];
      let sum = (matrix[row] as Float64Array)[column] + (row === column ? REGULARISATION : 0);
      for (let k = 0; k < column; k++) sum -= a[k] * b[k];
      // Rounding may leave nothing or less of a pivot; then its tap is of no use.
      a[column] = row === column ? Math.sqrt(Math.max(sum, REGULARISATION)) : sum / b[column];
    }
  }
  return lower;
}

function solve(lower: readonly Float64Array[], right: Float64Array): Float64Array {
  const size = right.length;
  const value = right.slice();
  for (let row = 0; row < size; row++) {
    const line = lower[row] as Float64Array;
    for (let k = 0; k < row; k++) value[row] -= line[k] * value[k];
    value[row] /= line[row];
  }
  for (let row = size - 1; row >= 0; row--) {
    for (let k = row + 1; k < size; k++) value[row] -= (lower[k] as Float64Array)[row] * value[k];
    value[row] /= (lower[row] as Float64Array)[row];
  }
  return value;
}
