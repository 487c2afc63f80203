/** The golden values, as generate.py writes them. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Site } from "@contimg/sky";

export type Parts = readonly [number, number];

export interface GoldenTime {
  readonly text: string;
  readonly utc: Parts;
  readonly tai: Parts;
  readonly tt: Parts;
  readonly ut1: Parts;
  readonly dut1Sec: number;
  readonly xPoleRad: number;
  readonly yPoleRad: number;
  readonly eraRad: number;
  readonly gmstRad: number;
  readonly gastRad: number;
}

export interface GoldenFrame {
  readonly utc: Parts;
  readonly site: Site;
  readonly raRad: number;
  readonly decRad: number;
  readonly azimuthRad: number;
  readonly zenithDistanceRad: number;
  readonly hourAngleRad: number;
  readonly observedDecRad: number;
  readonly equationOfOriginsRad: number;
  readonly lstRad: number;
  readonly cirsRaRad: number;
  readonly cirsDecRad: number;
  /** ICRS of hour angle 0 at `decRad`. */
  readonly meridian: Parts;
  /** ICRS of the azimuth and zenith distance. */
  readonly back: Parts;
  readonly apparentRaRad: number;
  readonly framePaRad: number | null;
}

export interface GoldenUvw {
  readonly utc: Parts;
  readonly site: Site;
  readonly antennasM: readonly number[];
  readonly centre: { readonly raRad: number; readonly decRad: number };
  readonly hourAngleRad: number;
  readonly ptDecRad: number;
  readonly rigidUvwM: readonly number[];
  readonly sources: readonly {
    readonly l: number;
    readonly m: number;
    readonly n: number;
    readonly raRad: number;
    readonly decRad: number;
    /** [ant]: r·(s_source − s_centre) */
    readonly pathM: readonly number[];
  }[];
}

export interface GoldenPlace extends Site {
  readonly geocentricM: readonly number[];
}

const read = (name: string): unknown => JSON.parse(readFileSync(resolve(import.meta.dirname, "golden", name), "utf8"));

export const goldenTimes = read("time.json") as readonly GoldenTime[];
export const goldenFrames = read("frames.json") as readonly GoldenFrame[];
export const goldenUvw = read("uvw.json") as readonly GoldenUvw[];
export const goldenPlaces = read("places.json") as readonly GoldenPlace[];
export const goldenBesselJ1 = read("bessel-j1.json") as readonly Parts[];

export const MAS_RAD = Math.PI / 648_000_000;

/** The largest absolute value. */
export function largest(values: Iterable<number>): number {
  let most = 0;
  for (const value of values) most = Number.isNaN(value) ? Number.NaN : Math.max(most, Math.abs(value));
  return most;
}

/** An angle brought into (−π, π]. */
export function nearZeroRad(angleRad: number): number {
  return angleRad - 2 * Math.PI * Math.round(angleRad / (2 * Math.PI));
}
