/** The scale-invariant rank operator over a plane. */

/** η is counted in thousandths. */
const ETA_UNIT: i32 = 1000;

/**
 * Along time, then along frequency; lines without flags are left alone.
 *
 * @param gainTime η along time in thousandths, `gainFreq` along frequency.
 * @param partial Room for a whole number for each sample of the longest line, and one; `least` likewise.
 * @param marks Room for a byte for each channel, and 16.
 */
export function rankPlane(
  flags: usize,
  timeCount: i32,
  channelCount: i32,
  gainTime: i32,
  gainFreq: i32,
  partial: usize,
  least: usize,
  marks: usize,
): void {
  memory.fill(marks, 0, channelCount);
  for (let time: i32 = 0; time < timeCount; time++) {
    const row = flags + <usize>time * channelCount;
    let channel: i32 = 0;
    for (; channel + 16 <= channelCount; channel += 16) {
      v128.store(marks + channel, v128.or(v128.load(marks + channel), v128.load(row + channel)));
    }
    for (; channel < channelCount; channel++) {
      store<u8>(marks + channel, load<u8>(marks + channel) | load<u8>(row + channel));
    }
  }
  for (let channel: i32 = 0; channel < channelCount; channel++) {
    if (load<u8>(marks + channel) === 0) continue;
    rankLine(flags + channel, channelCount, timeCount, gainTime, partial, least);
  }
  for (let time: i32 = 0; time < timeCount; time++) {
    const row = flags + <usize>time * channelCount;
    if (hasFlag(row, channelCount)) rankLine(row, 1, channelCount, gainFreq, partial, least);
  }
}

/** Whether one of some flags is set. */
export function hasFlag(flags: usize, count: i32): bool {
  let any = i8x16.splat(0);
  let i: i32 = 0;
  for (; i + 16 <= count; i += 16) any = v128.or(any, v128.load(flags + i));
  let rest: u8 = 0;
  for (; i < count; i++) rest |= load<u8>(flags + i);
  return rest !== 0 || v128.any_true(any);
}

function rankLine(first: usize, stride: usize, length: i32, gain: i32, partial: usize, least: usize): void {
  const loss = gain - ETA_UNIT;
  let sum: i32 = 0;
  let smallest: i32 = 0;
  for (let i: i32 = 0; i < length; i++) {
    if (sum < smallest) smallest = sum;
    store<i32>(least + ((<usize>i) << 2), smallest);
    sum += load<u8>(first + <usize>i * stride) !== 0 ? gain : loss;
    store<i32>(partial + ((<usize>i) << 2), sum);
  }
  let most = sum;
  for (let i = length - 1; i >= 0; i--) {
    const after = load<i32>(partial + ((<usize>i) << 2));
    if (after > most) most = after;
    if (most >= load<i32>(least + ((<usize>i) << 2))) store<u8>(first + <usize>i * stride, 1);
  }
}
