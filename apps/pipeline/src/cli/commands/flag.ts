/** `contimg flag`: flags of Measurement Sets, and their versions. */

import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError } from "commander";
import { isPipelineError } from "../../domain/error-codes.ts";
import { type FlagReport, flaggedFraction, flagRules } from "../../domain/flagging.ts";
import type { FlagMsOptions, FlagService } from "../../services/flag-ms.ts";
import { defaultFlagConfig, type FlagConfig } from "../../stages/flag/config.ts";
import { software } from "../../version.ts";
import { createOutput, describeError, type Output, progressBar } from "../output.ts";
import { finiteNumber, positiveNumber, wholeNumber } from "../values.ts";

const HELP = `
Flags start from those that were there before the first run, which are saved as version before_contimg_flag: a second run
gives what a first one would. Flags that somebody changed in between are saved as a version of their own first.
FLAG, FLAG_ROW, FLAG_CMD and HISTORY change together, or not at all.

Exit status: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted.

Examples:
  contimg flag 2025-10-03T11:48:50.ms
  contimg flag obs.ms --antenna 12,45 --spw "3:5~9,*:0~1" --quack 26 --json
  contimg flag obs.ms --engine aoflagger --strategy dsa110.lua
  contimg flag list obs.ms
  contimg flag save obs.ms after_plotms --comment "by hand"
  contimg flag restore obs.ms before_contimg_flag`;

export type MakeFlagService = (options: Omit<FlagMsOptions, "locks">) => FlagService;

interface RunFlags {
  readonly engine: FlagConfig["engine"];
  readonly column: FlagConfig["dataColumn"];
  readonly fromSaved: boolean;
  readonly autos: boolean;
  readonly antenna: string;
  readonly baseline: string;
  readonly spw: string;
  readonly scan: string;
  readonly timerange: string;
  readonly quack?: number;
  readonly quackAt: "begin" | "end" | "both";
  readonly shadow: number | false;
  readonly clip?: FlagConfig["clip"];
  readonly rfiScope: FlagConfig["rfiScope"];
  readonly rfiThreshold: number;
  readonly subbandChannels?: number;
  readonly growTime: number;
  readonly growFreq: number;
  readonly nearTime: boolean;
  readonly nearFreq: boolean;
  readonly extendCorr: boolean;
  readonly dead: boolean;
  readonly noisy: boolean;
  readonly aoflagger: string;
  readonly strategy?: string;
  readonly maxWorkers: number;
}

interface CommonFlags {
  readonly lockTimeout: number;
  readonly json: boolean;
}

function amplitudeRange(text: string): FlagConfig["clip"] {
  const [least, most] = text.split(",").map(Number);
  if (!(least! >= 0 && most! >= least!))
    throw new InvalidArgumentError(`--clip: expected MIN,MAX with 0 <= MIN <= MAX, found "${text}"`);
  return { minJy: least!, maxJy: most! };
}

function ratio(name: string): (text: string) => number {
  return (text) => {
    const value = finiteNumber(name)(text);
    if (value < 0 || value > 1) throw new InvalidArgumentError(`${name}: expected 0 to 1, found "${text}"`);
    return value;
  };
}

function oneOf<const Choice extends string>(name: string, ...choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new InvalidArgumentError(`${name}: expected ${choices.join(", ")}, found "${text}"`);
    return found;
  };
}

export function addFlagCommand(program: Command, makeService: MakeFlagService): void {
  const defaults = defaultFlagConfig;
  const common = (command: Command) =>
    command
      .option(
        "--lock-timeout <seconds>",
        "how long to wait for a Measurement Set that another program has locked",
        finiteNumber("--lock-timeout"),
        3600,
      )
      .option("--json", "JSON lines on standard output (also the default when it is no terminal)", false);
  const flag = program
    .command("flag")
    .summary("flags of a Measurement Set, and their versions")
    .description("Flags a Measurement Set in place, or saves, lists and restores versions of its flags.")
    .argument("<ms>", "the Measurement Set")
    .option(
      "--engine <name>",
      "contimg, aoflagger (when it is installed) or none: who searches for interference",
      oneOf("--engine", "contimg", "aoflagger", "none"),
      defaults.engine,
    )
    .option(
      "--column <name>",
      "DATA or CORRECTED_DATA: what is looked at",
      oneOf("--column", "DATA", "CORRECTED_DATA"),
      defaults.dataColumn,
    )
    .option("--no-from-saved", "start from the present flags, not from those before the first run")
    .option("--no-autos", "leave autocorrelations unflagged; they are no measurement of the sky's structure")
    .option("--antenna <names>", "antennas, as in 12,45", defaults.antennas)
    .option("--baseline <pairs>", "baselines, as in 12&45,3&7", defaults.baselines)
    .option("--spw <selection>", "channels, as in 3:5~9;40,*:0~1", defaults.channels)
    .option("--scan <numbers>", "scans, as in 1,3~5", defaults.scans)
    .option("--timerange <ranges>", "UTC, as in 2025-10-03T11:48:50~2025-10-03T11:50:00", defaults.times)
    .option("--quack <seconds>", "so much of each scan", positiveNumber("--quack"))
    .option("--quack-at <end>", "begin, end or both", oneOf("--quack-at", "begin", "end", "both"), "begin")
    .option(
      "--shadow <metres>",
      "overlap of dishes that is not yet shadowing",
      finiteNumber("--shadow"),
      defaults.shadowToleranceM!,
    )
    .option("--no-shadow", "shadowed antennas stay")
    .option("--clip <min,max>", "amplitudes outside, in the unit of the data", amplitudeRange)
    .option(
      "--rfi-scope <scope>",
      "band: windows side by side are searched as one; spw: each by itself",
      oneOf("--rfi-scope", "band", "spw"),
      defaults.rfiScope,
    )
    .option(
      "--rfi-threshold <sigma>",
      "of a single sample; lower finds more",
      positiveNumber("--rfi-threshold"),
      defaults.rfiThresholdSigma,
    )
    .option(
      "--subband-channels <n>",
      "channels that share a bandpass shape (default: those of a window)",
      wholeNumber("--subband-channels", 0),
    )
    .option(
      "--grow-time <ratio>",
      "flag a channel at all times when more of it than this is; 1: never",
      ratio("--grow-time"),
      1,
    )
    .option("--grow-freq <ratio>", "flag an integration in all channels likewise", ratio("--grow-freq"), 1)
    .option("--near-time", "flag the neighbours in time of what is flagged", false)
    .option("--near-freq", "flag the neighbours in frequency", false)
    .option("--no-extend-corr", "what is found in one correlation is not flagged in the others")
    .option("--no-dead", "dead inputs are neither reported nor flagged")
    .option("--no-noisy", "nor are noisy ones")
    .option("--aoflagger <command>", "the command of AOFlagger", defaults.aoflagger.command)
    .option("--strategy <file>", "strategy of AOFlagger (default: its own)")
    .option("--max-workers <n>", "threads", wholeNumber("--max-workers", 1, 256), Math.min(4, availableParallelism()))
    .addHelpText("after", HELP);
  common(flag).action((ms: string, flags: RunFlags & CommonFlags) =>
    serve(makeService, flags, (service, output) => run(service, ms, flags, output)),
  );
  common(flag.command("list").alias("versions").description("Lists saved versions.").argument("<ms>")).action(
    (ms: string, _flags: unknown, command: Command) =>
      serve(makeService, command.optsWithGlobals(), async (service, output) => {
        for (const { name, comment } of service.versions(ms)) {
          output.event({ event: "flag_version", ms_path: ms, name, comment });
          output.line(`${name} : ${comment}`);
        }
      }),
  );
  common(
    flag
      .command("save")
      .description("Saves the present flags.")
      .argument("<ms>")
      .argument("<name>")
      .option("--comment <text>", "what they are", ""),
  ).action((ms: string, name: string, { comment }: { readonly comment: string }, command: Command) =>
    serve(makeService, command.optsWithGlobals(), async (service, output) => {
      await service.save(ms, { name, comment });
      output.event({ event: "flag_version_saved", ms_path: ms, name, comment });
      output.line(`${name} saved`);
    }),
  );
  common(
    flag.command("restore").description("Makes the flags those of a version.").argument("<ms>").argument("<name>"),
  ).action((ms: string, name: string, _flags: unknown, command: Command) =>
    serve(makeService, command.optsWithGlobals(), async (service, output) => {
      await service.restore(ms, name, `${software}: flags restored from version ${name}`);
      output.event({ event: "flag_version_restored", ms_path: ms, name });
      output.line(`${name} restored`);
    }),
  );
}

function configOf(flags: RunFlags): FlagConfig {
  const { growTime: growTimeRatio, growFreq: growFreqRatio, nearTime: flagNearTime, nearFreq: flagNearFreq } = flags;
  const grows = growTimeRatio < 1 || growFreqRatio < 1 || flagNearTime || flagNearFreq;
  return {
    engine: flags.engine,
    dataColumn: flags.column,
    startsFromSaved: flags.fromSaved,
    flagsAutocorrelations: flags.autos,
    antennas: flags.antenna,
    baselines: flags.baseline,
    channels: flags.spw,
    scans: flags.scan,
    times: flags.timerange,
    quack: flags.quack === undefined ? null : { intervalSec: flags.quack, at: flags.quackAt },
    shadowToleranceM: flags.shadow === false ? null : flags.shadow,
    clip: flags.clip ?? null,
    rfiScope: flags.rfiScope,
    rfiThresholdSigma: flags.rfiThreshold,
    subbandChannelCount: flags.subbandChannels ?? null,
    growth: grows ? { growTimeRatio, growFreqRatio, flagNearTime, flagNearFreq } : null,
    extendsCorrelations: flags.extendCorr,
    flagsDeadInputs: flags.dead,
    flagsNoisyInputs: flags.noisy,
    aoflagger: { command: flags.aoflagger, strategyPath: flags.strategy ?? null },
  };
}

async function serve(
  makeService: MakeFlagService,
  { json, lockTimeout }: CommonFlags,
  work: (service: FlagService, output: Output) => Promise<void>,
): Promise<void> {
  const output = createOutput(json, process.stdout, process.stderr, true);
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  try {
    const { signal } = interrupt;
    await work(makeService({ lockTimeoutMs: 1000 * lockTimeout, signal, onWait: output.problem }), output);
  } catch (error) {
    if (!isPipelineError(error)) throw error;
    output.problem(describeError(error));
    output.event({ event: "failed", code: error.code, disposition: error.disposition, message: error.message });
    process.exitCode = error.code === "INTERRUPTED" ? 130 : 1;
  } finally {
    process.removeListener("SIGINT", onSignal);
    process.removeListener("SIGTERM", onSignal);
  }
}

async function run(service: FlagService, ms: string, flags: RunFlags, output: Output): Promise<void> {
  const options = {
    config: configOf(flags),
    workerCount: flags.maxWorkers,
    software,
    monotonicMs: () => performance.now(),
  };
  const report = await service.run(ms, options, ({ step, doneBytes, totalBytes }) =>
    output.progress(`${ms}  ${progressBar(doneBytes / totalBytes)}  ${step}`),
  );
  output.event({ event: "flagged", ...reportJson(report) });
  showReport(report, output);
}

function reportJson({ totals, badInputs, timingsSec, ...report }: FlagReport): Readonly<Record<string, unknown>> {
  const { sampleCount } = totals.all;
  const fraction = (count: number) => (sampleCount === 0 ? 0 : count / sampleCount);
  return {
    ms_path: report.msPath,
    rows: report.rowCount,
    samples: sampleCount,
    flagged_samples: totals.all.flaggedCount,
    flagged_rows: totals.flaggedRowCount,
    flagged_fraction: flaggedFraction(totals.all),
    flagged_fraction_before: flaggedFraction(totals.before),
    rules: Object.fromEntries(
      flagRules
        .filter((rule) => totals.rules[rule] > 0)
        .map((rule) => [rule, { samples: totals.rules[rule], fraction: fraction(totals.rules[rule]) }]),
    ),
    bad_inputs: badInputs.map((input) => ({
      antenna_id: input.antennaIndex,
      receptor: input.receptorIndex,
      verdict: input.verdict,
      reasons: input.reasons,
      noise_ratio: finiteOrNull(input.noiseRatio),
      sensitivity_ratio: finiteOrNull(input.sensitivityRatio),
    })),
    flagged_fraction_by_ddid: totals.byWindow.map(flaggedFraction),
    flagged_fraction_by_antenna: totals.byAntenna.map(flaggedFraction),
    base_version: report.baseVersion,
    base_is_new: report.isBaseNew,
    rescued_version: report.rescuedVersion,
    open_sec: timingsSec.open,
    search_sec: timingsSec.search,
    write_sec: timingsSec.write,
    total_sec: timingsSec.total,
  };
}

const finiteOrNull = (value: number) => (Number.isFinite(value) ? value : null);

function showReport({ msPath, totals, badInputs, timingsSec, ...report }: FlagReport, output: Output): void {
  const percent = (part: number) => `${(100 * part).toFixed(3).padStart(7)} %`;
  output.line(
    `${msPath}  flagged in ${timingsSec.total.toFixed(2)} s: ${percent(flaggedFraction(totals.before)).trim()} before, ${percent(flaggedFraction(totals.all)).trim()} now`,
  );
  for (const rule of flagRules) {
    if (totals.rules[rule] > 0) output.line(`  ${percent(totals.rules[rule] / totals.all.sampleCount)}  ${rule}`);
  }
  for (const { antennaIndex, receptorIndex, verdict, reasons } of badInputs)
    output.line(`  ANTENNA_ID ${antennaIndex} receptor ${receptorIndex}: ${verdict}, ${reasons.join(", ")}`);
  if (report.rescuedVersion !== null)
    output.line(`  flags that were changed since the last run are saved as version ${report.rescuedVersion}`);
}
