/** The forms that files of surveys have. Each takes line after line and gives sources. */

import type { CatalogSource } from "../../domain/catalog-source.ts";
import { type Place, quoted, refusal } from "./refuse.ts";
import { assertUnits, type FileSurvey, type RowReader, rowReader } from "./survey-columns.ts";

export interface FormatReader {
  /** A source; the reason why the row is left out; or null for a line that is no row. */
  line(text: string, place: Place): CatalogSource | string | null;
  /** After the last line, which `place` names. @throws PipelineError CATALOG_UNREADABLE when the file ended too early */
  end(place: Place): void;
}

/**
 * HEASARC's transportable tables: `<HEADER>`, in it `line[1] = names…`, `<DATA>`, cells that each end in `|`, `<END>`.
 * https://heasarc.gsfc.nasa.gov/docs/software/dbdocs/tdat.html
 */
export function tdatReader(survey: FileSurvey): FormatReader {
  let announcedCount: number | null = null;
  let rowCount = 0;
  let names: readonly string[] | null = null;
  let delimiter = "|";
  let read: RowReader | null = null;
  let isEnded = false;
  const units = new Map<string, string>();

  function header(text: string, place: Place): null {
    const rows = /^(?:#|\/\/)\s*TOTAL ROWS:\s*(\d+)/i.exec(text);
    if (rows) announcedCount = Number(rows[1]);
    const setting = /^\s*(line\[1\]|field_delimiter)\s*=\s*(.+)$/i.exec(text);
    if (setting?.[1]!.toLowerCase() === "field_delimiter")
      delimiter = setting[2]!.trim().replaceAll(/^["'`]|["'`]$/g, "");
    else if (setting) names = setting[2]!.trim().split(/\s+/);
    // field[flux_20_cm] = float8:.1f_mJy [phot.flux.density] (key) // Integrated flux density
    const field = /^\s*field\[(\S+)\]\s*=\s*\w+?(?::[^_\s]*)?_(\S+)/i.exec(text);
    if (field) units.set(field[1]!.toLowerCase(), field[2]!);
    if (/^\s*<DATA>\s*$/i.test(text)) {
      if (names === null) throw refusal(place, "line[1]", "the names of the columns in the header", "none");
      assertUnits(survey, units, place);
      read = rowReader(survey, names, place);
    }
    return null;
  }

  return {
    line(text, place) {
      if (isEnded) return null;
      if (read === null) return header(text, place);
      if (/^\s*<END>\s*$/i.test(text)) {
        isEnded = true;
        return null;
      }
      if (text.trim() === "") return null;
      const cells = text.split(delimiter);
      // A bar ends a cell; it does not part two.
      if (text.trimEnd().endsWith(delimiter)) cells.pop();
      rowCount++;
      return read(cells, place);
    },
    end(place) {
      if (read === null) throw refusal(place, "<DATA>", "data after the header", "the end of the file");
      if (!isEnded) throw refusal(place, "<END>", "<END> after the last row; the file is cut", "the end of the file");
      if (announcedCount !== null && rowCount !== announcedCount)
        throw refusal(place, "TOTAL ROWS", `${announcedCount} rows, as the header says`, `${rowCount}`);
    },
  };
}

/** `nvss.dat` of CDS VIII/65: where columns start and end in a line, from 0, the end exclusive. */
const NVSS_COLUMNS = {
  nvss: [25, 39],
  ra: [40, 51],
  dec: [52, 63],
  "s1.4": [75, 83],
  "e_s1.4": [84, 91],
  l_majaxis: [92, 93],
  majaxis: [93, 98],
  l_minaxis: [99, 100],
  minaxis: [100, 105],
  pa: [106, 111],
} as const satisfies Record<string, readonly [number, number]>;
/** Trailing blanks may be cut off; a flux is always there. */
const NVSS_LEAST_COUNT = NVSS_COLUMNS["s1.4"][1];

/** Fixed columns: the form of NVSS at CDS. */
export function nvssFixedReader(place: Place): FormatReader {
  const columns = Object.values(NVSS_COLUMNS);
  const read = rowReader("nvss", Object.keys(NVSS_COLUMNS), place);
  return {
    line(text, place) {
      if (text.trim() === "") return null;
      if (text.trimEnd().length < NVSS_LEAST_COUNT)
        throw refusal(place, "row", `at least ${NVSS_LEAST_COUNT} characters; the line is cut`, quoted(text));
      return read(
        columns.map(([from, to]) => text.slice(from, to)),
        place,
      );
    },
    end: () => undefined,
  };
}

const FIRST_NAMES = ["ra", "dec", "p(s)", "fpeak", "fint", "rms", "maj", "min", "pa"];
const FIRST_LEAST_COUNT = 6 + FIRST_NAMES.length - 2;

/** FIRST as its own site gives it: comment lines with #, then words; right ascension and declination are three each. */
export function firstColumnsReader(place: Place): FormatReader {
  const read = rowReader("first", FIRST_NAMES, place);
  return {
    line(text, place) {
      if (text.startsWith("#") || text.trim() === "") return null;
      const words = text.trim().split(/\s+/);
      if (words.length < FIRST_LEAST_COUNT)
        throw refusal(place, "row", `at least ${FIRST_LEAST_COUNT} columns; the line is cut`, quoted(text));
      const [raHour, raMinute, raSecond, decDegree, decMinute, decSecond, ...rest] = words;
      const direction = [`${raHour} ${raMinute} ${raSecond}`, `${decDegree} ${decMinute} ${decSecond}`];
      return read([...direction, ...rest.slice(0, FIRST_NAMES.length - 2)], place);
    },
    end: () => undefined,
  };
}

const DELIMITERS = ["\t", ",", ";", "|"];

/**
 * A header with names, then a row a line, parted by tab, comma, semicolon or bar. Before rows of VizieR stand comments
 * with #, and after the names their units and a line of dashes.
 */
export function delimitedReader(survey: FileSurvey): FormatReader {
  let delimiter: string | undefined;
  let read: RowReader | null = null;
  /** Lines since the header, while one of dashes may come. */
  let sinceHeaderCount = 0;
  let held: { readonly text: string; readonly place: Place } | null = null;
  let names: readonly string[] = [];

  const cellsOf = (text: string, place: Place) => {
    const cells = text.includes('"') ? quotedCells(text, delimiter!, place) : text.split(delimiter!);
    return cells;
  };

  return {
    line(text, place) {
      if (text.startsWith("#") || text.trim() === "") return null;
      if (read === null) {
        delimiter = DELIMITERS.find((one) => text.includes(one));
        if (delimiter === undefined)
          throw refusal(place, "header", "names of columns parted by tab, comma, semicolon or bar", quoted(text));
        names = cellsOf(text, place);
        read = rowReader(survey, names, place);
        return null;
      }
      sinceHeaderCount++;
      if (sinceHeaderCount <= 2 && /^[-\s|;,]+$/.test(text) && text.includes("--")) {
        if (held) {
          const units = cellsOf(held.text, held.place).map(
            (unit, at) => [(names[at] ?? "").toLowerCase(), unit.trim()] as const,
          );
          assertUnits(survey, new Map(units), held.place);
        }
        held = null;
        return null;
      }
      // The line after the header is units when dashes follow; a row starts with a number somewhere in its first cells.
      if (sinceHeaderCount === 1 && isUnits(cellsOf(text, place))) {
        held = { text, place };
        return null;
      }
      if (held) throw refusal(held.place, "row", "a row", quoted(held.text));
      return read(cellsOf(text, place), place);
    },
    end(place) {
      if (read === null) throw refusal(place, "header", "names of columns", "the end of the file");
      if (held) throw refusal(held.place, "row", "a row", quoted(held.text));
    },
  };
}

const isUnits = (cells: readonly string[]) =>
  cells.every((cell) => !/^\s*[-+]?\d+(\.\d+)?\s*$/.test(cell) && !/^\s*[-+]?\d+[ :]\d+/.test(cell));

/** Cells of a line of CSV in which some are in quotes. */
function quotedCells(text: string, delimiter: string, place: Place): readonly string[] {
  const cells: string[] = [];
  let at = 0;
  while (at <= text.length) {
    if (text[at] === '"') {
      const close = closingQuote(text, at);
      if (close < 0) throw refusal(place, "row", "a closing quote", quoted(text.slice(at)));
      cells.push(text.slice(at + 1, close).replaceAll('""', '"'));
      at = close + 1;
      if (at < text.length && text[at] !== delimiter)
        throw refusal(place, "row", "the end of a cell after its closing quote", quoted(text.slice(at)));
    } else {
      const next = text.indexOf(delimiter, at);
      const end = next < 0 ? text.length : next;
      cells.push(text.slice(at, end));
      at = end;
    }
    at++;
  }
  return cells;
}

/** Two quotes within quotes are one of the text. */
function closingQuote(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] !== '"') continue;
    if (text[at + 1] !== '"') return at;
    at++;
  }
  return -1;
}
