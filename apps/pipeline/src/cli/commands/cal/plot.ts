/** `contimg cal plot` */

import { basename } from "node:path";
import type { Command } from "commander";
import { judgeQuality, measureQuality } from "../../../domain/cal-quality.ts";
import type { CalSolutions } from "../../../domain/cal-solutions.ts";
import { PipelineError } from "../../../domain/error-codes.ts";
import { calReportHtml } from "../../../services/cal-report.ts";
import { drawCalibration } from "../../../services/draw-calibration.ts";
import type { Output } from "../../output.ts";
import { absolute, type CalServices, runCal } from "./registry-access.ts";
import { mjdText } from "./times.ts";

interface PlotFlags {
  readonly outputDir: string;
  readonly svg: boolean;
  readonly json: boolean;
}

const SEC_PER_DAY = 86_400;

export function addCalPlot(cal: Command, { files, writeReport }: CalServices): void {
  cal
    .command("plot")
    .description("one page for each table: verdict, figures, waterfalls, every antenna; exit status 1 when one is bad")
    .argument("<table...>", "paths of calibration tables")
    .option("-o, --output-dir <dir>", "where <table>.html goes", ".")
    .option("--svg", "each picture also as a file, <table>_<picture>.svg", false)
    .option("--json", "JSON lines", false)
    .action((paths: readonly string[], flags: PlotFlags) =>
      runCal(flags, (output) => {
        const areGood = paths.map((path) => plot(absolute(path), flags, output, { files, writeReport }));
        return areGood.every(Boolean) ? 0 : 1;
      }),
    );
}

/** @returns whether the table is not bad */
function plot(
  path: string,
  { outputDir, svg }: PlotFlags,
  output: Output,
  { files, writeReport }: Pick<CalServices, "files" | "writeReport">,
): boolean {
  const solutions = files.readSolutions(path);
  const { kind } = solutions;
  if (kind === "other") {
    throw new PipelineError(
      "TABLE_UNREADABLE",
      `${path}: VisCal: expected B, G, T or K Jones, found ${solutions.visCal}`,
      {
        subject: path,
      },
    );
  }
  const quality = measureQuality({ ...solutions, kind });
  const verdict = judgeQuality(quality);
  const pictures = drawCalibration(solutions, quality);
  const name = basename(path);
  const page = writeReport(
    outputDir,
    `${name}.html`,
    calReportHtml({
      title: name,
      visCal: solutions.visCal,
      verdict,
      quality,
      pictures,
      facts: factsOf(path, solutions),
    }),
  );
  const drawn = svg
    ? pictures.map(({ name: picture, picture: { markup } }) => writeReport(outputDir, `${name}_${picture}.svg`, markup))
    : [];
  const { present, antennas, absent } = quality;
  output.event({
    event: "cal_plotted",
    table: path,
    verdict: verdict.verdict,
    reasons: verdict.reasons,
    antenna_count: antennas.length,
    absent_antennas: absent,
    flagged_fraction: present.flaggedFraction,
    size_median: present.medianGain,
    phase_scatter_deg: present.phaseScatterDeg,
    snr_median: present.medianSnr,
    page,
    pictures: drawn,
  });
  output.line(`${verdict.verdict}: ${path}`);
  for (const { severity, text } of verdict.reasons) output.line(`  ${severity}: ${text}`);
  output.line(`  ${page}`);
  return verdict.verdict !== "bad";
}

function factsOf(path: string, { timesMjdSec, rowCount, cellShape, antennaNames, spwFreqHz, history }: CalSolutions) {
  const first = timesMjdSec.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const last = timesMjdSec.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const timeText = (mjdSec: number) => (Number.isFinite(mjdSec) ? mjdText(mjdSec / SEC_PER_DAY) : "–");
  return [
    ["path", path],
    ["times", first === last ? timeText(first) : `${timeText(first)} to ${timeText(last)}`],
    ["rows", `${rowCount} of ${cellShape[1]} channels and ${cellShape[0]} polarisations`],
    ["antennas", String(antennaNames.length)],
    ["spectral windows", String(spwFreqHz.length)],
    ...history.map((message) => ["history", message] as const),
  ] as const;
}
