/** The DSA-110 as its files describe it: site, dishes, integrations and channels. */

import type { Site } from "@contimg/sky";

/** The array centre that the headers of real files carry. */
export const ARRAY_CENTRE: Site = {
  latitudeRad: 0.6498455107238486,
  longitudeRad: -2.064427799136453,
  altitudeM: 1188.0519,
};

export const DISH_DIAMETER_M = 4.65;
/** System equivalent flux density of one input. */
export const SEFD_JY = 6500;
/** `integration_time` of real headers: 12.884902 s as float32. */
export const INTEGRATION_SEC = Math.fround(12.884902);
/** Time from one integration to the next: 96 samples of 0.134217728 s. */
export const CADENCE_SEC = 96 * 0.134217728;
/** Integrations of a full group, by which consecutive groups are apart whatever a simulated group holds. */
export const GROUP_INTEGRATION_COUNT = 24;
/** Raw samples in one integration, the `nsamples` of a value that lost none. */
export const SAMPLES_PER_INTEGRATION = 96;

/** Channels of one subband in real files, and their width. */
const FULL_CHANNEL_COUNT = 48;
const FULL_CHANNEL_WIDTH_HZ = 244_140.625;
/** Centre of channel 0 of sb00: 1530 MHz − (1024 + 3.5) · 250 MHz / 8192. */
const FIRST_CHANNEL_HZ = 1_498_643_188.476_562_5;

export interface Band {
  /** Channel centres of all subbands, sb00 first, descending. */
  readonly freqHz: Float64Array;
  /** Positive. */
  readonly channelWidthHz: number;
}

/** Channels of `subbandCount` subbands that cover what real ones cover, with `channelCount` channels in each. */
export function bandOf(subbandCount: number, channelCount: number): Band {
  const channelWidthHz = (FULL_CHANNEL_WIDTH_HZ * FULL_CHANNEL_COUNT) / channelCount;
  const topEdgeHz = FIRST_CHANNEL_HZ + FULL_CHANNEL_WIDTH_HZ / 2;
  const freqHz = Float64Array.from(
    { length: subbandCount * channelCount },
    (_, k) => topEdgeHz - channelWidthHz * (k + 0.5),
  );
  return { freqHz, channelWidthHz };
}
