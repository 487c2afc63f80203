/**
 * Search for interference in the amplitudes of one baseline and correlation over time and frequency.
 *
 * Rounds of growing sensitivity (Offringa et al. 2010): fit the smooth background to what is not flagged, measure the noise
 * of what is left, threshold by SumThreshold from the flags the plane came with. What a round flags is kept out of the next
 * round's fit and noise, and decided anew. The last round's flags grow by the scale-invariant rank operator.
 */
import { type Background, type BackgroundOptions, createBackground, subtractBackground } from "./background.ts";
import { madSigmaInPlace, medianInPlace } from "./robust.ts";
import { createRankWork, type RankWork, rankPlane } from "./scale-invariant-rank.ts";
import { createSumThreshold, type SumThreshold, setThresholds, sumThresholdPlane } from "./sum-threshold.ts";
import { gatherAmplitudes, scatterFlags, type VisibilityBlock } from "./visibility-block.ts";

/** How to search. Start from {@link RFI_SEARCH_DEFAULTS}. */
export interface RfiSearchOptions extends BackgroundOptions {
  /** χ_1 of the last round in σ of the residual amplitudes. Larger finds less. */
  readonly firstThresholdSigmaRatio: number;
  /** ρ: each doubling of the window divides the threshold by it. */
  readonly rhoRatio: number;
  readonly windowLengthMaxCount: number;
  /** Rounds, 1 or more, and how much more sensitive each is than the one before. */
  readonly roundCount: number;
  readonly roundStepRatio: number;
  /** η of the rank operator along time and frequency, 0 (no growth) to 1. */
  readonly etaTimeRatio: number;
  readonly etaFreqRatio: number;
}

/** For 24 integrations of 12.9 s and 16 subbands of 48 channels of 0.24 MHz, set subbandChannelCount to 48. */
export const RFI_SEARCH_DEFAULTS: RfiSearchOptions = {
  subbandChannelCount: 0,
  binChannelCount: 8,
  sigmaChannelCount: 6,
  sigmaTimeCount: 1.5,
  firstThresholdSigmaRatio: 6,
  rhoRatio: 1.5,
  windowLengthMaxCount: 64,
  roundCount: 3,
  roundStepRatio: 2,
  etaTimeRatio: 0.2,
  etaFreqRatio: 0.2,
};

/** Room of a search for planes of one width. Use one per thread; nothing of a plane is left for the next. */
export interface RfiSearch {
  readonly options: RfiSearchOptions;
  readonly timeCountMax: number;
  readonly channelCount: number;
  /** `[time][channel]` of the plane that is searched. */
  readonly amplitudes: Float32Array;
  readonly inputFlags: Uint8Array;
  readonly flags: Uint8Array;
  readonly previousFlags: Uint8Array;
  readonly residuals: Float32Array;
  readonly sample: Float32Array;
  readonly background: Background;
  readonly sumThreshold: SumThreshold;
  readonly rank: RankWork;
}

/** What a search found in one plane. */
export interface RfiPlaneResult {
  readonly sampleCount: number;
  /** Flagged before the search, non-finite samples included. */
  readonly flaggedBeforeCount: number;
  readonly flaggedAfterCount: number;
  /** Robust σ of the amplitudes about the background, in the unit of the visibilities; NaN where nothing was left. */
  readonly residualSigma: number;
  /** Median amplitude of unflagged samples before the search; NaN likewise. */
  readonly medianAmplitude: number;
}

/** About how many samples of a plane the noise is measured on: σ to 2 %. */
const NOISE_SAMPLE_COUNT = 2048;

/** Before the first fit, amplitudes farther than this from the median, in σ of all samples, are left out of it. */
const FIRST_CLIP_SIGMA = 5;

/** Noise below this part of the median amplitude is rounding of float32, not noise. */
const NOISE_FLOOR_RATIO = 1e-5;

/** @throws RangeError for options out of range. */
export function createRfiSearch(timeCountMax: number, channelCount: number, options: RfiSearchOptions): RfiSearch {
  const { firstThresholdSigmaRatio, rhoRatio, roundCount, roundStepRatio, etaTimeRatio, etaFreqRatio } = options;
  if (!(firstThresholdSigmaRatio > 0 && rhoRatio > 0 && roundStepRatio >= 1)) {
    throw new RangeError("RFI search: expected a first threshold and ρ above 0, and a step of rounds of 1 or more");
  }
  if (!(Number.isInteger(roundCount) && roundCount >= 1)) {
    throw new RangeError(`RFI search: expected 1 round or more, found ${roundCount}`);
  }
  if (!(etaTimeRatio >= 0 && etaTimeRatio <= 1 && etaFreqRatio >= 0 && etaFreqRatio <= 1)) {
    throw new RangeError(`RFI search: expected η within 0 to 1, found ${etaTimeRatio} and ${etaFreqRatio}`);
  }
  const sampleCount = timeCountMax * channelCount;
  const lineLengthMax = Math.max(timeCountMax, channelCount);
  return {
    options,
    timeCountMax,
    channelCount,
    amplitudes: new Float32Array(sampleCount),
    inputFlags: new Uint8Array(sampleCount),
    flags: new Uint8Array(sampleCount),
    previousFlags: new Uint8Array(sampleCount),
    residuals: new Float32Array(sampleCount),
    sample: new Float32Array(sampleCount),
    background: createBackground(timeCountMax, channelCount, options),
    sumThreshold: createSumThreshold(lineLengthMax, options.windowLengthMaxCount),
    rank: createRankWork(lineLengthMax),
  };
}

/** Step through a plane that meets all channels: odd, and no divisor of usual widths. */
function sampleStep(sampleCount: number, channelCount: number): number {
  let step = Math.max(1, Math.floor(sampleCount / NOISE_SAMPLE_COUNT));
  while (step > 1 && channelCount % step === 0) step++;
  return step;
}

/** Puts every `step`-th unflagged value into `sample`; returns how many. */
function drawSample(
  sample: Float32Array,
  values: Float32Array,
  flags: Uint8Array,
  sampleCount: number,
  step: number,
): number {
  let count = 0;
  for (let at = 0; at < sampleCount; at += step) if (flags[at] === 0) sample[count++] = values[at];
  return count;
}

/** Median and robust σ of unflagged values. Few unflagged ones are all looked at. */
function robustOf(search: RfiSearch, values: Float32Array, sampleCount: number): { centre: number; sigma: number } {
  const { sample, flags, channelCount } = search;
  let count = drawSample(sample, values, flags, sampleCount, sampleStep(sampleCount, channelCount));
  if (count < NOISE_SAMPLE_COUNT / 8) count = drawSample(sample, values, flags, sampleCount, 1);
  const centre = medianInPlace(sample, count);
  return { centre, sigma: madSigmaInPlace(sample, count, centre) };
}

function countFlags(flags: Uint8Array, sampleCount: number): number {
  let count = 0;
  for (let at = 0; at < sampleCount; at++) count += flags[at];
  return count;
}

function sameFlags(one: Uint8Array, other: Uint8Array, sampleCount: number): boolean {
  for (let at = 0; at < sampleCount; at++) if (one[at] !== other[at]) return false;
  return true;
}

/**
 * Searches the plane in `search.amplitudes` and `search.flags` (`[time][channel]`, see {@link gatherAmplitudes}); the
 * flags grow in place. Multiplying all amplitudes by a number changes nothing.
 */
export function searchPlane(search: RfiSearch, timeCount: number): RfiPlaneResult {
  const { options, channelCount, amplitudes, flags, inputFlags, previousFlags, residuals } = search;
  const sampleCount = timeCount * channelCount;
  const flaggedBeforeCount = countFlags(flags, sampleCount);
  inputFlags.set(flags);
  const raw = robustOf(search, amplitudes, sampleCount);
  let residualSigma = raw.sigma;
  if (flaggedBeforeCount < sampleCount) {
    const clip = raw.centre + FIRST_CLIP_SIGMA * Math.max(raw.sigma, NOISE_FLOOR_RATIO * raw.centre);
    for (let at = 0; at < sampleCount; at++) if (amplitudes[at] > clip) flags[at] = 1;
    for (let round = 1; round <= options.roundCount; round++) {
      if (round === 1 || !sameFlags(flags, previousFlags, sampleCount)) {
        subtractBackground(search.background, amplitudes, flags, timeCount, residuals);
        residualSigma = robustOf(search, residuals, sampleCount).sigma;
        previousFlags.set(flags);
      }
      const ease = options.roundStepRatio ** (options.roundCount - round);
      const sigma = Math.max(residualSigma, NOISE_FLOOR_RATIO * raw.centre);
      setThresholds(search.sumThreshold, ease * options.firstThresholdSigmaRatio * sigma, options.rhoRatio);
      flags.set(inputFlags);
      sumThresholdPlane(search.sumThreshold, residuals, flags, timeCount, channelCount);
    }
    rankPlane(search.rank, flags, timeCount, channelCount, options.etaTimeRatio, options.etaFreqRatio);
  }
  return {
    sampleCount,
    flaggedBeforeCount,
    flaggedAfterCount: countFlags(flags, sampleCount),
    residualSigma,
    medianAmplitude: raw.centre,
  };
}

/**
 * Searches one baseline and correlation of a block and adds what it finds to the block's flags.
 *
 * @param rows Rows of the baseline in order of time, at most `timeCountMax`. Gaps in time are not seen.
 */
export function searchBaseline(
  search: RfiSearch,
  block: VisibilityBlock,
  rows: Int32Array,
  correlation: number,
): RfiPlaneResult {
  if (block.channelCount !== search.channelCount || rows.length > search.timeCountMax) {
    throw new RangeError(
      `RFI search: expected ${search.channelCount} channels and at most ${search.timeCountMax} times, ` +
        `found ${block.channelCount} and ${rows.length}`,
    );
  }
  gatherAmplitudes(block, rows, correlation, search.amplitudes, search.flags);
  const result = searchPlane(search, rows.length);
  scatterFlags(search.flags, block, rows, correlation);
  return result;
}
