/** The sums of one interval, polarisation and bin as Hermitian matrices, and which antennas can be solved from them. */
import { baselineCountOf, CELL_LENGTH_COUNT, type NormalCells } from "./normal-cells.ts";

/** `[i][stride j]`; the diagonal, and a column that makes the stride even, are 0. */
export interface CellMatrix {
  readonly antennaCount: number;
  readonly strideCount: number;
  /** Σ w V M* of baseline (i, j). */
  readonly re: Float64Array;
  readonly im: Float64Array;
  /** Σ w |M|². */
  readonly weights: Float64Array;
}

export function createCellMatrix(antennaCount: number): CellMatrix {
  const strideCount = antennaCount + (antennaCount & 1);
  const length = antennaCount * strideCount;
  return {
    antennaCount,
    strideCount,
    re: new Float64Array(length),
    im: new Float64Array(length),
    weights: new Float64Array(length),
  };
}

/**
 * Fills matrices with bins `binStart`, `binStart + 1` … of one interval and polarisation. Several at once, since a baseline's
 * bins lie together and baselines far apart.
 *
 * @param present Antennas that rows and columns of the matrices stand for, rising.
 */
export function loadMatrices(
  matrices: readonly CellMatrix[],
  cells: NormalCells,
  interval: number,
  pol: number,
  binStart: number,
  present: Int32Array,
): void {
  const { antennaCount, binCount, polCount, sums } = cells;
  const count = Math.min(matrices.length, binCount - binStart);
  const baselineCount = baselineCountOf(antennaCount);
  const start = CELL_LENGTH_COUNT * ((interval * polCount + pol) * baselineCount * binCount + binStart);
  const step = CELL_LENGTH_COUNT * binCount;
  for (let a = 0; a < present.length; a++) {
    const i = present[a];
    const rowStart = (i * (2 * antennaCount - i - 1)) / 2 - i - 1;
    for (let b = a + 1; b < present.length; b++) {
      let from = start + step * (rowStart + present[b]);
      for (let k = 0; k < count; k++, from += CELL_LENGTH_COUNT) {
        const { re, im, weights, strideCount } = matrices[k];
        const upper = a * strideCount + b;
        const lower = b * strideCount + a;
        const weight = sums[from + 2];
        const good = weight > 0 && weight < Infinity;
        re[upper] = re[lower] = good ? sums[from] : 0;
        im[upper] = good ? sums[from + 1] : 0;
        im[lower] = -im[upper];
        weights[upper] = weights[lower] = good ? weight : 0;
      }
    }
  }
}

/** Antennas with any weight in one interval and polarisation, rising. */
export function presentAntennas(cells: NormalCells, interval: number, pol: number): Int32Array {
  const { antennaCount, binCount, polCount, sums } = cells;
  const baselineCount = baselineCountOf(antennaCount);
  const present = new Uint8Array(antennaCount);
  let from = CELL_LENGTH_COUNT * (interval * polCount + pol) * baselineCount * binCount + 2;
  for (let i = 0; i < antennaCount; i++) {
    for (let j = i + 1; j < antennaCount; j++) {
      for (let bin = 0; bin < binCount; bin++, from += CELL_LENGTH_COUNT) {
        if (sums[from] > 0) present[i] = present[j] = 1;
      }
    }
  }
  return Int32Array.from([...present.keys()].filter((antenna) => present[antenna] === 1));
}

/**
 * Finds which antennas can be solved: removes those with fewer baselines than `minBaselineCount` to others that remain, until
 * none is left to remove, then all but the largest set that baselines connect (phases of two sets have nothing in common).
 *
 * @param active Filled: 1 for antennas that remain.
 * @returns How many remain.
 */
export function findActive(matrix: CellMatrix, minBaselineCount: number, active: Uint8Array): number {
  const { antennaCount, strideCount, weights } = matrix;
  const counts = new Int32Array(antennaCount);
  for (let i = 0; i < antennaCount; i++) {
    const rowStart = i * strideCount;
    let count = 0;
    for (let j = 0; j < antennaCount; j++) if (weights[rowStart + j] > 0) count++;
    counts[i] = count;
  }
  active.fill(1, 0, antennaCount);
  let activeCount = antennaCount;
  const least = Math.max(1, minBaselineCount);
  for (let removed = true; removed; ) {
    removed = false;
    for (let i = 0; i < antennaCount; i++) {
      if (active[i] === 0 || counts[i] >= least) continue;
      active[i] = 0;
      activeCount--;
      removed = true;
      for (let j = 0; j < antennaCount; j++) if (weights[i * strideCount + j] > 0) counts[j]--;
    }
  }
  // Antennas that each reach at least half of all others cannot fall apart.
  let fewest = antennaCount;
  for (let i = 0; i < antennaCount; i++) if (active[i] === 1) fewest = Math.min(fewest, counts[i]);
  return 2 * fewest >= activeCount ? activeCount : keepLargestSet(matrix, active);
}

function keepLargestSet(matrix: CellMatrix, active: Uint8Array): number {
  const { antennaCount, strideCount, weights } = matrix;
  const setOf = new Int32Array(antennaCount).fill(-1);
  const sizes: number[] = [];
  for (let start = 0; start < antennaCount; start++) {
    if (active[start] === 0 || setOf[start] >= 0) continue;
    const queue = [start];
    setOf[start] = sizes.length;
    for (const i of queue) {
      for (let j = 0; j < antennaCount; j++) {
        if (active[j] === 0 || setOf[j] >= 0 || !(weights[i * strideCount + j] > 0)) continue;
        setOf[j] = sizes.length;
        queue.push(j);
      }
    }
    sizes.push(queue.length);
  }
  const largest = sizes.indexOf(Math.max(...sizes));
  for (let i = 0; i < antennaCount; i++) if (setOf[i] !== largest) active[i] = 0;
  return sizes[largest] ?? 0;
}
