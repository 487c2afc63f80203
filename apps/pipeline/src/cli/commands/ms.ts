/** `contimg ms`: look into Measurement Sets, calibration tables and any other casacore table. */

import { type Command, InvalidArgumentError } from "commander";
import { isPipelineError } from "../../domain/error-codes.ts";
import type { MsInspector } from "../../ports/ms-inspector.ts";
import { createOutput, describeError } from "../output.ts";
import { wholeNumber } from "../values.ts";
import { columnLines, headLines, summaryLines, verificationLines } from "./ms-text.ts";

const HELP = `
PATH is the directory of a table; its subtables can be given too, as in observation.ms/ANTENNA.

Exit status: 0 the table could be read (verify: no error found), 1 it could not (verify: errors found), 2 wrong usage.

Examples:
  contimg ms summary observation.ms
  contimg ms summary observation.ms --json | jq .fields
  contimg ms columns observation.ms/SPECTRAL_WINDOW --keywords
  contimg ms head observation.ms -n 2 --columns TIME,UVW,DATA
  contimg ms verify observation.ms`;

const SUMMARY_HELP = `
Times reach from the start of the first to the end of the last integration (TIME - INTERVAL/2 to TIME + INTERVAL/2).
Baseline lengths are those between antennas whose cross-correlations the table holds. TotBW is the sum of the channels'
widths, CtrFreq the middle between the centres of the first and the last. Flags are read a few megabytes at a time.

Examples:
  contimg ms summary observation.ms --verbose
  contimg ms summary bandpass.bcal --json | jq .solutions
  contimg ms summary huge.ms --no-flags`;

const COLUMNS_HELP = `
Shapes have the axis that varies fastest last, as numpy has them. A column whose storage manager is not known is listed as
unreadable, and nothing else suffers.

Examples:
  contimg ms columns observation.ms
  contimg ms columns observation.ms/FIELD --keywords`;

const HEAD_HELP = `
Arrays have the axis that varies fastest last, as numpy has them. In JSON complex values are [re, im]; NaN and infinities
are null, and non_finite_count tells how many there are in a cell.

Examples:
  contimg ms head observation.ms -n 2
  contimg ms head observation.ms --row 1000 -n 1 --columns UVW,DATA,FLAG --json`;

const VERIFY_HELP = `
Looked at: files and row counts of all columns and subtables; columns and subtables that the standard requires; row numbers
that point into subtables; shapes against NUM_CHAN and NUM_CORR; the order of frequencies and times; positions of antennas;
the telescope's name; PHASE_DIR against REFERENCE_DIR; UVW, worked out anew from positions, TIME and PHASE_DIR; and NaN
that are not flagged. What is odd but allowed in tables of others is a warning.

Examples:
  contimg ms verify observation.ms
  contimg ms verify observation.ms --json | jq '.findings[] | select(.severity != "ok")'`;

/** Values of keywords keep the names that the table gave them. */
const AS_STORED = "value";

/** `fieldIndex` → `field_index`, as everywhere in what programs are given. */
function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      name === AS_STORED ? entry : snakeCased(entry),
    ]),
  );
}

interface Shown {
  readonly record: object;
  readonly lines: readonly string[];
  readonly exitStatus: 0 | 1;
}

function show(json: boolean, look: () => Shown): void {
  const output = createOutput(json, process.stdout, process.stderr, false);
  // A reader such as head or a pager may close the pipe when it has seen enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  try {
    const { record, lines, exitStatus } = look();
    output.event(snakeCased(record) as Readonly<Record<string, unknown>>);
    for (const line of lines) output.line(line);
    process.exitCode = exitStatus;
  } catch (error) {
    if (!isPipelineError(error)) throw error;
    output.problem(describeError(error));
    process.exitCode = 1;
  }
}

function columnList(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.some((name) => name === ""))
    throw new InvalidArgumentError(`expected names with commas between them, found "${text}"`);
  return names;
}

export function addMsCommand(program: Command, inspector: MsInspector): void {
  const ms = program
    .command("ms")
    .summary("look into Measurement Sets and other tables")
    .description("Looks into Measurement Sets, calibration tables and any other casacore table, whoever wrote it.")
    .addHelpText("after", HELP);

  const subcommand = (name: string, summary: string, help: string) =>
    ms
      .command(name)
      .summary(summary)
      .description(`${summary}.`)
      .argument("<path>", "the table's directory")
      .option("--json", "JSON on standard output", false)
      .addHelpText("after", help);

  subcommand("summary", "What was observed, as CASA's listobs says it", SUMMARY_HELP)
    .option("--verbose", "all antennas and scans", false)
    .option("--no-flags", "do not count flags (they are all read)")
    .action((path: string, flags: { json: boolean; verbose: boolean; flags: boolean }) =>
      show(flags.json, () => {
        const summary = inspector.summarise(path, flags.flags);
        return { record: summary, lines: summaryLines(summary, flags.verbose), exitStatus: 0 };
      }),
    );

  subcommand("columns", "Columns with type, shape, storage manager, unit and measure; subtables", COLUMNS_HELP)
    .option("--keywords", "keywords of the table and of each column", false)
    .action((path: string, flags: { json: boolean; keywords: boolean }) =>
      show(flags.json, () => {
        const description = inspector.describeColumns(path);
        return { record: description, lines: columnLines(description, flags.keywords), exitStatus: 0 };
      }),
    );

  subcommand("head", "The first rows, value for value", HEAD_HELP)
    .option("-n, --rows <count>", "how many rows", wholeNumber("--rows", 1), 5)
    .option("--row <index>", "first row", wholeNumber("--row", 0), 0)
    .option("--columns <names>", "only these columns, with commas between them", columnList)
    .action((path: string, flags: { json: boolean; rows: number; row: number; columns?: readonly string[] }) =>
      show(flags.json, () => {
        const head = inspector.readHead(path, {
          firstRowIndex: flags.row,
          rowCount: flags.rows,
          columnNames: flags.columns ?? null,
        });
        return { record: head, lines: headLines(head), exitStatus: 0 };
      }),
    );

  subcommand("verify", "Whether the table is whole and coherent", VERIFY_HELP).action(
    (path: string, flags: { json: boolean }) =>
      show(flags.json, () => {
        const verification = inspector.verify(path);
        const isSound = verification.findings.every((finding) => finding.severity !== "error");
        return { record: verification, lines: verificationLines(verification), exitStatus: isSound ? 0 : 1 };
      }),
  );
}
