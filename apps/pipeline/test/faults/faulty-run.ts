/** Runs a stream on tiny groups while calls or disks fail, and tells what its queue and its log say. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { hostClock } from "../../src/adapters/host/host-clock.ts";
import { openQueueDatabase } from "../../src/adapters/sqlite/queue-database.ts";
import type { QueueDatabase } from "../../src/ports/group-queue.ts";
import { checkAfterCrashes } from "../crash/check-after-crashes.ts";
import { type CrashSetup, SUBBAND_COUNT, setupIn, simulateTinyGroups } from "../crash/crash-setup.ts";
import { endedPath, FAULT_PLAN_VARIABLE, type Fault, type FaultPlan, seenCalls } from "./fault-plan.ts";

export interface GroupRow {
  readonly group_id: string;
  readonly state: string;
  readonly error_code: string | null;
  readonly error: string | null;
}

export interface FaultyRun {
  readonly root: string;
  readonly setup: CrashSetup;
  readonly recordsDir: string;
  /** In order of data time. */
  readonly groupIds: readonly string[];
  /** Puts the files of some more groups, in order of data time, into the incoming directory. */
  send(groupCount: number): void;
  start(faults?: readonly Fault[]): Promise<void>;
  stop(): Promise<void>;
  isAlive(): boolean;
  groups(): readonly GroupRow[];
  /** Everything that stood in a row as its error, in order; one row each time that it changed. */
  errorHistory(): readonly GroupRow[];
  logLines(): readonly string[];
  /** @throws Error with the state of things when it does not come true in time, or the stream has ended */
  until(what: string, isTrue: () => boolean): Promise<void>;
  /** What persisted is repaired. */
  endFaults(): void;
  retryFailed(): void;
  /** What is wrong when every group should be done. */
  check(): Promise<readonly string[]>;
  end(): Promise<void>;
}

/** So long may no group come to its end. */
const PATIENCE_MS = 50_000;
/** Long enough that a pause is seen, short enough for a test that waits for the end of many. */
const QUICK_PAUSES = {
  file: "src/services/stream-worker.ts",
  text: "const FIRST_PAUSE_MS = 2_000;\nconst LONGEST_PAUSE_MS = 60_000;",
  replacement: "const FIRST_PAUSE_MS = 100; const LONGEST_PAUSE_MS = 200;",
};

export function prepareRun(groupCount: number, seed: number, usesSubprocess = false): FaultyRun {
  const root = mkdtempSync(join(tmpdir(), "contimg-faults-"));
  const recordsDir = mkdtempSync(join(tmpdir(), "contimg-fault-records-"));
  const plain = setupIn(root, usesSubprocess);
  const setup = { ...plain, monitoring: { ...plain.monitoring, isEnabled: false } };
  const correlator = join(root, "correlator");
  for (const directory of [correlator, setup.incomingDir, join(root, "state")])
    mkdirSync(directory, { recursive: true });
  const names = simulateTinyGroups(correlator, groupCount, seed).toSorted();
  const logPath = join(recordsDir, "log");
  let child: ChildProcess | undefined;
  let sentCount = 0;

  function ask<Row>(sql: string): readonly Row[] {
    const database = new DatabaseSync(setup.queuePath, { readOnly: true, timeout: 10_000 });
    try {
      return database.prepare(sql).all() as unknown as readonly Row[];
    } finally {
      database.close();
    }
  }

  const isAlive = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const logText = () => readFileSync(logPath, "utf8");
  const groups = () => ask<GroupRow>("SELECT group_id, state, error_code, error FROM ingest_queue ORDER BY group_id");

  function situation(): string {
    const fired = seenCalls(recordsDir).filter(({ errno }) => errno !== null);
    const open = groups().filter(({ state }) => state !== "completed");
    return [...open, ...fired].map((item) => JSON.stringify(item)).join("\n") + logText().slice(-6000);
  }

  return {
    root,
    setup,
    recordsDir,
    get groupIds() {
      return groups().map((row) => row.group_id);
    },
    send(count) {
      for (const name of names.slice(sentCount * SUBBAND_COUNT, (sentCount + count) * SUBBAND_COUNT))
        renameSync(join(correlator, name), join(setup.incomingDir, name));
      sentCount += count;
    },
    async start(faults = []) {
      keepErrorHistory(setup);
      const plan: FaultPlan = { root, recordsDir, faults };
      const preloads = [join(import.meta.dirname, "../crash/mutate-source.ts")];
      preloads.push(join(import.meta.dirname, "inject-faults.ts"));
      const logFd = openSync(logPath, "a");
      child = spawn(
        process.execPath,
        ["--conditions=@contimg/source", join(import.meta.dirname, "faulty-stream.ts"), JSON.stringify(setup)],
        {
          stdio: ["ignore", logFd, logFd],
          env: {
            ...process.env,
            NODE_OPTIONS: preloads.map((path) => `--import=${path}`).join(" "),
            CONTIMG_TEST_MUTANT: JSON.stringify(QUICK_PAUSES),
            [FAULT_PLAN_VARIABLE]: JSON.stringify(plan),
          },
        },
      );
      await once(child, "spawn");
    },
    async stop() {
      if (!child || !isAlive()) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const [status, signal] = (await ended) as [number | null, string | null];
      if (status !== 0) throw new Error(`the stream ended with ${signal ?? status}:\n${logText()}`);
    },
    isAlive,
    groups,
    errorHistory: () => ask<GroupRow>("SELECT group_id, state, error_code, error FROM error_history ORDER BY rowid"),
    logLines: () =>
      logText()
        .split("\n")
        .flatMap((line) => (line.startsWith("{") ? [(JSON.parse(line) as { message: string }).message] : [])),
    async until(what, isTrue) {
      const endedCount = () => groups().filter(({ state }) => state === "completed" || state === "failed").length;
      let [newestCount, newestMs] = [endedCount(), performance.now()];
      while (!isTrue()) {
        if (!isAlive()) throw new Error(`${what}: the stream has ended\n${situation()}`);
        if (endedCount() !== newestCount) [newestCount, newestMs] = [endedCount(), performance.now()];
        if (performance.now() - newestMs > PATIENCE_MS) throw new Error(`${what}: it did not happen\n${situation()}`);
        await sleep(50);
      }
    },
    endFaults: () => writeFileSync(endedPath(recordsDir), ""),
    retryFailed() {
      const queue = openQueue(setup);
      for (const { groupId } of queue.list({ states: ["failed"], maxCount: 1000, newestFirst: false }))
        queue.retry(groupId);
      queue.close();
    },
    check: () => checkAfterCrashes(root, setup, { groupCount: sentCount, fileCount: sentCount * SUBBAND_COUNT }),
    async end() {
      if (child && isAlive()) {
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }
      for (const directory of [root, recordsDir]) rmSync(directory, { recursive: true, force: true });
    },
  };
}

function openQueue({ queuePath, expectedSubbandCount, worker }: CrashSetup): QueueDatabase {
  const chunkMinutes = worker.chunkDurationMin;
  return openQueueDatabase({
    path: queuePath,
    productsPath: null,
    clock: hostClock(),
    expectedSubbandCount,
    chunkMinutes,
  });
}

/** A row says what is wrong only until the next attempt: the database itself is told to remember. */
function keepErrorHistory(setup: CrashSetup): void {
  openQueue(setup).close();
  const database = new DatabaseSync(setup.queuePath, { timeout: 10_000 });
  database.exec(`
    CREATE TABLE IF NOT EXISTS error_history (group_id TEXT, state TEXT, error_code TEXT, error TEXT) STRICT;
    CREATE TRIGGER IF NOT EXISTS remember_errors AFTER UPDATE OF error ON ingest_queue WHEN new.error IS NOT NULL
    BEGIN INSERT INTO error_history VALUES (new.group_id, new.state, new.error_code, new.error); END`);
  database.close();
}
