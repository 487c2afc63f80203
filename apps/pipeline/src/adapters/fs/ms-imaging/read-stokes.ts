/** Stokes I of calibrated visibilities, and their weights. */

import type { CalibratedBlock } from "../ms-calibration/calibrated-reader.ts";

export interface StokesRows {
  /** [row, chan, re, im] of the set. */
  readonly vis: Float32Array;
  /** [row, chan] of the set; 0 where there is nothing to image. */
  readonly weights: Float32Array;
  /** Channels of the set, and the first that the block has. */
  readonly chanCount: number;
  readonly chanStart: number;
  /** Row of the set of the first of the block. */
  readonly rowStart: number;
}

/**
 * I = (XX + YY) / 2, or the one parallel correlation that there is. Where one of two is flagged there is no I: polarised sources
 * would count half. The weight is that of the mean, 4 / (1/w₁ + 1/w₂). Autocorrelations and what is not finite have none.
 *
 * @param parallelCorrs  places of the correlations that make up Stokes I
 * @param ant1, ant2  of the rows of the block
 */
export function putStokes(
  block: CalibratedBlock,
  rowCount: number,
  blockChanCount: number,
  corrCount: number,
  parallelCorrs: readonly number[],
  ant1: Int32Array,
  ant2: Int32Array,
  out: StokesRows,
): void {
  const { vis, flags, weights, spectralWeights } = block;
  const [first, second = first] = parallelCorrs as readonly [number, number?];
  for (let row = 0; row < rowCount; row++) {
    const to = (out.rowStart + row) * out.chanCount + out.chanStart;
    if (ant1[row] === ant2[row]) {
      out.weights.fill(0, to, to + blockChanCount);
      continue;
    }
    for (let chan = 0; chan < blockChanCount; chan++) {
      const from = (row * blockChanCount + chan) * corrCount;
      const [a, b] = [from + first, from + second];
      const [weightA, weightB] =
        spectralWeights === null
          ? [weights[row * corrCount + first]!, weights[row * corrCount + second]!]
          : [spectralWeights[a]!, spectralWeights[b]!];
      const re = (vis[2 * a]! + vis[2 * b]!) / 2;
      const im = (vis[2 * a + 1]! + vis[2 * b + 1]!) / 2;
      const weight = first === second ? weightA : (4 * weightA * weightB) / (weightA + weightB);
      const isGood = flags[a] === 0 && flags[b] === 0 && weight > 0 && Math.abs(re) + Math.abs(im) < Infinity;
      out.weights[to + chan] = isGood && weight < Infinity ? weight : 0;
      out.vis[2 * (to + chan)] = isGood ? re : 0;
      out.vis[2 * (to + chan) + 1] = isGood ? im : 0;
    }
  }
}
