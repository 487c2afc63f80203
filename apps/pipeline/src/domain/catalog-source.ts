/** Sources of radio catalogues, and angles between their directions. */

export const surveyNames = ["nvss", "first", "racs", "vlass", "synthetic"] as const;
export type SurveyName = (typeof surveyNames)[number];

export interface Survey {
  readonly title: string;
  /** Of the fluxes. */
  readonly freqHz: number;
  /** Rows of the whole catalogue as published; null where there are several versions. */
  readonly publishedCount: number | null;
}

/** NVSS: Condon et al. 1998. FIRST: Helfand et al. 2015. RACS: RACS-low, Hale et al. 2021. VLASS: Gordon et al. 2021. */
export const surveys: Readonly<Record<SurveyName, Survey>> = {
  nvss: { title: "NVSS", freqHz: 1.4e9, publishedCount: 1_773_484 },
  first: { title: "FIRST", freqHz: 1.4e9, publishedCount: 946_432 },
  racs: { title: "RACS-low", freqHz: 887.5e6, publishedCount: null },
  vlass: { title: "VLASS", freqHz: 3e9, publishedCount: null },
  synthetic: { title: "synthetic sky", freqHz: 1.4e9, publishedCount: null },
};

/** A source, or a component of one. Directions are ICRS; what the survey does not say is null. */
export interface CatalogSource {
  readonly name: string;
  /** 0 ≤ raDeg < 360. */
  readonly raDeg: number;
  readonly decDeg: number;
  /** Integrated, at the frequency of the catalogue. */
  readonly fluxJy: number;
  readonly fluxErrJy: number | null;
  readonly peakJyPerBeam: number | null;
  /** Size without the beam, full width at half maximum; null where it is not resolved. */
  readonly majorArcsec: number | null;
  readonly minorArcsec: number | null;
  /** Of the major axis, from north over east. */
  readonly paDeg: number | null;
  /** α of S = S₀ (ν / ν₀)^α. */
  readonly spectralIndex: number | null;
}

/** All that is known of a point. */
export const pointSource = (name: string, raDeg: number, decDeg: number, fluxJy: number): CatalogSource => ({
  name,
  raDeg,
  decDeg,
  fluxJy,
  fluxErrJy: null,
  peakJyPerBeam: null,
  majorArcsec: null,
  minorArcsec: null,
  paDeg: null,
  spectralIndex: null,
});

/** A file that went into a catalogue. */
export interface CatalogInput {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface CatalogInfo {
  readonly survey: SurveyName;
  readonly freqHz: number;
  readonly sourceCount: number;
  /** Rows of the inputs that were left out, by reason. */
  readonly skippedCounts: Readonly<Record<string, number>>;
  readonly inputs: readonly CatalogInput[];
  readonly builtUnixSec: number;
  readonly software: string;
}

interface Direction {
  readonly raDeg: number;
  readonly decDeg: number;
}

const RAD_PER_DEG = Math.PI / 180;

/** An angle brought into [0, 360). */
export function normalizedRaDeg(raDeg: number): number {
  const rest = raDeg % 360;
  const positive = rest < 0 ? rest + 360 : rest;
  // -1e-20 + 360 is 360.
  return positive >= 360 ? 0 : positive;
}

/** Angle between two directions, 0 … 180, accurate near both ends: Vincenty's formula on a sphere. */
export function separationDeg(a: Direction, b: Direction): number {
  const eastRad = (b.raDeg - a.raDeg) * RAD_PER_DEG;
  const [sinA, cosA] = [Math.sin(a.decDeg * RAD_PER_DEG), Math.cos(a.decDeg * RAD_PER_DEG)];
  const [sinB, cosB] = [Math.sin(b.decDeg * RAD_PER_DEG), Math.cos(b.decDeg * RAD_PER_DEG)];
  const cosEast = Math.cos(eastRad);
  const across = Math.hypot(cosB * Math.sin(eastRad), cosA * sinB - sinA * cosB * cosEast);
  return Math.atan2(across, sinA * sinB + cosA * cosB * cosEast) / RAD_PER_DEG;
}

/**
 * How far in right ascension a circle reaches to either side of its centre: asin(sin r / cos δ). 180 where it holds a
 * pole.
 */
export function raReachDeg(decDeg: number, radiusDeg: number): number {
  if (Math.abs(decDeg) + radiusDeg >= 90) return 180;
  return Math.asin(Math.sin(radiusDeg * RAD_PER_DEG) / Math.cos(decDeg * RAD_PER_DEG)) / RAD_PER_DEG;
}

/** α of two fluxes of one source: ln(S₂/S₁) / ln(ν₂/ν₁). */
export function spectralIndexOf(flux1Jy: number, freq1Hz: number, flux2Jy: number, freq2Hz: number): number {
  return Math.log(flux2Jy / flux1Jy) / Math.log(freq2Hz / freq1Hz);
}
