/** Simple growth of flags, as flagdata's extend mode offers: over a plane `[time][channel]`, and from one correlation to all. */
import { checkBlock, type VisibilityBlock } from "./visibility-block.ts";

/** What to grow. Steps are taken in the order of the fields; each sees what the one before flagged. */
export interface GrowOptions {
  /** A channel is flagged at all times where more than this part of its times is, 0 to 1; 1 = never. */
  readonly growTimeRatio: number;
  /** An integration is flagged in all channels where more than this part of them is, likewise. */
  readonly growFreqRatio: number;
  /** Flags the sample before and after each flagged one in time. */
  readonly flagNearTime: boolean;
  /** …and in frequency. */
  readonly flagNearFreq: boolean;
}

/** Room for one plane. Use one per thread. */
export interface GrowWork {
  readonly original: Uint8Array;
}

export function createGrowWork(sampleCountMax: number): GrowWork {
  return { original: new Uint8Array(sampleCountMax) };
}

/** Flags lines whole of which more than `ratio` is flagged. */
function fillLines(
  flags: Uint8Array,
  lineCount: number,
  lineStride: number,
  length: number,
  stride: number,
  ratio: number,
): number {
  let newCount = 0;
  for (let line = 0; line < lineCount; line++) {
    const start = line * lineStride;
    const end = start + length * stride;
    let count = 0;
    for (let at = start; at < end; at += stride) count += flags[at];
    if (count <= ratio * length || count === length) continue;
    newCount += length - count;
    for (let at = start; at < end; at += stride) flags[at] = 1;
  }
  return newCount;
}

/** Flags the neighbours at `stride` of what was flagged when called. */
function flagNear(
  work: GrowWork,
  flags: Uint8Array,
  lineCount: number,
  lineStride: number,
  length: number,
  stride: number,
): number {
  const { original } = work;
  for (let at = 0; at < lineCount * length; at++) original[at] = flags[at];
  let newCount = 0;
  for (let line = 0; line < lineCount; line++) {
    for (let i = 0, at = line * lineStride; i < length; i++, at += stride) {
      if (original[at] !== 0) continue;
      if ((i > 0 && original[at - stride] !== 0) || (i < length - 1 && original[at + stride] !== 0)) {
        flags[at] = 1;
        newCount++;
      }
    }
  }
  return newCount;
}

/**
 * Grows the flags (0 or 1) of a plane in place.
 *
 * @returns How many samples are newly flagged.
 */
export function growPlane(
  work: GrowWork,
  flags: Uint8Array,
  timeCount: number,
  channelCount: number,
  options: GrowOptions,
): number {
  const { growTimeRatio, growFreqRatio, flagNearTime, flagNearFreq } = options;
  if (!(growTimeRatio >= 0 && growTimeRatio <= 1 && growFreqRatio >= 0 && growFreqRatio <= 1)) {
    throw new RangeError(`grow: expected ratios within 0 to 1, found ${growTimeRatio} and ${growFreqRatio}`);
  }
  if (timeCount * channelCount > work.original.length) {
    throw new RangeError(`grow: expected at most ${work.original.length} samples, found ${timeCount * channelCount}`);
  }
  let newCount = fillLines(flags, channelCount, 1, timeCount, channelCount, growTimeRatio);
  newCount += fillLines(flags, timeCount, channelCount, channelCount, 1, growFreqRatio);
  if (flagNearTime) newCount += flagNear(work, flags, channelCount, 1, timeCount, channelCount);
  if (flagNearFreq) newCount += flagNear(work, flags, timeCount, channelCount, channelCount, 1);
  return newCount;
}

/**
 * Flags all correlations of a sample where one is flagged.
 *
 * @returns How many samples are newly flagged.
 */
export function extendCorrelations(block: VisibilityBlock): number {
  checkBlock(block);
  const { flags, correlationCount } = block;
  let newCount = 0;
  for (let first = 0; first < flags.length; first += correlationCount) {
    let any = 0;
    for (let at = first; at < first + correlationCount; at++) any |= flags[at];
    if (any === 0) continue;
    for (let at = first; at < first + correlationCount; at++) {
      if (flags[at] !== 0) continue;
      flags[at] = 1;
      newCount++;
    }
  }
  return newCount;
}
