/**
 * Search for interference in the amplitudes of one baseline and correlation over time and frequency.
 *
 * Rounds of growing sensitivity (Offringa et al. 2010): fit the smooth background to what is not flagged, measure the noise
 * of what is left, threshold by SumThreshold from the flags the plane came with. What a round flags is kept out of the next
 * round's fit and noise, and decided anew. The last round's flags grow by the scale-invariant rank operator.
 */
import { bestEngineKind, type EngineKind } from "../engine/engine.ts";
import type { BackgroundOptions } from "./background.ts";
import { plainSteps } from "./plain-steps.ts";
import { SIGMA_PER_MAD_RATIO } from "./robust.ts";
import type { SearchSteps } from "./search-steps.ts";
import { gatherAmplitudes, scatterFlags, type VisibilityBlock } from "./visibility-block.ts";
import { wasmSteps } from "./wasm-steps.ts";

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
  readonly flags: Uint8Array;
  readonly steps: SearchSteps;
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

/**
 * @param kind Both find the same; the plain one takes three times as long.
 * @throws RangeError for options out of range.
 */
export function createRfiSearch(
  timeCountMax: number,
  channelCount: number,
  options: RfiSearchOptions,
  kind: EngineKind = bestEngineKind(),
): RfiSearch {
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
  const makeSteps = kind === "wasm" ? wasmSteps : plainSteps;
  const steps = makeSteps(timeCountMax, channelCount, options);
  const { amplitudes, flags } = steps.planes;
  return { options, timeCountMax, channelCount, amplitudes, flags, steps };
}

/** Step through a plane that meets all channels: odd, and no divisor of usual widths. */
function sampleStep(sampleCount: number, channelCount: number): number {
  let step = Math.max(1, Math.floor(sampleCount / NOISE_SAMPLE_COUNT));
  while (step > 1 && channelCount % step === 0) step++;
  return step;
}

/** Median and robust σ of unflagged values. Few unflagged ones are all looked at. */
function robustOf(
  { steps, channelCount }: RfiSearch,
  from: "amplitudes" | "residuals",
  sampleCount: number,
): { centre: number; sigma: number } {
  let count = steps.drawSample(from, sampleCount, sampleStep(sampleCount, channelCount));
  if (count < NOISE_SAMPLE_COUNT / 8) count = steps.drawSample(from, sampleCount, 1);
  const centre = steps.median(count);
  steps.spreadAbout(centre, count);
  return { centre, sigma: SIGMA_PER_MAD_RATIO * steps.median(count) };
}

/**
 * Searches the plane in `search.amplitudes` and `search.flags` (`[time][channel]`, see {@link gatherAmplitudes}); the
 * flags grow in place. Multiplying all amplitudes by a number changes nothing.
 */
export function searchPlane(search: RfiSearch, timeCount: number): RfiPlaneResult {
  const { options, channelCount, steps } = search;
  const { flags, inputFlags, previousFlags } = steps.planes;
  const sampleCount = timeCount * channelCount;
  const flaggedBeforeCount = steps.countFlags(sampleCount);
  inputFlags.set(flags);
  const raw = robustOf(search, "amplitudes", sampleCount);
  let residualSigma = raw.sigma;
  if (flaggedBeforeCount < sampleCount) {
    steps.clipAbove(raw.centre + FIRST_CLIP_SIGMA * Math.max(raw.sigma, NOISE_FLOOR_RATIO * raw.centre), sampleCount);
    for (let round = 1; round <= options.roundCount; round++) {
      if (round === 1 || !steps.sameFlags(sampleCount)) {
        steps.subtractBackground(timeCount);
        residualSigma = robustOf(search, "residuals", sampleCount).sigma;
        previousFlags.set(flags);
        // The round before flagged all there was.
        if (Number.isNaN(residualSigma)) break;
      }
      const ease = options.roundStepRatio ** (options.roundCount - round);
      const sigma = Math.max(residualSigma, NOISE_FLOOR_RATIO * raw.centre);
      flags.set(inputFlags);
      steps.threshold(ease * options.firstThresholdSigmaRatio * sigma, timeCount);
    }
    steps.rank(timeCount);
  }
  return {
    sampleCount,
    flaggedBeforeCount,
    flaggedAfterCount: steps.countFlags(sampleCount),
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
