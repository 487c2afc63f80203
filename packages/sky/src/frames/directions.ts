/** Directions in ICRS, in CIRS, and as a site sees them. None of them includes refraction. */
import type { Site } from "../geometry/geodesy.ts";
import { axesTurnedAboutZ, rotate, rotateBack } from "../vector/rotation.ts";
import { anglesOf, positiveAngleRad, unitVector, type Vector } from "../vector/vector.ts";
import { apparentDirection, icrsDirection } from "./light-path.ts";
import type { ObservingEpoch } from "./observing-epoch.ts";

/** Right ascension and declination in ICRS. */
export interface IcrsDirection {
  readonly raRad: number;
  readonly decRad: number;
}

/** Apparent topocentric direction. The pole is that of ITRF, the hour angle is from the site's ITRF meridian. */
export interface ObservedDirection {
  /** Positive towards the west, in (−π, π]. */
  readonly hourAngleRad: number;
  readonly decRad: number;
  /** From north over east, in [0, 2π). */
  readonly azimuthRad: number;
  readonly elevationRad: number;
}

/** Unit vector along ICRS axes. */
export function icrsUnitVector(direction: IcrsDirection): Vector {
  return unitVector(direction.raRad, direction.decRad);
}

/**
 * Apparent topocentric direction along ITRF axes: light deflection, aberration (of orbit and rotation), precession,
 * nutation, Earth rotation and polar motion. baselineItrfM · vector is the geometric path in metres.
 */
export function icrsToItrf(epoch: ObservingEpoch, direction: IcrsDirection): Vector {
  return unitVectorToItrf(epoch, icrsUnitVector(direction));
}

/** As `icrsToItrf`, for a unit vector along ICRS axes. */
export function unitVectorToItrf(epoch: ObservingEpoch, vector: Vector): Vector {
  return rotate(epoch.gcrsToItrfMatrix, apparentDirection(vector, epoch.observer));
}

/** The inverse of `icrsToItrf`; right ascension in [0, 2π). */
export function itrfToIcrs(epoch: ObservingEpoch, vector: Vector): IcrsDirection {
  return icrsOf(icrsDirection(rotateBack(epoch.gcrsToItrfMatrix, vector), epoch.observer));
}

function icrsOf(vector: Vector): IcrsDirection {
  const { longitudeRad, latitudeRad } = anglesOf(vector);
  return { raRad: positiveAngleRad(longitudeRad), decRad: latitudeRad };
}

/** ITRF direction of an hour angle (from the site's meridian, positive to the west) and declination. */
export function hourAngleDecToItrf(site: Site, hourAngleRad: number, decRad: number): Vector {
  return unitVector(site.longitudeRad - hourAngleRad, decRad);
}

/** ITRF direction of an azimuth (from north over east) and elevation. */
export function azElToItrf(site: Site, azimuthRad: number, elevationRad: number): Vector {
  const { x: north, y: east, z: up } = unitVector(azimuthRad, elevationRad);
  const sin = Math.sin(site.latitudeRad);
  const cos = Math.cos(site.latitudeRad);
  return rotateBack(axesTurnedAboutZ(site.longitudeRad), {
    x: cos * up - sin * north,
    y: east,
    z: sin * up + cos * north,
  });
}

/** What a site sees of an ITRF direction. */
export function itrfToObserved(site: Site, vector: Vector): ObservedDirection {
  const local = rotate(axesTurnedAboutZ(site.longitudeRad), vector);
  const sin = Math.sin(site.latitudeRad);
  const cos = Math.cos(site.latitudeRad);
  const { longitudeRad, latitudeRad: decRad } = anglesOf(local);
  const horizontal = anglesOf({
    x: cos * local.z - sin * local.x,
    y: local.y,
    z: cos * local.x + sin * local.z,
  });
  return {
    hourAngleRad: longitudeRad === Math.PI ? Math.PI : -longitudeRad,
    decRad,
    azimuthRad: positiveAngleRad(horizontal.longitudeRad),
    elevationRad: horizontal.latitudeRad,
  };
}

/** ICRS to hour angle, declination, azimuth and elevation: ERFA's atco13 without refraction, parallax, proper motion. */
export function icrsToObserved(epoch: ObservingEpoch, direction: IcrsDirection): ObservedDirection {
  return itrfToObserved(epoch.site, icrsToItrf(epoch, direction));
}

/** ICRS of an observed hour angle and declination. */
export function hourAngleDecToIcrs(epoch: ObservingEpoch, hourAngleRad: number, decRad: number): IcrsDirection {
  return itrfToIcrs(epoch, hourAngleDecToItrf(epoch.site, hourAngleRad, decRad));
}

/** ICRS of an observed azimuth and elevation. */
export function azElToIcrs(epoch: ObservingEpoch, azimuthRad: number, elevationRad: number): IcrsDirection {
  return itrfToIcrs(epoch, azElToItrf(epoch.site, azimuthRad, elevationRad));
}

/** ICRS of the meridian (hour angle 0) at an observed declination: where a transit telescope points. */
export function meridianCentreIcrs(epoch: ObservingEpoch, ptDecRad: number): IcrsDirection {
  return hourAngleDecToIcrs(epoch, 0, ptDecRad);
}

/** Right ascension from the CIO, and declination, of the intermediate equator; seen from the epoch's site. */
export function icrsToCirs(
  epoch: ObservingEpoch,
  direction: IcrsDirection,
): { readonly cirsRaRad: number; readonly cirsDecRad: number } {
  const seen = rotate(epoch.gcrsToCirsMatrix, apparentDirection(icrsUnitVector(direction), epoch.observer));
  const { raRad, decRad } = icrsOf(seen);
  return { cirsRaRad: raRad, cirsDecRad: decRad };
}

/** The inverse of `icrsToCirs`. */
export function cirsToIcrs(epoch: ObservingEpoch, cirsRaRad: number, cirsDecRad: number): IcrsDirection {
  const seen = rotateBack(epoch.gcrsToCirsMatrix, unitVector(cirsRaRad, cirsDecRad));
  return icrsOf(icrsDirection(seen, epoch.observer));
}
