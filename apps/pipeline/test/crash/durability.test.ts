/**
 * The order in which a stream brings things to disk, read from its system calls: what a power cut can leave is then
 * always something that the next start can go on from.
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { describeWith, hasCommand } from "../../../../tools/oracles.ts";
import { setupIn, simulateTinyGroups } from "./crash-setup.ts";
import type { Mutant } from "./live-stream.ts";

interface Call {
  readonly name: string;
  readonly path: string;
  /** Of a rename. */
  readonly to: string;
}

const TRACED =
  "openat,write,pwrite64,writev,pwritev,ftruncate,fallocate,fsync,fdatasync,rename,renameat,renameat2,mkdir,unlink,copy_file_range";

/** One group goes through a stream under strace. @returns its successful calls in order */
function trace(mutant?: Mutant): readonly Call[] {
  const root = mkdtempSync(join(tmpdir(), "contimg-durability-"));
  try {
    return traceIn(root, mutant);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function traceIn(root: string, mutant: Mutant | undefined): readonly Call[] {
  const setup = { ...setupIn(root, false), monitoring: { isEnabled: false, intervalMs: 1000, profiles: false } };
  for (const directory of [setup.incomingDir, join(root, "state")]) mkdirSync(directory);
  simulateTinyGroups(setup.incomingDir, 1, 1);
  const log = join(root, "calls");
  const stream = join(import.meta.dirname, "doomed-stream.ts");
  const { status, stderr } = spawnSync(
    "strace",
    [
      "-f",
      "-y",
      "-qq",
      "-s",
      "0",
      "-e",
      `trace=${TRACED}`,
      "-o",
      log,
      process.execPath,
      "--conditions=@contimg/source",
      stream,
      JSON.stringify({
        setup: { ...setup, worker: { ...setup.worker, stagesInputs: false } },
        step: null,
        occurrence: 0,
        groupId: null,
        signal: "SIGKILL",
        groupCount: 1,
      }),
    ],
    {
      encoding: "utf8",
      timeout: 60_000,
      env: {
        ...process.env,
        ...(mutant && {
          NODE_OPTIONS: `--import=${join(import.meta.dirname, "mutate-source.ts")}`,
          CONTIMG_TEST_MUTANT: JSON.stringify(mutant),
        }),
      },
    },
  );
  if (status !== 0) throw new Error(`the stream under strace ended with status ${status}: ${stderr}`);
  return parseCalls(readFileSync(log, "utf8")).map((call) => ({
    ...call,
    // A table description is renamed before it is brought to disk.
    path: call.path.replace(root, "").replace(/_tmp$/, ""),
    to: call.to.replace(root, ""),
  }));
}

/** Calls that another thread's call cut in two are put at their end, when they took effect. */
function parseCalls(text: string): readonly Call[] {
  const begun = new Map<string, string>();
  return text.split("\n").flatMap((line) => {
    const [, thread = "", rest = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const unfinished = /^(.*) <unfinished \.\.\.>$/.exec(rest);
    if (unfinished) {
      begun.set(thread, unfinished[1]!);
      return [];
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const whole = resumed ? (begun.get(thread) ?? "") + resumed[1]! : rest;
    if (/ = -1 /.test(whole)) return [];
    const name = /^(\w+)\(/.exec(whole)?.[1];
    if (name === undefined) return [];
    const quoted = [...whole.matchAll(/"([^"]*)"/g)].map((match) => match[1]!);
    const descriptor = /^\w+\(\d+<([^>]*)>/.exec(whole)?.[1];
    if (name.startsWith("rename")) return [{ name, path: quoted[0] ?? "", to: quoted[1] ?? "" }];
    if (name === "openat") {
      const isForWriting = /O_(RDWR|WRONLY)/.test(whole);
      return isForWriting ? [{ name, path: /= \d+<([^>]*)>/.exec(whole)?.[1] ?? quoted[0] ?? "", to: "" }] : [];
    }
    return [{ name, path: descriptor ?? quoted[0] ?? "", to: "" }];
  });
}

const isWrite = ({ name }: Call) => /^(p?writev?|pwrite64|ftruncate|fallocate|copy_file_range)$/.test(name);
const isSync = ({ name }: Call) => name === "fsync" || name === "fdatasync";

/** What is wrong with the order of the calls. */
function faultsOf(calls: readonly Call[]): readonly string[] {
  const faults: string[] = [];
  const publishing = calls.findIndex((call) => call.name.startsWith("rename") && call.to.endsWith(".ms"));
  const checkpointing = calls.findIndex(
    (call, at) => at > publishing && call.name.startsWith("rename") && call.to.endsWith(".checkpoint.uvh5"),
  );
  const removal = calls.findIndex(
    (call, at) => at > checkpointing && call.name === "unlink" && /checkpoint/.test(call.path),
  );
  if (publishing < 0 || checkpointing < 0 || removal < 0)
    return ["no Measurement Set, no checkpoint, or no end was seen"];
  const staging = calls[publishing]!.path;
  const written = new Set(
    calls
      .slice(0, publishing)
      .flatMap((call) => (isWrite(call) && call.path.startsWith(`${staging}/`) ? [call.path] : [])),
  );
  if (written.size < 10) faults.push(`only ${written.size} files of the Measurement Set were seen written`);
  for (const path of written) {
    const lastWrite = calls.findLastIndex((call, at) => at < publishing && isWrite(call) && call.path === path);
    if (!calls.slice(lastWrite, publishing).some((call) => isSync(call) && call.path === path))
      faults.push(`${path}: not brought to disk between its last write and the rename`);
  }
  const parent = calls[publishing]!.to.replace(/\/[^/]*$/, "");
  if (!calls.slice(publishing, checkpointing).some((call) => isSync(call) && call.path === parent))
    faults.push("the rename itself was not brought to disk before the checkpoint");
  for (const { path } of calls.filter(({ name, path: made }) => name === "mkdir" && /^\/ms(\/|$)/.test(made))) {
    const above = path.replace(/\/[^/]*$/, "");
    if (!calls.slice(0, checkpointing).some((call) => isSync(call) && call.path === above))
      faults.push(`${path}: the name of a new directory was not brought to disk before the checkpoint`);
  }
  if (!calls.slice(checkpointing, removal).some((call) => isSync(call) && call.path.endsWith(".sqlite3-wal")))
    faults.push("the change of state was not brought to disk before the checkpoint was removed");
  const input = calls.find((call) => call.path.startsWith("/incoming/") && (isWrite(call) || call.name === "openat"));
  if (input) faults.push(`the input was opened for writing: ${input.path}`);
  return faults;
}

describeWith(hasCommand("strace"), "what is on disk, and when", () => {
  let calls: readonly Call[];
  beforeAll(() => {
    calls = trace();
  });

  test("files before their rename, the rename before the checkpoint, the state before the checkpoint goes", () => {
    expect(faultsOf(calls)).toEqual([]);
  });

  describe("is found wrong when an author forgets", () => {
    test.each([
      {
        name: "to bring files to disk",
        file: "src/node.ts",
        text: "fs.fsync(fd, (error) =>",
        replacement: "((_: number, done: (error: null) => void) => done(null))(fd, (error: Error | null) =>",
      },
      {
        name: "that a new directory has a name too",
        file: "src/adapters/fs/ms/staging.ts",
        text: "syncDirectory(above);",
        replacement: "",
      },
      {
        name: "that the queue must be durable",
        file: "src/adapters/sqlite/open-database.ts",
        text: "PRAGMA synchronous = FULL",
        replacement: "PRAGMA synchronous = OFF",
      },
    ])("$name", (mutant) => {
      expect(faultsOf(trace(mutant)).length).toBeGreaterThan(0);
    });
  });
});
