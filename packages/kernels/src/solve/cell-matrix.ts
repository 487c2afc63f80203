/** The sums of one interval, polarisation and bin as Hermitian matrices, and which antennas can be solved from them. */
import { baselineCountOf, CELL_LENGTH_COUNT, type NormalCells } from "./normal-cells.ts";

export interface CellMatrix {
  readonly antennaCount: number;
  /** Columns of a row: the antennas, and one more of zeros where that makes their count even. */
  readonly strideCount: number;
  /**
   * `[i][j][Re Σ w V M*, Im Σ w V M*, Σ w |M|²]`, Hermitian, 0 on the diagonal. One array is read in 12.4 µs for 96 antennas,
   * three of them in 15.5 µs.
   */
  readonly sums: Float64Array;
}

export function createCellMatrix(antennaCount: number): CellMatrix {
  const strideCount = antennaCount + (antennaCount & 1);
  return { antennaCount, strideCount, sums: new Float64Array(CELL_LENGTH_COUNT * antennaCount * strideCount) };
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
        const { sums: to, strideCount } = matrices[k];
        const upper = CELL_LENGTH_COUNT * (a * strideCount + b);
        const lower = CELL_LENGTH_COUNT * (b * strideCount + a);
        const weight = sums[from + 2];
        const good = weight > 0 && weight < Infinity;
        const re = good ? sums[from] : 0;
        const im = good ? sums[from + 1] : 0;
        to[upper] = re;
        to[upper + 1] = im;
        to[upper + 2] = good ? weight : 0;
        to[lower] = re;
        to[lower + 1] = -im;
        to[lower + 2] = good ? weight : 0;
      }
    }
  }
}

/** Antennas with any weight in one interval and polarisation, rising. */
export function presentAntennas(cells: NormalCells, interval: number, pol: number): Int32Array {
  const { antennaCount, binCount, polCount, sums } = cells;
  const baselineCount = baselineCountOf(antennaCount);
  const present = new Uint8Array(antennaCount);
  let start = CELL_LENGTH_COUNT * (interval * polCount + pol) * baselineCount * binCount + 2;
  for (let i = 0; i < antennaCount; i++) {
    for (let j = i + 1; j < antennaCount; j++, start += CELL_LENGTH_COUNT * binCount) {
      if (present[i] === 1 && present[j] === 1) continue;
      for (let bin = 0; bin < binCount; bin++) {
        if (!(sums[start + CELL_LENGTH_COUNT * bin] > 0)) continue;
        present[i] = present[j] = 1;
        break;
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
  const { antennaCount, strideCount, sums } = matrix;
  const counts = new Int32Array(antennaCount);
  for (let i = 0; i < antennaCount; i++) {
    const rowEnd = CELL_LENGTH_COUNT * (i + 1) * strideCount;
    let count = 0;
    for (let at = CELL_LENGTH_COUNT * i * strideCount + 2; at < rowEnd; at += CELL_LENGTH_COUNT) {
      if (sums[at] > 0) count++;
    }
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
      for (let j = 0; j < antennaCount; j++) if (sums[CELL_LENGTH_COUNT * (i * strideCount + j) + 2] > 0) counts[j]--;
    }
  }
  // Antennas that each reach at least half of all others cannot fall apart.
  let fewest = antennaCount;
  for (let i = 0; i < antennaCount; i++) if (active[i] === 1) fewest = Math.min(fewest, counts[i]);
  return 2 * fewest >= activeCount ? activeCount : keepLargestSet(matrix, active);
}

function keepLargestSet(matrix: CellMatrix, active: Uint8Array): number {
  const { antennaCount, strideCount, sums } = matrix;
  const setOf = new Int32Array(antennaCount).fill(-1);
  const sizes: number[] = [];
  for (let start = 0; start < antennaCount; start++) {
    if (active[start] === 0 || setOf[start] >= 0) continue;
    const queue = [start];
    setOf[start] = sizes.length;
    for (const i of queue) {
      for (let j = 0; j < antennaCount; j++) {
        if (active[j] === 0 || setOf[j] >= 0 || !(sums[CELL_LENGTH_COUNT * (i * strideCount + j) + 2] > 0)) continue;
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
