/** `contimg locks`: who has which Measurement Set, and whether locks can be trusted here. */

import { type Command, InvalidArgumentError } from "commander";
import { isPipelineError } from "../../domain/error-codes.ts";
import type { LockFile, LockFiles, LockHolding } from "../../ports/lock-files.ts";
import { createOutput, describeError, type Output } from "../output.ts";

const HELP = `
Every program of contimg that works on a Measurement Set takes flock(2) on {ms}.lock first: exclusive to change it, shared
to read it. Python programs take part with fcntl.flock on the same file. The kernel releases the lock of a process that
ends, however it ends: a lock that is held has a living holder, and must never be removed.

Examples:
  contimg locks ls /stage/dsa110-contimg/ms
  contimg locks who /stage/dsa110-contimg/ms/science/2025-10-28/2025-10-28T13:45:34.ms
  contimg locks clean /stage/dsa110-contimg/ms --older-than 1d --dry-run
  contimg locks doctor /stage/dsa110-contimg/ms`;

const SECONDS_OF_UNIT: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

function durationSec(text: string): number {
  const parts = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text.trim());
  if (!parts) throw new InvalidArgumentError(`expected a duration such as 30m, 1h or 2d, found "${text}"`);
  return Number(parts[1]) * SECONDS_OF_UNIT[parts[2]!]!;
}

const ageText = (ageSec: number) =>
  ageSec < 120
    ? `${Math.round(ageSec)} s`
    : ageSec < 7200
      ? `${Math.round(ageSec / 60)} min`
      : `${Math.round(ageSec / 3600)} h`;

const holdingText = ({ processNumber, command, mode, isWaiting }: LockHolding) =>
  `  ${isWaiting ? "waits" : "holds"}  ${mode.padEnd(9)}  process ${processNumber}${command === null ? "" : `  ${command}`}`;

const stateOf = (file: LockFile | undefined) =>
  file?.holdings.some((holding) => !holding.isWaiting) ? "held" : "free";

const eventOf = (path: string, file: LockFile | undefined) => ({
  event: "lock",
  path,
  state: stateOf(file),
  age_sec: file?.ageSec ?? null,
  holders: (file?.holdings ?? []).map(({ processNumber, command, mode, isWaiting }) => ({
    pid: processNumber,
    command,
    mode,
    waiting: isWaiting,
  })),
});

function show(output: Output, path: string, file: LockFile | undefined): void {
  output.event(eventOf(path, file));
  output.line(`${path}  ${stateOf(file)}${file ? `, last taken ${ageText(file.ageSec)} ago` : ", never taken"}`);
  for (const holding of file?.holdings ?? []) output.line(holdingText(holding));
}

interface JsonFlag {
  readonly json: boolean;
}

export function addLocksCommand(program: Command, locks: LockFiles): void {
  const command = program
    .command("locks")
    .summary("who has which Measurement Set")
    .description("Looks after the lock files of Measurement Sets.")
    .addHelpText("after", HELP);

  const add = (name: string, description: string) =>
    command.command(name).description(description).option("--json", "JSON lines", false);

  /** Runs one subcommand: its own errors are told in one line, with status 1. */
  function run(flags: JsonFlag, act: (output: Output) => number): void {
    const output = createOutput(flags.json, process.stdout, process.stderr, false);
    try {
      process.exitCode = act(output);
    } catch (error) {
      if (!isPipelineError(error)) throw error;
      output.problem(describeError(error));
      process.exitCode = 1;
    }
  }

  add("ls", "lists the lock files below directories, with who holds and who waits")
    .argument("<directories...>")
    .option("--held", "only those that somebody holds", false)
    .action((directories: string[], flags: JsonFlag & { readonly held: boolean }) =>
      run(flags, (output) => {
        const files = directories.flatMap((directory) => locks.below(directory));
        const shown = files.filter((file) => !flags.held || stateOf(file) === "held");
        for (const file of shown) show(output, file.path, file);
        const heldCount = files.filter((file) => stateOf(file) === "held").length;
        output.line(`${files.length} lock files, ${heldCount} held`);
        return 0;
      }),
    );

  add("who", "says who holds a Measurement Set and who waits for it; exit status 1 when it is held")
    .argument("<ms...>", "Measurement Sets")
    .option("--lock-dir <dir>", "where the lock files are, when not beside the Measurement Sets")
    .action((paths: string[], flags: JsonFlag & { readonly lockDir?: string }) =>
      run(flags, (output) => {
        const files = paths.map((path) => ({ path, file: locks.ofMs(path, flags.lockDir ?? null) }));
        for (const { path, file } of files) show(output, path, file);
        return files.some(({ file }) => stateOf(file) === "held") ? 1 : 0;
      }),
    );

  add("clean", "removes lock files that nobody holds; a held one is never removed")
    .argument("<directories...>")
    .option("--older-than <duration>", "not taken for so long: 30m, 1h, 2d", durationSec, 3600)
    .option("--dry-run", "show what would be removed", false)
    .action((directories: string[], flags: JsonFlag & { readonly olderThan: number; readonly dryRun: boolean }) =>
      run(flags, (output) => {
        let removedCount = 0;
        for (const file of directories.flatMap((directory) => locks.below(directory))) {
          const isOld = file.ageSec >= flags.olderThan && stateOf(file) === "free";
          const wouldBe = isOld ? "would be removed" : stateOf(file) === "held" ? "held" : "too-young";
          const outcome = flags.dryRun ? wouldBe : locks.remove(file.path, flags.olderThan);
          if (outcome === "removed") removedCount++;
          output.event({ event: "lock_cleaned", path: file.path, outcome });
          if (outcome !== "too-young") output.line(`${file.path}  ${outcome}`);
        }
        output.line(flags.dryRun ? "nothing was removed (--dry-run)" : `${removedCount} lock files removed`);
        return 0;
      }),
    );

  add("doctor", "tries whether locks keep programs apart in directories; exit status 1 when they do not")
    .argument("<directories...>")
    .action((directories: string[], flags: JsonFlag) =>
      run(flags, (output) => {
        const tried = directories.map((directory) => locks.tryDirectory(directory));
        for (const { directory, excludes, reason, advice, door, fileSystem, mountOptions } of tried) {
          output.event({
            event: "locks_tried",
            directory,
            excludes,
            reason,
            advice,
            door,
            file_system: fileSystem,
            mount_options: mountOptions,
          });
          output.line(`${directory}  ${excludes ? "ok" : "NOT SAFE"}: ${reason}`);
          output.line(`  ${fileSystem} (${mountOptions}), locked through ${door ?? "nothing"}`);
          if (advice !== "") output.line(`  ${advice}`);
        }
        return tried.every(({ excludes }) => excludes) ? 0 : 1;
      }),
    );
}
