/**
 * Time scales, celestial frames, UVW and primary beam for radio interferometry. Pure: no clock, no files, no network.
 *
 * ```ts
 * import { meridianCentreIcrs, observeFrom, utcFromJd, uvwForPhaseCentre } from "@contimg/sky";
 *
 * const site = { latitudeRad: 0.6498455107238486, longitudeRad: -2.064427799136453, altitudeM: 1188.0519 };
 * const epoch = observeFrom(utcFromJd(2460951.992331495), site);
 * const centre = meridianCentreIcrs(epoch, 0.9524855391037991);
 * const antennaUvwM = uvwForPhaseCentre(epoch, Float64Array.of(0, 0, 0, 100, -50, 20), centre);
 * ```
 *
 * Directions are right to 0.1 mas and times to 1 µs against ERFA, from 1973 to 2060 for frames; UT1 and polar motion as
 * far as the shipped table of the IERS reaches.
 */
export { airyFwhmRad, airyPower } from "./beam/airy-beam.ts";
export { besselJ1 } from "./beam/bessel-j1.ts";
export {
  isSkyError,
  SkyError,
  type SkyErrorTag,
  TableTextError,
  TimeOutOfRangeError,
  TimeTextError,
} from "./errors.ts";
export { type ApparentPlace, apparentPlace, framePositionAngleRad, positionAngleRad } from "./frames/apparent-place.ts";
export {
  azElToIcrs,
  azElToItrf,
  cirsToIcrs,
  hourAngleDecToIcrs,
  hourAngleDecToItrf,
  type IcrsDirection,
  icrsToCirs,
  icrsToItrf,
  icrsToObserved,
  icrsUnitVector,
  itrfToIcrs,
  itrfToObserved,
  meridianCentreIcrs,
  type ObservedDirection,
  unitVectorToItrf,
} from "./frames/directions.ts";
export {
  earthRotationAngleRad,
  greenwichApparentSiderealTimeRad,
  greenwichMeanSiderealTimeRad,
} from "./frames/earth-rotation.ts";
export { apparentDirection, icrsDirection, type ObserverState } from "./frames/light-path.ts";
export {
  localSiderealTimeRad,
  type ObserveOptions,
  type ObservingEpoch,
  observeFrom,
} from "./frames/observing-epoch.ts";
export { type CelestialPole, celestialPoleAt } from "./frames/precession-nutation.ts";
export { geocentricToGeodetic, geodeticToGeocentricM, type Site } from "./geometry/geodesy.ts";
export {
  type EarthOrientation,
  earthOrientationAt,
  type OrientationValues,
  shippedEarthOrientation,
  ut1OfUtc,
} from "./orientation/earth-orientation.ts";
export { parseFinals2000A } from "./orientation/parse-finals.ts";
export { dateOfMjd, mjdOfDate } from "./time/calendar.ts";
export {
  daysBetween,
  type Instant,
  instantFromJd,
  jdOf,
  MJD_ZERO_JD,
  mjdOf,
  mjdSecOf,
  type Tai,
  type TimeScale,
  type Tt,
  type Ut1,
  type Utc,
  utcFromJd,
  utcFromMjdSec,
} from "./time/instant.ts";
export {
  type LeapSeconds,
  type OutOfRangePolicy,
  parseLeapSeconds,
  SHIPPED_LEAP_SECONDS,
  taiMinusUtcSec,
} from "./time/leap-seconds.ts";
export { TT_MINUS_TAI_SEC, taiOfTt, taiOfUtc, ttOfTai, utcOfTai } from "./time/scales.ts";
export { type FormatUtcOptions, formatUtc, parseUtc } from "./time/time-text.ts";
export { baselineUvw, tangentAxes, type UvwOptions, uvwForPhaseCentre } from "./uvw/antenna-uvw.ts";
export { baselinePathM, phaseShiftPathM } from "./uvw/phase-shift.ts";
export type { Rotation } from "./vector/rotation.ts";
export { anglesOf, positiveAngleRad, separationRad, unitVector, type Vector } from "./vector/vector.ts";
export { type RowArrays, type RowLayout, rotateRows } from "./visibilities/rotate-rows.ts";
export { rotateVisibilities } from "./visibilities/rotate-visibilities.ts";
