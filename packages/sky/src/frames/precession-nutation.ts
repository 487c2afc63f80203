import { sampleChebyshev } from "../ephemeris/chebyshev-table.ts";
import { CIO_LOCATOR, NUTATION } from "../ephemeris/ephemeris-table.generated.ts";
import { centuriesSinceJ2000, type Tt } from "../time/instant.ts";
import { axesTurnedAboutX, axesTurnedAboutY, axesTurnedAboutZ, inOrder, type Rotation } from "../vector/rotation.ts";

const ARCSEC_RAD = Math.PI / 648_000;

/** Sum of coefficients[k] · t^k. */
export function polynomial(t: number, coefficients: readonly number[]): number {
  return coefficients.reduceRight((sum, value) => sum * t + value, 0);
}

/** The four Fukushima-Williams angles of IAU 2006 precession with frame bias, arcsec in powers of a century of TT. */
const GAMMA = [-0.052928, 10.556378, 0.4932044, -0.00031238, -0.000002788, 0.000000026];
const PHI = [84381.412819, -46.811016, 0.0511268, 0.00053289, -0.00000044, -0.0000000176];
const PSI = [-0.041775, 5038.481484, 1.5584175, -0.00018522, -0.000026452, -0.0000000148];
/** Mean obliquity of the ecliptic. */
const EPSILON = [84381.406, -46.836769, -0.0001831, 0.0020034, -0.000000576, -0.0000000434];

/** Where the celestial pole and its two origins are at one instant. */
export interface CelestialPole {
  /** GCRS to the true equator and equinox of date: bias, precession and nutation. */
  readonly toEquinoxMatrix: Rotation;
  /** GCRS to CIRS: the celestial intermediate pole and origin (CIO). */
  readonly toCirsMatrix: Rotation;
  /** ERA − GST: right ascension of the CIO from the equinox, negated. */
  readonly equationOfOriginsRad: number;
}

/**
 * Precession and nutation IAU 2006/2000A. Nutation and the CIO locator s come from tables shipped with the package,
 * which are good to 1 µas against the full series.
 *
 * Source: Capitaine, Wallace & Chapront 2003 and Hilton et al. 2006 (angles), IERS Conventions 2010 ch. 5.
 *
 * @throws TimeOutOfRangeError outside the ephemeris (1973 to 2060)
 */
export function celestialPoleAt(tt: Tt): CelestialPole {
  const t = centuriesSinceJ2000(tt);
  const nutation = sampleChebyshev(NUTATION, tt).values;
  const locator = sampleChebyshev(CIO_LOCATOR, tt).values;
  const toEquinoxMatrix = inOrder(
    axesTurnedAboutZ(polynomial(t, GAMMA) * ARCSEC_RAD),
    axesTurnedAboutX(polynomial(t, PHI) * ARCSEC_RAD),
    axesTurnedAboutZ(-(polynomial(t, PSI) * ARCSEC_RAD + nutation[0]!)),
    axesTurnedAboutX(-(polynomial(t, EPSILON) * ARCSEC_RAD + nutation[1]!)),
  );
  const poleX = toEquinoxMatrix[6]!;
  const poleY = toEquinoxMatrix[7]!;
  const poleZ = toEquinoxMatrix[8]!;
  const sRad = locator[0]! - (poleX * poleY) / 2;
  const eRad = Math.atan2(poleY, poleX);
  const dRad = Math.atan2(Math.hypot(poleX, poleY), poleZ);
  const toCirsMatrix = inOrder(axesTurnedAboutZ(eRad), axesTurnedAboutY(dRad), axesTurnedAboutZ(-(eRad + sRad)));
  // Both matrices share the pole, so they differ by a turn about it: from the equinox to the CIO.
  let along = 0;
  let across = 0;
  for (let k = 0; k < 3; k++) {
    along += toEquinoxMatrix[k]! * toCirsMatrix[k]!;
    across += toEquinoxMatrix[3 + k]! * toCirsMatrix[k]!;
  }
  return { toEquinoxMatrix, toCirsMatrix, equationOfOriginsRad: -Math.atan2(across, along) };
}
