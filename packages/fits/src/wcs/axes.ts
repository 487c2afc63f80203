/** What each axis of an image is, from CTYPE and CUNIT: papers I, II and III (Greisen et al. 2006, A&A 446, 747). */
import { FitsCorruptError, FitsUnsupportedError } from "../errors.ts";
import type { FitsHeader } from "../header/header.ts";
import { PROJECTION_CODES, type ProjectionCode } from "./projection/projection.ts";

export type AxisKind = "longitude" | "latitude" | "spectral" | "stokes" | "linear";

/** One axis. */
export interface WcsAxis {
  /** CTYPE. */
  readonly type: string;
  readonly kind: AxisKind;
  /** Unit of its world coordinate: deg for the sky, Hz, m/s or m for a spectrum, else CUNIT. */
  readonly unit: string;
  /** World coordinate of the reference point, in that unit. */
  readonly referenceValue: number;
  /** Of a longitude or latitude. */
  readonly projection?: ProjectionCode;
}

const ANGLES: Readonly<Record<string, number>> = {
  "": 1,
  deg: 1,
  degree: 1,
  degrees: 1,
  arcmin: 1 / 60,
  arcsec: 1 / 3600,
  mas: 1 / 3.6e6,
  rad: 180 / Math.PI,
};
const FREQUENCIES: Readonly<Record<string, number>> = { "": 1, hz: 1, khz: 1e3, mhz: 1e6, ghz: 1e9 };
const SPEEDS: Readonly<Record<string, number>> = { "": 1, "m/s": 1, "m s-1": 1, "km/s": 1e3, "km s-1": 1e3 };
const LENGTHS: Readonly<Record<string, number>> = {
  "": 1,
  m: 1,
  cm: 0.01,
  mm: 1e-3,
  um: 1e-6,
  nm: 1e-9,
  angstrom: 1e-10,
};

const SPECTRAL: Readonly<Record<string, readonly [unit: string, factors: Readonly<Record<string, number>>]>> = {
  FREQ: ["Hz", FREQUENCIES],
  VELO: ["m/s", SPEEDS],
  VRAD: ["m/s", SPEEDS],
  VOPT: ["m/s", SPEEDS],
  FELO: ["m/s", SPEEDS],
  WAVE: ["m", LENGTHS],
  AWAV: ["m", LENGTHS],
};

/** An axis with what brings its unit to the one of its world coordinate. */
export interface ReadAxis {
  readonly axis: WcsAxis;
  readonly factor: number;
}

/** @throws FitsUnsupportedError for a projection, an algorithm or a unit that is not known; FitsCorruptError */
export function readAxis(header: FitsHeader, index: number, suffix: string): ReadAxis {
  const number = `${index + 1}${suffix}`;
  const type = (header.text(`CTYPE${number}`) ?? "").trimEnd();
  const unit = (header.text(`CUNIT${number}`) ?? "").trim();
  const value = header.number(`CRVAL${number}`) ?? 0;
  const made = (kind: AxisKind, unitName: string, factor: number, more: object = {}): ReadAxis => ({
    axis: { type, kind, unit: unitName, referenceValue: value * factor, ...more },
    factor,
  });
  const unsupported = (keyword: string, expected: string, found: string): FitsUnsupportedError =>
    new FitsUnsupportedError({ file: header.file, place: header.placeOf(keyword), expected, found });
  const factorIn = (factors: Readonly<Record<string, number>>): number => {
    const factor = factors[unit.toLowerCase()];
    if (factor !== undefined) return factor;
    throw unsupported(`CUNIT${number}`, Object.keys(factors).filter(Boolean).join(", "), unit);
  };

  const name = type.slice(0, 4).replace(/-+$/, "");
  const algorithm = type.slice(5).trim();
  const kind = celestialKind(name);
  if (kind !== undefined && algorithm !== "") {
    const projection = PROJECTION_CODES.find((code) => code === algorithm);
    if (projection === undefined) throw unsupported(`CTYPE${number}`, PROJECTION_CODES.join(", "), type);
    return made(kind, "deg", factorIn(ANGLES), { projection });
  }
  const spectral = SPECTRAL[name];
  if (spectral !== undefined) {
    // "VELO-LSR" names a frame in the place of an algorithm.
    const isFrame = /^(LSR|HEL|OBS|LSD|GEO|GAL|SOU|BAR|TOP)/.test(algorithm);
    if (algorithm !== "" && !isFrame) throw unsupported(`CTYPE${number}`, "a linear axis", type);
    return made("spectral", spectral[0], factorIn(spectral[1]));
  }
  if (/-(TAB|LOG)$/.test(type)) throw unsupported(`CTYPE${number}`, "a linear axis", type);
  return made(name === "STOK" ? "stokes" : "linear", unit, 1);
}

function celestialKind(name: string): "longitude" | "latitude" | undefined {
  if (name === "RA" || /^(.LON|..LN)$/.test(name)) return "longitude";
  return name === "DEC" || /^(.LAT|..LT)$/.test(name) ? "latitude" : undefined;
}

/** The pair of axes of the sky. @returns undefined when there is none @throws FitsCorruptError when only one, or they differ */
export function celestialPair(
  header: FitsHeader,
  axes: readonly WcsAxis[],
  suffix: string,
): { readonly lonAxis: number; readonly latAxis: number; readonly projection: ProjectionCode } | undefined {
  const lonAxis = axes.findIndex(({ kind }) => kind === "longitude");
  const latAxis = axes.findIndex(({ kind }) => kind === "latitude");
  if (lonAxis < 0 && latAxis < 0) return undefined;
  const lon = axes[lonAxis];
  const lat = axes[latAxis];
  if (lon?.projection === undefined || lat === undefined || lon.projection !== lat.projection) {
    const place = header.placeOf(`CTYPE${Math.max(lonAxis, latAxis) + 1}${suffix}`);
    const found = `${lon?.type ?? "none"} and ${lat?.type ?? "none"}`;
    const expected = "a longitude and a latitude of one projection";
    throw new FitsCorruptError({ file: header.file, place, expected, found });
  }
  return { lonAxis, latAxis, projection: lon.projection };
}
