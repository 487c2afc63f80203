/** `contimg config`: what is set, by whom, and whether a file is right. */

import type { Command } from "commander";
import { configJsonSchema } from "../../config/json-schema.ts";
import { describeOrigin, describeRejection } from "../../config/layers.ts";
import { type LoadedConfig, readConfigFile } from "../../config/load-config.ts";
import { type EnvironmentName, environmentNames } from "../../config/read-yaml.ts";
import { settingList } from "../../config/settings.ts";
import { isPipelineError } from "../../domain/error-codes.ts";
import { addConfigOptions, configOfCommand } from "../config-options.ts";
import { createOutput, describeError } from "../output.ts";

const HELP = `
Built-in values are overridden by a file (--config or CONTIMG_CONFIG), this by variables (CONTIMG_...), these by flags.
docs/operations/configuration.md lists every setting. The file:

  directories:
    input_dir: /data/incoming_data
    output_dir: /data/output/ms
  stream:
    max_retries: 3
  environments:             # what differs; chosen by environment: or CONTIMG_ENVIRONMENT, else production
    testing:
      log: { level: DEBUG }

Exit status: 0 all is right, 1 something is wrong (each line says where), 2 wrong usage.

Examples:
  contimg config show --origin --config /etc/contimg/contimg.yaml
  contimg config check /etc/contimg/contimg.yaml
  contimg config schema > contimg.schema.json`;

export function addConfigCommand(program: Command): void {
  const command = program
    .command("config")
    .summary("show and check settings")
    .description("Shows and checks the configuration.")
    .addHelpText("after", HELP);

  const show = command
    .command("show")
    .description("Shows every setting as contimg stream would have it with the same flags.")
    .option("--origin", "also where each value comes from", false)
    .option("--json", "one JSON object", false);
  addConfigOptions(show);
  show.action(() => {
    const { origin, json } = show.opts<{ origin: boolean; json: boolean }>();
    orSayWhatIsWrong(() => showConfig(configOfCommand(show), origin, json));
  });

  command
    .command("check")
    .description("Checks a file, in each of its environments.")
    .argument("<file>", "YAML file")
    .action((path: string) => orSayWhatIsWrong(() => checkFile(path)));

  command
    .command("schema")
    .description("Prints the JSON schema of the file, for editors.")
    .action(() => void process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`));
}

function orSayWhatIsWrong(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!isPipelineError(error)) throw error;
    createOutput(false, process.stdout, process.stderr, false).problem(describeError(error));
    process.exitCode = 1;
  }
}

function showConfig({ values, origins, path }: LoadedConfig, withOrigin: boolean, isJson: boolean): void {
  const output = createOutput(isJson, process.stdout, process.stderr, false);
  const rows = settingList.map(([key]) => ({
    key,
    value: values.get(key) ?? null,
    origin: describeOrigin(origins.get(key)!),
  }));
  const settings = Object.fromEntries(
    rows.map(({ key, value, origin }) => [key, withOrigin ? { value, origin } : value]),
  );
  output.event({ file: path, settings });
  const keyWidth = Math.max(...rows.map(({ key }) => key.length));
  const shownOf = (value: unknown) =>
    typeof value === "string" ? value : value === null ? "-" : JSON.stringify(value);
  const valueWidth = Math.min(60, Math.max(...rows.map(({ value }) => shownOf(value).length)));
  for (const { key, value, origin } of rows) {
    const shown = shownOf(value);
    output.line(
      withOrigin
        ? `${key.padEnd(keyWidth)}  ${shown.padEnd(valueWidth)}  ${origin}`
        : `${key.padEnd(keyWidth)}  ${shown}`,
    );
  }
}

function checkFile(path: string): void {
  const lines = new Set<string>();
  for (const environment of [undefined, ...environmentNames] satisfies (EnvironmentName | undefined)[]) {
    for (const rejection of readConfigFile(path, environment).rejections) lines.add(describeRejection(rejection));
  }
  for (const line of lines) process.stderr.write(`${line}\n`);
  if (lines.size === 0) process.stdout.write(`${path}: all is right\n`);
  process.exitCode = lines.size === 0 ? 0 : 1;
}
