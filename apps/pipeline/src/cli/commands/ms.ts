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

  const subcommand = (name: string, summary: string) =>
    ms
      .command(name)
      .summary(summary)
      .description(`${summary}.`)
      .argument("<path>", "the table's directory")
      .option("--json", "JSON on standard output", false);

  subcommand("summary", "What was observed, as CASA's listobs says it")
    .option("--verbose", "all antennas and scans", false)
    .option("--no-flags", "do not count flags (they are all read)")
    .action((path: string, flags: { json: boolean; verbose: boolean; flags: boolean }) =>
      show(flags.json, () => {
        const summary = inspector.summarise(path, flags.flags);
        return { record: summary, lines: summaryLines(summary, flags.verbose), exitStatus: 0 };
      }),
    );

  subcommand("columns", "Columns with type, shape, storage manager, unit and measure; subtables")
    .option("--keywords", "keywords of the table and of each column", false)
    .action((path: string, flags: { json: boolean; keywords: boolean }) =>
      show(flags.json, () => {
        const description = inspector.describeColumns(path);
        return { record: description, lines: columnLines(description, flags.keywords), exitStatus: 0 };
      }),
    );

  subcommand("head", "The first rows, value for value")
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

  subcommand("verify", "Is the table whole and coherent?").action((path: string, flags: { json: boolean }) =>
    show(flags.json, () => {
      const verification = inspector.verify(path);
      const isSound = verification.findings.every((finding) => finding.severity !== "error");
      return { record: verification, lines: verificationLines(verification), exitStatus: isSound ? 0 : 1 };
    }),
  );
}
