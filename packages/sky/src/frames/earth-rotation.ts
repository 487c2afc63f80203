import { centuriesSinceJ2000, J2000_JD, type Tt, type Ut1 } from "../time/instant.ts";
import { axesTurnedAboutX, axesTurnedAboutY, axesTurnedAboutZ, inOrder, type Rotation } from "../vector/rotation.ts";
import { positiveAngleRad } from "../vector/vector.ts";
import { celestialPoleAt, polynomial } from "./precession-nutation.ts";

const ARCSEC_RAD = Math.PI / 648_000;
const TURNS_AT_J2000 = 0.779_057_273_264;
/** What a day of UT1 is over a whole turn. */
const EXTRA_TURNS_PER_DAY = 0.002_737_811_911_354_48;

/** Angular speed of the Earth against the CIO. */
export const EARTH_ROTATION_RAD_PER_SEC = (2 * Math.PI * (1 + EXTRA_TURNS_PER_DAY)) / 86_400;

/** Earth rotation angle (IAU 2000), in [0, 2π). */
export function earthRotationAngleRad(ut1: Ut1): number {
  const days = ut1.dayJd - J2000_JD + ut1.restDay;
  // Whole days are whole turns: only the part of a day counts, which keeps 1e-16 of a turn.
  return positiveAngleRad(2 * Math.PI * (ut1.restDay + TURNS_AT_J2000 + EXTRA_TURNS_PER_DAY * days));
}

/** Precession in right ascension since J2000.0, arcsec in powers of a century of TT (Capitaine et al. 2003). */
const SIDEREAL_PRECESSION = [0.014506, 4612.156534, 1.3915817, -0.00000044, -0.000029956, -0.0000000368];

/** Greenwich mean sidereal time, IAU 2006, in [0, 2π). */
export function greenwichMeanSiderealTimeRad(ut1: Ut1, tt: Tt): number {
  const precessionArcsec = polynomial(centuriesSinceJ2000(tt), SIDEREAL_PRECESSION);
  return positiveAngleRad(earthRotationAngleRad(ut1) + precessionArcsec * ARCSEC_RAD);
}

/**
 * Greenwich apparent sidereal time, IAU 2006/2000A, in [0, 2π).
 *
 * @throws TimeOutOfRangeError outside the ephemeris
 */
export function greenwichApparentSiderealTimeRad(ut1: Ut1, tt: Tt): number {
  return positiveAngleRad(earthRotationAngleRad(ut1) - celestialPoleAt(tt).equationOfOriginsRad);
}

/** The rotation from the Earth's intermediate frame (CIO turned by ERA) to ITRF: the locator s′ and polar motion. */
export function polarMotion(tt: Tt, xPoleRad: number, yPoleRad: number): Rotation {
  const locatorRad = -47e-6 * ARCSEC_RAD * centuriesSinceJ2000(tt);
  return inOrder(axesTurnedAboutZ(locatorRad), axesTurnedAboutY(-xPoleRad), axesTurnedAboutX(-yPoleRad));
}
