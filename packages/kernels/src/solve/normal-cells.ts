/**
 * What a solve needs of the data: for each solution interval, polarisation, baseline and bin of channels the sums Σ w V M* and
 * Σ w |M|². Least squares over gains see nothing else of the samples, so data are read once however often they are solved.
 */

/** Sums of samples. `sums` may be shared memory, and parts of the data may be added in any order. */
export interface NormalCells {
  readonly antennaCount: number;
  readonly intervalCount: number;
  readonly polCount: number;
  readonly binCount: number;
  /**
   * `[interval][pol][baseline][bin][Re Σ w V M*, Im Σ w V M*, Σ w |M|²]`. Baselines are pairs i < j in the order of
   * {@link baselineIndex}; data stored as (j, i) are conjugated. float32 halves the memory traffic; a cell is the sum of at most
   * some hundred terms of float64.
   */
  readonly sums: Float32Array;
}

/** Numbers of a cell. */
export const CELL_LENGTH_COUNT = 3;

/** Baselines of `antennaCount` antennas, without autocorrelations. */
export function baselineCountOf(antennaCount: number): number {
  return (antennaCount * (antennaCount - 1)) / 2;
}

/** Place of the baseline of antennas i < j: (0,1), (0,2) … (0,n−1), (1,2) … */
export function baselineIndex(i: number, j: number, antennaCount: number): number {
  return (i * (2 * antennaCount - i - 1)) / 2 + (j - i - 1);
}

/** Empty sums. */
export function createNormalCells(shape: Omit<NormalCells, "sums">): NormalCells {
  const { antennaCount, intervalCount, polCount, binCount } = shape;
  for (const [name, count] of Object.entries({ antennaCount, intervalCount, polCount, binCount })) {
    if (!(Number.isInteger(count) && count >= 1)) throw new RangeError(`${name}: expected 1 or more, found ${count}`);
  }
  const cellCount = intervalCount * polCount * baselineCountOf(antennaCount) * binCount;
  return {
    antennaCount,
    intervalCount,
    polCount,
    binCount,
    sums: new Float32Array(CELL_LENGTH_COUNT * cellCount),
  };
}

/**
 * Merges bins and intervals, such as channels of a spectral window, or all windows or fields for one solution. Exact: what
 * comes out is what samples would have given with the coarser bins at once.
 *
 * @param binOfBin New bin of each bin, −1 to leave it out.
 * @param intervalOfInterval Likewise.
 * @throws RangeError when a list is too short.
 */
export function mergeCells(cells: NormalCells, binOfBin: Int32Array, intervalOfInterval: Int32Array): NormalCells {
  const { antennaCount, intervalCount, polCount, binCount, sums } = cells;
  if (binOfBin.length !== binCount) throw new RangeError(`binOfBin: expected ${binCount}, found ${binOfBin.length}`);
  if (intervalOfInterval.length !== intervalCount) {
    throw new RangeError(`intervalOfInterval: expected ${intervalCount}, found ${intervalOfInterval.length}`);
  }
  const merged = createNormalCells({
    antennaCount,
    polCount,
    intervalCount: 1 + intervalOfInterval.reduce((most, each) => Math.max(most, each), 0),
    binCount: 1 + binOfBin.reduce((most, each) => Math.max(most, each), 0),
  });
  const seriesCount = polCount * baselineCountOf(antennaCount);
  for (let interval = 0; interval < intervalCount; interval++) {
    const toInterval = intervalOfInterval[interval];
    if (toInterval < 0) continue;
    for (let series = 0; series < seriesCount; series++) {
      let from = CELL_LENGTH_COUNT * (interval * seriesCount + series) * binCount;
      const start = CELL_LENGTH_COUNT * (toInterval * seriesCount + series) * merged.binCount;
      for (let bin = 0; bin < binCount; bin++, from += CELL_LENGTH_COUNT) {
        if (binOfBin[bin] < 0) continue;
        const to = start + CELL_LENGTH_COUNT * binOfBin[bin];
        merged.sums[to] += sums[from];
        merged.sums[to + 1] += sums[from + 1];
        merged.sums[to + 2] += sums[from + 2];
      }
    }
  }
  return merged;
}
