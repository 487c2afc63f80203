/**
 * What a solve needs of the data: for each solution interval, polarisation, baseline and bin of channels the sums Σ w V M* and
 * Σ w |M|². Least squares over gains see nothing else of the samples, so data are read once however often they are solved.
 */

import { checkGainTable, type GainTable, gainIndex } from "./gain-table.ts";

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
 * With `known` gains c_i c_j* of each cell the model is seen through them: Σ w V (c M)* = c* Σ w V M*, and Σ w |c M|² =
 * |c|² Σ w |M|². Cells without a gain of both antennas are left out. Data need not be read again to be solved on top of what
 * was solved.
 *
 * @param binOfBin New bin of each bin, −1 to leave it out.
 * @param intervalOfInterval Likewise.
 * @param known One gain for each interval, antenna, bin and polarisation of `cells`.
 * @throws RangeError when a list is too short, or `known` has another shape.
 */
export function mergeCells(
  cells: NormalCells,
  binOfBin: Int32Array,
  intervalOfInterval: Int32Array,
  known?: GainTable,
): NormalCells {
  const { antennaCount, intervalCount, polCount, binCount } = cells;
  if (binOfBin.length !== binCount) throw new RangeError(`binOfBin: expected ${binCount}, found ${binOfBin.length}`);
  if (intervalOfInterval.length !== intervalCount) {
    throw new RangeError(`intervalOfInterval: expected ${intervalCount}, found ${intervalOfInterval.length}`);
  }
  if (known !== undefined) {
    checkGainTable(known);
    for (const name of ["antennaCount", "intervalCount", "polCount", "binCount"] as const) {
      if (known[name] !== cells[name]) throw new RangeError(`${name}: expected ${cells[name]}, found ${known[name]}`);
    }
  }
  const merged = createNormalCells({
    antennaCount,
    polCount,
    intervalCount: 1 + intervalOfInterval.reduce((most, each) => Math.max(most, each), 0),
    binCount: 1 + binOfBin.reduce((most, each) => Math.max(most, each), 0),
  });
  const baselineCount = baselineCountOf(antennaCount);
  const seen = new Float32Array(CELL_LENGTH_COUNT * binCount);
  for (let interval = 0; interval < intervalCount; interval++) {
    const toInterval = intervalOfInterval[interval];
    if (toInterval < 0) continue;
    for (let pol = 0; pol < polCount; pol++) {
      let from = CELL_LENGTH_COUNT * (interval * polCount + pol) * baselineCount * binCount;
      let to = CELL_LENGTH_COUNT * (toInterval * polCount + pol) * baselineCount * merged.binCount;
      for (let i = 0; i < antennaCount; i++) {
        for (let j = i + 1; j < antennaCount; j++) {
          if (known === undefined) addBins(cells.sums, from, merged.sums, to, binOfBin);
          else {
            seeThrough(cells.sums, from, known, interval, i, j, pol, seen);
            addBins(seen, 0, merged.sums, to, binOfBin);
          }
          from += CELL_LENGTH_COUNT * binCount;
          to += CELL_LENGTH_COUNT * merged.binCount;
        }
      }
    }
  }
  return merged;
}

/** Adds the bins of one baseline. A run of equal bins is summed in float64. */
function addBins(sums: Float32Array, start: number, to: Float32Array, toStart: number, binOfBin: Int32Array): void {
  let at = start;
  let bin = -1;
  let re = 0;
  let im = 0;
  let weight = 0;
  for (let from = 0; from <= binOfBin.length; from++, at += CELL_LENGTH_COUNT) {
    const next = from < binOfBin.length ? binOfBin[from] : -1;
    if (next !== bin) {
      if (bin >= 0) {
        const place = toStart + CELL_LENGTH_COUNT * bin;
        to[place] += re;
        to[place + 1] += im;
        to[place + 2] += weight;
      }
      bin = next;
      re = im = weight = 0;
    }
    if (next < 0) continue;
    re += sums[at];
    im += sums[at + 1];
    weight += sums[at + 2];
  }
}

/** Writes the cells of one baseline with the model as it is seen through the gains of both antennas. */
function seeThrough(
  sums: Float32Array,
  start: number,
  known: GainTable,
  interval: number,
  i: number,
  j: number,
  pol: number,
  seen: Float32Array,
): void {
  const { gains, flags, binCount, polCount } = known;
  let one = gainIndex(known, interval, i, 0, pol);
  let other = gainIndex(known, interval, j, 0, pol);
  for (let bin = 0, at = start, to = 0; bin < binCount; bin++, at += CELL_LENGTH_COUNT, to += CELL_LENGTH_COUNT) {
    if (flags[one] !== 0 || flags[other] !== 0) {
      seen[to] = seen[to + 1] = seen[to + 2] = 0;
    } else {
      const re = gains[2 * one] * gains[2 * other] + gains[2 * one + 1] * gains[2 * other + 1];
      const im = gains[2 * one + 1] * gains[2 * other] - gains[2 * one] * gains[2 * other + 1];
      seen[to] = re * sums[at] + im * sums[at + 1];
      seen[to + 1] = re * sums[at + 1] - im * sums[at];
      seen[to + 2] = (re * re + im * im) * sums[at + 2];
    }
    one += polCount;
    other += polCount;
  }
}
