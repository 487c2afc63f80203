/** Colours of heat maps. */

import type { Rgb } from "./png.ts";

/** Index of what has no value. */
export const NO_VALUE = 255;
const LEVEL_COUNT = 255;
const NO_VALUE_COLOR: Rgb = [200, 200, 200];

/** Every eighth of viridis (van der Walt & Smith 2015, CC0): even steps to the eye, also in grey. */
const VIRIDIS: readonly Rgb[] = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
];

/** Ends where it begins, for phases: dark at ±180°, light at 0°, blue below and red above. */
const PHASE: readonly Rgb[] = [
  [40, 20, 50],
  [50, 60, 150],
  [100, 150, 200],
  [200, 220, 225],
  [245, 242, 238],
  [230, 200, 170],
  [200, 110, 80],
  [130, 30, 60],
  [40, 20, 50],
];

function interpolated(stops: readonly Rgb[]): readonly Rgb[] {
  const levels = Array.from({ length: LEVEL_COUNT }, (_, level): Rgb => {
    const place = (level / (LEVEL_COUNT - 1)) * (stops.length - 1);
    const below = Math.min(stops.length - 2, Math.floor(place));
    const [low, high] = [stops[below]!, stops[below + 1]!];
    const mix = (part: 0 | 1 | 2) => Math.round(low[part] + (place - below) * (high[part] - low[part]));
    return [mix(0), mix(1), mix(2)];
  });
  return [...levels, NO_VALUE_COLOR];
}

export const amplitudePalette = interpolated(VIRIDIS);
export const phasePalette = interpolated(PHASE);

/** Indexes into a palette for values between `low` and `high`; what is not finite has none. */
export function paletteIndexes(values: ArrayLike<number>, low: number, high: number): Uint8Array {
  const scale = (LEVEL_COUNT - 1) / (high - low || 1);
  return Uint8Array.from({ length: values.length }, (_, at) => {
    const value = values[at]!;
    if (!Number.isFinite(value)) return NO_VALUE;
    return Math.max(0, Math.min(LEVEL_COUNT - 1, Math.round((value - low) * scale)));
  });
}
