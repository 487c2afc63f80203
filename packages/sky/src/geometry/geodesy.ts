/** The Earth's ellipsoid WGS84. */

/** Geodetic, WGS84; longitude positive towards the east. */
export interface Site {
  readonly latitudeRad: number;
  readonly longitudeRad: number;
  /** Height above the ellipsoid. */
  readonly altitudeM: number;
}

const EQUATOR_M = 6_378_137;
const FLATTENING = 1 / 298.257_223_563;
const ECCENTRICITY2 = FLATTENING * (2 - FLATTENING);

/** Geocentric x, y, z of a place given by WGS84 latitude, longitude (east positive) and height above the ellipsoid. */
export function geodeticToGeocentricM(latitudeRad: number, longitudeRad: number, altitudeM: number): Float64Array {
  const sin = Math.sin(latitudeRad);
  const cos = Math.cos(latitudeRad);
  const toAxisM = EQUATOR_M / Math.sqrt(1 - ECCENTRICITY2 * sin * sin);
  const fromAxisM = (toAxisM + altitudeM) * cos;
  return Float64Array.of(
    fromAxisM * Math.cos(longitudeRad),
    fromAxisM * Math.sin(longitudeRad),
    (toAxisM * (1 - ECCENTRICITY2) + altitudeM) * sin,
  );
}

/**
 * The inverse of `geodeticToGeocentricM`, to 1e-8 m near the ground and 1e-7 m from 1000 km below to
 * 100 000 km above the ellipsoid.
 *
 * By Newton's method on the foot of the ellipsoid's normal, which starts within 3e-3 rad and converges quadratically.
 */
export function geocentricToGeodetic(xM: number, yM: number, zM: number): Site {
  const fromAxisM = Math.hypot(xM, yM);
  const polarM = EQUATOR_M * (1 - FLATTENING);
  const longitudeRad = fromAxisM === 0 ? 0 : Math.atan2(yM, xM);
  // The foot's parametric latitude β makes (p − a cos β) a sin β = (z − b sin β) b cos β.
  let parametricRad = Math.atan2(EQUATOR_M * zM, polarM * fromAxisM);
  for (let pass = 0; pass < 8; pass++) {
    const sin = Math.sin(parametricRad);
    const cos = Math.cos(parametricRad);
    const focus2 = EQUATOR_M * EQUATOR_M - polarM * polarM;
    const value = EQUATOR_M * fromAxisM * sin - polarM * zM * cos - focus2 * sin * cos;
    const slope = EQUATOR_M * fromAxisM * cos + polarM * zM * sin - focus2 * (cos * cos - sin * sin);
    const step = value / slope;
    parametricRad -= step;
    if (Math.abs(step) < 1e-16) break;
  }
  const sin = Math.sin(parametricRad);
  const cos = Math.cos(parametricRad);
  const latitudeRad = Math.atan2(EQUATOR_M * sin, polarM * cos);
  const altitudeM = (fromAxisM - EQUATOR_M * cos) * Math.cos(latitudeRad) + (zM - polarM * sin) * Math.sin(latitudeRad);
  return { latitudeRad, longitudeRad, altitudeM };
}
