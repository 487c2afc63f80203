/** `contimg locktest`: the tester of locks, as the library's own program. */

import { runCommandLine } from "@contimg/lock-tester/node";
import type { Command } from "commander";

export function addLocktestCommand(program: Command): void {
  program
    .command("locktest")
    .summary("test whether the locks of a file system can be trusted")
    .description("Tests whether the locks of a file system can be trusted.")
    .argument("[arguments...]", "see --help")
    // The library reads its own arguments, and has its own help.
    .helpOption(false)
    .allowUnknownOption()
    .action(async (args: readonly string[]) => {
      const interrupted = new AbortController();
      process.once("SIGINT", () => interrupted.abort());
      process.once("SIGTERM", () => interrupted.abort());
      process.exitCode = await runCommandLine(args, {
        program: "contimg locktest",
        signal: interrupted.signal,
        out: (line) => void process.stdout.write(`${line}\n`),
        err: (line) => void process.stderr.write(`${line}\n`),
      });
    });
}
