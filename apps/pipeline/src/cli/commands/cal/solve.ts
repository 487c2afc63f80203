/** `contimg cal solve` */

import { basename, dirname, join } from "node:path";
import type { Command } from "commander";
import { type CalSolveReport, solveMessage } from "../../../domain/cal-solve.ts";
import { isPipelineError } from "../../../domain/error-codes.ts";
import {
  defaultSkyChoice,
  type SolveCalibrationOptions,
  type SolveServices,
} from "../../../services/solve-calibration.ts";
import { software } from "../../../version.ts";
import { createOutput, describeError, type Output, progressBar } from "../../output.ts";
import { absolute, registryPathOf } from "./registry-access.ts";
import { addSolveOptions, type SolveFlags, solveConfigOf } from "./solve-flags.ts";

const INTERRUPTED = 130;

export function addCalSolve(cal: Command, services: SolveServices): void {
  const command = cal
    .command("solve")
    .description(
      "solve for delays, bandpass and gains of a Measurement Set, from the sources of a catalogue in its beam or a model in it",
    )
    .argument("<ms>", "the Measurement Set; it is only read");
  addSolveOptions(command).action((msPath: string, flags: SolveFlags) => {
    if ((flags.catalog === undefined) === (flags.modelColumn === undefined))
      command.error("error: expected one of --catalog and --model-column, to say what the sky is");
    return solve(absolute(msPath), flags, services);
  });
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
      flags.catalog === undefined ? null : absolute(flags.catalog),
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
  return {
    config: solveConfigOf(flags),
    choice: { ...defaultSkyChoice, minFluxJy: flags.minFlux, maxCount: flags.maxSources },
    dataColumn: flags.column,
    modelColumn: flags.modelColumn ?? null,
    workerCount: flags.maxWorkers,
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
  const { timingsSec, cpuSec } = report;
  const modelText =
    report.modelFluxJy === null
      ? "a model of its own"
      : `${report.sourceCount} sources of ${report.modelFluxJy.toFixed(2)} Jy through the beam`;
  output.line(
    `${report.msPath}: field ${report.fieldName}, ${modelText}, ${(100 * report.usedFraction).toFixed(1)} % of the visibilities, refant ${report.refant}`,
  );
  for (const { type, path, quality, verdict, outcomeCounts, residualSigma, closurePhaseDeg } of report.tables) {
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
      closure_phase_deg: closurePhaseDeg,
      refant: report.refant,
      source_count: report.sourceCount,
      model_flux_jy: report.modelFluxJy,
      timings_sec: timingsSec,
      cpu_sec: cpuSec,
    });
    const size = `${present.medianGain?.toFixed(4) ?? "-"}${type === "K" ? " ns" : ""}`;
    output.line(
      `${verdict.verdict}: ${type} ${path}: ${antennas.length} antennas, ${(100 * present.flaggedFraction).toFixed(1)} % flagged, ${type === "K" ? "delay" : "amplitude"} ${size}, SNR ${present.medianSnr?.toFixed(1) ?? "-"}`,
    );
    output.line(`  ${solveMessage(outcomeCounts, closurePhaseDeg)}`);
    for (const { severity, text } of verdict.reasons) output.line(`  ${severity}: ${text}`);
  }
  output.line(
    `reading and prediction ${timingsSec.accumulate.toFixed(1)} s, solving ${timingsSec.solve.toFixed(1)} s, writing ${timingsSec.write.toFixed(1)} s; processors: reading ${cpuSec.read.toFixed(1)} s, prediction ${cpuSec.predict.toFixed(1)} s, sums ${cpuSec.accumulate.toFixed(1)} s, solving ${cpuSec.solve.toFixed(1)} s`,
  );
}
