import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { createChainRunner } from "../../src/adapters/runner/chain-runner.ts";
import type { ChainJob, ChainRunner } from "../../src/ports/chain-runner.ts";

const runners: ChainRunner[] = [];
afterEach(async () => {
  await Promise.all(runners.splice(0).map((runner) => runner.close()));
});

function createRunner(usesSubprocess: boolean, entry = "./scripted-worker.ts"): ChainRunner {
  const runner = createChainRunner({
    setup: "setup",
    entry: new URL(entry, import.meta.url),
    usesSubprocess,
    ompThreadCount: 3,
    killAfterMs: 200,
  });
  runners.push(runner);
  return runner;
}

const job = (groupId: string): ChainJob => ({
  group: { groupId, startUnixSec: 0, files: [] },
  expectedSubbandCount: 1,
  allowMissingCount: 0,
  inputsDigest: "",
  inputSignatures: [],
  checkpoint: null,
  heldMs: 0,
});

/** Runs one scripted group; `onFirst` is called when the worker has begun. */
async function run(runner: ChainRunner, groupId: string, signal = new AbortController().signal, onFirst = () => {}) {
  const said: unknown[] = [];
  const { ms } = await runner.run(job(groupId), signal, {
    onProgress: (progress) => void said.push(progress),
    onStageEnd: (stageRun) => void said.push(stageRun),
    onCheckpoint: (path) => void said.push(path),
    onAlert() {},
    onMessage(_level, message) {
      said.push(message);
      onFirst();
    },
  });
  return { ms, said };
}

describe.each([
  ["a thread", false],
  ["a process", true],
] as const)("%s", (_name, usesSubprocess) => {
  test("answers with what the chain made, after all that happened, in order", async () => {
    const { ms, said } = await run(createRunner(usesSubprocess), "done");
    expect(ms).toEqual({ path: "/ms/done.ms", groupId: "done", rowCount: Number.NaN });
    expect(said).toEqual([
      expect.stringMatching(/^setup \d+ 3$/),
      { stage: "convert", step: "converting", doneBytes: 1, totalBytes: 2 },
      { stage: "convert", startedUnixSec: 1, durationSec: 2, outcome: "done", error: null },
      "/checkpoints/done",
    ]);
    expect(Number((said[0] as string).split(" ")[1]) === process.pid).toBe(!usesSubprocess);
  });

  test("errors keep code, subject and causes", async () => {
    const error = await run(createRunner(usesSubprocess), "fails").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: "PipelineError",
      code: "UVH5_TRUNCATED",
      disposition: "quarantine",
      message: "too short",
      subject: "file",
      cause: { message: expect.stringContaining("outer"), cause: { message: expect.stringContaining("inner") } },
    });
  });

  test("an error that nobody foresaw is INTERNAL, with its stack", async () => {
    const error = await run(createRunner(usesSubprocess), "throws").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "INTERNAL", message: "nobody foresaw this" });
    expect((error as Error).cause).toMatchObject({ stack: expect.stringContaining("scripted-worker.ts") });
  });

  test.each([
    ["exits", "code 7"],
    ["runs wild", "thrown beside the chain"],
  ])("one that %s without an answer has crashed, and it is said how", async (groupId, how) => {
    await expect(run(createRunner(usesSubprocess), groupId)).rejects.toMatchObject({
      code: "WORKER_CRASHED",
      message: expect.stringContaining(how),
    });
  });

  test("one that cannot start has crashed", async () => {
    await expect(run(createRunner(usesSubprocess, "./no-such-worker.ts"), "done")).rejects.toMatchObject({
      code: "WORKER_CRASHED",
      message: expect.stringContaining("no-such-worker"),
    });
  });

  test("one that is told to stop may end by itself", async () => {
    const stop = new AbortController();
    await expect(run(createRunner(usesSubprocess), "stops", stop.signal, () => stop.abort())).rejects.toMatchObject({
      code: "INTERRUPTED",
      message: "stopped as told",
    });
  });

  test("one that does not hear is killed after a while", async () => {
    const stop = new AbortController();
    await expect(run(createRunner(usesSubprocess), "is deaf", stop.signal, () => stop.abort())).rejects.toMatchObject({
      code: "INTERRUPTED",
      message: "group is deaf: stopped before it ended",
    });
  });

  test("none is started after a stop", async () => {
    await expect(run(createRunner(usesSubprocess), "done", AbortSignal.abort())).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
  });

  test("several run side by side, and all are gone when the runner is closed", async () => {
    const runner = createRunner(usesSubprocess);
    let begun = 0;
    const all = Promise.allSettled(
      ["is deaf", "is deaf"].map((groupId) =>
        run(runner, groupId, undefined, () => {
          if (++begun === 2) void runner.close();
        }),
      ),
    );
    for (const ended of await all) expect(ended).toMatchObject({ reason: { code: "WORKER_CRASHED" } });
  });
});

test("a process leaves it to its supervisor what follows from a signal to the whole service", async () => {
  const stop = new AbortController();
  const running = createRunner(true).run(job("stops"), stop.signal, {
    onProgress() {},
    onStageEnd() {},
    onCheckpoint() {},
    onAlert() {},
    onMessage(_level, message) {
      process.kill(Number(message.split(" ")[1]), "SIGTERM");
      stop.abort();
    },
  });
  await expect(running).rejects.toMatchObject({ message: "stopped as told" });
});

test("a process whose listener fails is ended, and the failure is told", async () => {
  const runner = createRunner(true);
  let childPid = 0;
  await expect(
    runner.run(job("done"), new AbortController().signal, {
      onProgress() {},
      onStageEnd() {
        throw new Error("the database is gone");
      },
      onCheckpoint() {},
      onAlert() {},
      onMessage(_level, message) {
        childPid = Number(message.split(" ")[1]);
      },
    }),
  ).rejects.toThrow("the database is gone");
  expect(existsSync(`/proc/${childPid}`)).toBe(false);
});

/** Whether a process is there and is no mere entry that waits to be read. */
function isAlive(pid: string): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

test("a process ends when its parent was killed", async () => {
  const script = fileURLToPath(new URL("./orphaned-parent.ts", import.meta.url));
  const parent = spawn(process.execPath, ["--conditions=@contimg/source", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(parent.stdout, "data")) as [Buffer];
  const childPid = said.toString().trim();
  expect(isAlive(childPid)).toBe(true);
  parent.kill("SIGKILL");
  await once(parent, "exit");
  while (isAlive(childPid)) await wait(10);
});
