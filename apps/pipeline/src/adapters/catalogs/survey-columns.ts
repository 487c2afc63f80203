/** What the columns of each survey are called, and how a row of cells becomes a source. */

import { type CatalogSource, normalizedRaDeg, type SurveyName } from "../../domain/catalog-source.ts";
import { optionalNumber, parseDecDeg, parseRaDeg, requiredNumber } from "./parse-values.ts";
import { type Place, quoted, refusal } from "./refuse.ts";

const parts = [
  "name",
  "ra",
  "dec",
  "flux",
  "fluxErr",
  "peak",
  "majorLimit",
  "major",
  "minorLimit",
  "minor",
  "pa",
  "sidelobe",
  "duplicate",
  "quality",
  "structure",
] as const;
type Part = (typeof parts)[number];
const requiredParts: readonly Part[] = ["ra", "dec", "flux"];

type ColumnNames = Readonly<Partial<Record<Part, readonly string[]>>>;
export type FileSurvey = Exclude<SurveyName, "synthetic">;

/** The computed column first, which is in degrees; `radeg` is the name in the files behind. */
const VIZIER_RA = ["_raj2000", "raj2000", "ra_icrs", "radeg"] as const;
const VIZIER_DEC = ["_dej2000", "dej2000", "de_icrs", "dedeg"] as const;

/** Lower case: of HEASARC, of the survey itself, of VizieR. Fluxes in mJy, sizes without the beam in arcseconds. */
const columnNames: Readonly<Record<FileSurvey, ColumnNames>> = {
  nvss: {
    name: ["name", "nvss"],
    ra: ["ra", ...VIZIER_RA],
    dec: ["dec", ...VIZIER_DEC],
    flux: ["flux_20_cm", "s1.4"],
    fluxErr: ["flux_20_cm_error", "e_s1.4"],
    majorLimit: ["limit_major_axis", "l_majaxis"],
    major: ["major_axis", "majaxis"],
    minorLimit: ["limit_minor_axis", "l_minaxis"],
    minor: ["minor_axis", "minaxis"],
    pa: ["position_angle", "pa"],
  },
  first: {
    name: ["name", "first"],
    ra: ["ra", ...VIZIER_RA],
    dec: ["dec", ...VIZIER_DEC],
    flux: ["int_flux_20_cm", "fint"],
    fluxErr: ["flux_20_cm_error", "rms"],
    peak: ["flux_20_cm", "fpeak"],
    major: ["major_axis", "maj"],
    minor: ["minor_axis", "min"],
    pa: ["position_angle", "pa"],
    sidelobe: ["sidelobe_prob", "p(s)"],
  },
  racs: {
    name: ["source_name", "name", "source_id", "id"],
    ra: ["ra", ...VIZIER_RA],
    dec: ["dec", ...VIZIER_DEC],
    flux: ["total_flux_source", "total_flux", "ftot"],
    fluxErr: ["e_total_flux_source", "e_total_flux", "e_ftot"],
    peak: ["peak_flux", "fpk", "fpeak"],
    major: ["dc_maj", "dcmaj"],
    minor: ["dc_min", "dcmin"],
    pa: ["dc_pa", "dcpa"],
  },
  vlass: {
    name: ["component_name", "compname"],
    ra: ["ra", ...VIZIER_RA],
    dec: ["dec", ...VIZIER_DEC],
    flux: ["total_flux", "ftot"],
    fluxErr: ["e_total_flux", "e_ftot"],
    peak: ["peak_flux", "fpeak"],
    major: ["dc_maj", "dcmaj"],
    minor: ["dc_min", "dcmin"],
    pa: ["dc_pa", "dcpa"],
    duplicate: ["duplicate_flag", "dupflag"],
    quality: ["quality_flag", "qualflag"],
    structure: ["s_code", "scode"],
  },
};

const PREFIX: Readonly<Record<FileSurvey, string>> = {
  nvss: "NVSS J",
  first: "FIRST J",
  racs: "RACS-DR1 ",
  vlass: "VLASS1QLCIR J",
};

/** More likely the side lobe of another source than a source. */
const LIKELY_SIDELOBE_FRACTION = 0.5;
/** Of VLASS quick look, by its guide: 0 and 1 are kept of duplicates; 0 and 4 are good; E is an island to which nothing could be fitted. */
const KEPT_DUPLICATES = [0, 1];
const GOOD_QUALITIES = [0, 4];
const EMPTY_ISLAND = "E";

/** What a table of Gaussian components has: a source of three would be there three times, each time with all of its flux. */
const componentColumns: Readonly<Partial<Record<FileSurvey, readonly string[]>>> = {
  racs: ["gaussian_id", "total_flux_gaussian", "gid"],
};

/** By dividing, 3.1 mJy become the number that 0.0031 is. */
const jyOfMilliJy = (fluxMilliJy: number) => fluxMilliJy / 1000;

/** A source, or why the row is none. */
export type RowReader = (cells: readonly string[], place: Place) => CatalogSource | string;

/** Columns of these are in mJy, or in mJy a beam. */
const fluxParts: readonly Part[] = ["flux", "fluxErr", "peak"];

/**
 * A file that states its units has fluxes in mJy: a catalogue in Jy would be wrong by a thousand and look right.
 *
 * @param units  by the name of the column in lower case, as far as they are stated
 * @throws PipelineError CATALOG_UNREADABLE
 */
export function assertUnits(survey: FileSurvey, units: ReadonlyMap<string, string>, place: Place): void {
  for (const name of fluxParts.flatMap((part) => columnNames[survey][part] ?? [])) {
    const unit = units.get(name);
    if (unit !== undefined && /jy/i.test(unit) && !/^mjy/i.test(unit))
      throw refusal(place, name, "fluxes in mJy", quoted(unit));
  }
}

/**
 * @param names  of the columns of the file, in order
 * @throws PipelineError CATALOG_UNREADABLE when one is missing that is needed
 */
export function rowReader(survey: FileSurvey, names: readonly string[], place: Place): RowReader {
  const lower = names.map((name) => name.trim().toLowerCase());
  const known = columnNames[survey];
  const ofComponents = lower.find((name) => componentColumns[survey]?.includes(name));
  if (ofComponents !== undefined)
    throw refusal(place, "columns", "a table of sources, a row each", `one of Gaussian components (${ofComponents})`);
  const columnOf = Object.fromEntries(
    parts.map((part) => {
      const at = (known[part] ?? []).map((name) => lower.indexOf(name)).find((column) => column >= 0) ?? -1;
      if (at < 0 && requiredParts.includes(part))
        throw refusal(place, "columns", `one of ${known[part]!.join(", ")}`, quoted(lower.join(" ")));
      return [part, at];
    }),
  ) as Record<Part, number>;
  const columnCount = names.length;

  return (cells, place) => {
    if (cells.length !== columnCount)
      throw refusal(place, "row", `${columnCount} columns, as in the header`, `${cells.length}`);
    const textOf = (part: Part) => (columnOf[part] < 0 ? "" : cells[columnOf[part]]!);
    const nameOf = (part: Part) => lower[columnOf[part]]!;
    const numberOf = (part: Part) => (columnOf[part] < 0 ? null : optionalNumber(textOf(part), place, nameOf(part)));
    /** A limit is no size, and nor is 0. */
    const sizeOf = (part: "major" | "minor", limit: "majorLimit" | "minorLimit") =>
      textOf(limit).trim() === "<" ? null : numberOf(part) || null;

    const sidelobe = numberOf("sidelobe");
    if (sidelobe !== null && sidelobe >= LIKELY_SIDELOBE_FRACTION) return "likely side lobes";
    const [duplicate, quality] = [numberOf("duplicate"), numberOf("quality")];
    if (duplicate !== null && !KEPT_DUPLICATES.includes(duplicate)) return "duplicates";
    if (quality !== null && !GOOD_QUALITIES.includes(quality)) return "flagged by the survey";
    if (textOf("structure").trim() === EMPTY_ISLAND) return "islands without a fit";
    const fluxMilliJy = requiredNumber(textOf("flux"), place, nameOf("flux"));
    if (fluxMilliJy <= 0) return "without a positive flux";

    const raDeg = parseRaDeg(textOf("ra"), place, nameOf("ra"));
    const decDeg = parseDecDeg(textOf("dec"), place, nameOf("dec"));
    const [fluxErr, peak] = [numberOf("fluxErr"), numberOf("peak")];
    const majorArcsec = sizeOf("major", "majorLimit");
    return {
      name: fullName(survey, textOf("name").trim(), raDeg, decDeg),
      raDeg,
      decDeg,
      fluxJy: jyOfMilliJy(fluxMilliJy),
      fluxErrJy: fluxErr === null ? null : jyOfMilliJy(fluxErr),
      peakJyPerBeam: peak === null ? null : jyOfMilliJy(peak),
      majorArcsec,
      minorArcsec: sizeOf("minor", "minorLimit"),
      paDeg: majorArcsec === null ? null : numberOf("pa"),
      spectralIndex: null,
    };
  };
}

/** With the name of the survey before it; made from the place where the file gives none. */
function fullName(survey: FileSurvey, name: string, raDeg: number, decDeg: number): string {
  if (name === "") return PREFIX[survey] + placeName(raDeg, decDeg);
  return /^\d/.test(name) ? PREFIX[survey] + name : name;
}

/** `083454.9+553421`: hours to a tenth of a second and degrees to a second, cut and not rounded, as names are. */
export function placeName(raDeg: number, decDeg: number): string {
  // A place on the full tenth must not fall below it by rounding.
  const tenths = Math.floor((normalizedRaDeg(raDeg) / 15) * 36_000 + 1e-6);
  const seconds = Math.floor(Math.abs(decDeg) * 3600 + 1e-6);
  const pair = (value: number) => String(value).padStart(2, "0");
  const sexagesimal = (whole: number) =>
    pair(Math.floor(whole / 3600)) + pair(Math.floor(whole / 60) % 60) + pair(whole % 60);
  return `${sexagesimal(Math.floor(tenths / 10))}.${tenths % 10}${decDeg < 0 ? "-" : "+"}${sexagesimal(seconds)}`;
}
