/** Reads the file of a survey, whichever of its forms it has. */

import type { CatalogSource, SurveyName } from "../../domain/catalog-source.ts";
import type { ReadTally } from "../../ports/source-catalog.ts";
import { delimitedReader, type FormatReader, firstColumnsReader, nvssFixedReader, tdatReader } from "./file-formats.ts";
import { readLines } from "./read-lines.ts";
import { type Place, quoted, refusal } from "./refuse.ts";
import type { FileSurvey } from "./survey-columns.ts";
import { readTruthSources } from "./truth-sources.ts";

/** As the port says. */
export async function* readSurvey(
  path: string,
  survey: SurveyName,
  tally: ReadTally,
): AsyncGenerator<readonly CatalogSource[]> {
  if (survey === "synthetic") {
    yield await readTruthSources(path, (input) => tally.inputs.push(input));
    return;
  }
  let reader: FormatReader | null = null;
  let lastLineIndex = 0;
  let sourceCount = 0;
  for await (const { lineIndex, lines } of readLines(path, (input) => tally.inputs.push(input))) {
    const sources: CatalogSource[] = [];
    for (const [offset, text] of lines.entries()) {
      const place = { path, lineIndex: lineIndex + offset };
      reader ??= readerFor(survey, text, place);
      const row = reader?.line(text, place) ?? null;
      if (typeof row === "string") tally.skippedCounts[row] = (tally.skippedCounts[row] ?? 0) + 1;
      else if (row !== null) sources.push(row);
    }
    lastLineIndex = lineIndex + lines.length - 1;
    sourceCount += sources.length;
    if (sources.length > 0) yield sources;
  }
  const end = { path, lineIndex: lastLineIndex };
  reader?.end(end);
  if (sourceCount === 0) throw refusal(end, "file", `sources of ${survey}`, "none");
}

/** By the first line that says something; null when it does not. */
function readerFor(survey: FileSurvey, text: string, place: Place): FormatReader | null {
  if (/^\s*<HEADER>\s*$/i.test(text)) return tdatReader(survey);
  if (text.trim() === "" || text.startsWith("//")) return null;
  if (survey === "first" && /^\d\d \d\d \d\d\.\d+\s+[-+]\d\d \d\d /.test(text)) return firstColumnsReader(place);
  if (text.startsWith("#")) return null;
  if (survey === "nvss" && isFixedNvss(text)) return nvssFixedReader(place);
  if (/^[\w.()"-]+\s*[\t,;|]/.test(text)) return delimitedReader(survey);
  throw refusal(
    place,
    "file",
    `a table of HEASARC (<HEADER>), ${survey === "nvss" ? "fixed columns of CDS VIII/65, " : ""}or a header with names of columns`,
    quoted(text),
  );
}

/** Hours, minutes, seconds, sign, degrees, minutes, seconds where CDS has them. */
const isFixedNvss = (text: string) =>
  /^ *\d{1,2} [ \d]\d [ \d.]{5} [-+][ \d]\d [ \d]\d [ \d.]{4}/.test(text.slice(40, 64));
