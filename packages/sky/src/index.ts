/**
 * Time scales, celestial frames, UVW and primary beam for radio interferometry. Pure: no clock, no files, no network.
 *
 * ```ts
 * import { meridianCentreIcrs, observeFrom, utcFromJd, uvwForPhaseCentre } from "@contimg/sky";
 *
 * const site = { latitudeRad: 0.6498455107238486, longitudeRad: -2.064427799136453, altitudeM: 1188.0519 };
 * const epoch = observeFrom(utcFromJd(2460951.992331495), site);
 * const centre = meridianCentreIcrs(epoch, 0.9524855391037991);
 * const antennaUvwM = uvwForPhaseCentre(epoch, antennaPositionsM, centre);
 * ```
 */
export { type RowArrays, type RowLayout, rotateRows } from "./visibilities/rotate-rows.ts";

// ---- time

export type TimeScale = "utc" | "tai" | "tt" | "ut1";

/** An instant as the sum of two parts of a Julian date, so that a microsecond is not lost: value = dayJd + restDay. */
export interface Instant<Scale extends TimeScale> {
  readonly scale: Scale;
  readonly dayJd: number;
  readonly restDay: number;
}
export type Utc = Instant<"utc">;
export type Tai = Instant<"tai">;
export type Tt = Instant<"tt">;
export type Ut1 = Instant<"ut1">;

export declare function utcFromJd(dayJd: number, restDay?: number): Utc;
/** MS `TIME`: UTC seconds since MJD 0. */
export declare function utcFromMjdSec(timeMjdSec: number): Utc;
/** `2025-10-03T11:48:56.436` (T or blank, Z allowed) or `2025/10/03/11:48:56.436`. */
export declare function parseUtc(text: string): Utc;
export declare function formatUtc(utc: Utc, options?: { style?: "iso" | "casa"; decimalCount?: number }): string;
export declare function jdOf(instant: Instant<TimeScale>): number;
export declare function mjdOf(instant: Instant<TimeScale>): number;
export declare function mjdSecOf(instant: Instant<TimeScale>): number;

// ---- Earth orientation

export interface LeapSeconds {
  readonly startMjd: Float64Array;
  readonly taiMinusUtcSec: Float64Array;
  /** Until when the table is known to be complete. */
  readonly expiryMjd: number;
}

export interface EarthOrientation {
  readonly leapSeconds: LeapSeconds;
  readonly startMjd: number;
  readonly endMjd: number;
}

export declare function parseLeapSeconds(text: string): LeapSeconds;
export declare function parseFinals2000A(text: string, leapSeconds: LeapSeconds): EarthOrientation;
/** The tables shipped with the package. */
export declare function shippedEarthOrientation(): EarthOrientation;

// ---- place and epoch

/** Geodetic, WGS84; longitude positive towards the east. */
export interface Site {
  readonly latitudeRad: number;
  readonly longitudeRad: number;
  readonly altitudeM: number;
}

/** Cartesian components; a unit vector where it is a direction. */
export interface Vector {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** ICRS. */
export interface IcrsDirection {
  readonly raRad: number;
  readonly decRad: number;
}

export declare function geodeticToGeocentricM(
  latitudeRad: number,
  longitudeRad: number,
  altitudeM: number,
): Float64Array;
export declare function geocentricToGeodetic(xM: number, yM: number, zM: number): Site;

export interface ObserveOptions {
  /** Default: the tables shipped with the package. */
  readonly earthOrientation?: EarthOrientation;
  /** What to do at a time that the Earth orientation does not cover. Default "error". */
  readonly outOfRange?: "error" | "degrade";
}

/** All that is needed of one instant at one site to go between ICRS and what the site sees. Make one a time, use it often. */
export interface ObservingEpoch {
  readonly utc: Utc;
  readonly site: Site;
  readonly ut1MinusUtcSec: number;
  /** Local apparent sidereal time, 0 … 2π. */
  readonly lstRad: number;
}

export declare function observeFrom(utc: Utc, site: Site, options?: ObserveOptions): ObservingEpoch;

/** Topocentric direction without refraction. Hour angle positive towards the west, azimuth from north over east. */
export interface ObservedDirection {
  readonly hourAngleRad: number;
  readonly decRad: number;
  readonly azimuthRad: number;
  readonly elevationRad: number;
}

export declare function icrsToObserved(epoch: ObservingEpoch, direction: IcrsDirection): ObservedDirection;
export declare function hourAngleDecToIcrs(epoch: ObservingEpoch, hourAngleRad: number, decRad: number): IcrsDirection;
export declare function azElToIcrs(epoch: ObservingEpoch, azimuthRad: number, elevationRad: number): IcrsDirection;

/** Unit vector along ITRF axes towards the apparent direction: baselineItrf·vector is the geometric path in metres. */
export declare function icrsToItrf(epoch: ObservingEpoch, direction: IcrsDirection): Vector;
/** Unit vector along ITRF axes of an hour angle (of the site's meridian) and declination. */
export declare function hourAngleDecToItrf(site: Site, hourAngleRad: number, decRad: number): Vector;
/** ICRS direction of an apparent direction given along ITRF axes. */
export declare function itrfToIcrs(epoch: ObservingEpoch, vector: Vector): IcrsDirection;

/** Apparent RA (equinox of date) = LST − hour angle, and declination: pyuvdata's app_ra, app_dec. */
export declare function apparentPlace(
  epoch: ObservingEpoch,
  direction: IcrsDirection,
): { readonly apparentRaRad: number; readonly apparentDecRad: number };

/** ICRS of the meridian (hour angle 0) at an observed declination. */
export declare function meridianCentreIcrs(epoch: ObservingEpoch, ptDecRad: number): IcrsDirection;

/** pyuvdata's frame_pa: position angle of ICRS north in the apparent frame at a direction. */
export declare function framePositionAngleRad(epoch: ObservingEpoch, direction: IcrsDirection): number;

// ---- UVW

export interface UvwOptions {
  /**
   * "sky" (default): u and v are derivatives of the path along ICRS l and m, so that images are right to 0.02″ at 1.5°
   * off the centre. "rigid": u, v, w are a rotation of the baseline (pyuvdata); images are then stretched by
   * the differential aberration, up to 1e-4 of the distance from the centre (0.5″ at 1.5°).
   */
  readonly axes?: "sky" | "rigid";
}

/**
 * UVW of each antenna about the array centre, towards a phase centre in ICRS; of a baseline: uvw[ant2] − uvw[ant1].
 *
 * @param antennaPositionsM  ITRF minus the array centre; row-major [ant, 3]
 * @returns metres, row-major [ant, 3]
 */
export declare function uvwForPhaseCentre(
  epoch: ObservingEpoch,
  antennaPositionsM: Float64Array,
  centre: IcrsDirection,
  options?: UvwOptions,
): Float64Array;

/** [baseline, 3] from [ant, 3]: uvw[ant2] − uvw[ant1]. */
export declare function baselineUvw(antennaUvwM: Float64Array, ant1: Int32Array, ant2: Int32Array): Float64Array;

/**
 * By how much the path to each antenna is longer towards the new centre than towards the old one: r·(s_new − s_old).
 * For baseline (1, 2) take element 2 minus element 1, and multiply visibilities with exp(−2πi ν/c path).
 *
 * @param fromItrf, toItrf  apparent directions along ITRF axes (`icrsToItrf`, `hourAngleDecToItrf`)
 * @returns metres, [ant]
 */
export declare function phaseShiftPathM(
  antennaPositionsM: Float64Array,
  fromItrf: Vector,
  toItrf: Vector,
): Float64Array;
