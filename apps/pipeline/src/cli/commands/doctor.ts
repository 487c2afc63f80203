/** `contimg doctor`: is this machine fit to run on, and what to do if not. */

import type { Command } from "commander";
import { environmentNeedsOf } from "../../config/environment-needs.ts";
import type { Config } from "../../config/settings.ts";
import { isPipelineError } from "../../domain/error-codes.ts";
import type { Finding } from "../../services/finding.ts";
import type { EnvironmentNeeds } from "../../services/inspect-environment.ts";
import { addConfigOptions, configOfCommand } from "../config-options.ts";
import { createOutput, describeError, type Output } from "../output.ts";

/** Looks at the machine as `config` uses it. */
export type Inspect = (config: Config, needs: EnvironmentNeeds) => readonly Finding[];
export type InspectThoroughly = (config: Config, needs: EnvironmentNeeds) => Promise<readonly Finding[]>;

const HELP = `
Takes the flags of contimg stream, so that the same line can be asked about before it is run. Each finding is ok, a
warning or a problem; what is not ok comes with something to type or do. Probes write small hidden files into the
directories and remove them again. contimg stream looks at the same when it starts, and makes missing directories; here two
processes contend for a lock in the output directory besides.

Exit status: 0 fit (there may be warnings), 1 there are problems, or the configuration is wrong, 2 wrong usage.

Examples:
  contimg doctor --input-dir /data/incoming_data --output-dir /data/output/ms
  contimg doctor --config /etc/contimg/contimg.yaml --create
  contimg doctor --json | jq 'select(.verdict != "ok")'`;

const MARKS = { ok: "ok     ", warning: "WARNING", problem: "PROBLEM" } as const;

export function addDoctorCommand(program: Command, inspect: InspectThoroughly): void {
  const command = program
    .command("doctor")
    .summary("is this machine fit to run on?")
    .description("Checks directories, space, databases, locks, clock and limits, and says what to do.")
    .option("--create", "make missing directories", false)
    .option("--json", "one JSON object a finding", false);
  addConfigOptions(command);
  command.addHelpText("after", HELP).action(async () => {
    const { json, create } = command.opts<{ json: boolean; create: boolean }>();
    const output = createOutput(json, process.stdout, process.stderr, false);
    try {
      const { config } = configOfCommand(command);
      const findings = await inspect(config, environmentNeedsOf(config, create));
      showFindings(output, findings);
      process.exitCode = findings.some(({ verdict }) => verdict === "problem") ? 1 : 0;
    } catch (error) {
      if (!isPipelineError(error)) throw error;
      output.problem(describeError(error));
      process.exitCode = 1;
    }
  });
}

function showFindings(output: Output, findings: readonly Finding[]): void {
  for (const { name, verdict, found, fix } of findings) {
    output.event({ name, verdict, found, fix });
    output.line(`${MARKS[verdict]}  ${name}: ${found}${fix === "" ? "" : `\n         -> ${fix}`}`);
  }
  const count = (verdict: Finding["verdict"]) => findings.filter((finding) => finding.verdict === verdict).length;
  output.line(`${findings.length} findings: ${count("problem")} problems, ${count("warning")} warnings`);
}
