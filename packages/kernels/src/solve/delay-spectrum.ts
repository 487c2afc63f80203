/** Where the delay spectrum |Σ N(ν) e^{−2πi τ (ν − ν₀)}| of a series over frequency is highest. */

export interface DelayPeak {
  delaySec: number;
  /** Phase and length of the sum there. */
  phaseRad: number;
  height: number;
}

/** Steps of the coarse search: so many in 1/bandwidth. The peak is 2 of 1/bandwidth wide between its zeros. */
const STEPS_PER_PEAK = 4;

const NEWTON_STEP_COUNT = 20;

/**
 * Searches delays from −maxDelaySec to maxDelaySec, then refines the highest. No transform and no grid of frequencies:
 * channels may be missing or irregular.
 *
 * @param series `[channel][re, im]`, 0 where there is nothing.
 * @param offsetHz ν − ν₀ of each channel.
 * @param bandwidthHz Extent of the channels.
 * @param scratch As long as `series` twice.
 * @param peak Filled.
 */
export function findDelayPeak(
  series: Float64Array,
  offsetHz: Float64Array,
  bandwidthHz: number,
  maxDelaySec: number,
  scratch: Float64Array,
  peak: DelayPeak,
): void {
  const channelCount = offsetHz.length;
  const stepSec = 1 / (STEPS_PER_PEAK * bandwidthHz);
  const stepCount = Math.ceil(maxDelaySec / stepSec);
  // Each channel turns by a constant from one delay to the next.
  for (let chan = 0; chan < channelCount; chan++) {
    const startRad = 2 * Math.PI * stepCount * stepSec * offsetHz[chan];
    const turnRad = -2 * Math.PI * stepSec * offsetHz[chan];
    const cos = Math.cos(startRad);
    const sin = Math.sin(startRad);
    const at = 4 * chan;
    scratch[at] = series[2 * chan] * cos - series[2 * chan + 1] * sin;
    scratch[at + 1] = series[2 * chan] * sin + series[2 * chan + 1] * cos;
    scratch[at + 2] = Math.cos(turnRad);
    scratch[at + 3] = Math.sin(turnRad);
  }
  let best = -1;
  let bestStep = 0;
  for (let step = -stepCount; step <= stepCount; step++) {
    let re = 0;
    let im = 0;
    for (let at = 0; at < 4 * channelCount; at += 4) {
      const zRe = scratch[at];
      const zIm = scratch[at + 1];
      re += zRe;
      im += zIm;
      scratch[at] = zRe * scratch[at + 2] - zIm * scratch[at + 3];
      scratch[at + 1] = zRe * scratch[at + 3] + zIm * scratch[at + 2];
    }
    const power = re * re + im * im;
    if (power > best) {
      best = power;
      bestStep = step;
    }
  }
  refineDelayPeak(series, offsetHz, bestStep * stepSec, stepSec, peak);
}

/**
 * Newton's steps to the maximum near a delay.
 *
 * @param reachSec Never farther from the start than this.
 */
export function refineDelayPeak(
  series: Float64Array,
  offsetHz: Float64Array,
  startSec: number,
  reachSec: number,
  peak: DelayPeak,
): void {
  let delaySec = startSec;
  for (let iteration = 0; iteration < NEWTON_STEP_COUNT; iteration++) {
    let re = 0;
    let im = 0;
    let firstRe = 0;
    let firstIm = 0;
    let secondRe = 0;
    let secondIm = 0;
    for (let chan = 0; chan < offsetHz.length; chan++) {
      const turn = 2 * Math.PI * offsetHz[chan];
      const cos = Math.cos(turn * delaySec);
      const sin = -Math.sin(turn * delaySec);
      const zRe = series[2 * chan] * cos - series[2 * chan + 1] * sin;
      const zIm = series[2 * chan] * sin + series[2 * chan + 1] * cos;
      re += zRe;
      im += zIm;
      firstRe += turn * zIm;
      firstIm -= turn * zRe;
      secondRe -= turn * turn * zRe;
      secondIm -= turn * turn * zIm;
    }
    peak.delaySec = delaySec;
    peak.phaseRad = Math.atan2(im, re);
    peak.height = Math.hypot(re, im);
    // First and second derivative of half the power.
    const slope = re * firstRe + im * firstIm;
    const curvature = firstRe * firstRe + firstIm * firstIm + re * secondRe + im * secondIm;
    // Not a maximum: a step uphill, shorter each time.
    const wanted = curvature < 0 ? -slope / curvature : (Math.sign(slope) * reachSec) / (2 << iteration);
    const next = Math.min(startSec + reachSec, Math.max(startSec - reachSec, delaySec + wanted));
    if (!(Math.abs(next - delaySec) > 1e-9 * reachSec)) return;
    delaySec = next;
  }
}
