/** What reduces a component's amplitude on a baseline: its size, and averaging over time and channel width. */
import { type FrequencyRun, SPEED_OF_LIGHT_M_PER_SEC } from "./frequency-runs.ts";

/** Rotation of the Earth against the stars. */
export const EARTH_ROTATION_RAD_PER_SEC = 7.292115146706979e-5;

/** sin(x)/x. */
export function sinc(x: number): number {
  return Math.abs(x) < 1e-8 ? 1 : Math.sin(x) / x;
}

/**
 * Rates of UVW on the rotating Earth towards a phase centre that is fixed among the stars during an integration:
 * u′ = ω (w cos δ − v sin δ), v′ = ω u sin δ, w′ = −ω u cos δ.
 *
 * @param uvwM `[row][3]`.
 * @param decRad Declination of the phase centre, apparent (the axis of rotation is that of date).
 * @param uvwRateMPerSec Filled: `[row][3]`.
 */
export function fillUvwRates(uvwM: Float64Array, decRad: number, uvwRateMPerSec: Float64Array): void {
  if (uvwRateMPerSec.length < uvwM.length) {
    throw new RangeError(`uvwRateMPerSec: expected ${uvwM.length}, found ${uvwRateMPerSec.length}`);
  }
  const along = EARTH_ROTATION_RAD_PER_SEC * Math.cos(decRad);
  const across = EARTH_ROTATION_RAD_PER_SEC * Math.sin(decRad);
  for (let at = 0; at + 2 < uvwM.length; at += 3) {
    const u = uvwM[at];
    uvwRateMPerSec[at] = along * uvwM[at + 2] - across * uvwM[at + 1];
    uvwRateMPerSec[at + 1] = across * u;
    uvwRateMPerSec[at + 2] = -along * u;
  }
}

/** π² / (4 ln 2): a Gaussian of full width θ at half maximum has visibility exp(−π² θ² u² / (4 ln 2)). */
const GAUSSIAN_FACTOR = Math.PI ** 2 / (4 * Math.LN2);

/**
 * The q of exp(−q ν²), by which a Gaussian is resolved on a baseline.
 *
 * @param uM East, @param vM north, in metres.
 * @returns s² (q ν² has no unit); 0 of a point.
 */
export function gaussianExponent(
  uM: number,
  vM: number,
  majorRad: number,
  minorRad: number,
  positionAngleRad: number,
): number {
  const sin = Math.sin(positionAngleRad);
  const cos = Math.cos(positionAngleRad);
  const along = (majorRad * (uM * sin + vM * cos)) / SPEED_OF_LIGHT_M_PER_SEC;
  const across = (minorRad * (uM * cos - vM * sin)) / SPEED_OF_LIGHT_M_PER_SEC;
  return GAUSSIAN_FACTOR * (along * along + across * across);
}

/** Writes `from[fromStart + k] · exp(−q ν²)` to `to[k]` over a run, with two products a channel. */
export function taperGaussian(
  from: Float64Array,
  fromStart: number,
  to: Float64Array,
  run: FrequencyRun,
  exponent: number,
): void {
  const { firstHz, stepHz, channelCount } = run;
  let taper = Math.exp(-exponent * firstHz * firstHz);
  let ratio = Math.exp(-exponent * stepHz * (2 * firstHz + stepHz));
  const ratioStep = Math.exp(-2 * exponent * stepHz * stepHz);
  for (let k = 0; k < channelCount; k++) {
    to[k] = from[fromStart + k] * taper;
    taper *= ratio;
    ratio *= ratioStep;
  }
}

/** Up to here four terms of the series of sinc are good to 2e-10. */
const SERIES_LIMIT_RAD = 0.3;
const SIXTH = 1 / 6;
const HUNDRED_TWENTIETH = 1 / 120;
const SERIES_THIRD = 1 / 5040;

/**
 * Writes `from[fromStart + k] · sinc(π ν r T / c)` to `to[k]` over a run: the mean of a phase that turns evenly.
 *
 * @param pathChangeM r T: how much the path differs between end and begin of the integration.
 * @param inverseHz 1/ν of every channel.
 */
export function taperTime(
  from: Float64Array,
  fromStart: number,
  to: Float64Array,
  run: FrequencyRun,
  pathChangeM: number,
  inverseHz: Float64Array,
): void {
  const { firstHz, stepHz, channelCount, chanStart } = run;
  const scale = (Math.PI * pathChangeM) / SPEED_OF_LIGHT_M_PER_SEC;
  const first = scale * firstHz;
  const step = scale * stepHz;
  if (Math.abs(first) + Math.abs(step) * channelCount < SERIES_LIMIT_RAD) {
    for (let k = 0; k < channelCount; k++) {
      const x = first + k * step;
      const t = x * x;
      to[k] = from[fromStart + k] * (1 - t * (SIXTH - t * (HUNDRED_TWENTIETH - t * SERIES_THIRD)));
    }
    return;
  }
  // Sines of even and odd channels each by their own recurrence over two steps, so that one need not wait for the other.
  const inverse = 1 / scale;
  const twice = 2 * Math.cos(2 * step);
  let even = Math.sin(first) * inverse;
  let odd = Math.sin(first + step) * inverse;
  let evenBefore = Math.sin(first - 2 * step) * inverse;
  let oddBefore = Math.sin(first - step) * inverse;
  for (let k = 0; k < channelCount; k += 2) {
    to[k] = from[fromStart + k] * even * inverseHz[chanStart + k];
    if (k + 1 < channelCount) to[k + 1] = from[fromStart + k + 1] * odd * inverseHz[chanStart + k + 1];
    const evenNext = twice * even - evenBefore;
    const oddNext = twice * odd - oddBefore;
    evenBefore = even;
    oddBefore = odd;
    even = evenNext;
    odd = oddNext;
  }
}
