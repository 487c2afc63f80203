#!/usr/bin/env node
/** The `contimg` command. */

import { Command, CommanderError } from "commander";
import { composeServices } from "../compose.ts";
import { software } from "../version.ts";
import { addConvertCommand } from "./commands/convert.ts";

const USAGE_ERROR = 2;

function createProgram(): Command {
  const program = new Command("contimg")
    .description("Streaming continuum-imaging pipeline of the DSA-110 radio telescope")
    .version(software.split(" ")[1]!)
    .showHelpAfterError("(--help shows all options)")
    .showSuggestionAfterError()
    .exitOverride();
  const services = composeServices();
  addConvertCommand(program, services);
  for (const command of program.commands) command.exitOverride().copyInheritedSettings(program);
  return program;
}

try {
  await createProgram().parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : USAGE_ERROR;
}
