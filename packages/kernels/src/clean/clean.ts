/**
 * A deconvolution from one major cycle to the next (Cotton-Schwab, as in Schwab, AJ 89, 1984, 1076): how deep each minor cycle goes, when the
 * mask is made, when it ends. Major cycles are the caller's: it predicts the model, images what is left, and asks again.
 */
import { type Allowed, findPeak, noiseSigma } from "./image-statistics.ts";
import { clarkCycle, hogbomCycle } from "./minor-cycles.ts";

export interface CleanOptions {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Default "clark". */
  readonly minorCycle?: "clark" | "hogbom";
  /** Part of a peak that a component takes; default 0.1. */
  readonly loopGain?: number;
  /** Part of the peak by which each major cycle lowers it; default 0.8. */
  readonly majorGain?: number;
  /** Components in all; default 100 000. */
  readonly iterationLimitCount?: number;
  /** Ends below this; default 0. */
  readonly thresholdJyPerBeam?: number;
  /** Ends below so many σ of the residual, measured anew in each major cycle; default 0. */
  readonly autoThresholdSigma?: number;
  /**
   * First cleans to so many σ anywhere it may, then on to the threshold only where components were found. Must be above
   * `autoThresholdSigma`. Absent: no mask is made.
   */
  readonly autoMaskSigma?: number;
  /** Pixels that may be cleaned are not 0. Absent: all. */
  readonly mask?: Uint8Array;
  /** Part of the width and height along each edge that is not cleaned; default 0. */
  readonly borderFraction?: number;
  /** Whether components may be negative; default true. */
  readonly allowsNegative?: boolean;
}

/** A deconvolution under way. */
export interface Clean {
  readonly options: CleanOptions;
  /** Components, `[row][column]`, Jy a pixel. May hold those of an earlier clean when it begins. */
  readonly model: Float32Array;
  iterationCount: number;
  majorCount: number;
  /** Where components are, once the mask is made. */
  autoMask: Uint8Array | undefined;
}

/** What a minor cycle did, and whether there is more to do. */
export interface CleanStep {
  readonly sigmaJyPerBeam: number;
  /** Largest allowed pixel before. */
  readonly peakJyPerBeam: number;
  /** Where this cycle stopped, and where the whole ends. */
  readonly cycleThresholdJyPerBeam: number;
  readonly finalThresholdJyPerBeam: number;
  readonly iterationCount: number;
  /**
   * "major": the residual is to be made anew, and more components to be found. "threshold", "iterations": it is to be made anew, and
   * nothing follows. "nothing": no component was found, the residual is as it was.
   */
  readonly next: "major" | "threshold" | "iterations" | "nothing";
}

/**
 * Begins a deconvolution.
 *
 * @throws RangeError for options that contradict each other.
 */
export function startClean(options: CleanOptions, model?: Float32Array): Clean {
  const { widthPx, heightPx, loopGain = 0.1, majorGain = 0.8, autoMaskSigma, autoThresholdSigma = 0, mask } = options;
  if (!(loopGain > 0 && loopGain < 2))
    throw new RangeError(`loopGain: expected above 0 and below 2, found ${loopGain}`);
  if (!(majorGain > 0 && majorGain <= 1))
    throw new RangeError(`majorGain: expected above 0, at most 1, found ${majorGain}`);
  if (autoMaskSigma !== undefined && !(autoMaskSigma > autoThresholdSigma)) {
    throw new RangeError(
      `autoMaskSigma: expected above autoThresholdSigma, ${autoThresholdSigma}, found ${autoMaskSigma}`,
    );
  }
  for (const [name, array] of Object.entries({ mask, model })) {
    if (array !== undefined && array.length !== widthPx * heightPx) {
      throw new RangeError(`${name}: expected ${widthPx * heightPx} pixels, found ${array.length}`);
    }
  }
  return {
    options,
    model: model ?? new Float32Array(widthPx * heightPx),
    iterationCount: 0,
    majorCount: 0,
    autoMask: undefined,
  };
}

/**
 * One minor cycle. σ is 1.48 times the median of absolute deviations; the cycle stops at the final threshold or where `majorGain`
 * of the peak is gone, whichever is higher.
 *
 * @param residual `[row][column]`, Jy a beam; is changed, and after Clark's cycle of no use but for the next major cycle.
 * @param psf      Of the same size, 1 at the centre.
 */
export function cleanStep(clean: Clean, residual: Float32Array, psf: Float32Array): CleanStep {
  const { options } = clean;
  const { majorGain = 0.8, loopGain = 0.1, iterationLimitCount = 100_000, autoMaskSigma } = options;
  const sigmaJyPerBeam = noiseSigma(residual);
  const end = Math.max(options.thresholdJyPerBeam ?? 0, (options.autoThresholdSigma ?? 0) * sigmaJyPerBeam);
  const isMasking = autoMaskSigma !== undefined && clean.autoMask === undefined;
  const finalThresholdJyPerBeam = isMasking ? Math.max(end, autoMaskSigma * sigmaJyPerBeam) : end;
  const peakJyPerBeam = findPeak(residual, allowedOf(clean)).sizeJyPerBeam;
  if (isMasking && peakJyPerBeam < finalThresholdJyPerBeam) {
    clean.autoMask = Uint8Array.from(clean.model, (flux) => (flux === 0 ? 0 : 1));
    return cleanStep(clean, residual, psf);
  }
  const cycleThresholdJyPerBeam = Math.max(finalThresholdJyPerBeam, (1 - majorGain) * peakJyPerBeam);
  const limits = {
    loopGain,
    thresholdJyPerBeam: cycleThresholdJyPerBeam,
    iterationLimitCount: iterationLimitCount - clean.iterationCount,
  };
  const minor = options.minorCycle === "hogbom" ? hogbomCycle : clarkCycle;
  const { iterationCount, peakJyPerBeam: leftJyPerBeam } = minor(residual, psf, clean.model, allowedOf(clean), limits);
  clean.iterationCount += iterationCount;
  clean.majorCount += 1;
  const figures = { sigmaJyPerBeam, peakJyPerBeam, cycleThresholdJyPerBeam, finalThresholdJyPerBeam, iterationCount };
  if (iterationCount === 0) return { ...figures, next: "nothing" };
  if (clean.iterationCount >= iterationLimitCount) return { ...figures, next: "iterations" };
  const isEnd = cycleThresholdJyPerBeam <= finalThresholdJyPerBeam && leftJyPerBeam <= finalThresholdJyPerBeam;
  return { ...figures, next: isEnd && !isMasking ? "threshold" : "major" };
}

function allowedOf({ options, autoMask }: Clean): Allowed {
  const { widthPx, heightPx, borderFraction = 0, allowsNegative = true } = options;
  // Components are only found where the user's mask allows: the mask made of them is inside it.
  const mask = autoMask ?? options.mask;
  const borderCount = Math.round(borderFraction * Math.min(widthPx, heightPx));
  return { widthPx, heightPx, borderCount, allowsNegative, ...(mask === undefined ? {} : { mask }) };
}
