import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createMemoryQueue } from "../../test/contract/memory-queue.ts";
import { recordingLog } from "../../test/contract/recording-log.ts";
import { TestClock } from "../../test/contract/test-clock.ts";
import type { ConversionReport } from "../domain/conversion-plan.ts";
import { type ErrorCode, PipelineError } from "../domain/error-codes.ts";
import { groupIdOf, startUnixSecOf } from "../domain/group.ts";
import type { MeasurementSet } from "../domain/measurement-set.ts";
import { defaultRetryPolicy } from "../domain/queue.ts";
import type { ChainEvents, ChainJob, ChainResult } from "../ports/chain-runner.ts";
import { createStreamWorker, type StreamWorkerOptions, type StreamWorkerPorts } from "./stream-worker.ts";

const POLL_MS = 1_000;
const LEASE_MS = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const msOf = (groupId: string, totalSec = 12): MeasurementSet => ({
  path: `/ms/${groupId}.ms`,
  groupId,
  rowCount: 10,
  sizeBytes: 100,
  calibrators: null,
  conversion: {
    startMjdSec: 86_400 * 60_000,
    endMjdSec: 86_400 * 60_000 + 300,
    raRad: Math.PI,
    decRad: 0.5,
    isAdopted: false,
    timingsSec: { load: 3.14, phase: 2, write: 1, total: totalSec },
  } as ConversionReport,
});

type Answer = (job: ChainJob, signal: AbortSignal, events: ChainEvents, clock: TestClock) => Promise<ChainResult>;

/** Is done after so long, by the clock. */
const takingSec =
  (durationSec: number): Answer =>
  async (job, _signal, _events, clock) => {
    clock.pass(durationSec * 1000);
    return { ms: msOf(job.group.groupId), calibration: null };
  };

const answers = {
  done: async (job: ChainJob): Promise<ChainResult> => ({ ms: msOf(job.group.groupId), calibration: null }),
  failing:
    (code: ErrorCode): Answer =>
    async (job) => {
      throw new PipelineError(code, `${code} happened`, { subject: job.group.groupId });
    },
  /** Goes on until it is stopped. */
  endless: (job: ChainJob, signal: AbortSignal) =>
    new Promise<ChainResult>((_resolve, reject) => {
      const end = () => reject(new PipelineError("INTERRUPTED", "stopped", { subject: job.group.groupId }));
      if (signal.aborted) end();
      else signal.addEventListener("abort", end);
    }),
};

interface Change {
  readonly options?: Partial<StreamWorkerOptions>;
  readonly ports?: Partial<StreamWorkerPorts>;
}

/** A worker on a queue in memory, whose chain answers as told, one answer a call and the last one for ever. */
function bench(script: readonly Answer[], { options, ports }: Change = {}) {
  const clock = new TestClock();
  const queue = createMemoryQueue(clock, 1);
  const log = recordingLog();
  const jobs: ChainJob[] = [];
  const steps: string[] = [];
  const alerts: string[] = [];
  const signatures = new Map<string, string>();
  const removed: string[] = [];
  let sweepCount = 0;
  const worker = createStreamWorker(
    {
      queue,
      groups: queue,
      runner: {
        run(job, signal, events) {
          jobs.push(job);
          return script[Math.min(jobs.length, script.length) - 1]!(job, signal, events, clock);
        },
        async close() {},
      },
      checkpoints: {
        save: () => "",
        load: (path) => ({ groupId: path, inputsDigest: "", doneStages: ["convert"], artifacts: {} }),
        remove: (groupId) => void removed.push(groupId),
        groupIds: () => [],
      },
      staging: {
        signatureOf: (path) => signatures.get(path),
        stage: async (_groupId, files) => ({
          directory: "/scratch/copy",
          durationMs: 500,
          files: files.map((file) => ({ ...file, path: `/scratch/copy${file.path}`, signature: "copy" })),
        }),
        remove: (staged) => void removed.push(staged.directory),
      },
      orphans: {
        sweep() {
          sweepCount++;
          return { removed: [], failed: [] };
        },
      },
      processes: { identity: "me", state: (identity) => (identity === "dead" ? "dead" : "running") },
      clock,
      log,
      alerts: {
        raise: (key) => void alerts.push(`raise ${key}`),
        resolve: (key) => void alerts.push(`resolve ${key}`),
      },
      random: () => 0,
      ...ports,
    },
    {
      groupCount: 1,
      pollMs: POLL_MS,
      calibrationPollMs: 30_000,
      graceMs: 5_000,
      recoveryMs: 5_000,
      leaseMs: LEASE_MS,
      retry: { ...defaultRetryPolicy, baseDelayMs: 2_000 },
      stagesInputs: false,
      cleansUpTemp: false,
      chunkDurationMin: 5,
      storageBasePath: "/ms",
      writerType: "thread",
      lastStage: "convert",
      onStep: (step) => void steps.push(step),
      onCompleted() {},
      ...options,
    },
  );
  const stop = new AbortController();
  const force = new AbortController();
  return {
    clock,
    queue,
    log,
    jobs,
    steps,
    signatures,
    removed,
    worker,
    stop,
    force,
    sweeps: () => sweepCount,
    /** Puts a group of one file into the queue. @returns its id */
    add(second = 0): string {
      const firstTimeJd = 2_460_952 + second / 86_400;
      const path = `/in/${second}_sb00.hdf5`;
      signatures.set(path, `sig${second}`);
      queue.recordSubband({
        path,
        sizeBytes: 7,
        signature: `sig${second}`,
        firstTimeJd,
        integrationTimeSec: 12,
        topFreqHz: 1.5e9,
        subbandIndex: 0,
        sampleDigest: `digest${second}`,
      });
      return groupIdOf(startUnixSecOf(firstTimeJd, 12));
    },
    /** Lets time go by, for the timers and for the clock. */
    async pass(durationMs: number) {
      for (let leftMs = durationMs; leftMs > 0; leftMs -= 500) {
        clock.pass(Math.min(500, leftMs));
        await vi.advanceTimersByTimeAsync(Math.min(500, leftMs));
      }
    },
    run: () => worker.run(stop.signal, force.signal),
  };
}

describe("a group that is done", () => {
  test("is completed with what the report says, and its lines carry the figures", async () => {
    const completions: unknown[] = [];
    const it = bench([takingSec(7.5)], { options: { onCompleted: (...all) => completions.push(all) } });
    const groupId = it.add();
    const running = it.run();
    await vi.advanceTimersByTimeAsync(0);
    expect(it.queue.show(groupId)).toMatchObject({
      state: "completed",
      msPath: `/ms/${groupId}.ms`,
      timings: { loadSec: 3.14, phaseSec: 2, writeSec: 1, totalSec: 7.5 },
    });
    expect(it.log.lines).toEqual([
      "INFO: Loaded 1 subbands in 3.1 s",
      "INFO: Phasing complete in 2.0 s",
      "INFO: MS write completed in 1.0 s",
      `INFO: Group ${groupId} completed in 7.5 s`,
    ]);
    expect(it.steps).toEqual(["claimed", "chain-started", "chain-ended", "completed-committed", "cleaned-up"]);
    expect(it.removed).toEqual([groupId]);
    expect(completions).toHaveLength(1);
    it.stop.abort();
    await running;
  });

  test.each([
    [269, []],
    [285.2, ["WARNING: Group 2025-10-03T11:59:54 took 285.2 s (exceeds 4.5 min threshold)"]],
  ])("after %d s is warned about as the chunk's length says", async (durationSec, warnings) => {
    const it = bench([takingSec(durationSec)]);
    it.add();
    const running = it.run();
    await vi.advanceTimersByTimeAsync(0);
    expect(it.log.lines.filter((line) => line.startsWith("WARNING"))).toEqual(warnings);
    it.stop.abort();
    await running;
  });

  test("said at level debug what was being done, each step once", async () => {
    const answer = takingSec(1);
    const it = bench([
      (job, signal, events, clock) => {
        for (const step of ["converting", "converting", "verifying"])
          events.onProgress({ stage: "convert", step, doneBytes: 1, totalBytes: 2 });
        return answer(job, signal, events, clock);
      },
    ]);
    const groupId = it.add();
    const running = it.run();
    await vi.advanceTimersByTimeAsync(0);
    expect(it.log.lines.filter((line) => line.startsWith("DEBUG"))).toEqual([
      `DEBUG: Group ${groupId}: convert: converting`,
      `DEBUG: Group ${groupId}: convert: verifying`,
    ]);
    it.stop.abort();
    await running;
  });

  test("wakes nobody who waits, until the assembler does", async () => {
    const it = bench([answers.done], { options: { pollMs: 3_600_000 } });
    const running = it.run();
    await it.pass(500);
    const groupId = it.add();
    await it.pass(10_000);
    expect(it.queue.show(groupId)?.state).toBe("pending");
    it.worker.wake();
    await it.pass(500);
    expect(it.queue.show(groupId)?.state).toBe("completed");
    it.stop.abort();
    await running;
  });
});

describe("a group that fails", () => {
  test("is tried again after a wait, and failed with the whole error when its budget is spent", async () => {
    const it = bench([answers.failing("INPUT_UNREADABLE")]);
    const groupId = it.add();
    const running = it.run();
    await it.pass(500);
    expect(it.queue.show(groupId)).toMatchObject({ state: "pending", retryCount: 1, errorCode: "INPUT_UNREADABLE" });
    await it.pass(60_000);
    expect(it.queue.show(groupId)).toMatchObject({ state: "failed" });
    expect(it.queue.show(groupId)?.error).toContain("INPUT_UNREADABLE happened");
    expect(it.jobs.length).toBe(defaultRetryPolicy.maxRetryCount);
    it.stop.abort();
    await running;
  });

  test("is failed at once when no attempt can help, and the next group goes on", async () => {
    const it = bench([answers.failing("UVH5_CORRUPT"), answers.done]);
    const [first, second] = [it.add(0), it.add(300)];
    const running = it.run();
    await it.pass(500);
    expect(it.queue.show(first)).toMatchObject({ state: "failed", errorCode: "UVH5_CORRUPT" });
    expect(it.queue.show(second)).toMatchObject({ state: "completed" });
    it.stop.abort();
    await running;
  });

  test("in a way that nobody foresaw counts as an attempt: a poison group cannot stop the stream for ever", async () => {
    const it = bench([answers.failing("INTERNAL")]);
    const groupId = it.add();
    const running = it.run();
    await it.pass(60_000);
    expect(it.queue.show(groupId)).toMatchObject({ state: "failed", errorCode: "INTERNAL" });
    it.stop.abort();
    await running;
  });

  test("because its input changed since it was claimed has not run the chain", async () => {
    const it = bench([answers.done]);
    const groupId = it.add();
    it.signatures.set("/in/0_sb00.hdf5", "other");
    const running = it.run();
    await it.pass(500);
    expect(it.queue.show(groupId)).toMatchObject({ state: "pending", errorCode: "INPUT_CHANGED" });
    expect(it.jobs).toEqual([]);
    it.stop.abort();
    await running;
  });
});

describe("a machine that is not fit", () => {
  test("costs no attempt: claiming pauses, says so as an error, and goes on by itself", async () => {
    const it = bench([answers.failing("DISK_FULL"), answers.failing("DISK_FULL"), answers.done]);
    const [first, second] = [it.add(0), it.add(300)];
    const running = it.run();
    await it.pass(500);
    expect(it.queue.show(first)).toMatchObject({ state: "pending", retryCount: 0 });
    expect(it.jobs).toHaveLength(1);
    await it.pass(1_000);
    expect(it.jobs).toHaveLength(1);
    await it.pass(1_500);
    expect(it.jobs).toHaveLength(2);
    await it.pass(6_000);
    expect(it.queue.show(first)?.state).toBe("completed");
    expect(it.queue.show(second)?.state).toBe("completed");
    expect(it.log.lines.filter((line) => line.startsWith("ERROR"))).toEqual([
      `ERROR: Processing pauses for 2 s: DISK_FULL: DISK_FULL happened (group ${first} keeps its place)`,
      `ERROR: Processing pauses for 4 s: DISK_FULL: DISK_FULL happened (group ${second} keeps its place)`,
    ]);
    expect(it.log.lines).toContain("INFO: Processing goes on");
    it.stop.abort();
    await running;
  });
});

test("a group that the machine is not fit for does not keep the others waiting", async () => {
  const bad = answers.failing("OUTPUT_NOT_WRITABLE");
  const it = bench([(job, ...rest) => (job.group.groupId === first ? bad : answers.done)(job, ...rest)]);
  const first = it.add(0);
  const others = [300, 600, 900].map((second) => it.add(second));
  const running = it.run();
  await it.pass(30_000);
  expect(others.map((groupId) => it.queue.show(groupId)?.state)).toEqual(["completed", "completed", "completed"]);
  expect(it.queue.show(first)).toMatchObject({ state: "pending", retryCount: 0, errorCode: "OUTPUT_NOT_WRITABLE" });
  it.stop.abort();
  await running;
});

describe("a lease", () => {
  test("is renewed for as long as the chain runs", async () => {
    const it = bench([answers.endless]);
    const groupId = it.add();
    const running = it.run();
    await it.pass(5 * LEASE_MS);
    expect(it.queue.recoverStale(() => false, defaultRetryPolicy)).toEqual([]);
    expect(it.queue.show(groupId)?.state).toBe("in_progress");
    it.force.abort();
    it.stop.abort();
    await running;
  });

  test("that the operator took away stops the chain, and what it made is not recorded", async () => {
    const it = bench([answers.endless]);
    const groupId = it.add();
    const running = it.run();
    await it.pass(500);
    it.queue.cancel(groupId, "not wanted");
    await it.pass(6_000);
    expect(it.log.lines).toContain(
      `WARNING: Group ${groupId} was taken from this worker; what it made of it is not recorded`,
    );
    expect(it.queue.show(groupId)).toMatchObject({ state: "failed", retryCount: 0 });
    expect(it.worker.activeGroupIds()).toEqual([]);
    it.stop.abort();
    await running;
  });

  test("that ran out while the worker stood still is worth nothing when it goes on", async () => {
    let finish: (() => void) | undefined;
    const it = bench([
      (job) => new Promise((resolve) => (finish = () => resolve({ ms: msOf(job.group.groupId), calibration: null }))),
    ]);
    const groupId = it.add();
    const running = it.run();
    await it.pass(500);
    // The process is stopped: its timers do not fire, the machine's time goes on.
    it.clock.pass(2 * LEASE_MS);
    expect(it.queue.recoverStale(() => false, defaultRetryPolicy)).toHaveLength(1);
    const other = it.queue.claim("other", LEASE_MS);
    expect(other?.lease.groupId).toBe(groupId);
    finish!();
    await vi.advanceTimersByTimeAsync(0);
    expect(it.queue.show(groupId)).toMatchObject({ state: "in_progress", leaseOwner: "other" });
    expect(it.steps).not.toContain("completed-committed");
    it.stop.abort();
    await running;
  });
});

describe("groups of workers that died", () => {
  test("are taken back at the start, said as operators know it, and processed", async () => {
    const it = bench([answers.done]);
    const groupId = it.add();
    it.queue.claim("dead", LEASE_MS);
    const running = it.run();
    await it.pass(500);
    expect(it.log.lines[0]).toBe(`WARNING: Recovered stale in-progress group ${groupId}; re-queued for processing`);
    expect(it.queue.show(groupId)).toMatchObject({ state: "completed", crashCount: 1 });
    it.stop.abort();
    await running;
  });

  test("are taken back while the stream runs, and what they left is swept", async () => {
    const it = bench([answers.done]);
    const running = it.run();
    await it.pass(6_000);
    const sweepsBefore = it.sweeps();
    const groupId = it.add();
    it.queue.claim("dead", LEASE_MS);
    await it.pass(5_000);
    expect(it.queue.show(groupId)?.state).toBe("completed");
    expect(it.sweeps()).toBe(sweepsBefore + 1);
    // Once more for the child of the dead, which may have outlived it by a moment; then no more.
    await it.pass(20_000);
    expect(it.sweeps()).toBe(sweepsBefore + 2);
    it.stop.abort();
    await running;
  });
});

describe("a stop", () => {
  test("lets what runs end, and begins nothing", async () => {
    let finish: (() => void) | undefined;
    const it = bench([
      (job) => new Promise((resolve) => (finish = () => resolve({ ms: msOf(job.group.groupId), calibration: null }))),
    ]);
    const [first, second] = [it.add(0), it.add(300)];
    const running = it.run();
    await it.pass(500);
    it.stop.abort();
    await it.pass(1_000);
    finish!();
    await running;
    expect(it.queue.show(first)?.state).toBe("completed");
    expect(it.queue.show(second)?.state).toBe("pending");
  });

  test("hands back after the grace period what has not ended, and counts no attempt", async () => {
    const it = bench([answers.endless]);
    const groupId = it.add();
    const running = it.run();
    await it.pass(500);
    it.stop.abort();
    await it.pass(4_000);
    expect(it.queue.show(groupId)?.state).toBe("in_progress");
    await it.pass(1_500);
    await running;
    expect(it.queue.show(groupId)).toMatchObject({ state: "pending", retryCount: 0, crashCount: 0 });
    expect(it.log.lines).toContain(`INFO: Group ${groupId} handed back`);
  });

  test("with force hands back at once", async () => {
    const it = bench([answers.endless]);
    const groupId = it.add();
    const running = it.run();
    await it.pass(500);
    it.stop.abort();
    it.force.abort();
    await running;
    expect(it.queue.show(groupId)?.state).toBe("pending");
  });
});

describe("copies of the input", () => {
  test.each([
    ["are removed after success", [answers.done], false, true],
    ["are removed when the disk is full", [answers.failing("DISK_FULL")], false, true],
    ["are kept after a failure, for inspection", [answers.failing("UVH5_CORRUPT")], false, false],
    ["are removed after a failure when asked", [answers.failing("UVH5_CORRUPT")], true, true],
  ] as const)("%s", async (_what, script, cleansUpTemp, isRemoved) => {
    const it = bench(script, { options: { stagesInputs: true, cleansUpTemp } });
    it.add();
    const running = it.run();
    await it.pass(500);
    expect(it.jobs[0]!.group.files).toMatchObject([
      { path: "/scratch/copy/in/0_sb00.hdf5", originPath: "/in/0_sb00.hdf5" },
    ]);
    expect(it.removed.includes("/scratch/copy")).toBe(isRemoved);
    it.stop.abort();
    await running;
  });
});

test("several groups at a time", async () => {
  const it = bench([answers.endless], { options: { groupCount: 2 } });
  const ids = [it.add(0), it.add(300), it.add(600)];
  const running = it.run();
  await it.pass(500);
  expect(it.worker.activeGroupIds()).toEqual(ids.slice(0, 2));
  it.stop.abort();
  it.force.abort();
  await running;
});

test("errors of several workers that no group explains are all told", async () => {
  const real = createMemoryQueue(new TestClock(), 1);
  const queue = {
    ...real,
    claim(): never {
      throw new TypeError("broken");
    },
  };
  const it = bench([answers.done], { options: { groupCount: 2 }, ports: { queue } });
  await expect(it.run()).rejects.toMatchObject({ errors: [{ message: "broken" }, { message: "broken" }] });
});
