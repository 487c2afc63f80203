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

/** Multiplies `amplitudes[0 … count − 1]` by exp(−q ν²) over a run, with two products a channel. */
export function taperGaussian(amplitudes: Float64Array, run: FrequencyRun, exponent: number): void {
  const { firstHz, stepHz, channelCount } = run;
  let taper = Math.exp(-exponent * firstHz * firstHz);
  let ratio = Math.exp(-exponent * stepHz * (2 * firstHz + stepHz));
  const ratioStep = Math.exp(-2 * exponent * stepHz * stepHz);
  for (let k = 0; k < channelCount; k++) {
    amplitudes[k] *= taper;
    taper *= ratio;
    ratio *= ratioStep;
  }
}

/**
 * Multiplies `amplitudes[0 … count − 1]` by sinc(π ν r T / c) over a run: the mean of a phase that turns evenly.
 *
 * @param pathChangeM r T: how much the path differs between end and begin of the integration.
 * @param inverseHz 1/ν of every channel.
 */
export function taperTime(
  amplitudes: Float64Array,
  run: FrequencyRun,
  pathChangeM: number,
  inverseHz: Float64Array,
): void {
  const { firstHz, stepHz, channelCount, chanStart } = run;
  const scale = (Math.PI * pathChangeM) / SPEED_OF_LIGHT_M_PER_SEC;
  // Below this the factor is 1 to 2e-11.
  if (Math.abs(scale) * (firstHz + Math.abs(stepHz) * channelCount) < 1e-5) return;
  const inverse = 1 / scale;
  const twice = 2 * Math.cos(scale * stepHz);
  let now = Math.sin(scale * firstHz);
  let next = Math.sin(scale * (firstHz + stepHz));
  for (let k = 0; k < channelCount; k++) {
    amplitudes[k] *= now * inverse * inverseHz[chanStart + k];
    const after = twice * next - now;
    now = next;
    next = after;
  }
}
