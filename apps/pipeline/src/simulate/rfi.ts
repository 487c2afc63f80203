/** Narrow-band interference: channels that are hit in about half of the integrations. */

import { RandomStream } from "./random.ts";

const RFI_HZ = [1350e6, 1395e6, 1405e6, 1422e6, 1475e6];

export interface RfiPlan {
  /** Channels of the whole band that are hit at all, ascending. */
  readonly chanIndex: readonly number[];
  /** Strength, 0 where it is off; [integration, hit channel]. */
  readonly strengthJy: Float64Array;
  /** Phase at each antenna; [integration, hit channel, ant]. */
  readonly phaseRad: Float64Array;
}

export const NO_RFI: RfiPlan = { chanIndex: [], strengthJy: new Float64Array(), phaseRad: new Float64Array() };

/** Interference of one group: 100 … 1000 Jy, on in half of the integrations, another phase at every antenna. */
export function planRfi(
  seed: number,
  groupIndex: number,
  freqHz: Float64Array,
  integrationCount: number,
  antCount: number,
): RfiPlan {
  const nearest = (targetHz: number) =>
    freqHz.reduce(
      (best, value, chan) => (Math.abs(value - targetHz) < Math.abs(freqHz[best]! - targetHz) ? chan : best),
      0,
    );
  const chanIndex = [...new Set(RFI_HZ.map(nearest))].toSorted((a, b) => a - b);
  const random = new RandomStream(seed, groupIndex, 7);
  const hitCount = integrationCount * chanIndex.length;
  const strengthJy = Float64Array.from({ length: hitCount }, () => {
    const isOn = random.uniform() < 0.5;
    const strength = 10 ** random.uniform(2, 3);
    return isOn ? strength : 0;
  });
  const phaseRad = Float64Array.from({ length: hitCount * antCount }, () => random.uniform(0, 2 * Math.PI));
  return { chanIndex, strengthJy, phaseRad };
}
