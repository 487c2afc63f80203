/** Channels as runs of equal steps, over which phases advance by a constant. */

export const SPEED_OF_LIGHT_M_PER_SEC = 299_792_458;

/** Channels `start` … `start + count − 1` lie at `firstHz + k × stepHz` and have one width. */
export interface FrequencyRun {
  readonly chanStart: number;
  readonly channelCount: number;
  readonly firstHz: number;
  /** Negative when frequencies fall; 0 of a single channel. */
  readonly stepHz: number;
  readonly chanWidthHz: number;
}

/** A run is begun anew after so many channels: the error of a recurrence grows with the square of its length. */
const ANCHOR_CHANNEL_COUNT = 1024;

/** Centres may differ so much from equal steps: 1e-12 of 1.4 GHz is 1e-8 rad over a path of 1 km. */
const STEP_TOLERANCE_RATIO = 1e-12;

/**
 * Cuts channels into runs of equal steps and widths, at most 1024 long. Channels at irregular frequencies become short runs:
 * exact, but slow.
 *
 * @param freqHz Channel centres in any order, above 0.
 * @param chanWidthHz Width of each channel, or one for all; its sign does not matter.
 * @throws RangeError when lengths differ or a frequency is not above 0.
 */
export function frequencyRuns(freqHz: Float64Array, chanWidthHz: Float64Array | number): FrequencyRun[] {
  if (typeof chanWidthHz !== "number" && chanWidthHz.length !== freqHz.length) {
    throw new RangeError(`chanWidthHz: expected ${freqHz.length} widths, found ${chanWidthHz.length}`);
  }
  const bad = freqHz.findIndex((hz) => !(hz > 0 && hz < Infinity));
  if (bad >= 0) throw new RangeError(`freqHz[${bad}]: expected a frequency above 0, found ${freqHz[bad]}`);
  const widthOf = (chan: number): number => Math.abs(typeof chanWidthHz === "number" ? chanWidthHz : chanWidthHz[chan]);
  const runs: FrequencyRun[] = [];
  let start = 0;
  while (start < freqHz.length) {
    const firstHz = freqHz[start];
    const stepHz = start + 1 < freqHz.length ? freqHz[start + 1] - firstHz : 0;
    let end = start + 1;
    while (
      end < freqHz.length &&
      end - start < ANCHOR_CHANNEL_COUNT &&
      widthOf(end) === widthOf(start) &&
      Math.abs(freqHz[end] - (firstHz + (end - start) * stepHz)) <= STEP_TOLERANCE_RATIO * firstHz
    ) {
      end++;
    }
    // The step from the whole run, not its first two channels: their difference has the rounding of both.
    const meanStepHz = end - start > 1 ? (freqHz[end - 1] - firstHz) / (end - 1 - start) : 0;
    runs.push({
      chanStart: start,
      channelCount: end - start,
      firstHz,
      stepHz: meanStepHz,
      chanWidthHz: widthOf(start),
    });
    start = end;
  }
  return runs;
}
