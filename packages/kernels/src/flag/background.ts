/**
 * The smooth part of a plane of amplitudes: a local fit of straight lines with Gaussian weights to what is not
 * flagged, along frequency and then along time.
 *
 * Frequency is averaged to bins first, so the fit costs little more than reading the plane. Bins and weights never cross the
 * edge of a subband, whose gains differ by steps. The shape within a subband (a filter's roll-off, the same in all) is found
 * by comparing the mean spectrum with the fit and taking the median over subbands: interference sits in few of them.
 */
import { medianInPlace } from "./robust.ts";

/** What to take for smooth. */
export interface BackgroundOptions {
  /** Channels of a subband; 0 = all channels are one. The last subband may be shorter. */
  readonly subbandChannelCount: number;
  /** Channels averaged before smoothing. */
  readonly binChannelCount: number;
  /** σ of the Gaussian weights, in channels and integrations. */
  readonly sigmaChannelCount: number;
  readonly sigmaTimeCount: number;
}

/** Room and tables of a fit for planes of one width. Use one per thread. */
export interface Background {
  readonly timeCountMax: number;
  readonly channelCount: number;
  readonly subbandLength: number;
  readonly subbandCount: number;
  readonly binCount: number;
  /** First bin of each subband, and one past the last. */
  readonly subbandBins: Int32Array;
  /** First channel of each bin, and one past the last. */
  readonly binChannels: Int32Array;
  /** Interpolation: channel c lies between bins `leftBin[c]` and `rightBin[c]`, `rightPart[c]` of the way. */
  readonly leftBin: Int32Array;
  readonly rightBin: Int32Array;
  readonly rightPart: Float64Array;
  readonly weightsFreq: Float64Array;
  readonly weightsTime: Float64Array;
  /** σ of these, in bins and integrations. */
  readonly sigmaBins: number;
  readonly sigmaTimes: number;
  /** `[time][bin]`: sums of amplitudes and counts, then smoothed along frequency, then the fit. */
  readonly sums: Float64Array;
  readonly counts: Float64Array;
  readonly sumsFreq: Float64Array;
  readonly countsFreq: Float64Array;
  readonly fit: Float64Array;
  /** Per channel: sum and count of unflagged samples over time, and the factor of the shape within the subband. */
  readonly channelSums: Float64Array;
  readonly channelCounts: Float64Array;
  readonly shape: Float64Array;
  readonly binMeans: Float64Array;
  readonly ratios: Float32Array;
}

/** Fewest subbands whose median tells their common shape from interference. */
export const SHAPE_SUBBAND_COUNT_MIN = 4;

/** Offsets (in bins or integrations, squared) must spread more than this for a slope to be told. */
const SPREAD_MIN = 0.1;

function halfGaussian(sigma: number): Float64Array {
  const reach = Math.ceil(3 * sigma);
  const weights = new Float64Array(reach + 1);
  for (let i = 0; i <= reach; i++) weights[i] = sigma > 0 ? Math.exp(-0.5 * (i / sigma) ** 2) : 1;
  return weights;
}

export function createBackground(timeCountMax: number, channelCount: number, options: BackgroundOptions): Background {
  const { subbandChannelCount, binChannelCount, sigmaChannelCount, sigmaTimeCount } = options;
  if (!(Number.isInteger(binChannelCount) && binChannelCount >= 1)) {
    throw new RangeError(`background: expected bins of 1 channel or more, found ${binChannelCount}`);
  }
  const subbandLength = subbandChannelCount > 0 ? Math.min(subbandChannelCount, channelCount) : channelCount;
  const subbandBins: number[] = [];
  const binChannels: number[] = [];
  const leftBin = new Int32Array(channelCount);
  const rightBin = new Int32Array(channelCount);
  const rightPart = new Float64Array(channelCount);
  for (let start = 0; start < channelCount; start += subbandLength) {
    const end = Math.min(channelCount, start + subbandLength);
    const count = Math.max(1, Math.round((end - start) / binChannelCount));
    const firstBin = binChannels.length;
    subbandBins.push(firstBin);
    for (let bin = 0; bin < count; bin++) binChannels.push(start + Math.floor((bin * (end - start)) / count));
    for (let channel = start; channel < end; channel++) {
      const place = ((channel - start + 0.5) * count) / (end - start) - 0.5;
      const left = Math.min(Math.max(0, Math.floor(place)), Math.max(0, count - 2));
      leftBin[channel] = firstBin + left;
      rightBin[channel] = firstBin + Math.min(left + 1, count - 1);
      // Below 0 and above 1 in the outer half of the first and last bin: the line goes on.
      rightPart[channel] = count > 1 ? place - left : 0;
    }
  }
  const binCount = binChannels.length;
  subbandBins.push(binCount);
  binChannels.push(channelCount);
  const plane = (): Float64Array => new Float64Array(timeCountMax * binCount);
  return {
    timeCountMax,
    channelCount,
    subbandLength,
    subbandCount: subbandBins.length - 1,
    binCount,
    subbandBins: Int32Array.from(subbandBins),
    binChannels: Int32Array.from(binChannels),
    leftBin,
    rightBin,
    rightPart,
    weightsFreq: halfGaussian(sigmaChannelCount / binChannelCount),
    weightsTime: halfGaussian(sigmaTimeCount),
    sigmaBins: sigmaChannelCount / binChannelCount,
    sigmaTimes: sigmaTimeCount,
    sums: plane(),
    counts: plane(),
    sumsFreq: plane(),
    countsFreq: plane(),
    fit: plane(),
    channelSums: new Float64Array(channelCount),
    channelCounts: new Float64Array(channelCount),
    shape: new Float64Array(channelCount).fill(1),
    binMeans: new Float64Array(binCount),
    ratios: new Float32Array(subbandBins.length),
  };
}

function sumBins(work: Background, amplitudes: Float32Array, flags: Uint8Array, timeCount: number): void {
  const { channelCount, binCount, binChannels, sums, counts, channelSums, channelCounts } = work;
  channelSums.fill(0);
  channelCounts.fill(0);
  for (let time = 0; time < timeCount; time++) {
    const row = time * channelCount;
    for (let bin = 0; bin < binCount; bin++) {
      let sum = 0;
      let count = 0;
      const end = binChannels[bin + 1];
      for (let channel = binChannels[bin]; channel < end; channel++) {
        if (flags[row + channel] !== 0) continue;
        const amplitude = amplitudes[row + channel];
        sum += amplitude;
        count++;
        channelSums[channel] += amplitude;
        channelCounts[channel]++;
      }
      sums[time * binCount + bin] = sum;
      counts[time * binCount + bin] = count;
    }
  }
}

/**
 * A straight line fitted to what lies around, at the place itself: unlike a mean it has no bias where a slope meets an edge.
 *
 * @param m0 Sum of weights; `m1`, `m2` times the offset and its square; `y0`, `y1` of weighted values likewise.
 * @param sigma Width of the weights. Samples that lie all to one side of that, or all in one place, give their mean instead.
 */
function localLine(m0: number, m1: number, m2: number, y0: number, y1: number, sigma: number): number {
  const offset = m1 / m0;
  const spread = m2 / m0 - offset * offset;
  const mean = y0 / m0;
  const near = offset < 0 ? -offset <= sigma : offset <= sigma;
  return near && spread > SPREAD_MIN ? mean - offset * ((y1 / m0 - offset * mean) / spread) : mean;
}

function smoothFreq(work: Background, timeCount: number): void {
  const { binCount, subbandCount, subbandBins, weightsFreq, sigmaBins, sums, counts, sumsFreq, countsFreq } = work;
  const reach = weightsFreq.length - 1;
  for (let time = 0; time < timeCount; time++) {
    const row = time * binCount;
    for (let subband = 0; subband < subbandCount; subband++) {
      const first = subbandBins[subband];
      const last = subbandBins[subband + 1] - 1;
      for (let bin = first; bin <= last; bin++) {
        const to = bin + reach < last ? bin + reach : last;
        let m0 = 0;
        let m1 = 0;
        let m2 = 0;
        let y0 = 0;
        let y1 = 0;
        for (let other = bin - reach > first ? bin - reach : first; other <= to; other++) {
          const offset = other - bin;
          const weight = weightsFreq[offset < 0 ? -offset : offset];
          const count = weight * counts[row + other];
          const sum = weight * sums[row + other];
          m0 += count;
          m1 += count * offset;
          m2 += count * offset * offset;
          y0 += sum;
          y1 += sum * offset;
        }
        sumsFreq[row + bin] = m0 > 0 ? m0 * localLine(m0, m1, m2, y0, y1, sigmaBins) : 0;
        countsFreq[row + bin] = m0;
      }
    }
  }
}

function smoothTime(work: Background, timeCount: number): void {
  const { binCount, weightsTime, sigmaTimes, sums, counts, sumsFreq, countsFreq, fit } = work;
  const reach = weightsTime.length - 1;
  let total = 0;
  let totalCount = 0;
  for (let at = 0; at < timeCount * binCount; at++) {
    total += sums[at];
    totalCount += counts[at];
  }
  const mean = totalCount > 0 ? total / totalCount : 0;
  for (let time = 0; time < timeCount; time++) {
    const from = time - reach > 0 ? time - reach : 0;
    const to = time + reach < timeCount - 1 ? time + reach : timeCount - 1;
    for (let bin = 0; bin < binCount; bin++) {
      let m0 = 0;
      let m1 = 0;
      let m2 = 0;
      let y0 = 0;
      let y1 = 0;
      for (let other = from; other <= to; other++) {
        const offset = other - time;
        const weight = weightsTime[offset < 0 ? -offset : offset];
        const count = weight * countsFreq[other * binCount + bin];
        const sum = weight * sumsFreq[other * binCount + bin];
        m0 += count;
        m1 += count * offset;
        m2 += count * offset * offset;
        y0 += sum;
        y1 += sum * offset;
      }
      // Nothing but flags as far as the weights reach: the mean of the plane is the best guess that is left.
      fit[time * binCount + bin] = m0 > 0 ? localLine(m0, m1, m2, y0, y1, sigmaTimes) : mean;
    }
  }
}

function findShape(work: Background, timeCount: number): void {
  const { channelCount, binCount, subbandCount, subbandLength, fit, binMeans, leftBin, rightBin, rightPart } = work;
  const { channelSums, channelCounts, ratios, shape } = work;
  if (subbandCount < SHAPE_SUBBAND_COUNT_MIN) return;
  binMeans.fill(0);
  for (let time = 0; time < timeCount; time++) {
    for (let bin = 0; bin < binCount; bin++) binMeans[bin] += fit[time * binCount + bin];
  }
  for (let place = 0; place < subbandLength; place++) {
    let count = 0;
    for (let channel = place; channel < channelCount; channel += subbandLength) {
      const left = binMeans[leftBin[channel]];
      const expected = (left + rightPart[channel] * (binMeans[rightBin[channel]] - left)) / timeCount;
      if (channelCounts[channel] === 0 || !(expected > 0)) continue;
      ratios[count++] = channelSums[channel] / channelCounts[channel] / expected;
    }
    const ratio = count >= SHAPE_SUBBAND_COUNT_MIN ? medianInPlace(ratios, count) : 1;
    for (let channel = place; channel < channelCount; channel += subbandLength) shape[channel] = ratio;
  }
}

/**
 * Fits the smooth part and subtracts it.
 *
 * @param amplitudes `[time][channel]`, finite.
 * @param flags Same shape; flagged samples are left out of the fit.
 * @param residuals Filled: amplitude minus fit, of flagged samples as well.
 */
export function subtractBackground(
  work: Background,
  amplitudes: Float32Array,
  flags: Uint8Array,
  timeCount: number,
  residuals: Float32Array,
): void {
  if (timeCount > work.timeCountMax) {
    throw new RangeError(`background: expected at most ${work.timeCountMax} times, found ${timeCount}`);
  }
  sumBins(work, amplitudes, flags, timeCount);
  smoothFreq(work, timeCount);
  smoothTime(work, timeCount);
  findShape(work, timeCount);
  const { channelCount, binCount, fit, leftBin, rightBin, rightPart, shape } = work;
  for (let time = 0; time < timeCount; time++) {
    const row = time * channelCount;
    const bins = time * binCount;
    for (let channel = 0; channel < channelCount; channel++) {
      const left = fit[bins + leftBin[channel]];
      const smooth = left + rightPart[channel] * (fit[bins + rightBin[channel]] - left);
      // Flagged ones too: whether a sample flagged by an earlier round stays so is decided anew.
      residuals[row + channel] = amplitudes[row + channel] - smooth * shape[channel];
    }
  }
}
