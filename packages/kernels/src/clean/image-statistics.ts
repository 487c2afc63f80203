/** Noise and peaks of an image. */

/** Pixels that the noise is estimated from, at most: enough for 0.1 %. */
const MOST_PIXELS = 1_000_000;
/** σ of a Gaussian is this times the median of absolute deviations. */
const SIGMA_OF_MEDIAN = 1.482602218505602;

/**
 * σ of the noise, by the median of absolute deviations from the median, over evenly spread pixels. Pixels that are exactly 0, such
 * as those beyond the horizon, and those that are no numbers do not count. 0 when none is left.
 */
export function noiseSigma(image: Float32Array): number {
  // A step that shares no factor with an image's width visits all columns.
  const step = Math.max(1, Math.ceil(image.length / MOST_PIXELS) | 1);
  const values: number[] = [];
  for (let pixel = 0; pixel < image.length; pixel += step) {
    const value = image[pixel];
    if (value !== 0 && Number.isFinite(value)) values.push(value);
  }
  if (values.length === 0) return 0;
  const sorted = Float32Array.from(values).sort();
  const median = sorted[sorted.length >> 1];
  const deviations = sorted.map((value) => Math.abs(value - median)).sort();
  return SIGMA_OF_MEDIAN * deviations[deviations.length >> 1];
}

/** Pixels of an image that may be cleaned. */
export interface Allowed {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Pixels that count are not 0. Absent: all. */
  readonly mask?: Uint8Array;
  /** Pixels so near to an edge do not count. */
  readonly borderCount: number;
  /** Whether negative components are found too. */
  readonly allowsNegative: boolean;
}

/** Calls `work` with allowed pixels whose size is at least `least`. */
export function forAllowed(
  image: Float32Array,
  allowed: Allowed,
  leastJyPerBeam: number,
  work: (pixel: number, sizeJyPerBeam: number) => void,
): void {
  const { widthPx, heightPx, mask, borderCount, allowsNegative } = allowed;
  for (let row = borderCount; row < heightPx - borderCount; row++) {
    const end = (row + 1) * widthPx - borderCount;
    for (let pixel = row * widthPx + borderCount; pixel < end; pixel++) {
      const size = allowsNegative ? Math.abs(image[pixel]) : image[pixel];
      if (size >= leastJyPerBeam && (mask === undefined || mask[pixel] !== 0)) work(pixel, size);
    }
  }
}

/** The largest allowed pixel, the first of equal ones; −1 where there is none above 0. */
export function findPeak(
  image: Float32Array,
  allowed: Allowed,
): { readonly pixel: number; readonly sizeJyPerBeam: number } {
  let best = -1;
  let sizeJyPerBeam = 0;
  const { widthPx, heightPx, mask, borderCount, allowsNegative } = allowed;
  for (let row = borderCount; row < heightPx - borderCount; row++) {
    const end = (row + 1) * widthPx - borderCount;
    for (let pixel = row * widthPx + borderCount; pixel < end; pixel++) {
      const size = allowsNegative ? Math.abs(image[pixel]) : image[pixel];
      if (size > sizeJyPerBeam && (mask === undefined || mask[pixel] !== 0)) {
        best = pixel;
        sizeJyPerBeam = size;
      }
    }
  }
  return { pixel: best, sizeJyPerBeam };
}
