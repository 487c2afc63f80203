/** One page that tells an astronomer whether a calibration table can be trusted. */

import { element, type Markup, sequence } from "../charts/svg.ts";
import type { QualityFigures, QualityVerdict, SolutionQuality } from "../domain/cal-quality.ts";
import type { CalPicture } from "./draw-calibration.ts";

export interface CalReport {
  readonly title: string;
  readonly visCal: string;
  readonly verdict: QualityVerdict;
  readonly quality: SolutionQuality;
  readonly pictures: readonly CalPicture[];
  /** What else is known of the table, in the order to be shown. */
  readonly facts: readonly (readonly [name: string, value: string])[];
}

const STYLE = [
  ":root{color-scheme:light dark}",
  "body{font:14px system-ui,sans-serif;max-width:960px;margin:2em auto;padding:0 1em}",
  "table{border-collapse:collapse;font-variant-numeric:tabular-nums}",
  "th,td{padding:2px 10px;text-align:right;border-bottom:1px solid #8884}th:first-child,td:first-child{text-align:left}",
  ".good,.usable,.bad{padding:2px 10px;border-radius:4px;color:#fff}",
  ".good{background:#1b7f3b}.usable{background:#a86400}.bad{background:#b3261e}",
  ".antennas{display:grid;grid-template-columns:repeat(auto-fill,minmax(440px,1fr))}svg{max-width:100%;height:auto}",
].join("");

const number = (value: number | null, digitCount: number) => (value === null ? "–" : value.toFixed(digitCount));
const percent = (fraction: number) => `${(100 * fraction).toFixed(1)} %`;

/** A page that needs nothing else: no script, no file, no network. */
export function calReportHtml(report: CalReport): string {
  const { title, visCal, verdict, quality, pictures, facts } = report;
  const [ofArray, ofAntennas] = [true, false].map((isOfArray) =>
    pictures.filter(({ antennaName }) => (antennaName === null) === isOfArray).map(({ picture }) => picture),
  ) as [Markup[], Markup[]];
  const page = element(
    "html",
    { lang: "en" },
    element(
      "head",
      {},
      element("meta", { charset: "utf-8" }),
      element("title", {}, title),
      element("style", {}, { markup: STYLE }),
    ),
    element(
      "body",
      {},
      element("h1", {}, title),
      element("p", {}, element("span", { class: verdict.verdict }, verdict.verdict), ` ${visCal}`),
      reasonList(verdict),
      definitions(facts),
      element("h2", {}, "Array"),
      figureTable(quality),
      ...ofArray,
      element("h2", {}, "Antennas"),
      element("div", { class: "antennas" }, sequence(ofAntennas)),
    ),
  );
  return `<!doctype html>\n${page.markup}\n`;
}

function reasonList({ reasons }: QualityVerdict): Markup {
  if (reasons.length === 0) return element("p", {}, "Nothing is out of the ordinary.");
  return element("ul", {}, ...reasons.map(({ severity, text }) => element("li", {}, `${severity}: ${text}`)));
}

function definitions(facts: CalReport["facts"]): Markup {
  const rows = facts.map(([name, value]) => element("tr", {}, element("th", {}, name), element("td", {}, value)));
  return element("table", {}, "", ...rows);
}

function figureTable({ kind, present, antennas }: SolutionQuality): Markup {
  const size = kind === "delay" ? "delay (ns)" : "amplitude";
  const header = ["antenna", "flagged", size, "16 %", "84 %", "phase scatter (°)", "SNR"];
  const row = (name: string, figures: QualityFigures) =>
    element(
      "tr",
      {},
      ...[
        name,
        percent(figures.flaggedFraction),
        number(figures.medianGain, 4),
        number(figures.lowGain, 4),
        number(figures.highGain, 4),
        number(figures.phaseScatterDeg, 1),
        number(figures.medianSnr, 1),
      ].map((text) => element("td", {}, text)),
    );
  const table = element(
    "table",
    {},
    element("tr", {}, ...header.map((text) => element("th", {}, text))),
    row("all", present),
    ...antennas.map((antenna) => row(antenna.antennaName, antenna)),
  );
  return element("details", {}, element("summary", {}, "figures of each antenna"), table);
}
