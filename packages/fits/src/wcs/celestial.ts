/** From native spherical coordinates of a projection to celestial ones and back: paper II, section 2. */
import type { Pair } from "./projection/projection.ts";

/** The three angles between native and celestial coordinates. */
export interface NativePole {
  /** Celestial longitude and latitude of the native pole. */
  readonly poleLonRad: number;
  readonly poleLatRad: number;
  /** Native longitude of the celestial pole (LONPOLE). */
  readonly lonPoleRad: number;
}

const TOLERANCE = 1e-10;

/**
 * Where the native pole is, from the reference point: paper II, equations 8 to 10.
 *
 * @param referenceLatRad  native latitude of the reference point, whose native longitude is 0
 * @param latPoleRad  LATPOLE, which chooses between two solutions
 * @returns undefined when there is no solution
 */
export function nativePole(
  lonRad: number,
  latRad: number,
  referenceLatRad: number,
  lonPoleRad: number,
  latPoleRad: number,
): NativePole | undefined {
  if (referenceLatRad === Math.PI / 2) return { poleLonRad: lonRad, poleLatRad: latRad, lonPoleRad };
  const cosReference = Math.cos(referenceLatRad);
  const sinReference = Math.sin(referenceLatRad);
  // The native longitude of the reference point is 0: φ₀ - φp is -lonPole.
  const cosPole = Math.cos(lonPoleRad);
  const sinPole = Math.sin(-lonPoleRad);
  const x = cosReference * cosPole;
  const y = sinReference;
  const radius = Math.hypot(x, y);
  let poleLatRad: number;
  if (radius < TOLERANCE) {
    if (Math.abs(Math.sin(latRad)) > TOLERANCE) return undefined;
    poleLatRad = latPoleRad;
  } else {
    const ratio = Math.sin(latRad) / radius;
    if (Math.abs(ratio) > 1 + TOLERANCE) return undefined;
    const middle = Math.atan2(y, x);
    const half = Math.acos(Math.max(-1, Math.min(1, ratio)));
    const candidates = [wrapped(middle + half), wrapped(middle - half)].filter(
      (candidate) => Math.abs(candidate) <= Math.PI / 2 + TOLERANCE,
    );
    if (candidates.length === 0) return undefined;
    const [first, second = first] = candidates as [number, number?];
    poleLatRad = Math.abs(latPoleRad - first) < Math.abs(latPoleRad - second) ? first : second;
  }
  const product = Math.cos(poleLatRad) * Math.cos(latRad);
  let poleLonRad: number;
  if (Math.abs(product) >= TOLERANCE) {
    const cosDifference = (sinReference - Math.sin(poleLatRad) * Math.sin(latRad)) / product;
    const sinDifference = (sinPole * cosReference) / Math.cos(latRad);
    poleLonRad = lonRad - Math.atan2(sinDifference, cosDifference);
  } else if (Math.abs(Math.cos(latRad)) < TOLERANCE) {
    poleLonRad = lonRad; // the reference point is a celestial pole
  } else if (poleLatRad > 0) {
    poleLonRad = lonRad + lonPoleRad - Math.PI;
  } else {
    poleLonRad = lonRad - lonPoleRad;
  }
  return { poleLonRad, poleLatRad, lonPoleRad };
}

/** Native to celestial: paper II, equation 2. Longitude in 0 to 2π. */
export function toCelestial(pole: NativePole, lonRad: number, latRad: number, out: Pair): void {
  const angle = lonRad - pole.lonPoleRad;
  const [sinPole, cosPole] = [Math.sin(pole.poleLatRad), Math.cos(pole.poleLatRad)];
  const [sinLat, cosLat] = [Math.sin(latRad), Math.cos(latRad)];
  const cosAngle = Math.cos(angle);
  const x = sinLat * cosPole - cosLat * sinPole * cosAngle;
  const y = -cosLat * Math.sin(angle);
  const z = sinLat * sinPole + cosLat * cosPole * cosAngle;
  const lon = pole.poleLonRad + Math.atan2(y, x);
  const turn = 2 * Math.PI;
  const inTurn = lon - Math.floor(lon / turn) * turn;
  out.aRad = inTurn >= turn ? 0 : inTurn;
  out.bRad = Math.atan2(z, Math.hypot(x, y));
}

/** Celestial to native: paper II, equation 5. Longitude in -π to π. */
export function toNative(pole: NativePole, lonRad: number, latRad: number, out: Pair): void {
  const angle = lonRad - pole.poleLonRad;
  const [sinPole, cosPole] = [Math.sin(pole.poleLatRad), Math.cos(pole.poleLatRad)];
  const [sinLat, cosLat] = [Math.sin(latRad), Math.cos(latRad)];
  const cosAngle = Math.cos(angle);
  const x = sinLat * cosPole - cosLat * sinPole * cosAngle;
  const y = -cosLat * Math.sin(angle);
  const z = sinLat * sinPole + cosLat * cosPole * cosAngle;
  out.aRad = wrapped(pole.lonPoleRad + Math.atan2(y, x));
  out.bRad = Math.atan2(z, Math.hypot(x, y));
}

/** Into -π to π. */
function wrapped(angleRad: number): number {
  if (Math.abs(angleRad) <= Math.PI) return angleRad;
  return angleRad - 2 * Math.PI * Math.round(angleRad / (2 * Math.PI));
}
