/**
 * Which rows to flag by what they are, not by what they hold. Each of these sets 1 in `marks` (one per row, 1 = flag the
 * row whole) and returns how many rows it newly marked; {@link flagRows} turns marks into flags.
 */
import { checkBlock, type VisibilityBlock } from "./visibility-block.ts";

function mark(marks: Uint8Array, row: number): number {
  if (marks[row] !== 0) return 0;
  marks[row] = 1;
  return 1;
}

/** Autocorrelations. */
export function markAutocorrelations(marks: Uint8Array, ant1: Int32Array, ant2: Int32Array): number {
  let newCount = 0;
  for (let row = 0; row < marks.length; row++) if (ant1[row] === ant2[row]) newCount += mark(marks, row);
  return newCount;
}

/** Every row with one of these antennas at either end. */
export function markAntennas(
  marks: Uint8Array,
  ant1: Int32Array,
  ant2: Int32Array,
  antennas: Iterable<number>,
): number {
  const listed = new Set(antennas);
  let newCount = 0;
  for (let row = 0; row < marks.length; row++) {
    if (listed.has(ant1[row]) || listed.has(ant2[row])) newCount += mark(marks, row);
  }
  return newCount;
}

/** Every row of these pairs of antennas, in either order. */
export function markBaselines(
  marks: Uint8Array,
  ant1: Int32Array,
  ant2: Int32Array,
  baselines: Iterable<readonly [number, number]>,
): number {
  const listed = new Set<string>();
  for (const [one, other] of baselines) listed.add(`${Math.min(one, other)}-${Math.max(one, other)}`);
  let newCount = 0;
  for (let row = 0; row < marks.length; row++) {
    const key = `${Math.min(ant1[row], ant2[row])}-${Math.max(ant1[row], ant2[row])}`;
    if (listed.has(key)) newCount += mark(marks, row);
  }
  return newCount;
}

/** Every row whose time (mid-integration, seconds) lies within `[startSec, endSec)` of one of the ranges. */
export function markTimes(
  marks: Uint8Array,
  timeSec: Float64Array,
  ranges: readonly { readonly startSec: number; readonly endSec: number }[],
): number {
  let newCount = 0;
  for (let row = 0; row < marks.length; row++) {
    const time = timeSec[row];
    if (ranges.some(({ startSec, endSec }) => time >= startSec && time < endSec)) newCount += mark(marks, row);
  }
  return newCount;
}

/** Which part of each scan to drop. */
export interface QuackOptions {
  /** Length of what is dropped, seconds, ≥ 0. */
  readonly intervalSec: number;
  readonly at: "begin" | "end" | "both";
}

/**
 * Begin or end of each scan: integrations that *start* less than the interval after the scan's begin, or end less than
 * that before its end. Times that differ by less than 0.5 µs count as equal.
 *
 * @param timeSec Mid-integration times of rows; `exposureSec` their lengths; `scan` what makes rows one scan.
 */
export function markQuack(
  marks: Uint8Array,
  timeSec: Float64Array,
  exposureSec: Float64Array,
  scan: Int32Array,
  options: QuackOptions,
): number {
  const { intervalSec, at } = options;
  if (!(intervalSec >= 0)) throw new RangeError(`quack: expected an interval of 0 s or more, found ${intervalSec}`);
  const begins = new Map<number, number>();
  const ends = new Map<number, number>();
  for (let row = 0; row < marks.length; row++) {
    const half = exposureSec[row] / 2;
    begins.set(scan[row], Math.min(begins.get(scan[row]) ?? Infinity, timeSec[row] - half));
    ends.set(scan[row], Math.max(ends.get(scan[row]) ?? -Infinity, timeSec[row] + half));
  }
  const slackSec = 5e-7;
  let newCount = 0;
  for (let row = 0; row < marks.length; row++) {
    const half = exposureSec[row] / 2;
    const sinceBegin = timeSec[row] - half - (begins.get(scan[row]) as number);
    const untilEnd = (ends.get(scan[row]) as number) - timeSec[row] - half;
    const atBegin = at !== "end" && sinceBegin < intervalSec - slackSec;
    const atEnd = at !== "begin" && untilEnd < intervalSec - slackSec;
    if (atBegin || atEnd) newCount += mark(marks, row);
  }
  return newCount;
}

/** Dishes and what overlap is forgiven. */
export interface ShadowOptions {
  /** Diameter of each antenna, metres, by antenna number. */
  readonly diameterM: Float64Array;
  /** Overlap of two dishes that is not yet shadowing, metres. */
  readonly toleranceM: number;
}

/**
 * Antennas behind another dish. Seen from the source two antennas are √(u² + v²) apart; less than the sum of their radii
 * minus the tolerance means that the farther one is shadowed, and every row with it at the same time is marked.
 * UVW of a row being antenna 2 minus antenna 1, as in a Measurement Set, antenna 1 is the farther one where w > 0. Equal
 * distance shadows nobody.
 *
 * @param uvwM `[row][u, v, w]`, metres.
 * @param timeSec Rows of equal time are one integration.
 */
export function markShadowed(
  marks: Uint8Array,
  ant1: Int32Array,
  ant2: Int32Array,
  timeSec: Float64Array,
  uvwM: Float64Array,
  options: ShadowOptions,
): number {
  const { diameterM, toleranceM } = options;
  const shadowed = new Map<number, Set<number>>();
  for (let row = 0; row < marks.length; row++) {
    if (ant1[row] === ant2[row]) continue;
    const reachM = (diameterM[ant1[row]] + diameterM[ant2[row]]) / 2 - toleranceM;
    const u = uvwM[3 * row];
    const v = uvwM[3 * row + 1];
    const w = uvwM[3 * row + 2];
    if (reachM <= 0 || u * u + v * v >= reachM * reachM || w === 0) continue;
    const behind = w > 0 ? ant1[row] : ant2[row];
    const atTime = shadowed.get(timeSec[row]);
    if (atTime === undefined) shadowed.set(timeSec[row], new Set([behind]));
    else atTime.add(behind);
  }
  if (shadowed.size === 0) return 0;
  let newCount = 0;
  for (let row = 0; row < marks.length; row++) {
    const atTime = shadowed.get(timeSec[row]);
    if (atTime !== undefined && (atTime.has(ant1[row]) || atTime.has(ant2[row]))) newCount += mark(marks, row);
  }
  return newCount;
}

/**
 * Flags every sample of the marked rows.
 *
 * @param correlation Just this correlation; all where it is left out.
 * @returns How many samples are newly flagged.
 */
export function flagRows(block: VisibilityBlock, marks: Uint8Array, correlation?: number): number {
  checkBlock(block);
  const { flags, rowCount, channelCount, correlationCount } = block;
  if (marks.length !== rowCount) throw new RangeError(`marks: expected ${rowCount}, found ${marks.length}`);
  const step = correlation === undefined ? 1 : correlationCount;
  const rowLength = channelCount * correlationCount;
  let newCount = 0;
  for (let row = 0; row < rowCount; row++) {
    if (marks[row] === 0) continue;
    for (let at = row * rowLength + (correlation ?? 0); at < (row + 1) * rowLength; at += step) {
      if (flags[at] !== 0) continue;
      flags[at] = 1;
      newCount++;
    }
  }
  return newCount;
}

/**
 * Flags some channels in all rows and correlations.
 *
 * @param channelMarks One per channel, 1 = flag.
 * @returns How many samples are newly flagged.
 */
export function flagChannels(block: VisibilityBlock, channelMarks: Uint8Array): number {
  checkBlock(block);
  const { flags, rowCount, channelCount, correlationCount } = block;
  if (channelMarks.length !== channelCount) {
    throw new RangeError(`channel marks: expected ${channelCount}, found ${channelMarks.length}`);
  }
  let newCount = 0;
  let at = 0;
  for (let row = 0; row < rowCount; row++) {
    for (let channel = 0; channel < channelCount; channel++) {
      const marked = channelMarks[channel] !== 0;
      for (let correlation = 0; correlation < correlationCount; correlation++, at++) {
        if (!marked || flags[at] !== 0) continue;
        flags[at] = 1;
        newCount++;
      }
    }
  }
  return newCount;
}
