/** `contimg cal solve` */

import { basename, dirname, join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { type BeamKind, beamKinds, type CalSolveReport, defaultCalSolveConfig } from "../../../domain/cal-solve.ts";
import { isPipelineError } from "../../../domain/error-codes.ts";
import {
  defaultSkyChoice,
  type SolveCalibrationOptions,
  type SolveServices,
} from "../../../services/solve-calibration.ts";
import { software } from "../../../version.ts";
import { createOutput, describeError, type Output, progressBar } from "../../output.ts";
import { finiteNumber, wholeNumber } from "../../values.ts";
import { absolute, REGISTRY_DB_HELP, registryPathOf } from "./registry-access.ts";

interface SolveFlags {
  readonly catalog: string;
  readonly column: string;
  readonly beam: BeamKind;
  readonly minFlux: number;
  readonly maxSources: number;
  readonly uvrange?: readonly [number, number];
  readonly refant?: readonly string[];
  readonly bpMinsnr: number;
  readonly gainMinsnr: number;
  readonly gainSolint?: number;
  readonly phaseSolint: number;
  readonly outputPrefix?: string;
  readonly register: boolean;
  readonly registryDb?: string;
  readonly lockTimeout: number;
  readonly json: boolean;
}

const INTERRUPTED = 130;
const finiteOrNull = (value: number) => (Number.isFinite(value) ? value : null);

function uvRangeM(text: string): readonly [number, number] {
  const [least, most] = text
    .split("~")
    .map((part, at) => (part === "" ? [0, Number.POSITIVE_INFINITY][at]! : Number(part)));
  if (!(least! >= 0 && most! > least!))
    throw new InvalidArgumentError(`--uvrange: expected metres as 200~3000, 200~ or ~3000, found "${text}"`);
  return [least!, most!];
}

/** Infinity: one for all times, or none; commander takes null for no value at all. */
function solintSec(name: string): (text: string) => number {
  return (text) => {
    if (text === "inf" || text === "none") return Number.POSITIVE_INFINITY;
    const value = finiteNumber(name)(text);
    if (value <= 0) throw new InvalidArgumentError(`${name}: expected seconds above 0, or inf, found "${text}"`);
    return value;
  };
}

function beamKind(text: string): BeamKind {
  const found = beamKinds.find((kind) => kind === text);
  if (!found) throw new InvalidArgumentError(`--beam: expected ${beamKinds.join(", ")}, found "${text}"`);
  return found;
}

export function addCalSolve(cal: Command, services: SolveServices): void {
  const { bandpassMinSnrRatio, gainMinSnrRatio, phaseIntervalSec, beam } = defaultCalSolveConfig;
  cal
    .command("solve")
    .description("solve for bandpass and gains of a Measurement Set, from the sources of a catalogue in its beam")
    .argument("<ms>", "the Measurement Set; it is only read")
    .requiredOption("--catalog <file>", "catalogue of sources, as contimg catalog build makes them")
    .option("--column <name>", "what is solved on", "DATA")
    .option("--beam <kind>", `${beamKinds.join(", ")}: how the dishes stood`, beamKind, beam)
    .option(
      "--min-flux <Jy>",
      "sources that seem weaker are left out",
      finiteNumber("--min-flux"),
      defaultSkyChoice.minFluxJy,
    )
    .option("--max-sources <n>", "of those, the brightest", wholeNumber("--max-sources", 1), defaultSkyChoice.maxCount)
    .option("--uvrange <metres>", "baselines, as 200~3000", uvRangeM)
    .option("--refant <names>", "antennas to refer phases to, the best first", (text) => text.split(","))
    .option(
      "--bp-minsnr <ratio>",
      "bandpass solutions below are flagged",
      finiteNumber("--bp-minsnr"),
      bandpassMinSnrRatio,
    )
    .option("--gain-minsnr <ratio>", "gains below are flagged", finiteNumber("--gain-minsnr"), gainMinSnrRatio)
    .option(
      "--gain-solint <seconds>",
      "interval of gains, or inf",
      solintSec("--gain-solint"),
      Number.POSITIVE_INFINITY,
    )
    .option(
      "--phase-solint <seconds>",
      "interval of the phases on top of them (_2gcal), or none",
      solintSec("--phase-solint"),
      phaseIntervalSec ?? Number.POSITIVE_INFINITY,
    )
    .option(
      "--output-prefix <path>",
      "tables become PREFIX_bpcal, … (default: beside the Measurement Set, by its name)",
    )
    .option("--no-register", "leave the tables out of the registry")
    .option("--registry-db <path>", REGISTRY_DB_HELP)
    .option(
      "--lock-timeout <seconds>",
      "how long to wait for a Measurement Set that is changed",
      finiteNumber("--lock-timeout"),
      3600,
    )
    .option("--json", "JSON lines", false)
    .action((msPath: string, flags: SolveFlags) => solve(absolute(msPath), flags, services));
}

async function solve(msPath: string, flags: SolveFlags, services: SolveServices): Promise<void> {
  const isTerminal = process.stderr.isTTY;
  const output = createOutput(flags.json, process.stdout, process.stderr, false);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    const report = await services.solve(
      msPath,
      absolute(flags.catalog),
      flags.register ? registryPathOf(flags) : null,
      optionsOf(msPath, flags, stop.signal, isTerminal, output),
    );
    if (isTerminal) process.stderr.write("\r\u001b[2K");
    show(report, output);
    process.exitCode = report.tables.some(({ verdict }) => verdict.verdict === "bad") ? 1 : 0;
  } catch (error) {
    if (!isPipelineError(error)) throw error;
    output.problem(describeError(error));
    output.event({ event: "failed", code: error.code, disposition: error.disposition, message: error.message });
    process.exitCode = error.code === "INTERRUPTED" ? INTERRUPTED : 1;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

function optionsOf(
  msPath: string,
  flags: SolveFlags,
  signal: AbortSignal,
  isTerminal: boolean,
  output: Output,
): SolveCalibrationOptions {
  const [minUvM, maxUvM] = flags.uvrange ?? [0, Number.POSITIVE_INFINITY];
  return {
    config: {
      ...defaultCalSolveConfig,
      beam: flags.beam,
      minUvM,
      maxUvM,
      bandpassMinSnrRatio: flags.bpMinsnr,
      gainMinSnrRatio: flags.gainMinsnr,
      gainIntervalSec: finiteOrNull(flags.gainSolint ?? Number.POSITIVE_INFINITY),
      phaseIntervalSec: finiteOrNull(flags.phaseSolint),
      refants: flags.refant ?? defaultCalSolveConfig.refants,
    },
    choice: { ...defaultSkyChoice, minFluxJy: flags.minFlux, maxCount: flags.maxSources },
    dataColumn: flags.column,
    outputPrefix: flags.outputPrefix
      ? absolute(flags.outputPrefix)
      : join(dirname(msPath), basename(msPath).replace(/\.ms$/, "_0")),
    lockTimeoutMs: 1000 * flags.lockTimeout,
    softwareVersion: software,
    solverCommand: process.argv.slice(2).join(" "),
    signal,
    onProgress(step, doneCount, totalCount) {
      if (isTerminal) process.stderr.write(`\r\u001b[2K${step} ${progressBar(doneCount / totalCount)}`);
    },
    onWait: (message) => output.problem(message),
  };
}

function show(report: CalSolveReport, output: Output): void {
  const { timingsSec } = report;
  output.line(
    `${report.msPath}: field ${report.fieldName}, ${report.sourceCount} sources of ${report.modelFluxJy.toFixed(2)} Jy through the beam, ${(100 * report.usedFraction).toFixed(1)} % of the visibilities, refant ${report.refant}`,
  );
  for (const { type, path, quality, verdict, outcomeCounts, residualSigma } of report.tables) {
    const { present, antennas, absent } = quality;
    output.event({
      event: "cal_solved",
      ms: report.msPath,
      table_type: type,
      table: path,
      verdict: verdict.verdict,
      reasons: verdict.reasons,
      antenna_count: antennas.length,
      absent_antennas: absent,
      flagged_fraction: present.flaggedFraction,
      median_gain: present.medianGain,
      phase_scatter_deg: present.phaseScatterDeg,
      median_snr: present.medianSnr,
      outcomes: {
        converged: outcomeCounts.convergedCount,
        limit: outcomeCounts.limitCount,
        no_data: outcomeCounts.noDataCount,
      },
      residual_sigma: residualSigma,
      refant: report.refant,
      source_count: report.sourceCount,
      model_flux_jy: report.modelFluxJy,
      timings_sec: timingsSec,
    });
    output.line(
      `${verdict.verdict}: ${type} ${path}: ${antennas.length} antennas, ${(100 * present.flaggedFraction).toFixed(1)} % flagged, amplitude ${present.medianGain?.toFixed(4) ?? "-"}, SNR ${present.medianSnr?.toFixed(1) ?? "-"}`,
    );
    for (const { severity, text } of verdict.reasons) output.line(`  ${severity}: ${text}`);
  }
  output.line(
    `bandpass ${timingsSec.bandpass.toFixed(1)} s, gains ${timingsSec.gains.toFixed(1)} s, writing ${timingsSec.write.toFixed(1)} s`,
  );
}
