/** How good an image is: its figures, and a verdict with its reasons. */

import type { QualityReason, QualityVerdict } from "./cal-quality.ts";

export interface RestoringBeam {
  /** Full widths at half maximum; the angle from north through east. */
  readonly majorArcsec: number;
  readonly minorArcsec: number;
  readonly paDeg: number;
}

export interface ImageFigures {
  /** Scatter of the residual, from the median of its absolute deviations: sources hardly count. */
  readonly noiseJyPerBeam: number;
  readonly peakJyPerBeam: number;
  readonly lowestJyPerBeam: number;
  /** Peak over noise. */
  readonly dynamicRangeRatio: number;
  /** Above five times the noise. */
  readonly brightPixelCount: number;
  /** Not NaN. */
  readonly pixelCount: number;
  readonly beam: RestoringBeam | null;
}

export interface ImageLimits {
  readonly minDynamicRangeRatio: number;
  readonly minBrightPixelCount: number;
  /** Holes deeper than this part of the peak are sidelobes of what calibration or cleaning left. */
  readonly warnHoleRatio: number;
}

/** The first two are those of the Python pipeline (CONTIMG_QA_IMG_*). */
export const defaultImageLimits: ImageLimits = { minDynamicRangeRatio: 5, minBrightPixelCount: 10, warnHoleRatio: 0.1 };

/** Normal deviates have 1.4826 times the median of their absolute deviations as scatter. */
const SIGMA_PER_MAD = 1.482_602_218_505_602;

/**
 * @param imageJyPerBeam  restored, or what else is judged [row, column]; NaN is blank
 * @param residualJyPerBeam  where the noise is taken from, of any size; the image itself where there is none
 */
export function measureImage(
  imageJyPerBeam: Float32Array,
  residualJyPerBeam: Float32Array,
  beam: RestoringBeam | null,
): ImageFigures {
  const noiseJyPerBeam = robustScatter(residualJyPerBeam);
  let [peak, lowest, brightPixelCount, pixelCount] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0];
  for (const value of imageJyPerBeam) {
    if (Number.isNaN(value)) continue;
    pixelCount++;
    if (value > peak) peak = value;
    if (value < lowest) lowest = value;
    if (value > 5 * noiseJyPerBeam) brightPixelCount++;
  }
  if (pixelCount === 0) peak = lowest = Number.NaN;
  return {
    noiseJyPerBeam,
    peakJyPerBeam: peak,
    lowestJyPerBeam: lowest,
    dynamicRangeRatio: peak / noiseJyPerBeam,
    brightPixelCount,
    pixelCount,
    beam,
  };
}

/** NaN when there is no number. */
export function robustScatter(values: Float32Array): number {
  const numbers = values.filter((value) => !Number.isNaN(value));
  const middle = numbers.length >> 1;
  const centre = numbers.sort()[middle] ?? Number.NaN;
  for (let at = 0; at < numbers.length; at++) numbers[at] = Math.abs(numbers[at]! - centre);
  return SIGMA_PER_MAD * (numbers.sort()[middle] ?? Number.NaN);
}

export function judgeImage(figures: ImageFigures, limits: ImageLimits = defaultImageLimits): QualityVerdict {
  const reasons: QualityReason[] = [];
  const { noiseJyPerBeam, peakJyPerBeam, lowestJyPerBeam, dynamicRangeRatio, brightPixelCount, beam } = figures;
  if (!(noiseJyPerBeam > 0))
    reasons.push({ severity: "bad", text: "there is no noise: the image is empty or constant" });
  else {
    if (!(dynamicRangeRatio >= limits.minDynamicRangeRatio))
      reasons.push({
        severity: "bad",
        text: `the peak is ${dynamicRangeRatio.toFixed(1)} times the noise, expected at least ${limits.minDynamicRangeRatio}`,
      });
    if (brightPixelCount < limits.minBrightPixelCount)
      reasons.push({
        severity: "bad",
        text: `${brightPixelCount} pixels above five times the noise, expected at least ${limits.minBrightPixelCount}`,
      });
    const holeRatio = -lowestJyPerBeam / peakJyPerBeam;
    if (-lowestJyPerBeam > 5 * noiseJyPerBeam && holeRatio > limits.warnHoleRatio)
      reasons.push({ severity: "warning", text: `the deepest hole is ${(100 * holeRatio).toFixed(0)} % of the peak` });
  }
  if (beam === null) reasons.push({ severity: "warning", text: "the restoring beam is not known" });
  const verdict = reasons.some(({ severity }) => severity === "bad") ? "bad" : reasons.length > 0 ? "usable" : "good";
  return { verdict, reasons };
}
