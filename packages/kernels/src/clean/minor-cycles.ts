/** Finding components in a residual image with the point spread function alone. */
import { type Allowed, findPeak, forAllowed } from "./image-statistics.ts";

/** What a minor cycle may do. */
export interface MinorLimits {
  /** Part of a peak that is taken at a time. */
  readonly loopGain: number;
  /** It stops below this. */
  readonly thresholdJyPerBeam: number;
  readonly iterationLimitCount: number;
}

/** What it did. */
export interface MinorResult {
  readonly iterationCount: number;
  /** Largest pixel left of those that were looked at. */
  readonly peakJyPerBeam: number;
}

/** More pixels than this are not followed at once: those below a higher threshold wait for the next major cycle. */
const MOST_ACTIVE_PIXELS = 40_000;

/**
 * Clark's minor cycle (A&A 89, 1980, 377): follows only pixels above the threshold, with the whole point spread function between
 * them. The residual is changed at these pixels alone; a major cycle makes it anew.
 *
 * @param psf   `[row][column]`, 1 at the centre, of the image's size: further apart, pixels do not see each other.
 * @param model Components are added here, Jy a pixel.
 */
export function clarkCycle(
  residual: Float32Array,
  psf: Float32Array,
  model: Float32Array,
  allowed: Allowed,
  limits: MinorLimits,
): MinorResult {
  const { widthPx, heightPx, allowsNegative } = allowed;
  const pixels = activePixels(residual, allowed, limits.thresholdJyPerBeam);
  const columns = Int32Array.from(pixels, (pixel) => pixel % widthPx);
  const rows = Int32Array.from(pixels, (pixel) => Math.floor(pixel / widthPx));
  const values = Float64Array.from(pixels, (pixel) => residual[pixel]);
  const centreColumn = Math.floor(widthPx / 2);
  const centreRow = Math.floor(heightPx / 2);
  let iterationCount = 0;
  let peak = largest(values, allowsNegative);
  while (peak >= 0 && iterationCount < limits.iterationLimitCount) {
    if (Math.abs(values[peak]) < limits.thresholdJyPerBeam) break;
    const flux = limits.loopGain * values[peak];
    model[pixels[peak]] += flux;
    iterationCount += 1;
    const columnShift = centreColumn - columns[peak];
    const rowShift = centreRow - rows[peak];
    let next = -1;
    let nextSize = 0;
    for (let index = 0; index < values.length; index++) {
      const column = columns[index] + columnShift;
      const row = rows[index] + rowShift;
      let value = values[index];
      if (column >= 0 && column < widthPx && row >= 0 && row < heightPx) {
        value -= flux * psf[row * widthPx + column];
        values[index] = value;
      }
      const size = allowsNegative ? Math.abs(value) : value;
      if (size > nextSize) {
        next = index;
        nextSize = size;
      }
    }
    peak = next;
  }
  for (let index = 0; index < pixels.length; index++) residual[pixels[index]] = values[index];
  return { iterationCount, peakJyPerBeam: peak < 0 ? 0 : Math.abs(values[peak]) };
}

/**
 * Högbom's cycle (A&AS 15, 1974, 417): finds the peak of the whole image and subtracts the whole point spread function each time. Exact
 * without major cycles, and slow: for small images.
 */
export function hogbomCycle(
  residual: Float32Array,
  psf: Float32Array,
  model: Float32Array,
  allowed: Allowed,
  limits: MinorLimits,
): MinorResult {
  const { widthPx, heightPx } = allowed;
  let iterationCount = 0;
  let peak = findPeak(residual, allowed);
  while (peak.pixel >= 0 && peak.sizeJyPerBeam >= limits.thresholdJyPerBeam) {
    if (iterationCount === limits.iterationLimitCount) break;
    const flux = limits.loopGain * residual[peak.pixel];
    model[peak.pixel] += flux;
    iterationCount += 1;
    const columnShift = Math.floor(widthPx / 2) - (peak.pixel % widthPx);
    const rowShift = Math.floor(heightPx / 2) - Math.floor(peak.pixel / widthPx);
    const columnEnd = Math.min(widthPx, widthPx - columnShift);
    for (let row = Math.max(0, -rowShift); row < Math.min(heightPx, heightPx - rowShift); row++) {
      const shift = rowShift * widthPx + columnShift;
      for (let column = Math.max(0, -columnShift); column < columnEnd; column++) {
        const pixel = row * widthPx + column;
        residual[pixel] -= flux * psf[pixel + shift];
      }
    }
    peak = findPeak(residual, allowed);
  }
  return { iterationCount, peakJyPerBeam: peak.sizeJyPerBeam };
}

/** Allowed pixels above a threshold; the largest of them, where there are too many. */
function activePixels(residual: Float32Array, allowed: Allowed, thresholdJyPerBeam: number): Uint32Array {
  // Floats above 0 have the order of their bits: the upper half is enough to tell how many are larger.
  const size = new Float32Array(1);
  const bits = new Uint32Array(size.buffer);
  const counts = new Uint32Array(65_536);
  let count = 0;
  forAllowed(residual, allowed, thresholdJyPerBeam, (_pixel, sizeJyPerBeam) => {
    size[0] = sizeJyPerBeam;
    counts[bits[0] >>> 16] += 1;
    count += 1;
  });
  let least = thresholdJyPerBeam;
  for (let upper = 0; count > MOST_ACTIVE_PIXELS && upper < counts.length; upper++) {
    count -= counts[upper];
    bits[0] = (upper + 1) << 16;
    if (counts[upper] > 0) least = size[0];
  }
  const pixels = new Uint32Array(count);
  let at = 0;
  forAllowed(residual, allowed, least, (pixel) => {
    pixels[at++] = pixel;
  });
  return pixels;
}

function largest(values: Float64Array, allowsNegative: boolean): number {
  let best = -1;
  let bestSize = 0;
  for (let index = 0; index < values.length; index++) {
    const size = allowsNegative ? Math.abs(values[index]) : values[index];
    if (size > bestSize) {
      best = index;
      bestSize = size;
    }
  }
  return best;
}
