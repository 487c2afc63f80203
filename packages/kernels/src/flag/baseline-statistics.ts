/** Noise, correlated power and flags of one baseline and correlation: what the judgement of inputs is made of. */
import type { VisibilityBlock } from "./visibility-block.ts";

/** Measured on unflagged samples; powers are NaN where too few are left. */
export interface BaselineStatistics {
  readonly sampleCount: number;
  readonly flaggedCount: number;
  /**
   * Mean power of the noise, E|n|², from second differences over three neighbouring channels, which slopes of phase and
   * gain leave alone; integrations vote by their median. A narrow residual of interference counts as noise where it lasts. Unit of the visibilities squared.
   */
  readonly noisePower: number;
  /** Median over integrations of mean |V|², the noise included. */
  readonly totalPower: number;
}

/** Integrations with fewer triples of unflagged neighbours than this have no vote. */
const TRIPLE_COUNT_MIN = 4;

function medianOf(values: number[]): number {
  if (values.length === 0) return Number.NaN;
  values.sort((one, other) => one - other);
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/**
 * @param rows Rows of one baseline.
 * @returns The figures; a real autocorrelation has noise in one part only, so its noise power is half of a cross-correlation's.
 */
export function measureBaseline(block: VisibilityBlock, rows: Int32Array, correlation: number): BaselineStatistics {
  const { vis, flags, channelCount, correlationCount } = block;
  const noisePowers: number[] = [];
  const totalPowers: number[] = [];
  let flaggedCount = 0;
  for (let time = 0; time < rows.length; time++) {
    let at = rows[time] * channelCount * correlationCount + correlation;
    let differenceSum = 0;
    let tripleCount = 0;
    let powerSum = 0;
    let goodCount = 0;
    let lastRe = Number.NaN;
    let lastIm = Number.NaN;
    let beforeRe = Number.NaN;
    let beforeIm = Number.NaN;
    for (let channel = 0; channel < channelCount; channel++, at += correlationCount) {
      const re = vis[2 * at];
      const im = vis[2 * at + 1];
      const power = re * re + im * im;
      if (flags[at] !== 0 || !(power < Infinity)) {
        flaggedCount++;
        lastRe = Number.NaN;
        continue;
      }
      powerSum += power;
      goodCount++;
      const curveRe = re - 2 * lastRe + beforeRe;
      const curveIm = im - 2 * lastIm + beforeIm;
      const difference = curveRe * curveRe + curveIm * curveIm;
      if (difference >= 0) {
        differenceSum += difference;
        tripleCount++;
      }
      beforeRe = lastRe;
      beforeIm = lastIm;
      lastRe = re;
      lastIm = im;
    }
    if (tripleCount < TRIPLE_COUNT_MIN) continue;
    noisePowers.push(differenceSum / tripleCount / 6);
    totalPowers.push(powerSum / goodCount);
  }
  return {
    sampleCount: rows.length * channelCount,
    flaggedCount,
    noisePower: medianOf(noisePowers),
    totalPower: medianOf(totalPowers),
  };
}
