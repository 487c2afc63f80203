/**
 * The smooth part of a plane. Sums of bins lie as `[bin][time]`, `pitch` numbers a bin, of which the first `reachTime` and as
 * many and one behind the last time are 0: weights that reach out of the plane meet nothing there. Two integrations go through
 * the same steps, in the order of the plain twin, in the lanes of a vector.
 */
import { hasFlag } from "./rank";

const SPREAD_MIN: f64 = 0.1;

/**
 * Sums and counts of what is not flagged, by bin and by channel.
 *
 * @param binChannels First channel of each bin, and one past the last (whole numbers).
 */
export function sumBins(
  amplitudes: usize,
  flags: usize,
  timeCount: i32,
  channelCount: i32,
  binChannels: usize,
  binCount: i32,
  sums: usize,
  counts: usize,
  pitch: i32,
  reachTime: i32,
  channelSums: usize,
  channelCounts: usize,
): void {
  memory.fill(channelSums, 0, (<usize>channelCount) << 3);
  memory.fill(channelCounts, 0, (<usize>channelCount) << 3);
  let unflaggedRowCount: f64 = 0;
  for (let time: i32 = 0; time < timeCount; time++) {
    const row = amplitudes + ((<usize>time * channelCount) << 2);
    const rowFlags = flags + <usize>time * channelCount;
    const out = (<usize>(reachTime + time)) << 3;
    if (hasFlag(rowFlags, channelCount)) {
      for (let bin: i32 = 0; bin < binCount; bin++) {
        let sum: f64 = 0;
        let count: f64 = 0;
        const end = load<i32>(binChannels + ((<usize>bin) << 2), 4);
        for (let channel = load<i32>(binChannels + ((<usize>bin) << 2)); channel < end; channel++) {
          if (load<u8>(rowFlags + channel) !== 0) continue;
          const amplitude = <f64>load<f32>(row + ((<usize>channel) << 2));
          const at = (<usize>channel) << 3;
          sum += amplitude;
          count += 1;
          store<f64>(channelSums + at, load<f64>(channelSums + at) + amplitude);
          store<f64>(channelCounts + at, load<f64>(channelCounts + at) + 1);
        }
        const at = ((<usize>bin * pitch) << 3) + out;
        store<f64>(sums + at, sum);
        store<f64>(counts + at, count);
      }
      continue;
    }
    unflaggedRowCount += 1;
    for (let bin: i32 = 0; bin < binCount; bin++) {
      let sum: f64 = 0;
      const start = load<i32>(binChannels + ((<usize>bin) << 2));
      const end = load<i32>(binChannels + ((<usize>bin) << 2), 4);
      for (let channel = start; channel < end; channel++) {
        const amplitude = <f64>load<f32>(row + ((<usize>channel) << 2));
        const at = channelSums + ((<usize>channel) << 3);
        sum += amplitude;
        store<f64>(at, load<f64>(at) + amplitude);
      }
      const at = ((<usize>bin * pitch) << 3) + out;
      store<f64>(sums + at, sum);
      store<f64>(counts + at, <f64>(end - start));
    }
  }
  for (let channel: i32 = 0; channel < channelCount; channel++) {
    const at = channelCounts + ((<usize>channel) << 3);
    store<f64>(at, load<f64>(at) + unflaggedRowCount);
  }
  // An odd last time has a neighbour in its vector, and a plane of fewer times than the last leaves numbers behind.
  for (let bin: i32 = 0; bin < binCount; bin++) {
    const behind = (<usize>bin * pitch + reachTime + timeCount) << 3;
    memory.fill(sums + behind, 0, (<usize>(reachTime + 1)) << 3);
    memory.fill(counts + behind, 0, (<usize>(reachTime + 1)) << 3);
  }
}

/** A straight line at the place itself; the mean where it cannot be told. Lanes with m0 = 0 hold nonsense. */
function localLine(m0: v128, m1: v128, m2: v128, y0: v128, y1: v128, sigma: f64): v128 {
  const offset = f64x2.div(m1, m0);
  const spread = f64x2.sub(f64x2.div(m2, m0), f64x2.mul(offset, offset));
  const mean = f64x2.div(y0, m0);
  const slope = f64x2.div(f64x2.sub(f64x2.div(y1, m0), f64x2.mul(offset, mean)), spread);
  const line = f64x2.sub(mean, f64x2.mul(offset, slope));
  const near = f64x2.le(f64x2.abs(offset), f64x2.splat(sigma));
  const spreads = f64x2.gt(spread, f64x2.splat(SPREAD_MIN));
  return v128.bitselect(line, mean, v128.and(near, spreads));
}

/** Along frequency, within subbands. `subbandBins` has the first bin of each, and one past the last. */
export function smoothFreq(
  timeCount: i32,
  subbandBins: usize,
  subbandCount: i32,
  weights: usize,
  reach: i32,
  sigma: f64,
  sums: usize,
  counts: usize,
  pitch: i32,
  reachTime: i32,
  sumsFreq: usize,
  countsFreq: usize,
): void {
  const zero = f64x2.splat(0);
  for (let subband: i32 = 0; subband < subbandCount; subband++) {
    const first = load<i32>(subbandBins + ((<usize>subband) << 2));
    const last = load<i32>(subbandBins + ((<usize>subband) << 2), 4) - 1;
    for (let bin = first; bin <= last; bin++) {
      const from = max(bin - reach, first);
      const to = min(bin + reach, last);
      for (let time: i32 = 0; time < timeCount; time += 2) {
        let m0 = zero;
        let m1 = zero;
        let m2 = zero;
        let y0 = zero;
        let y1 = zero;
        for (let other = from; other <= to; other++) {
          const offset = f64x2.splat(<f64>(other - bin));
          const weight = v128.load64_splat(weights + ((<usize>abs(other - bin)) << 3));
          const at = (<usize>other * pitch + reachTime + time) << 3;
          const count = f64x2.mul(weight, v128.load(counts + at));
          const sum = f64x2.mul(weight, v128.load(sums + at));
          const first1 = f64x2.mul(count, offset);
          m0 = f64x2.add(m0, count);
          m1 = f64x2.add(m1, first1);
          m2 = f64x2.add(m2, f64x2.mul(first1, offset));
          y0 = f64x2.add(y0, sum);
          y1 = f64x2.add(y1, f64x2.mul(sum, offset));
        }
        const at = (<usize>bin * pitch + reachTime + time) << 3;
        const value = f64x2.mul(m0, localLine(m0, m1, m2, y0, y1, sigma));
        v128.store(sumsFreq + at, v128.bitselect(value, zero, f64x2.gt(m0, zero)));
        v128.store(countsFreq + at, m0);
      }
      const behind = (<usize>bin * pitch + reachTime + timeCount) << 3;
      memory.fill(sumsFreq + behind, 0, (<usize>(reachTime + 1)) << 3);
      memory.fill(countsFreq + behind, 0, (<usize>(reachTime + 1)) << 3);
    }
  }
}

/** Along time; the mean of all takes the place of what nothing is known about. */
export function smoothTime(
  timeCount: i32,
  binCount: i32,
  weights: usize,
  reach: i32,
  sigma: f64,
  sums: usize,
  counts: usize,
  pitch: i32,
  sumsFreq: usize,
  countsFreq: usize,
  fit: usize,
): void {
  const zero = f64x2.splat(0);
  let mean: f64 = NaN;
  for (let bin: i32 = 0; bin < binCount; bin++) {
    for (let time: i32 = 0; time < timeCount; time += 2) {
      let m0 = zero;
      let m1 = zero;
      let m2 = zero;
      let y0 = zero;
      let y1 = zero;
      for (let step = -reach; step <= reach; step++) {
        const offset = f64x2.splat(<f64>step);
        const weight = v128.load64_splat(weights + ((<usize>abs(step)) << 3));
        const at = (<usize>bin * pitch + reach + time + step) << 3;
        const count = f64x2.mul(weight, v128.load(countsFreq + at));
        const sum = f64x2.mul(weight, v128.load(sumsFreq + at));
        const first1 = f64x2.mul(count, offset);
        m0 = f64x2.add(m0, count);
        m1 = f64x2.add(m1, first1);
        m2 = f64x2.add(m2, f64x2.mul(first1, offset));
        y0 = f64x2.add(y0, sum);
        y1 = f64x2.add(y1, f64x2.mul(sum, offset));
      }
      let value = localLine(m0, m1, m2, y0, y1, sigma);
      const known = f64x2.gt(m0, zero);
      if (!i64x2.all_true(known)) {
        if (isNaN(mean)) mean = meanOf(sums, counts, binCount, timeCount, pitch, reach);
        value = v128.bitselect(value, f64x2.splat(mean), known);
      }
      v128.store(fit + ((<usize>bin * pitch + reach + time) << 3), value);
    }
  }
}

function meanOf(sums: usize, counts: usize, binCount: i32, timeCount: i32, pitch: i32, reach: i32): f64 {
  let total: f64 = 0;
  let totalCount: f64 = 0;
  for (let bin: i32 = 0; bin < binCount; bin++) {
    for (let time: i32 = 0; time < timeCount; time++) {
      const at = (<usize>bin * pitch + reach + time) << 3;
      total += load<f64>(sums + at);
      totalCount += load<f64>(counts + at);
    }
  }
  return totalCount > 0 ? total / totalCount : 0;
}

/**
 * The shape that all subbands share.
 *
 * @param neighbours For each channel the bins to both sides of it (two whole numbers); `rightPart` how far it is on the way.
 * @param ratios Room for a float32 for each subband.
 */
export function findShape(
  timeCount: i32,
  channelCount: i32,
  binCount: i32,
  subbandLength: i32,
  subbandCountMin: i32,
  fit: usize,
  pitch: i32,
  reachTime: i32,
  neighbours: usize,
  rightPart: usize,
  channelSums: usize,
  channelCounts: usize,
  binMeans: usize,
  ratios: usize,
  shape: usize,
): void {
  for (let bin: i32 = 0; bin < binCount; bin++) {
    let sum: f64 = 0;
    const from = fit + ((<usize>bin * pitch + reachTime) << 3);
    for (let time: i32 = 0; time < timeCount; time++) sum += load<f64>(from + ((<usize>time) << 3));
    store<f64>(binMeans + ((<usize>bin) << 3), sum);
  }
  for (let place: i32 = 0; place < subbandLength; place++) {
    let count: i32 = 0;
    for (let channel = place; channel < channelCount; channel += subbandLength) {
      const at = (<usize>channel) << 3;
      const left = load<f64>(binMeans + ((<usize>load<i32>(neighbours + at)) << 3));
      const right = load<f64>(binMeans + ((<usize>load<i32>(neighbours + at, 4)) << 3));
      const expected = (left + load<f64>(rightPart + at) * (right - left)) / <f64>timeCount;
      const samples = load<f64>(channelCounts + at);
      if (samples === 0 || !(expected > 0)) continue;
      insertSorted(ratios, count, <f32>(load<f64>(channelSums + at) / samples / expected));
      count++;
    }
    const ratio = count >= subbandCountMin ? <f64>load<f32>(ratios + ((<usize>(count >>> 1)) << 2)) : 1;
    for (let channel = place; channel < channelCount; channel += subbandLength) {
      store<f64>(shape + ((<usize>channel) << 3), ratio);
    }
  }
}

function insertSorted(values: usize, count: i32, value: f32): void {
  let at = values + ((<usize>count) << 2);
  while (at > values && load<f32>(at - 4) > value) {
    store<f32>(at, load<f32>(at - 4));
    at -= 4;
  }
  store<f32>(at, value);
}

/**
 * Amplitude minus fit.
 *
 * @param runs Channels between the same two bins: first channel, one past the last, left bin, right bin (whole numbers).
 */
export function fillResiduals(
  amplitudes: usize,
  residuals: usize,
  timeCount: i32,
  channelCount: i32,
  runs: usize,
  runCount: i32,
  fit: usize,
  pitch: i32,
  reachTime: i32,
  rightPart: usize,
  shape: usize,
): void {
  for (let time: i32 = 0; time < timeCount; time++) {
    const row = (<usize>time * channelCount) << 2;
    const fits = fit + ((<usize>(reachTime + time)) << 3);
    for (let run: i32 = 0; run < runCount; run++) {
      const place = runs + ((<usize>run) << 4);
      const end = load<i32>(place, 4);
      const left = load<f64>(fits + ((<usize>load<i32>(place, 8) * pitch) << 3));
      const step = load<f64>(fits + ((<usize>load<i32>(place, 12) * pitch) << 3)) - left;
      const lefts = f64x2.splat(left);
      const steps = f64x2.splat(step);
      let channel = load<i32>(place);
      for (; channel + 4 <= end; channel += 4) {
        const at = row + ((<usize>channel) << 2);
        const tables = (<usize>channel) << 3;
        const values = v128.load(amplitudes + at);
        const low = f64x2.sub(
          f64x2.promote_low_f32x4(values),
          f64x2.mul(f64x2.add(lefts, f64x2.mul(v128.load(rightPart + tables), steps)), v128.load(shape + tables)),
        );
        const high = f64x2.sub(
          f64x2.promote_low_f32x4(v128.shuffle<f32>(values, values, 2, 3, 2, 3)),
          f64x2.mul(
            f64x2.add(lefts, f64x2.mul(v128.load(rightPart + tables, 16), steps)),
            v128.load(shape + tables, 16),
          ),
        );
        v128.store(
          residuals + at,
          v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5),
        );
      }
      for (; channel < end; channel++) {
        const at = row + ((<usize>channel) << 2);
        const tables = (<usize>channel) << 3;
        const smooth = (left + load<f64>(rightPart + tables) * step) * load<f64>(shape + tables);
        store<f32>(residuals + at, <f32>(<f64>load<f32>(amplitudes + at) - smooth));
      }
    }
  }
}
