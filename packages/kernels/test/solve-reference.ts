/** Least squares over gains as the textbook has it: all derivatives, all normal equations, solved at once. Slow. */
import { baselineIndex, type NormalCells } from "../src/solve/index.ts";

/** Unknowns: real parts of all antennas, then imaginary parts. */
export interface ReferenceFit {
  readonly gains: Float64Array;
  /** Normal matrix at the solution, without the constraint of the free phase. */
  readonly normal: number[][];
}

/** Solution of a symmetric positive system by elimination with pivots. */
export function solveLinear(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const n = right.length;
  const a = matrix.map((row, i) => [...row, right[i] as number]);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) {
      if (Math.abs((a[i] as number[])[k] as number) > Math.abs((a[pivot] as number[])[k] as number)) pivot = i;
    }
    [a[k], a[pivot]] = [a[pivot] as number[], a[k] as number[]];
    const top = a[k] as number[];
    for (let i = k + 1; i < n; i++) {
      const row = a[i] as number[];
      const factor = (row[k] as number) / (top[k] as number);
      for (let j = k; j <= n; j++) row[j] = (row[j] as number) - factor * (top[j] as number);
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    const row = a[i] as number[];
    let sum = row[n] as number;
    for (let j = i + 1; j < n; j++) sum -= (row[j] as number) * (x[j] as number);
    x[i] = sum / (row[i] as number);
  }
  return x;
}

/** Adds z zᵀ of the direction that changes nothing (all phases together), times a number of the size of the matrix. */
export function constrained(normal: readonly (readonly number[])[], gains: Float64Array): number[][] {
  const n = gains.length / 2;
  const z = Array.from({ length: 2 * n }, (_, k) => (k < n ? -(gains[k + n] as number) : (gains[k - n] as number)));
  const norm = z.reduce((sum, value) => sum + value * value, 0);
  const scale = Math.max(...normal.map((row, i) => row[i] as number)) / norm;
  return normal.map((row, i) => row.map((value, j) => value + scale * (z[i] as number) * (z[j] as number)));
}

/**
 * Minimises Σ w |V − g_i g_j* M|² of one cell from a starting point by Gauss–Newton steps.
 *
 * @param start Gains: real parts, then imaginary parts.
 * @param phaseOnly Steps turn gains, which keep their length: the fit of w |V − s g_i g_j* M|² over phases for any scale s.
 */
export function fitReference(
  cells: NormalCells,
  interval: number,
  bin: number,
  pol: number,
  start: Float64Array,
  phaseOnly = false,
): ReferenceFit {
  const n = cells.antennaCount;
  const gains = start.slice();
  let normal: number[][] = [];
  for (let iteration = 0; iteration < 200; iteration++) {
    normal = Array.from({ length: 2 * n }, () => new Array<number>(2 * n).fill(0));
    const right = new Array<number>(2 * n).fill(0);
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const series = (interval * cells.polCount + pol) * ((n * (n - 1)) / 2) + baselineIndex(i, j, n);
        const at = 3 * (series * cells.binCount + bin);
        const weight = cells.sums[at + 2] as number;
        if (!(weight > 0)) continue;
        const [ar, ai, br, bi] = [gains[i], gains[n + i], gains[j], gains[n + j]] as [number, number, number, number];
        const offRe = (cells.sums[at] as number) / weight - (ar * br + ai * bi);
        const offIm = (cells.sums[at + 1] as number) / weight - (ai * br - ar * bi);
        const unknowns = [i, n + i, j, n + j];
        const derivativeRe = [br, bi, ar, ai];
        const derivativeIm = [-bi, br, ai, -ar];
        for (let p = 0; p < 4; p++) {
          const [re, im] = [derivativeRe[p] as number, derivativeIm[p] as number];
          const k = unknowns[p] as number;
          right[k] = (right[k] as number) + weight * (re * offRe + im * offIm);
          for (let q = 0; q < 4; q++) {
            const row = normal[k] as number[];
            const l = unknowns[q] as number;
            row[l] =
              (row[l] as number) + weight * (re * (derivativeRe[q] as number) + im * (derivativeIm[q] as number));
          }
        }
      }
    }
    const step = phaseOnly
      ? phaseStep(cells, interval, bin, pol, gains)
      : solveLinear(constrained(normal, gains), right);
    let change = 0;
    for (let k = 0; k < n; k++) {
      const [re, im] = [gains[k] as number, gains[n + k] as number];
      if (phaseOnly) {
        const turn = step[k] as number;
        gains[k] = re * Math.cos(turn) - im * Math.sin(turn);
        gains[n + k] = re * Math.sin(turn) + im * Math.cos(turn);
        change = Math.max(change, Math.abs(turn));
      } else {
        gains[k] = re + (step[k] as number);
        gains[n + k] = im + (step[n + k] as number);
        change = Math.max(change, Math.abs(step[k] as number), Math.abs(step[n + k] as number));
      }
    }
    if (change < 1e-13) break;
  }
  return { gains, normal };
}

/** Newton's step in phases for the largest Σ Re(V M* conj(g_i g_j*)): its second derivatives are those of a network. */
function phaseStep(cells: NormalCells, interval: number, bin: number, pol: number, gains: Float64Array): number[] {
  const n = cells.antennaCount;
  const matrix = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const right = new Array<number>(n).fill(0);
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const series = (interval * cells.polCount + pol) * ((n * (n - 1)) / 2) + baselineIndex(i, j, n);
      const at = 3 * (series * cells.binCount + bin);
      const phase =
        Math.atan2(gains[n + i] as number, gains[i] as number) - Math.atan2(gains[n + j] as number, gains[j] as number);
      const [re, im] = [cells.sums[at] as number, cells.sums[at + 1] as number];
      const along = re * Math.cos(phase) + im * Math.sin(phase);
      const across = im * Math.cos(phase) - re * Math.sin(phase);
      const [a, b] = [matrix[i] as number[], matrix[j] as number[]];
      a[i] = (a[i] as number) + along;
      b[j] = (b[j] as number) + along;
      a[j] = (a[j] as number) - along;
      b[i] = (b[i] as number) - along;
      right[i] = (right[i] as number) + across;
      right[j] = (right[j] as number) - across;
    }
  }
  const scale = (matrix[0] as number[])[0] as number;
  return solveLinear(
    matrix.map((row) => row.map((value) => value + scale / n)),
    right,
  );
}
