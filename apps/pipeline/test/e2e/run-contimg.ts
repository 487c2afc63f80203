/** Runs the command line as a user does: another process, its output and exit status. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { repoRoot } from "../../../../tools/oracles.ts";

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The JSON lines of standard output. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

const main = join(repoRoot, "apps/pipeline/src/cli/main.ts");

/** The command as a list, for tests that wrap it in another. */
export const contimgCommand: readonly string[] = [process.execPath, "--conditions=@contimg/source", main];

export function runCommandLine(command: readonly string[]): Ran {
  const run = spawnSync(command[0]!, command.slice(1), { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (run.error) throw run.error;
  const events = run.stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  return { status: run.status, stdout: run.stdout, stderr: run.stderr, events };
}

export const contimg = (...args: readonly string[]): Ran => runCommandLine([...contimgCommand, ...args]);

/** A directory of its own for one test, removed after it. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "contimg-test-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Every entry below a directory, relative and sorted; the insides of a Measurement Set left out. */
export function treeOf(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((path) => !/\.ms\//.test(path))
    .toSorted();
}
