/**
 * The scale-invariant rank operator (Offringa, van de Gronde & Roerdink 2012, A&A 539, A95): a sample is flagged when it
 * lies in some stretch of its line of which at least the part 1 − η is flagged. Linear in the number of samples.
 */

/** Room for one line. Use one per thread. */
export interface RankWork {
  /** Partial sums, and their smallest from the left and largest from the right; each of the longest line + 1. */
  readonly partial: Int32Array;
  readonly leastBefore: Int32Array;
  /** Whether a sample of a column is flagged. */
  readonly columnFlags: Uint8Array;
}

export function createRankWork(lineLengthMax: number): RankWork {
  return {
    partial: new Int32Array(lineLengthMax + 1),
    leastBefore: new Int32Array(lineLengthMax + 1),
    columnFlags: new Uint8Array(lineLengthMax),
  };
}

/** η is counted in thousandths, so that sums are whole numbers and equality is exact. */
const ETA_UNIT = 1000;

/**
 * Grows the flags of one line.
 *
 * @param eta 0 (nothing grows) to 1 (every sample of the line), in steps of 0.001.
 * @returns How many samples are newly flagged.
 */
export function rankLine(
  work: RankWork,
  flags: Uint8Array,
  start: number,
  stride: number,
  length: number,
  eta: number,
): number {
  const { partial, leastBefore } = work;
  const gain = Math.round(ETA_UNIT * eta);
  const loss = gain - ETA_UNIT;
  let sum = 0;
  let least = 0;
  partial[0] = 0;
  for (let i = 0, at = start; i < length; i++, at += stride) {
    if (sum < least) least = sum;
    leastBefore[i] = least;
    sum += flags[at] !== 0 ? gain : loss;
    partial[i + 1] = sum;
  }
  let newCount = 0;
  let most = sum;
  for (let i = length - 1, at = start + i * stride; i >= 0; i--, at -= stride) {
    if (partial[i + 1] > most) most = partial[i + 1];
    if (most >= leastBefore[i] && flags[at] === 0) {
      flags[at] = 1;
      newCount++;
    }
  }
  return newCount;
}

/**
 * Grows the flags of a plane `[time][channel]`, along time and then along frequency. Lines without flags are left alone.
 *
 * @returns How many samples are newly flagged.
 */
export function rankPlane(
  work: RankWork,
  flags: Uint8Array,
  timeCount: number,
  channelCount: number,
  etaTime: number,
  etaFreq: number,
): number {
  const sampleCount = timeCount * channelCount;
  const first = flags.indexOf(1);
  if (first < 0 || first >= sampleCount) return 0;
  const { columnFlags } = work;
  columnFlags.fill(0, 0, channelCount);
  for (let at = 0; at < sampleCount; ) {
    for (let channel = 0; channel < channelCount; channel++, at++) columnFlags[channel] |= flags[at];
  }
  let newCount = 0;
  for (let channel = 0; channel < channelCount; channel++) {
    if (columnFlags[channel] !== 0) newCount += rankLine(work, flags, channel, channelCount, timeCount, etaTime);
  }
  let next = flags.indexOf(1);
  for (let start = 0; start < sampleCount && next >= 0; start += channelCount) {
    if (next >= start + channelCount) continue;
    newCount += rankLine(work, flags, start, 1, channelCount, etaFreq);
    next = flags.indexOf(1, start + channelCount);
  }
  return newCount;
}
