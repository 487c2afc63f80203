import { sampleChebyshev } from "../ephemeris/chebyshev-table.ts";
import { EARTH, SUN } from "../ephemeris/ephemeris-table.generated.ts";
import { geodeticToGeocentricM, type Site } from "../geometry/geodesy.ts";
import {
  type EarthOrientation,
  earthOrientationAt,
  type OrientationValues,
  shippedEarthOrientation,
} from "../orientation/earth-orientation.ts";
import { DAY_SEC, instantFromJd, type Tt, type Ut1, type Utc } from "../time/instant.ts";
import type { OutOfRangePolicy } from "../time/leap-seconds.ts";
import { taiOfUtc, ttOfTai } from "../time/scales.ts";
import { axesTurnedAboutZ, inOrder, type Rotation, rotateBack } from "../vector/rotation.ts";
import { normalized, positiveAngleRad, type Vector } from "../vector/vector.ts";
import { EARTH_ROTATION_RAD_PER_SEC, earthRotationAngleRad, polarMotion } from "./earth-rotation.ts";
import type { ObserverState } from "./light-path.ts";
import { celestialPoleAt } from "./precession-nutation.ts";

const AU_M = 149_597_870_700;
const LIGHT_M_PER_SEC = 299_792_458;

export interface ObserveOptions {
  /** Default: the tables shipped with the package. */
  readonly earthOrientation?: EarthOrientation;
  /** What to do at a time that the Earth orientation does not cover; default "error". See `earthOrientationAt`. */
  readonly outOfRange?: OutOfRangePolicy;
}

/** All that is needed of one instant at one site to go between ICRS and what the site sees. */
export interface ObservingEpoch {
  readonly utc: Utc;
  readonly tt: Tt;
  readonly ut1: Ut1;
  readonly site: Site;
  readonly orientation: OrientationValues;
  /** Local apparent sidereal time (with polar motion), in [0, 2π): hour angle of the equinox of date. */
  readonly lstRad: number;
  readonly equationOfOriginsRad: number;
  readonly observer: ObserverState;
  /** Rotations from GCRS axes to CIRS, and to ITRF. */
  readonly gcrsToCirsMatrix: Rotation;
  readonly gcrsToItrfMatrix: Rotation;
}

/**
 * Works out an epoch. Make one a time (10 µs, the first 12 ms), use it for any number of directions (1 µs).
 *
 * @throws TimeOutOfRangeError outside the ephemeris; and outside the Earth orientation unless `outOfRange` is "degrade",
 *   when `epoch.orientation` says how uncertain it is
 */
export function observeFrom(utc: Utc, site: Site, options: ObserveOptions = {}): ObservingEpoch {
  const { earthOrientation = shippedEarthOrientation(), outOfRange = "error" } = options;
  const orientation = earthOrientationAt(utc, earthOrientation, outOfRange);
  const tai = taiOfUtc(utc, earthOrientation.leapSeconds, outOfRange);
  const tt = ttOfTai(tai);
  const ut1 = instantFromJd("ut1", tai.dayJd, tai.restDay + orientation.ut1MinusTaiSec / DAY_SEC);
  const { toCirsMatrix, equationOfOriginsRad } = celestialPoleAt(tt);
  const toTurning = inOrder(toCirsMatrix, axesTurnedAboutZ(earthRotationAngleRad(ut1)));
  const wobble = polarMotion(tt, orientation.xPoleRad, orientation.yPoleRad);
  const gcrsToItrfMatrix = inOrder(toTurning, wobble);

  // Hour angle of the CIO: where its axis lies about the pole, seen from the site's meridian. In frames like CIRS the
  // CIO is the x axis, so it is the first column of the rotation from CIRS to the site's meridian.
  const cirsToMeridian = inOrder(
    axesTurnedAboutZ(earthRotationAngleRad(ut1)),
    wobble,
    axesTurnedAboutZ(site.longitudeRad),
  );
  const localRotationRad = Math.atan2(cirsToMeridian[1]!, cirsToMeridian[0]!);

  return {
    utc,
    tt,
    ut1,
    site,
    orientation,
    lstRad: positiveAngleRad(localRotationRad - equationOfOriginsRad),
    equationOfOriginsRad,
    observer: observerAt(tt, site, toTurning, wobble),
    gcrsToCirsMatrix: toCirsMatrix,
    gcrsToItrfMatrix,
  };
}

/** Where the site is in the solar system, and how fast: the Earth's orbit and its rotation. */
function observerAt(tt: Tt, site: Site, toTurning: Rotation, wobble: Rotation): ObserverState {
  const earth = sampleChebyshev(EARTH, tt);
  const sun = sampleChebyshev(SUN, tt).values;
  const [xM, yM, zM] = geodeticToGeocentricM(site.latitudeRad, site.longitudeRad, site.altitudeM);
  const onAxis = rotateBack(wobble, { x: xM!, y: yM!, z: zM! });
  const atM = rotateBack(toTurning, onAxis);
  const movingMPerSec = rotateBack(toTurning, {
    x: -EARTH_ROTATION_RAD_PER_SEC * onAxis.y,
    y: EARTH_ROTATION_RAD_PER_SEC * onAxis.x,
    z: 0,
  });
  const fromSunAu: Vector = {
    x: earth.values[0]! - sun[0]! + atM.x / AU_M,
    y: earth.values[1]! - sun[1]! + atM.y / AU_M,
    z: earth.values[2]! - sun[2]! + atM.z / AU_M,
  };
  const orbit = AU_M / DAY_SEC / LIGHT_M_PER_SEC;
  return {
    fromSun: normalized(fromSunAu),
    sunDistanceM: AU_M * Math.hypot(fromSunAu.x, fromSunAu.y, fromSunAu.z),
    velocity: {
      x: earth.valuesPerDay[0]! * orbit + movingMPerSec.x / LIGHT_M_PER_SEC,
      y: earth.valuesPerDay[1]! * orbit + movingMPerSec.y / LIGHT_M_PER_SEC,
      z: earth.valuesPerDay[2]! * orbit + movingMPerSec.z / LIGHT_M_PER_SEC,
    },
  };
}

/** Local apparent sidereal time of a UTC at a site, in [0, 2π); `observeFrom` gives the same and more. */
export function localSiderealTimeRad(utc: Utc, site: Site, options: ObserveOptions = {}): number {
  return observeFrom(utc, site, options).lstRad;
}
