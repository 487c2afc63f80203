/** `contimg convert`: UVH5 subband files to Measurement Sets. */

import { availableParallelism } from "node:os";
import type { Command } from "commander";
import type { Services } from "../../compose/conversion.ts";
import type { ConversionReport } from "../../domain/conversion-plan.ts";
import { isPipelineError } from "../../domain/error-codes.ts";
import type { Group } from "../../domain/group.ts";
import type { GroupOutcome } from "../../services/convert-groups.ts";
import { defaultConvertConfig, type PhaseCentreChoice } from "../../stages/convert/config.ts";
import { createOutput, describeError, formatBytes, type Output, progressBar } from "../output.ts";
import { finiteNumber, phaseCentre, utcUnixSec, wholeNumber } from "../values.ts";

interface ConvertFlags {
  readonly outputDir: string;
  readonly expectedSubbands: number;
  readonly allowMissing: number;
  readonly phaseCenter: PhaseCentreChoice;
  readonly mergeSpws: boolean;
  readonly modelData: boolean;
  readonly correctedData: boolean;
  readonly telescopeName?: string;
  readonly scratchDir?: string;
  readonly stageToTmpfs: boolean;
  readonly tmpfsPath: string;
  readonly maxWorkers: number;
  readonly iersFinals?: string;
  readonly leapSeconds?: string;
  readonly start?: number;
  readonly end?: number;
  readonly dryRun: boolean;
  readonly skipExisting: boolean;
  readonly lockTimeout: number;
  readonly json: boolean;
}

const HELP = `
Groups are found by the data time in the headers; file names only hint. A directory is searched for *_sbNN.hdf5
(and other *.hdf5, *.h5, *.uvh5); a file of any telescope may be given by name, with --expected-subbands 1.

Measurement Sets are written to OUTPUT_DIR/ms/science/YYYY-MM-DD/<start of data>.ms (no second "ms" is added when
OUTPUT_DIR ends in it), and appear there only when they are whole, verified and on disk.

Exit status: 0 all groups converted (or skipped), 1 some group or file was refused, 2 wrong usage, 130 interrupted.

Examples:
  contimg convert /data/incoming --output-dir /stage/dsa110-contimg/ms
  contimg convert /data/incoming --output-dir out --start 2025-10-03T11:00:00 --end 2025-10-03T12:00:00 --dry-run
  contimg convert 2025-10-03T11:48:5*_sb??.hdf5 --output-dir out --phase-center 11h48m50s,+54d34m20s
  contimg convert other-telescope.uvh5 --output-dir out --expected-subbands 1`;

export function addConvertCommand(program: Command, services: Services): void {
  const defaults = defaultConvertConfig;
  program
    .command("convert")
    .summary("UVH5 subband files to Measurement Sets")
    .description("Converts groups of UVH5 subband files to CASA Measurement Sets.")
    .argument("<inputs...>", "directories to search, or UVH5 files")
    .requiredOption("--output-dir <dir>", "where Measurement Sets go")
    .option(
      "--expected-subbands <n>",
      "subbands of a whole group",
      wholeNumber("--expected-subbands", 1, 64),
      defaults.expectedSubbandCount,
    )
    .option(
      "--allow-missing <n>",
      "convert groups that lack up to n subbands; their channels are flagged",
      wholeNumber("--allow-missing", 0, 63),
      defaults.allowMissingCount,
    )
    .option(
      "--phase-center <where>",
      "mid: meridian at mid-time, one FIELD; none: as recorded, a FIELD each integration; RA,DEC: ICRS",
      phaseCentre,
      defaults.phaseCentre,
    )
    .option("--merge-spws", "one spectral window of all channels instead of one a subband", false)
    .option("--model-data", "add MODEL_DATA (1 Jy)", false)
    .option("--corrected-data", "add CORRECTED_DATA (a copy of DATA)", false)
    .option(
      "--telescope-name <name>",
      "OBSERVATION::TELESCOPE_NAME (default: the header's, OVRO_MMA for DSA-110, which CASA knows)",
    )
    .option("--scratch-dir <dir>", "build the Measurement Set here, then move it (default: beside its final place)")
    .option("--stage-to-tmpfs", "build it under --tmpfs-path when twice its size is free there", false)
    .option("--no-stage-to-tmpfs", "never use tmpfs (default)")
    .option("--tmpfs-path <dir>", "tmpfs for --stage-to-tmpfs", "/dev/shm")
    .option(
      "--max-workers <n>",
      "threads: half the cores, 4 at most",
      wholeNumber("--max-workers", 1, 256),
      defaultWorkerCount(),
    )
    .option("--iers-finals <file>", "finals2000A.all newer than the one that is shipped")
    .option("--leap-seconds <file>", "Leap_Second.dat newer than the one that is shipped")
    .option("--start <utc>", "only groups whose data start at or after", utcUnixSec)
    .option("--end <utc>", "only groups whose data start before", utcUnixSec)
    .option("--dry-run", "show what would be done; write nothing", false)
    .option("--skip-existing", "a Measurement Set that is there already is no error", false)
    .option(
      "--lock-timeout <seconds>",
      "how long to wait for a Measurement Set that another program has locked",
      finiteNumber("--lock-timeout"),
      3600,
    )
    .option("--json", "JSON lines on standard output (also the default when it is no terminal)", false)
    .addHelpText("after", HELP)
    .action(async (inputs: string[], flags: ConvertFlags) => {
      process.exitCode = await convert(inputs, flags, services);
    });
}

/** A second thread on two cores saves a tenth of the time for a third more CPU: the other half is for the rest. */
const defaultWorkerCount = () => Math.max(1, Math.min(4, Math.floor(availableParallelism() / 2)));

async function convert(inputs: readonly string[], flags: ConvertFlags, services: Services): Promise<number> {
  const output = createOutput(flags.json, process.stdout, process.stderr, true);
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  try {
    const found = services.findGroups({
      inputs,
      startUnixSec: flags.start ?? Number.NEGATIVE_INFINITY,
      endUnixSec: flags.end ?? Number.POSITIVE_INFINITY,
    });
    for (const { path, error } of found.refused) {
      output.problem(describeError(error));
      output.event({
        event: "file_refused",
        path,
        code: error.code,
        disposition: error.disposition,
        message: error.message,
      });
    }
    if (found.groups.length === 0) {
      output.problem(`no UVH5 group found in ${inputs.join(", ")}`);
      output.event({
        event: "summary",
        groups: 0,
        converted: 0,
        skipped: 0,
        failed: 0,
        files_refused: found.refused.length,
      });
      return 1;
    }
    const outcomes = await services.convertGroups(
      {
        config: {
          phaseCentre: flags.phaseCenter,
          expectedSubbandCount: flags.expectedSubbands,
          allowMissingCount: flags.allowMissing,
          mergeSpws: flags.mergeSpws,
          addsModelData: flags.modelData,
          addsCorrectedData: flags.correctedData,
          telescopeName: flags.telescopeName ?? null,
        },
        outputDir: flags.outputDir,
        scratchDir: flags.scratchDir ?? null,
        tmpfsPath: flags.stageToTmpfs ? flags.tmpfsPath : null,
        workerCount: flags.maxWorkers,
        earthOrientationFiles: { finalsPath: flags.iersFinals ?? null, leapSecondsPath: flags.leapSeconds ?? null },
        locks: { isEnabled: true, lockDir: null, timeoutMs: 1000 * flags.lockTimeout },
      },
      found.groups,
      {
        dryRun: flags.dryRun,
        skipExisting: flags.skipExisting,
        signal: interrupt.signal,
        onStart: (group) => showStart(output, group),
        onProgress: (group, { step, doneBytes, totalBytes }) =>
          output.progress(
            `${group.groupId}  ${progressBar(doneBytes / totalBytes)}  ${step}  ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`,
          ),
        onOutcome: (outcome) => showOutcome(output, outcome),
        onWait: (message) => output.problem(message),
      },
    );
    showSummary(output, outcomes, found.refused.length);
    if (interrupt.signal.aborted) return 130;
    return found.refused.length > 0 || outcomes.some((outcome) => outcome.kind === "failed") ? 1 : 0;
  } catch (error) {
    if (!isPipelineError(error)) throw error;
    output.problem(describeError(error));
    output.event({ event: "failed", code: error.code, disposition: error.disposition, message: error.message });
    return 1;
  } finally {
    process.removeListener("SIGINT", onSignal);
    process.removeListener("SIGTERM", onSignal);
  }
}

function showStart(output: Output, group: Group): void {
  output.event({ event: "group_started", group_id: group.groupId, files: group.files.length });
  output.progress(`${group.groupId}  ${group.files.length} files`);
}

/** Snake case, seconds and bytes in the names: what a program is given of a report. */
function reportJson(report: ConversionReport): Readonly<Record<string, unknown>> {
  return {
    group_id: report.groupId,
    ms_path: report.msPath,
    rows: report.rowCount,
    spws: report.spwCount,
    channels_per_spw: report.chanCount,
    fields: report.fieldCount,
    flagged_fraction: report.flaggedFraction,
    unusable_values: report.unusableCount,
    missing_subbands: report.missingSubbands,
    input_bytes: report.inputBytes,
    output_bytes: report.outputBytes,
    verified_rows: report.verifiedCellCount,
    load_sec: report.timingsSec.load,
    phase_sec: report.timingsSec.phase,
    write_sec: report.timingsSec.write,
    total_sec: report.timingsSec.total,
  };
}

function showOutcome(output: Output, outcome: GroupOutcome): void {
  const { groupId } = outcome;
  switch (outcome.kind) {
    case "converted": {
      const { report } = outcome;
      output.event({ event: "group_converted", ...reportJson(report) });
      output.line(
        `${groupId}  completed in ${report.timingsSec.total.toFixed(2)} s: ${report.rowCount} rows, ${report.spwCount} x ${report.chanCount} channels, ` +
          `${(100 * report.flaggedFraction).toFixed(2)} % flagged, ${formatBytes(report.inputBytes)} -> ${formatBytes(report.outputBytes)}\n  ${report.msPath}`,
      );
      return;
    }
    case "planned": {
      const { plan } = outcome;
      output.event({
        event: "group_planned",
        group_id: groupId,
        ms_path: plan.msPath,
        rows: plan.rows.rowCount * plan.spws.length,
        spws: plan.spws.length,
        channels_per_spw: plan.spws[0]!.freqHz.length,
        fields: plan.fields.length,
        missing_subbands: plan.missingSubbands,
        input_bytes: plan.inputBytes,
        output_bytes_at_most: plan.outputBytes,
        sources: plan.sources.map((source) => source.path),
        history: plan.history,
      });
      output.line(
        `${groupId}  would write ${plan.msPath}\n  ${plan.rows.rowCount * plan.spws.length} rows, ${plan.spws.length} x ${plan.spws[0]!.freqHz.length} channels, ` +
          `${plan.fields.length} fields, at most ${formatBytes(plan.outputBytes)}, from ${plan.sources.length} files of ${formatBytes(plan.inputBytes)}`,
      );
      return;
    }
    case "skipped":
      output.event({ event: "group_skipped", group_id: groupId, reason: outcome.reason });
      output.line(`${groupId}  skipped: ${outcome.reason}`);
      return;
    case "failed":
      output.event({
        event: "group_failed",
        group_id: groupId,
        code: outcome.error.code,
        disposition: outcome.error.disposition,
        message: outcome.error.message,
      });
      output.problem(`${groupId}  failed: ${describeError(outcome.error)}`);
      return;
    default:
      outcome satisfies never;
  }
}

function showSummary(output: Output, outcomes: readonly GroupOutcome[], refusedCount: number): void {
  const count = (kind: GroupOutcome["kind"]) => outcomes.filter((outcome) => outcome.kind === kind).length;
  output.event({
    event: "summary",
    groups: outcomes.length,
    converted: count("converted"),
    planned: count("planned"),
    skipped: count("skipped"),
    failed: count("failed"),
    files_refused: refusedCount,
  });
  if (outcomes.length > 1 || refusedCount > 0) {
    output.line(
      `${outcomes.length} groups: ${count("converted")} converted, ${count("skipped")} skipped, ${count("failed")} failed; ${refusedCount} files refused`,
    );
  }
}
