/** `contimg cal predict` */

import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { type BeamKind, beamKinds, defaultCalSolveConfig } from "../../../domain/cal-solve.ts";
import { isPipelineError } from "../../../domain/error-codes.ts";
import type { PredictServices } from "../../../services/predict-model.ts";
import { defaultSkyChoice } from "../../../services/solve-calibration.ts";
import { createOutput, describeError, progressBar } from "../../output.ts";
import { finiteNumber, wholeNumber } from "../../values.ts";
import { absolute } from "./registry-access.ts";
import { oneOf } from "./solve-values.ts";

interface PredictFlags {
  readonly catalog: string;
  readonly beam: BeamKind;
  readonly smearing: boolean;
  readonly minFlux: number;
  readonly maxSources: number;
  readonly maxWorkers: number;
  readonly lockTimeout: number;
  readonly json: boolean;
}

const INTERRUPTED = 130;

export function addCalPredict(cal: Command, services: PredictServices): void {
  cal
    .command("predict")
    .description("write the sources of a catalogue in the beam into MODEL_DATA of a Measurement Set, all or nothing")
    .argument("<ms>", "the Measurement Set; a MODEL_DATA that is there is replaced")
    .requiredOption("--catalog <file>", "catalogue of sources, as contimg catalog build makes them")
    .option(
      "--beam <kind>",
      `${beamKinds.join(", ")}: how the dishes stood`,
      oneOf("--beam", beamKinds),
      defaultCalSolveConfig.beam,
    )
    .option("--no-smearing", "the model is of instants and of channels without width")
    .option(
      "--min-flux <Jy>",
      "sources that seem weaker are left out",
      finiteNumber("--min-flux"),
      defaultSkyChoice.minFluxJy,
    )
    .option("--max-sources <n>", "of those, the brightest", wholeNumber("--max-sources", 1), defaultSkyChoice.maxCount)
    .option("--max-workers <n>", "threads", wholeNumber("--max-workers", 1, 256), Math.min(4, availableParallelism()))
    .option(
      "--lock-timeout <seconds>",
      "how long to wait for a Measurement Set that others use",
      finiteNumber("--lock-timeout"),
      3600,
    )
    .option("--json", "JSON lines", false)
    .action((msPath: string, flags: PredictFlags) => predict(absolute(msPath), flags, services));
}

async function predict(msPath: string, flags: PredictFlags, services: PredictServices): Promise<void> {
  const isTerminal = process.stderr.isTTY;
  const output = createOutput(flags.json, process.stdout, process.stderr, false);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    const report = await services.predict(msPath, absolute(flags.catalog), {
      config: { ...defaultCalSolveConfig, beam: flags.beam, isSmeared: flags.smearing },
      choice: { ...defaultSkyChoice, minFluxJy: flags.minFlux, maxCount: flags.maxSources },
      workerCount: flags.maxWorkers,
      lockTimeoutMs: 1000 * flags.lockTimeout,
      signal: stop.signal,
      onProgress(step, doneCount, totalCount) {
        if (isTerminal) process.stderr.write(`\r\u001b[2K${step} ${progressBar(doneCount / totalCount)}`);
      },
      onWait: (message) => output.problem(message),
    });
    if (isTerminal) process.stderr.write("\r\u001b[2K");
    const { column, isReplaced, sourceCount, peakJy } = report;
    output.event({
      event: "cal_predicted",
      ms: msPath,
      column,
      replaced: isReplaced,
      source_count: sourceCount,
      peak_jy: peakJy,
    });
    output.line(
      `${msPath}: ${column} ${isReplaced ? "replaced" : "made"}: ${sourceCount} sources, ${peakJy.toFixed(2)} Jy at most`,
    );
  } catch (error) {
    if (!isPipelineError(error)) throw error;
    output.problem(describeError(error));
    output.event({ event: "failed", code: error.code, disposition: error.disposition, message: error.message });
    process.exitCode = error.code === "INTERRUPTED" ? INTERRUPTED : 1;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}
