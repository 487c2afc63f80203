/** `contimg cal apply`: calibration tables applied to a Measurement Set. */

import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError } from "commander";
import {
  type ApplyMode,
  type ApplyOptions,
  applyModes,
  type CalApplyPlan,
  defaultApplyOptions,
  type FreqInterpolation,
  freqInterpolations,
  type TimeInterpolation,
  timeInterpolations,
} from "../../../domain/cal-apply.ts";
import { type AppliedCalibration, type ApplyReport, termLines } from "../../../domain/cal-apply-report.ts";
import type { CalTableType } from "../../../domain/cal-table.ts";
import { defaultCalPolicy } from "../../../domain/cal-validity.ts";
import { isPipelineError } from "../../../domain/error-codes.ts";
import {
  type ApplyServices,
  assertComplete,
  planApplication,
  requestsOfPaths,
} from "../../../services/apply-calibration.ts";
import { type FoundCalibration, findCalibration } from "../../../services/find-calibration.ts";
import { software } from "../../../version.ts";
import { createOutput, describeError, type Output, progressBar } from "../../output.ts";
import { tableLines, usesColor } from "../../table.ts";
import { finiteNumber, wholeNumber } from "../../values.ts";
import { CHOICE_HEADER, choiceRows, foundJson, reasonText } from "./active.ts";
import { absolute, type CalServices, REGISTRY_DB_HELP, registryPathOf } from "./registry-access.ts";
import { daysOfTypes, mjdTime } from "./times.ts";

const HELP = `
Without --table the registry is asked for the middle of the data, each type by itself. On the fly, the default, a sample of
rows is calibrated and nothing is written: whoever images the Measurement Set applies the same tables while reading. With
--mode corrected-data CORRECTED_DATA, WEIGHT, WEIGHT_SPECTRUM, FLAG and HISTORY change together, or not at all; applying
again starts from DATA, SIGMA and the flags from before, which are saved as version before_contimg_applycal.

Exit status: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted.

Examples:
  contimg cal apply obs.ms
  contimg cal apply obs.ms --mode corrected-data --borrow BP=7
  contimg cal apply obs.ms --table cal_bpcal --table cal_gpcal --interp linear,nearest --dry-run`;

interface ApplyFlags {
  readonly table: readonly string[];
  readonly at?: number;
  readonly interp?: readonly [TimeInterpolation, FreqInterpolation | undefined];
  readonly timeInterp?: TimeInterpolation;
  readonly freqInterp?: FreqInterpolation;
  readonly spwmap?: readonly number[];
  readonly calwt: boolean;
  readonly mode: ApplyMode;
  readonly column: string;
  readonly withDelays: boolean;
  readonly borrow: Readonly<Partial<Record<CalTableType, number>>>;
  readonly dryRun: boolean;
  readonly registryDb?: string;
  readonly maxWorkers: number;
  readonly lockTimeout: number;
  readonly json: boolean;
}

const INTERRUPTED = 130;

function oneOf<Choice extends string>(name: string, choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new InvalidArgumentError(`${name}: expected ${choices.join(", ")}, found "${text}"`);
    return found;
  };
}

/** As CASA: `linear` or `linear,nearestflag`. */
function interpolations(text: string): readonly [TimeInterpolation, FreqInterpolation | undefined] {
  const [time = "", freq] = text.split(",").map((part) => part.trim());
  return [
    oneOf("--interp", timeInterpolations)(time),
    freq === undefined ? undefined : oneOf("--interp", freqInterpolations)(freq),
  ];
}

function windowIds(text: string): readonly number[] {
  const ids = text.split(",").map((part) => part.trim());
  if (!ids.every((id) => /^\d+$/.test(id)))
    throw new InvalidArgumentError(`--spwmap: expected windows of the table as 0,0,1, found "${text}"`);
  return ids.map(Number);
}

export function addCalApply(cal: Command, services: CalServices & ApplyServices): void {
  cal
    .command("apply")
    .description("apply calibration tables to a Measurement Set, on the fly or into CORRECTED_DATA")
    .argument("<ms>", "the Measurement Set")
    .option(
      "--table <path>",
      "a table instead of those of the registry; may be given several times",
      (path: string, before: readonly string[]) => [...before, path],
      [],
    )
    .option("--at <time>", "ask the registry for this time, UTC or MJD (default: the middle of the data)", mjdTime)
    .option("--interp <time[,freq]>", "as CASA: linear, or nearest,linear", interpolations)
    .option(
      "--time-interp <kind>",
      `${timeInterpolations.join(", ")} (default: gains linear, the others nearest)`,
      oneOf("--time-interp", timeInterpolations),
    )
    .option(
      "--freq-interp <kind>",
      `${freqInterpolations.join(", ")} (default: ${defaultApplyOptions.freqInterpolation}); those in flag keep flagged channels flagged`,
      oneOf("--freq-interp", freqInterpolations),
    )
    .option(
      "--spwmap <ids>",
      "window of the table for each spectral window, as 0,0,1 (default: by frequency)",
      windowIds,
    )
    .option("--calwt", "calibrate weights too", true)
    .option("--no-calwt", "leave weights those of DATA")
    .option("--mode <mode>", applyModes.join(", "), oneOf("--mode", applyModes), "on-the-fly")
    .option("--column <name>", "what is calibrated", "DATA")
    .option("--with-delays", "a K table is needed too", false)
    .option("--borrow <days>", "use tables so far outside their validity, such as BP=7,GP=0.5", daysOfTypes, {})
    .option("--dry-run", "only say which tables would be applied, and how", false)
    .option("--registry-db <path>", REGISTRY_DB_HELP)
    .option("--max-workers <n>", "threads", wholeNumber("--max-workers", 1, 256), Math.min(4, availableParallelism()))
    .option(
      "--lock-timeout <seconds>",
      "how long to wait for a Measurement Set that another program has locked",
      finiteNumber("--lock-timeout"),
      3600,
    )
    .option("--json", "JSON lines", false)
    .addHelpText("after", HELP)
    .action((msPath: string, flags: ApplyFlags) => apply(absolute(msPath), flags, services));
}

async function apply(msPath: string, flags: ApplyFlags, services: CalServices & ApplyServices): Promise<void> {
  const output = createOutput(flags.json, process.stdout, process.stderr, false);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    const applied = chooseTables(msPath, flags, services, output);
    if (flags.dryRun) {
      showPlan(services.matchTables(applied), output);
      return;
    }
    const isTerminal = process.stderr.isTTY;
    const report = await services.apply(applied, {
      mode: flags.mode,
      workerCount: flags.maxWorkers,
      software,
      lockTimeoutMs: 1000 * flags.lockTimeout,
      monotonicMs: () => performance.now(),
      signal: stop.signal,
      onProgress({ step, doneBytes, totalBytes }) {
        if (isTerminal) process.stderr.write(`\r\u001b[2K${step} ${progressBar(doneBytes / totalBytes)}`);
      },
      onWait: (message) => output.problem(message),
    });
    if (isTerminal) process.stderr.write("\r\u001b[2K");
    showPlan(report.plan, output);
    showReport(report, output);
  } catch (error) {
    if (!isPipelineError(error)) throw error;
    output.problem(describeError(error));
    output.event({ event: "failed", code: error.code, disposition: error.disposition, message: error.message });
    process.exitCode = error.code === "INTERRUPTED" ? INTERRUPTED : 1;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

function optionsOf(flags: ApplyFlags): ApplyOptions {
  return {
    timeInterpolation: flags.timeInterp ?? flags.interp?.[0] ?? null,
    freqInterpolation: flags.freqInterp ?? flags.interp?.[1] ?? defaultApplyOptions.freqInterpolation,
    spwMapIds: flags.spwmap ?? null,
    calibratesWeights: flags.calwt,
  };
}

/** @throws PipelineError CAL_MISSING, CAL_REGISTRY_UNUSABLE, those of the Measurement Set */
function chooseTables(
  msPath: string,
  flags: ApplyFlags,
  services: CalServices & ApplyServices,
  output: Output,
): AppliedCalibration {
  const options = optionsOf(flags);
  if (flags.table.length > 0)
    return { msPath, dataColumn: flags.column, requests: requestsOfPaths(flags.table.map(absolute)), options };
  const mjd = flags.at ?? services.middleMjd(msPath);
  const registry = services.openExistingRegistry(registryPathOf(flags));
  try {
    const policy = {
      ...defaultCalPolicy,
      required: flags.withDelays ? (["K", ...defaultCalPolicy.required] as const) : defaultCalPolicy.required,
      borrowDay: flags.borrow,
    };
    const found = findCalibration(registry, services.files, mjd, policy, { retires: false });
    showChoice(found, output);
    assertComplete(found, msPath);
    return planApplication(found, msPath, options, flags.column);
  } finally {
    registry.close();
  }
}

function showChoice(found: FoundCalibration, output: Output): void {
  output.event({ event: "cal_chosen", ...foundJson(found) });
  const withColor = usesColor(process.stdout, process.env);
  if (found.choices.length > 0)
    for (const line of tableLines(CHOICE_HEADER, found.choices.flatMap(choiceRows), withColor)) output.line(line);
  for (const reason of found.reasons) output.line(reasonText(reason));
}

const termJson = ({ terms, calibratesWeights }: CalApplyPlan) => ({
  calwt: calibratesWeights,
  terms: terms.map(({ type, kind, tables, timeInterpolation, freqInterpolation }) => ({
    table_type: type,
    kind,
    tables: tables.map(({ path }) => path),
    time_interpolation: timeInterpolation,
    freq_interpolation: freqInterpolation,
  })),
});

function showPlan(plan: CalApplyPlan, output: Output): void {
  output.event({ event: "cal_plan", ms: plan.msPath, ...termJson(plan) });
  for (const line of termLines(plan)) output.line(line);
  output.line(plan.calibratesWeights ? "weights are calibrated" : "weights stay those of DATA");
}

function showReport({ applied, mode, sample, written, timingsSec }: ApplyReport, output: Output): void {
  const leftFraction = sample.unflaggedAfterCount / sample.unflaggedBeforeCount;
  output.event({
    event: "cal_applied",
    ms: applied.msPath,
    mode,
    sampled: sample.sampleCount,
    left_fraction: leftFraction,
    amplitude_ratio: sample.medianRatio,
    expected_ratio: sample.expectedRatio,
    rows: written?.rowCount ?? null,
    newly_flagged: written?.newlyFlaggedCount ?? null,
    unflagged: written?.unflaggedCount ?? null,
    flag_version: written?.flagVersion ?? null,
    plan_sec: timingsSec.plan,
    run_sec: timingsSec.run,
    total_sec: timingsSec.total,
  });
  const ratio = (value: number | null) => value?.toPrecision(4) ?? "-";
  output.line(
    `${applied.msPath}: of a sample ${(100 * leftFraction).toFixed(1)} % keep gains, amplitude × ${ratio(sample.medianRatio)}, by the tables × ${ratio(sample.expectedRatio)}`,
  );
  output.line(
    written === null
      ? `nothing was written: the tables apply, ${timingsSec.total.toFixed(2)} s`
      : `CORRECTED_DATA of ${written.rowCount} rows in ${timingsSec.total.toFixed(2)} s, ${written.newlyFlaggedCount} samples flagged; flags from before are version ${written.flagVersion}`,
  );
}
