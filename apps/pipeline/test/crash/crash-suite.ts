/**
 * Runs real streams on real directories, kills, stops and wakes them, starts them again, and looks whether anything was
 * lost, doubled or left behind.
 */

import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProtocolStep } from "../../src/services/stream-setup.ts";
import { RandomStream } from "../../src/simulate/random.ts";
import { checkAfterCrashes } from "./check-after-crashes.ts";
import { type CrashSetup, LEASE_MS, setupIn, simulateTinyGroups } from "./crash-setup.ts";
import { readJournal } from "./journal.ts";
import { type LiveStream, startStream, type Weather } from "./live-stream.ts";

/** Steps at which a stream can be told to kill itself. */
export const protocolSteps: readonly ProtocolStep[] = [
  "arrival-recorded",
  "claimed",
  "inputs-staged",
  "chain-started",
  "checkpoint-recorded",
  "chain-ended",
  "completed-committed",
  "cleaned-up",
];

export interface CrashRun extends Weather {
  readonly groupCount: number;
  /** Kills at random instants, on top of one at each step. */
  readonly killCount: number;
  /** Times that a stream sleeps with a finished group in its hand, until another has claimed that group. */
  readonly stallCount: number;
  readonly seed: number;
  readonly usesSubprocess: boolean;
  /** Groups are flagged as well. */
  readonly isFlagging?: boolean;
  /** Streams that work on one queue at the same time. */
  readonly streamCount: number;
  onProgress(text: string): void;
}

export interface CrashReport {
  readonly killCount: number;
  readonly stallCount: number;
  /** What was found wrong; empty: nothing. */
  readonly findings: readonly string[];
}

/** A stream that hangs is killed; the groups it left are findings. Of a mutant that is expected. */
const LAST_RUN_MS = 120_000;
const LAST_RUN_OF_MUTANT_MS = 15_000;
/** A step that a stream does not reach in this time is not reached: it is killed where it is. */
const STEP_MS = 3_000;
const STALL_MS = 10_000;

/** Kills and restarts streams while files arrive, lets the last ones finish, and checks what is there. */
export async function crash(run: CrashRun): Promise<CrashReport> {
  const root = mkdtempSync(join(tmpdir(), "contimg-crash-"));
  const random = new RandomStream(run.seed, 0);
  const uniform = () => random.uniform();
  const setup = setupIn(root, run.usesSubprocess, run.isFlagging);
  const streams: LiveStream[] = [];
  try {
    const arrivals = createArrivals(root, setup, run, uniform);
    const plannedCount = protocolSteps.length + run.killCount;
    // Every step can be reached in the first round: some groups are whole.
    arrivals.send(Math.ceil(arrivals.fileCount / 2));
    let killCount = 0;
    let stallCount = 0;
    for (let round = 0; round < plannedCount; round++) {
      const step = protocolSteps[round] ?? null;
      // One file is kept back: the last streams, too, have a group to complete.
      arrivals.send(Math.ceil((arrivals.waitingCount() - 1) / (plannedCount - round)));
      // From the second round on, when the first groups are whole; one that did not come about is tried again.
      if (stallCount < Math.ceil((round * run.stallCount) / plannedCount)) {
        await Promise.all(streams.splice(0).map((stream) => stream.kill()));
        if (await stallBeyondLease(setup, run)) stallCount++;
      }
      for (let count = streams.filter((stream) => stream.isAlive()).length; count < run.streamCount; count++) {
        const doom = count === 0 ? { step, occurrence: 1 } : {};
        streams.push(startStream({ setup, ...doom }, run));
      }
      killCount += await killOne(streams, step === null ? 250 + 900 * uniform() : STEP_MS, uniform);
      // Once the checkpoints are lost as well, as with the disk they were on: what was made must be found by what it is.
      if (step === "chain-ended") rmSync(setup.chain.checkpointDir, { recursive: true, force: true });
      run.onProgress(`${killCount} kills, ${arrivals.fileCount - arrivals.waitingCount()} files arrived`);
    }
    for (const stream of streams) if (stream.isAlive() && (await stream.kill())) killCount++;
    arrivals.send(arrivals.waitingCount());
    arrivals.send(0);
    const findings = await finish(setup, run);
    const { fileCount } = arrivals;
    const checks = await checkAfterCrashes(root, setup, { groupCount: run.groupCount, fileCount });
    return { killCount, stallCount, findings: [...findings, ...checks] };
  } finally {
    await Promise.all(streams.map((stream) => stream.kill()));
    rmSync(root, { recursive: true, force: true });
  }
}

interface Arrivals {
  readonly fileCount: number;
  waitingCount(): number;
  /** What was sent under hidden names before gets its name, and some more are sent. */
  send(count: number): void;
}

function createArrivals(root: string, setup: CrashSetup, run: CrashRun, uniform: () => number): Arrivals {
  const correlator = join(root, "correlator");
  for (const directory of [correlator, setup.incomingDir, join(root, "state")]) mkdirSync(directory);
  const names = simulateTinyGroups(correlator, run.groupCount, run.seed);
  const order = names.map((name) => ({ name, key: uniform() })).toSorted((a, b) => a.key - b.key);
  const waiting = order.map(({ name }) => name);
  const partial = (name: string) => join(setup.incomingDir, `.${name}.partial`);
  let hidden: readonly string[] = [];
  return {
    fileCount: names.length,
    waitingCount: () => waiting.length,
    send(count) {
      for (const name of hidden) renameSync(partial(name), join(setup.incomingDir, name));
      hidden = waiting.splice(0, count);
      for (const name of hidden) renameSync(join(correlator, name), partial(name));
    },
  };
}

/** Waits until a stream has killed itself, or kills one when the time is over. @returns how many were killed */
async function killOne(streams: LiveStream[], limitMs: number, uniform: () => number): Promise<number> {
  const alive = streams.filter((stream) => stream.isAlive());
  const timer = new AbortController();
  const overtime = sleep(limitMs, "time is over", { signal: timer.signal }).catch(() => "stopped");
  await Promise.race([overtime, ...alive.map((stream) => stream.ended)]);
  timer.abort();
  let killCount = 0;
  if (alive.every((stream) => stream.isAlive())) {
    const victim = alive[Math.floor(uniform() * alive.length)];
    if (victim && (await victim.kill())) killCount++;
  } else killCount = alive.filter((stream) => !stream.isAlive()).length;
  streams.splice(0, streams.length, ...streams.filter((stream) => stream.isAlive()));
  return killCount;
}

/**
 * A stream falls asleep with a group that is finished but not yet recorded; its lease ends; another claims the group and
 * falls asleep at once; the first wakes up and goes on as if no time had passed. @returns whether it came so far
 */
async function stallBeyondLease(setup: CrashSetup, run: CrashRun): Promise<boolean> {
  const first = startStream({ setup, step: "chain-ended", occurrence: 1, signal: "SIGSTOP" }, run);
  let second: LiveStream | undefined;
  try {
    if (!(await first.untilStopped(STALL_MS))) return false;
    const last = readJournal(setup.journalPath).findLast(({ pid }) => pid === first.pid)!;
    if (last.step !== "chain-ended") return false;
    second = startStream(
      { setup, step: "chain-started", groupId: last.groupId, occurrence: 1, signal: "SIGSTOP" },
      run,
    );
    if (!(await second.untilStopped(LEASE_MS + STALL_MS))) return false;
    first.signal("SIGCONT");
    await sleep(300);
    second.signal("SIGCONT");
    await sleep(500);
    return true;
  } finally {
    await Promise.all([first.kill(), second?.kill()]);
  }
}

/** Streams that are left alone end when all groups are done. */
async function finish(setup: CrashSetup, run: CrashRun): Promise<readonly string[]> {
  const { groupCount } = run;
  const streams = Array.from({ length: run.streamCount }, () => startStream({ setup, groupCount }, run));
  const timer = setTimeout(
    () => streams.forEach((stream) => stream.signal("SIGKILL")),
    run.mutant ? LAST_RUN_OF_MUTANT_MS : LAST_RUN_MS,
  );
  const ends = await Promise.all(streams.map((stream) => stream.ended));
  clearTimeout(timer);
  return ends.flatMap((end) => (end === "status 0" ? [] : [`the last stream ended with ${end}`]));
}
