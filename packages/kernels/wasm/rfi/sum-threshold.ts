/**
 * SumThreshold over a plane. Sums of M samples at every place come from those of M/2 by one addition, in float32 and four at
 * a time; only where they come close to the threshold are windows summed anew, in float64, and decided. A window of 2 M
 * samples is two of M, so its mean is no larger than the largest of those: in noise, most lines need not be summed further.
 *
 * Windows of one sample are decided first and exactly, so no later sum has a sample beyond χ_1: rounding of float32 is less
 * than SLACK · χ_1 a sample.
 */
import { nextBelow } from "./plane";
import { hasFlag } from "./rank";

const SLACK: f64 = 1e-6;

/** The largest float32 not above a threshold: float32 values exceed both or none. */
function floorOf(threshold: f64): f32 {
  const most = <f32>threshold;
  return <f64>most > threshold ? nextBelow(most) : most;
}

/** What a mean in float32 must exceed to be looked at. */
function limitOf(thresholds: usize, k: i32): f32 {
  return <f32>(load<f64>(thresholds + ((<usize>k) << 3)) - SLACK * load<f64>(thresholds));
}

/** 0 in lanes of flags that are set, all bits in others. */
function unflagged(flags: usize): v128 {
  const words = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(flags)));
  return i32x4.sub(words, i32x4.splat(1));
}

/** Places where a window may reach its threshold, the first and one past the last; one line is searched at a time. */
let hitFrom: i32 = 0;
let hitEnd: i32 = 0;

/**
 * Doubles the length of windows from `half` samples; returns the largest magnitude of their means.
 *
 * @param counts Unflagged samples of each window, doubled likewise; 0 when none is flagged.
 */
function doubleRow(sums: usize, counts: usize, length: i32, half: i32): f32 {
  const ahead = (<usize>half) << 2;
  const end = sums + ((<usize>length) << 2);
  let most = f32x4.splat(0);
  if (counts === 0) {
    for (let at = sums; at < end; at += 16) {
      const sum = f32x4.add(v128.load(at), v128.load(at + ahead));
      v128.store(at, sum);
      most = f32x4.pmax(most, f32x4.abs(sum));
    }
    return largest(most) / (2 * <f32>half);
  }
  const toCounts = counts - sums;
  for (let at = sums; at < end; at += 16) {
    const sum = f32x4.add(v128.load(at), v128.load(at + ahead));
    const count = f32x4.add(v128.load(at + toCounts), v128.load(at + toCounts + ahead));
    v128.store(at, sum);
    v128.store(at + toCounts, count);
    most = f32x4.pmax(most, meanOf(sum, count));
  }
  return largest(most);
}

/** Magnitudes of means; 0 of nothing. */
function meanOf(sums: v128, counts: v128): v128 {
  return f32x4.div(f32x4.abs(sums), f32x4.pmax(counts, f32x4.splat(1)));
}

/** Notes where the mean of windows of `windowLength` exceeds the limit. */
function findHits(sums: usize, counts: usize, length: i32, windowLength: i32, limit: f32): void {
  const end = sums + ((<usize>length) << 2);
  const toCounts = counts - sums;
  const limits = f32x4.splat(limit);
  const all = f32x4.splat(<f32>windowLength);
  hitFrom = length;
  hitEnd = 0;
  for (let at = sums; at < end; at += 16) {
    const means = meanOf(v128.load(at), counts === 0 ? all : v128.load(at + toCounts));
    if (!v128.any_true(f32x4.gt(means, limits))) continue;
    const first = <i32>((at - sums) >> 2);
    if (first < hitFrom) hitFrom = first;
    hitEnd = first + 4;
  }
}

/**
 * Along frequency in each integration.
 *
 * @param thresholds χ of windows of 1, 2, 4, … samples (float64), `windowCount` of them.
 * @param line Room for float32 for each sample of a row and twice the longest window, and 16 bytes; `sums` and `counts` likewise.
 * @param fresh Room for a byte for each sample of a row, all 0; left so.
 */
export function thresholdRows(
  values: usize,
  flags: usize,
  timeCount: i32,
  channelCount: i32,
  thresholds: usize,
  windowCount: i32,
  line: usize,
  sums: usize,
  counts: usize,
  fresh: usize,
): void {
  const room = ((<usize>2) << windowCount) << 2;
  const first = floorOf(load<f64>(thresholds));
  for (let time: i32 = 0; time < timeCount; time++) {
    const rowFlags = flags + <usize>time * channelCount;
    const row = values + ((<usize>time * channelCount) << 2);
    let hasGaps = hasFlag(rowFlags, channelCount);
    let most = takeRow(row, rowFlags, channelCount, line, hasGaps);
    const behind = line + ((<usize>channelCount) << 2);
    memory.fill(behind, 0, room);
    if (most > first) {
      most = flagSamples(line, rowFlags, channelCount, first);
      hasGaps = true;
    }
    let summed: i32 = 0;
    for (let k: i32 = 1; k < windowCount; k++) {
      if (1 << k > channelCount) break;
      const limit = limitOf(thresholds, k);
      if (most <= limit) continue;
      if (summed === 0) {
        memory.copy(sums, line, ((<usize>channelCount) << 2) + room);
        if (hasGaps) countRow(counts, rowFlags, channelCount, room);
        summed = 1;
      }
      const rowCounts: usize = hasGaps ? counts : 0;
      for (; summed < 1 << k && most > limit; summed *= 2) most = doubleRow(sums, rowCounts, channelCount, summed);
      if (most <= limit) continue;
      findHits(sums, rowCounts, channelCount, summed, limit);
      const end = min(hitEnd, channelCount - summed + 1);
      const threshold = load<f64>(thresholds + ((<usize>k) << 3));
      if (!tryWindows(row, rowFlags, 1, hitFrom, end, summed, threshold, fresh)) continue;
      takeFresh(rowFlags, 1, hitFrom, end - 1 + summed, fresh);
      most = takeRow(row, rowFlags, channelCount, line, true);
      hasGaps = true;
      summed = 0;
    }
  }
}

/** Values of a row, 0 where flagged; returns the largest magnitude. */
function takeRow(row: usize, rowFlags: usize, length: i32, line: usize, hasGaps: bool): f32 {
  let most = f32x4.splat(0);
  let i: i32 = 0;
  for (; i + 4 <= length; i += 4) {
    let value = v128.load(row + ((<usize>i) << 2));
    if (hasGaps) value = v128.and(value, unflagged(rowFlags + i));
    v128.store(line + ((<usize>i) << 2), value);
    most = f32x4.pmax(most, f32x4.abs(value));
  }
  let magnitude = largest(most);
  for (; i < length; i++) {
    const value = load<u8>(rowFlags + i) !== 0 ? <f32>0 : load<f32>(row + ((<usize>i) << 2));
    store<f32>(line + ((<usize>i) << 2), value);
    magnitude = max(magnitude, abs(value));
  }
  return magnitude;
}

/** Windows of one sample. Returns the largest magnitude that is left. */
function flagSamples(line: usize, rowFlags: usize, length: i32, limit: f32): f32 {
  const limits = f32x4.splat(limit);
  let most = f32x4.splat(0);
  for (let i: i32 = 0; i < length; i += 4) {
    const magnitude = f32x4.abs(v128.load(line + ((<usize>i) << 2)));
    const beyond = f32x4.gt(magnitude, limits);
    most = f32x4.pmax(most, v128.andnot(magnitude, beyond));
    if (!v128.any_true(beyond)) continue;
    for (let j = i; j < i + 4 && j < length; j++) {
      if (!(abs(load<f32>(line + ((<usize>j) << 2))) > limit)) continue;
      store<u8>(rowFlags + j, 1);
      store<f32>(line + ((<usize>j) << 2), 0);
    }
  }
  return largest(most);
}

function largest(lanes: v128): f32 {
  return max(
    max(f32x4.extract_lane(lanes, 0), f32x4.extract_lane(lanes, 1)),
    max(f32x4.extract_lane(lanes, 2), f32x4.extract_lane(lanes, 3)),
  );
}

/** 1 for each unflagged sample. */
function countRow(counts: usize, rowFlags: usize, length: i32, room: usize): void {
  for (let i: i32 = 0; i < length; i += 4) {
    v128.store(counts + ((<usize>i) << 2), v128.and(unflagged(rowFlags + i), f32x4.splat(1)));
  }
  memory.fill(counts + ((<usize>length) << 2), 0, room);
}

/**
 * Windows that start at places `from` to `end`, in float64. `first` flags of the line, `stride` apart, its values likewise.
 *
 * @returns Whether one reaches its threshold; its samples are set in `fresh`.
 */
function tryWindows(
  values: usize,
  flags: usize,
  stride: usize,
  from: i32,
  end: i32,
  windowLength: i32,
  threshold: f64,
  fresh: usize,
): bool {
  let found = false;
  let freshEnd: i32 = from;
  let sum: f64 = 0;
  let count: f64 = 0;
  for (let i = from; i < end + windowLength - 1; i++) {
    const head = <usize>i * stride;
    if (load<u8>(flags + head) === 0) {
      sum += <f64>load<f32>(values + (head << 2));
      count += 1;
    }
    const start = i - windowLength + 1;
    if (start < from) continue;
    if (abs(sum) > threshold * count) {
      for (let j = max(freshEnd, start); j <= i; j++) store<u8>(fresh + j, 1);
      freshEnd = i + 1;
      found = true;
    }
    const tail = <usize>start * stride;
    if (load<u8>(flags + tail) === 0) {
      sum -= <f64>load<f32>(values + (tail << 2));
      count -= 1;
    }
  }
  return found;
}

function takeFresh(flags: usize, stride: usize, from: i32, end: i32, fresh: usize): void {
  for (let i = from; i < end; i++) {
    if (load<u8>(fresh + i) === 0) continue;
    store<u8>(fresh + i, 0);
    store<u8>(flags + <usize>i * stride, 1);
  }
}

/**
 * Along time in each channel, four channels at once; the rest one by one.
 *
 * @param sums Room for four float32 for each time and twice the longest window; `counts` likewise.
 * @param fresh Room for a byte for each time, all 0; left so.
 */
export function thresholdColumns(
  values: usize,
  flags: usize,
  timeCount: i32,
  channelCount: i32,
  thresholds: usize,
  windowCount: i32,
  sums: usize,
  counts: usize,
  fresh: usize,
): void {
  const room = ((<usize>2) << windowCount) << 4;
  let channel: i32 = 0;
  for (; channel + 4 <= channelCount; channel += 4) {
    const lanes = columnsToTry(
      values,
      flags,
      channel,
      timeCount,
      channelCount,
      thresholds,
      windowCount,
      sums,
      counts,
      room,
    );
    if (lanes === 0) continue;
    for (let lane: i32 = 0; lane < 4; lane++) {
      if (((lanes >> lane) & 1) === 0) continue;
      thresholdColumn(values, flags, channel + lane, timeCount, channelCount, thresholds, windowCount, fresh);
    }
  }
  for (; channel < channelCount; channel++) {
    thresholdColumn(values, flags, channel, timeCount, channelCount, thresholds, windowCount, fresh);
  }
}

/** Which of four channels have a window that may reach its threshold: a bit for each. */
function columnsToTry(
  values: usize,
  flags: usize,
  channel: i32,
  timeCount: i32,
  channelCount: i32,
  thresholds: usize,
  windowCount: i32,
  sums: usize,
  counts: usize,
  room: usize,
): i32 {
  let most = f32x4.splat(0);
  let kept = i32x4.splat(-1);
  for (let time: i32 = 0; time < timeCount; time++) {
    const at = <usize>time * channelCount + channel;
    const keep = unflagged(flags + at);
    const value = v128.and(v128.load(values + (at << 2)), keep);
    kept = v128.and(kept, keep);
    most = f32x4.pmax(most, f32x4.abs(value));
    v128.store(sums + ((<usize>time) << 4), value);
  }
  const hasGaps = !i32x4.all_true(kept);
  let hits = f32x4.gt(most, f32x4.splat(floorOf(load<f64>(thresholds))));
  let summed: i32 = 0;
  for (let k: i32 = 1; k < windowCount && 1 << k <= timeCount; k++) {
    const limits = f32x4.splat(limitOf(thresholds, k));
    if (!v128.any_true(f32x4.gt(most, limits))) continue;
    if (summed === 0) {
      memory.fill(sums + ((<usize>timeCount) << 4), 0, room);
      if (hasGaps) countColumns(counts, flags + channel, timeCount, channelCount, room);
      summed = 1;
    }
    for (; summed < 1 << k && v128.any_true(f32x4.gt(most, limits)); summed *= 2) {
      most = doubleColumns(sums, hasGaps ? counts : 0, timeCount, summed);
    }
    if (summed === 1 << k) hits = v128.or(hits, f32x4.gt(most, limits));
  }
  return i32x4.bitmask(hits);
}

/** 1 for each unflagged sample of four columns. */
function countColumns(counts: usize, flags: usize, timeCount: i32, channelCount: i32, room: usize): void {
  for (let time: i32 = 0; time < timeCount; time++) {
    const keep = unflagged(flags + <usize>time * channelCount);
    v128.store(counts + ((<usize>time) << 4), v128.and(keep, f32x4.splat(1)));
  }
  memory.fill(counts + ((<usize>timeCount) << 4), 0, room);
}

/** As `doubleRow`, of four columns: the largest mean of each. */
function doubleColumns(sums: usize, counts: usize, timeCount: i32, half: i32): v128 {
  const ahead = (<usize>half) << 4;
  // Sums that run over the end of the column are part of longer windows only.
  const end = sums + ((<usize>(timeCount - half)) << 4);
  let most = f32x4.splat(0);
  if (counts === 0) {
    for (let at = sums; at < end; at += 16) {
      const sum = f32x4.add(v128.load(at), v128.load(at + ahead));
      v128.store(at, sum);
      most = f32x4.pmax(most, f32x4.abs(sum));
    }
    return f32x4.div(most, f32x4.splat(2 * <f32>half));
  }
  const toCounts = counts - sums;
  for (let at = sums; at < end; at += 16) {
    const sum = f32x4.add(v128.load(at), v128.load(at + ahead));
    const count = f32x4.add(v128.load(at + toCounts), v128.load(at + toCounts + ahead));
    v128.store(at, sum);
    v128.store(at + toCounts, count);
    most = f32x4.pmax(most, meanOf(sum, count));
  }
  return most;
}

function thresholdColumn(
  values: usize,
  flags: usize,
  channel: i32,
  timeCount: i32,
  channelCount: i32,
  thresholds: usize,
  windowCount: i32,
  fresh: usize,
): void {
  const first = values + ((<usize>channel) << 2);
  const firstFlag = flags + channel;
  for (let k: i32 = 0; k < windowCount && 1 << k <= timeCount; k++) {
    const length = 1 << k;
    const threshold = load<f64>(thresholds + ((<usize>k) << 3));
    if (k === 0) {
      const limit = floorOf(threshold);
      for (let time: i32 = 0; time < timeCount; time++) {
        const at = <usize>time * channelCount;
        if (load<u8>(firstFlag + at) === 0 && abs(load<f32>(first + (at << 2))) > limit) store<u8>(firstFlag + at, 1);
      }
    } else if (tryWindows(first, firstFlag, channelCount, 0, timeCount - length + 1, length, threshold, fresh)) {
      takeFresh(firstFlag, channelCount, 0, timeCount, fresh);
    }
  }
}
