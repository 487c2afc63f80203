/** When a direction crosses the meridian of a site. */

import { type EarthOrientation, type IcrsDirection, icrsToObserved, observeFrom, utcFromMjdSec } from "@contimg/sky";
import type { Site } from "../../domain/subband-header.ts";

const DAY_SEC = 86_400;
/** UT1 days in a mean sidereal day: the sky turns so much faster than the clock. */
const SIDEREAL_DAYS_PER_DAY = 1.002_737_909_350_795;
const TURN_RAD = 2 * Math.PI;
/** The second step corrects what precession, nutation and aberration change within the first, 0.2 s at most a day. */
const MAX_STEP_COUNT = 5;
/** 9 µs: a tenth of what a float64 of MJD seconds resolves is no aim. */
const SETTLED_DAY = 1e-10;

/** Hour angle as the site sees it, in (−π, π]. */
function hourAngleRad(mjd: number, direction: IcrsDirection, site: Site, earthOrientation: EarthOrientation): number {
  // What lies ahead is needed too: an Earth orientation that ends costs a fraction of a second of time, no answer costs more.
  const epoch = observeFrom(utcFromMjdSec(mjd * DAY_SEC), site, { earthOrientation, outOfRange: "degrade" });
  return icrsToObserved(epoch, direction).hourAngleRad;
}

/**
 * The upper transit nearest to an instant, MJD (UTC): hour angle 0 of the apparent place, without refraction, which
 * does not change it. For directions within arcseconds of the pole it says little.
 */
export function transitNear(
  mjd: number,
  direction: IcrsDirection,
  site: Site,
  earthOrientation: EarthOrientation,
): number {
  let transitMjd = mjd;
  for (let step = 0; step < MAX_STEP_COUNT; step++) {
    const turns = hourAngleRad(transitMjd, direction, site, earthOrientation) / TURN_RAD;
    const change = turns / SIDEREAL_DAYS_PER_DAY;
    transitMjd -= change;
    if (Math.abs(change) < SETTLED_DAY) break;
  }
  return transitMjd;
}

/** Transits with from ≤ t < to, in order of time. */
export function transitsBetween(
  fromMjd: number,
  toMjd: number,
  direction: IcrsDirection,
  site: Site,
  earthOrientation: EarthOrientation,
): readonly number[] {
  const siderealDay = 1 / SIDEREAL_DAYS_PER_DAY;
  const transitsMjd: number[] = [];
  // The nearest to the start may be just before it, or a sidereal day off the next at most.
  let next = transitNear(fromMjd, direction, site, earthOrientation);
  while (next < toMjd) {
    if (next >= fromMjd) transitsMjd.push(next);
    next = transitNear(next + siderealDay, direction, site, earthOrientation);
  }
  return transitsMjd;
}
