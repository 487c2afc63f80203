#!/usr/bin/env node
/** The `contimg` command. */

import { Command, CommanderError } from "commander";
import { calibration } from "../compose/calibration.ts";
import { catalogTools } from "../compose/catalogs.ts";
import { composeServices } from "../compose/conversion.ts";
import { composeFlags } from "../compose/flagging.ts";
import { imageInspector } from "../compose/images.ts";
import { imaging } from "../compose/imaging.ts";
import { inspectMachine, inspectMachineThoroughly, openLog } from "../compose/machine.ts";
import { openExistingQueue } from "../compose/queue.ts";
import { composeStream } from "../compose/stream.ts";
import { software } from "../version.ts";
import { addCalCommand } from "./commands/cal.ts";
import { addCatalogCommand } from "./commands/catalog.ts";
import { addConfigCommand } from "./commands/config.ts";
import { addConvertCommand } from "./commands/convert.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addFitsCommand } from "./commands/fits.ts";
import { addFlagCommand } from "./commands/flag.ts";
import { addImageCommand } from "./commands/image.ts";
import { addLedgerCommand } from "./commands/ledger.ts";
import { addLocksCommand } from "./commands/locks.ts";
import { addLocktestCommand } from "./commands/locktest.ts";
import { addMsCommand } from "./commands/ms.ts";
import { addQueueCommand } from "./commands/queue.ts";
import { addSimulateCommand } from "./commands/simulate.ts";
import { addStreamCommand } from "./commands/stream.ts";

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
  addStreamCommand(program, { openLog, composeStream, inspectMachine });
  addSimulateCommand(program);
  addMsCommand(program, services.inspector);
  addFitsCommand(program, imageInspector);
  addFlagCommand(program, composeFlags);
  addLocksCommand(program, services.lockFiles);
  addQueueCommand(program, openExistingQueue);
  addLedgerCommand(program, openExistingQueue);
  addCalCommand(program, calibration);
  addCatalogCommand(program, catalogTools);
  addImageCommand(program, imaging);
  addConfigCommand(program);
  addDoctorCommand(program, inspectMachineThoroughly);
  inheritSettings(program);
  // Last: its help is the library's, and would be overwritten.
  addLocktestCommand(program);
  return program;
}

/** Commands that exist already do not take over what is set on their parent. */
function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.exitOverride().copyInheritedSettings(parent);
    inheritSettings(command);
  }
}

// A reader such as head or a pager may close the pipe when it has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
try {
  await createProgram().parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : USAGE_ERROR;
}
