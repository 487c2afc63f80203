/**
 * The list of VLA calibrators that NRAO publishes: for each a line with its J2000 place, one of B1950, a heading, and a
 * line a band. Bands may be missing, words shifted, and fluxes unknown; every entry is kept.
 */

import type { CalibratorBand, CalibratorQuality, VlaCalibrator } from "../../domain/calibrator.ts";
import type { ReadTally } from "../../ports/source-catalog.ts";
import { parseDecDeg, parseRaDeg } from "./parse-values.ts";
import { readLines } from "./read-lines.ts";
import { type Place, quoted, refusal } from "./refuse.ts";

const PLACE_LINE = /^(\d{4}[-+]\d{3})\s+(J2000|B1950)\s+([A-Z])\s+(\S+)\s+(\S+)\s*(.*)$/;
const HEADING = /^(?:IAU NAME|BAND\s|=+$|-+$)/;
const BAND_LINE = /^\s*([\d.]+cm)\s+([A-Z])(?:\s+(.*))?$/;
/** `Aug01`: which observation the place is of. */
const REFERENCE = /^[A-Z][a-z]{2}\d{2}$/;
/** Columns of numbers end under UVMIN(kL) or UVMAX(kL); this lies between. */
const UVMIN_END_COUNT = 47;
const CONFIGURATION_COUNT = 4;

/** As the port says. */
export async function* readVlaCalibrators(path: string, tally: ReadTally): AsyncGenerator<readonly VlaCalibrator[]> {
  const list = calibratorLines();
  let place: Place = { path, lineIndex: 0 };
  for await (const { lineIndex, lines } of readLines(path, (input) => tally.inputs.push(input))) {
    for (const [offset, text] of lines.entries()) {
      place = { path, lineIndex: lineIndex + offset };
      list.line(text.trimEnd(), place);
    }
    yield list.take();
  }
  yield [list.end(place)];
}

interface Entry {
  readonly place: Place;
  readonly name: string;
  readonly raDeg: number;
  readonly decDeg: number;
  readonly positionCode: string;
  readonly altName: string | null;
  b1950Name: string | null;
  readonly bands: CalibratorBand[];
}

function calibratorLines() {
  let entry: Entry | null = null;
  let finished: VlaCalibrator[] = [];

  function complete({ place, b1950Name, ...rest }: Entry): VlaCalibrator {
    if (b1950Name === null) throw refusal(place, "B1950", `a line of B1950 for ${rest.name}`, "none");
    return { ...rest, b1950Name };
  }

  function placeLine(match: RegExpExecArray, place: Place): void {
    const [, name, equinox, positionCode, ra, dec, rest] = match as unknown as readonly string[];
    if (equinox === "B1950") {
      if (entry === null || entry.b1950Name !== null)
        throw refusal(place, "B1950", "the line of J2000 before it", quoted(match[0]));
      entry.b1950Name = name!;
      return;
    }
    if (entry !== null) finished.push(complete(entry));
    const words = rest!.split(/\s+/).filter((word) => word !== "" && !REFERENCE.test(word));
    entry = {
      place,
      name: name!,
      raDeg: parseRaDeg(ra!, place, "RA"),
      decDeg: parseDecDeg(dec!, place, "DEC"),
      positionCode: positionCode!,
      altName: words.length === 0 ? null : words.join(" "),
      b1950Name: null,
      bands: [],
    };
  }

  return {
    line(text: string, place: Place): void {
      if (text === "" || HEADING.test(text)) return;
      const isPlace = PLACE_LINE.exec(text);
      if (isPlace) {
        placeLine(isPlace, place);
        return;
      }
      const isBand = BAND_LINE.exec(text);
      if (!isBand) throw refusal(place, "line", "a place or a band of a calibrator", quoted(text));
      if (entry === null) throw refusal(place, "band", "the place of a calibrator before it", quoted(text));
      entry.bands.push(bandOf(isBand, text, place));
    },
    /** What is whole so far. */
    take(): readonly VlaCalibrator[] {
      const taken = finished;
      finished = [];
      return taken;
    },
    end(place: Place): VlaCalibrator {
      if (entry === null) throw refusal(place, "file", "the VLA calibrator list", "no calibrator");
      if (entry.bands.length === 0) throw refusal(place, "band", `bands of ${entry.name}; the file is cut`, "none");
      return complete(entry);
    },
  };
}

function bandOf([, wavelength, bandCode, rest = ""]: RegExpExecArray, text: string, place: Place): CalibratorBand {
  const words = rest.split(/\s+/).filter((word) => word !== "" && word !== "visplot");
  const qualityCount = words.slice(0, CONFIGURATION_COUNT).findIndex((word) => !/^[A-Za-z?]$/.test(word));
  const codes = words.slice(0, qualityCount < 0 ? CONFIGURATION_COUNT : qualityCount);
  const [flux, ...uv] = words.slice(codes.length);
  const qualities = Array.from({ length: CONFIGURATION_COUNT }, (_, at) => qualityOf(codes[at]));
  return {
    wavelength: wavelength!,
    bandCode: bandCode!,
    qualities: qualities as unknown as CalibratorBand["qualities"],
    fluxJy: fluxOf(flux, place),
    ...baselines(uv, text, place),
  };
}

/** Anything else than the letters that the list explains says nothing. */
function qualityOf(code: string | undefined): CalibratorQuality {
  const upper = code?.toUpperCase();
  return upper === "P" || upper === "S" || upper === "W" || upper === "C" || upper === "X" ? upper : "?";
}

/** Unknown fluxes are blank, ? or 0.00. */
function fluxOf(text: string | undefined, place: Place): number | null {
  if (text === undefined || text === "?") return null;
  const fluxJy = Number(text);
  if (!(fluxJy >= 0 && fluxJy < 1e5)) throw refusal(place, "FLUX(Jy)", "a flux", quoted(text));
  return fluxJy === 0 ? null : fluxJy;
}

function baselines(
  words: readonly string[],
  text: string,
  place: Place,
): Pick<CalibratorBand, "uvMinKLambda" | "uvMaxKLambda"> {
  const numbers = words.map(Number);
  if (numbers.length > 2 || !numbers.every((value) => value >= 0))
    throw refusal(place, "UVMIN(kL), UVMAX(kL)", "at most two numbers", quoted(words.join(" ")));
  const [first = null, second = null] = numbers;
  if (second !== null) return { uvMinKLambda: first, uvMaxKLambda: second };
  // Only its column tells which of the two a single number is.
  const end = first === null ? 0 : text.lastIndexOf(words[0]!) + words[0]!.length;
  return end < UVMIN_END_COUNT
    ? { uvMinKLambda: first, uvMaxKLambda: null }
    : { uvMinKLambda: null, uvMaxKLambda: first };
}
