/** The flags of commands that take the whole configuration. */

import { type Command, Option } from "commander";
import { type LoadedConfig, loadConfig } from "../config/load-config.ts";
import { settingList } from "../config/settings.ts";

/** Adds `--config` and the flag of every setting that has one. */
export function addConfigOptions(command: Command): void {
  addConfigFileOption(command);
  for (const [, { kind, flag, placeholder, meaning, schema }] of settingList) {
    if (flag === null) continue;
    const initial = schema.parse(undefined) as string | number | boolean | null;
    const shown = initial === null || initial === false ? "" : ` (default: ${initial === true ? "on" : initial})`;
    if (kind === "switch") {
      const off = new Option(`--no-${flag}`, `Not --${flag}.`);
      command.addOption(new Option(`--${flag}`, meaning + shown)).addOption(initial === true ? off : off.hideHelp());
    } else command.addOption(new Option(`--${flag} <${placeholder}>`, meaning + shown));
  }
}

export function addConfigFileOption(command: Command): void {
  command.option("--config <file>", "YAML file with settings (default: CONTIMG_CONFIG, or none)");
}

/** The configuration of a command made with {@link addConfigOptions}. @throws PipelineError CONFIG_INVALID */
export function configOfCommand(command: Command): LoadedConfig {
  const flags = new Map<string, unknown>();
  for (const [, { flag }] of settingList) {
    if (flag === null) continue;
    const name = flag.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    if (command.getOptionValueSource(name) === "cli") flags.set(flag, command.getOptionValue(name));
  }
  return loadConfig({
    configPath: command.getOptionValue("config") as string | undefined,
    variables: process.env,
    flags,
    currentDir: process.cwd(),
  });
}
