/** What the queue and the ledger promise, tried on SQLite through the port. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeWith, hasCommand } from "../../../../tools/oracles.ts";
import { openQueueDatabase } from "../../src/adapters/sqlite/queue-database.ts";
import type { WholeSubband } from "../../src/domain/arrival.ts";
import { type ClaimedGroup, defaultRetryPolicy } from "../../src/domain/queue.ts";
import type { Completion, QueueDatabase } from "../../src/ports/group-queue.ts";
import { TestClock } from "./test-clock.ts";

const FIRST_JD = 2460951.992331495;
const CADENCE_DAY = 309.24 / 86_400;
const INTEGRATION_SEC = 12.884902;
const never = () => false;

/** Subband `subbandIndex` of the group so many cadences after the first one. */
function subband(groupIndex: number, subbandIndex: number, change: Partial<WholeSubband> = {}): WholeSubband {
  const path = change.path ?? `/in/g${groupIndex}_sb${String(subbandIndex).padStart(2, "0")}.hdf5`;
  return {
    path,
    sizeBytes: 1000,
    signature: `${path}:1`,
    firstTimeJd: FIRST_JD + groupIndex * CADENCE_DAY,
    integrationTimeSec: INTEGRATION_SEC,
    topFreqHz: 1.5e9 - subbandIndex * 1e7,
    subbandIndex,
    sampleDigest: `content of ${groupIndex}/${subbandIndex}`,
    ...change,
  };
}

const completion = (groupId: string, change: Partial<Completion> = {}): Completion => ({
  msPath: `/out/ms/science/${groupId.slice(0, 10)}/${groupId}.ms`,
  startMjd: 60951.25,
  endMjd: 60951.5,
  raDeg: 177,
  decDeg: 54.5,
  storageBasePath: "/out/ms",
  stage: "convert",
  timings: { loadSec: 1, phaseSec: 2, writeSec: 3, totalSec: 6.5 },
  writerType: "contimg",
  calibrators: null,
  calibration: null,
  ...change,
});

let folder: string;
let clock: TestClock;
let queue: QueueDatabase;
const path = () => join(folder, "streaming_queue.sqlite3");

function open(expectedSubbandCount = 4): QueueDatabase {
  return openQueueDatabase({
    path: path(),
    productsPath: join(folder, "products.sqlite3"),
    clock,
    expectedSubbandCount,
    chunkMinutes: 5,
  });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contimg-queue-"));
  clock = new TestClock();
  queue = open();
});

afterEach(() => {
  queue.close();
  rmSync(folder, { recursive: true, force: true });
});

function fill(groupIndex: number, subbands = [0, 1, 2, 3]): string {
  return subbands.map((index) => queue.recordSubband(subband(groupIndex, index)).groupId!).at(-1)!;
}

function claim(): ClaimedGroup {
  const claimed = queue.claim("worker-1", 60_000);
  if (!claimed) throw new Error("nothing to claim");
  return claimed;
}

/** Every arrival has one fate, and there are as many as there were files. */
function expectLedger(arrivalCount: number): void {
  const summary = queue.ledgerSummary();
  expect(summary.arrivalCount).toBe(arrivalCount);
  expect(Object.values(summary.countOfFate).reduce((sum, count) => sum + count)).toBe(arrivalCount);
}

describe("groups", () => {
  test("become pending with their last subband, whatever the order, and are named by the start of their data", () => {
    const outcomes = [2, 0, 3, 1].map((index) => queue.recordSubband(subband(0, index)));
    expect(outcomes.map((outcome) => [outcome.fate, outcome.groupState, outcome.becamePending])).toEqual([
      ["queued", "collecting", false],
      ["queued", "collecting", false],
      ["queued", "collecting", false],
      ["queued", "pending", true],
    ]);
    expect(outcomes[0]!.groupId).toBe("2025-10-03T11:48:50");
    expect(claim().files.map((file) => file.subbandIndex)).toEqual([0, 1, 2, 3]);
    expectLedger(4);
  });

  test("of writers that round their times within a second are one", () => {
    queue.recordSubband(subband(0, 0));
    const outcome = queue.recordSubband(subband(0, 1, { firstTimeJd: FIRST_JD + 0.6 / 86_400 }));
    expect(outcome.groupId).toBe("2025-10-03T11:48:50");
  });

  test("are claimed in order of their data, not of arrival", () => {
    const later = fill(7);
    const earlier = fill(3);
    expect([claim().lease.groupId, claim().lease.groupId]).toEqual([earlier, later]);
    expect(queue.claim("worker-1", 1)).toBeUndefined();
  });

  test("a late or second file does not put a group back that is worked on or done (the old queue processed it twice)", () => {
    fill(0);
    const { lease } = claim();
    expect(queue.recordSubband(subband(0, 1, { path: "/in/again_sb01.hdf5" }))).toMatchObject({
      fate: "duplicate",
      groupState: "in_progress",
      becamePending: false,
    });
    expect(queue.complete(lease, completion(lease.groupId))).toBe("done");
    expect(queue.recordSubband(subband(0, 1, { signature: "new" }))).toMatchObject({
      fate: "resent",
      groupState: "completed",
    });
    expect(queue.recordSubband(subband(0, 1, { signature: "newer", sampleDigest: "other" }))).toMatchObject({
      fate: "changed",
      groupState: "completed",
    });
    expect(queue.claim("worker-1", 1)).toBeUndefined();
    expectLedger(7);
  });
});

describe("files", () => {
  test("the same version is one arrival, however often it is recorded", () => {
    for (let i = 0; i < 3; i++) queue.recordSubband(subband(0, 0));
    expectLedger(1);
  });

  test("a file that settles keeps its row, and a vanished one says so", () => {
    const file = subband(0, 0);
    queue.recordUnusable({ ...file, signature: "half" }, "settling", "still written");
    queue.recordUnusable({ ...file, signature: "more" }, "settling", "still written");
    expect(queue.recordSubband(file).fate).toBe("queued");
    queue.recordUnusable(subband(0, 1), "settling", "still written");
    expect(queue.recordVanished([subband(0, 1).path, file.path])).toBe(1);
    expect(queue.ledgerSummary().countOfFate).toMatchObject({ queued: 1, vanished: 1, settling: 0 });
    expectLedger(2);
  });

  test("a corrupt file that is sent again in order joins its group", () => {
    queue.recordUnusable({ ...subband(0, 0), signature: "bad" }, "corrupt", "UVH5_CORRUPT: …");
    expect(queue.recordSubband(subband(0, 0)).fate).toBe("queued");
    expect(queue.ledgerSummary().countOfFate).toMatchObject({ corrupt: 1, queued: 1 });
  });

  test("other content under the same name replaces the file while the group waits", () => {
    fill(0, [0, 1]);
    const outcome = queue.recordSubband(subband(0, 1, { signature: "new", sampleDigest: "other" }));
    expect(outcome.fate).toBe("queued");
    expect(queue.show(outcome.groupId!)!.files[1]!.signature).toBe("new");
    expect(queue.ledgerSummary().countOfFate).toMatchObject({ queued: 2, superseded: 1 });
  });

  test("a file that changed during the work is used in the next attempt", () => {
    fill(0);
    const { lease } = claim();
    queue.recordSubband(subband(0, 1, { signature: "new", sampleDigest: "other" }));
    const failure = { code: "INPUT_CHANGED", message: "changed", isRetryable: true } as const;
    expect(queue.fail(lease, failure, defaultRetryPolicy, 0)).toBe("will-retry");
    clock.pass(600_000);
    expect(claim().files[1]!.signature).toBe("new");
    expect(queue.ledgerSummary().countOfFate).toMatchObject({ queued: 4, superseded: 1, changed: 0 });
  });

  test("a subband that the telescope has not is foreign", () => {
    expect(queue.recordSubband(subband(0, 9))).toMatchObject({ fate: "foreign", groupId: null });
  });

  test("what is known of a directory is the newest version of each name", () => {
    queue.recordSubband(subband(0, 0));
    queue.recordSubband(subband(0, 0, { signature: "new" }));
    queue.recordSubband(subband(0, 1, { path: "/elsewhere/x_sb01.hdf5" }));
    expect([...queue.knownFiles("/in")].map(({ name, signature }) => [name, signature])).toEqual([
      ["g0_sb00.hdf5", "new"],
    ]);
  });
});

describe("leases", () => {
  test("who lost the lease can record nothing: a stopped worker that wakes up changes nothing", () => {
    fill(0);
    const lost = claim().lease;
    clock.pass(61_000);
    expect(queue.recoverStale(never, defaultRetryPolicy)).toEqual([
      { groupId: lost.groupId, state: "pending", leaseOwner: "worker-1" },
    ]);
    const held = claim().lease;
    expect(held.token).toBeGreaterThan(lost.token);
    expect(queue.renew(lost, 1)).toBe(false);
    expect(queue.saveCheckpoint(lost, "/x")).toBe(false);
    expect(queue.recordStage(lost, stageRun)).toBe(false);
    expect(queue.complete(lost, completion(lost.groupId))).toBe("lease-lost");
    expect(queue.fail(lost, failure, defaultRetryPolicy, 0)).toBe("lease-lost");
    expect(queue.handBack(lost, 0)).toBe("lease-lost");
    expect(queue.show(lost.groupId)).toMatchObject({ state: "in_progress", stageRuns: [], timings: null });
    expect(queue.complete(held, completion(held.groupId))).toBe("done");
  });

  test("a step of the wall clock moves no lease, no wait and no age", () => {
    fill(0);
    const { lease } = claim();
    fill(1, [0]);
    for (const stepSec of [3600, -7200]) {
      clock.step(stepSec);
      expect(queue.recoverStale(never, defaultRetryPolicy)).toEqual([]);
      expect(queue.reviewCollecting({ timeoutMs: 600_000, minSubbandCount: 4, closeAfterMs: 86_400_000 })).toEqual({
        overdue: [],
        promoted: [],
        closed: [],
      });
    }
    expect(queue.renew(lease, 60_000)).toBe(true);
  });

  test("after a restart of the machine every lease is void and every wait over", () => {
    fill(0);
    const first = claim().lease;
    queue.fail(first, failure, defaultRetryPolicy, 0.5);
    expect(queue.claim("worker-1", 1)).toBeUndefined();
    fill(1);
    const second = claim().lease;
    clock.restartMachine();
    expect(queue.recoverStale(never, defaultRetryPolicy).map(({ groupId }) => groupId)).toEqual([second.groupId]);
    expect([claim().lease.groupId, claim().lease.groupId]).toEqual([first.groupId, second.groupId]);
  });

  test("a worker that died loses its groups at once", () => {
    fill(0);
    claim();
    expect(queue.recoverStale((owner) => owner === "worker-2", defaultRetryPolicy)).toEqual([]);
    expect(queue.recoverStale((owner) => owner === "worker-1", defaultRetryPolicy)).toHaveLength(1);
    expect(claim().processingStage).toBe("processing_fresh");
  });

  test("a group that kills its workers ends as failed", () => {
    fill(0);
    const policy = { ...defaultRetryPolicy, maxCrashCount: 2 };
    const states = Array.from({ length: 3 }, () => {
      claim();
      return queue.recoverStale(() => true, policy)[0]!.state;
    });
    expect(states).toEqual(["pending", "pending", "failed"]);
    expect(queue.list({ maxCount: 1, newestFirst: true })[0]).toMatchObject({ crashCount: 3, retryCount: 0 });
  });
});

const failure = { code: "INPUT_UNREADABLE", message: "the whole error\n  caused by that", isRetryable: true } as const;
const stageRun = { stage: "convert", startedUnixSec: 1, durationSec: 2, outcome: "done", error: null } as const;

describe("failures", () => {
  test("are tried again after a growing wait, then the group is failed with the whole error", () => {
    fill(0);
    const ends = Array.from({ length: 3 }, () => {
      const { lease } = claim();
      const end = queue.fail(lease, failure, defaultRetryPolicy, 1);
      const { retryInMs } = queue.show(lease.groupId)!;
      expect(queue.claim("worker-1", 1)).toBeUndefined();
      clock.pass(retryInMs);
      return [end, retryInMs];
    });
    expect(ends).toEqual([
      ["will-retry", 5_000],
      ["will-retry", 10_000],
      ["failed", 0],
    ]);
    expect(queue.list({ states: ["failed"], maxCount: 9, newestFirst: true })[0]).toMatchObject({
      retryCount: 3,
      error: failure.message,
      errorCode: "INPUT_UNREADABLE",
    });
  });

  test("that no attempt can help fail at once", () => {
    fill(0);
    expect(queue.fail(claim().lease, { ...failure, isRetryable: false }, defaultRetryPolicy, 0)).toBe("failed");
  });

  test("are repaired by a new version of a file, with a fresh budget", () => {
    fill(0);
    queue.fail(claim().lease, { ...failure, isRetryable: false }, defaultRetryPolicy, 0);
    expect(queue.recordSubband(subband(0, 2, { signature: "new", sampleDigest: "whole" }))).toMatchObject({
      fate: "queued",
      groupState: "pending",
      becamePending: true,
    });
    expect(claim().retryCount).toBe(0);
  });

  test("a group that is handed back has lost no attempt", () => {
    fill(0);
    const { lease } = claim();
    expect(queue.handBack(lease, 1000)).toBe("done");
    expect(queue.claim("worker-1", 1)).toBeUndefined();
    clock.pass(1000);
    expect(claim().retryCount).toBe(0);
  });

  test("a group that is handed back for a reason shows it until it is completed", () => {
    const groupId = fill(0);
    queue.handBack(claim().lease, 0, { code: "DISK_FULL", message: "no room" });
    const waiting = { state: "pending", error: "no room", errorCode: "DISK_FULL", retryCount: 0 };
    expect(queue.show(groupId)).toMatchObject(waiting);
    const { lease } = claim();
    queue.complete(lease, completion(groupId));
    expect(queue.show(groupId)).toMatchObject({ state: "completed", error: null, errorCode: null });
  });
});

describe("incomplete groups", () => {
  const policy = { timeoutMs: 600_000, minSubbandCount: 4, closeAfterMs: 86_400_000 };

  test("are warned about once, and closed with a reason", () => {
    const groupId = fill(0, [0, 2, 3]);
    expect(queue.reviewCollecting(policy).overdue).toEqual([]);
    clock.pass(600_001);
    expect(queue.reviewCollecting(policy).overdue).toEqual([{ groupId, presentCount: 3, missingSubbands: [1] }]);
    expect(queue.reviewCollecting(policy).overdue).toEqual([]);
    clock.pass(86_400_000);
    expect(queue.reviewCollecting(policy).closed).toHaveLength(1);
    expect(queue.show(groupId)).toMatchObject({
      state: "failed",
      error: "Collecting timeout: 3 of 4 subbands came; missing: 1",
    });
  });

  test("are opened again when the missing file comes after all", () => {
    fill(0, [0, 2, 3]);
    clock.pass(86_400_001);
    queue.reviewCollecting(policy);
    expect(queue.recordSubband(subband(0, 1))).toMatchObject({ fate: "queued", becamePending: true });
  });

  test("are processed with what they have when that is allowed", () => {
    const groupId = fill(0, [0, 2, 3]);
    clock.pass(600_001);
    expect(queue.reviewCollecting({ ...policy, minSubbandCount: 3 }).promoted).toEqual([
      { groupId, presentCount: 3, missingSubbands: [1] },
    ]);
    expect(claim().files).toHaveLength(3);
    expect(queue.recordSubband(subband(0, 1)).fate).toBe("late");
  });
});

describe("completion", () => {
  test("is one transaction: state, ms_index, storage_locations, performance_metrics; copied to products.sqlite3", () => {
    const groupId = fill(0);
    const { lease } = claim();
    queue.saveCheckpoint(lease, "/cp");
    queue.recordStage(lease, stageRun);
    queue.complete(lease, completion(groupId));
    expect(queue.show(groupId)).toMatchObject({
      state: "completed",
      processingStage: "completed",
      checkpointPath: null,
      msPath: completion(groupId).msPath,
      timings: { loadSec: 1, phaseSec: 2, writeSec: 3, totalSec: 6.5 },
      stageRuns: [stageRun],
    });
    for (const name of ["streaming_queue.sqlite3", "products.sqlite3"]) {
      const database = new DatabaseSync(join(folder, name), { readOnly: true });
      expect(database.prepare("SELECT path, group_id, mid_mjd FROM ms_index").all()).toEqual([
        { path: completion(groupId).msPath, group_id: groupId, mid_mjd: 60951.375 },
      ]);
      expect(database.prepare("SELECT base_path FROM storage_locations").all()).toEqual([{ base_path: "/out/ms" }]);
      database.close();
    }
  });

  test("what the copy missed is copied at the next opening", () => {
    const groupId = fill(0);
    queue.complete(claim().lease, completion(groupId));
    queue.close();
    rmSync(join(folder, "products.sqlite3"));
    queue = open();
    const database = new DatabaseSync(join(folder, "products.sqlite3"), { readOnly: true });
    expect(database.prepare("SELECT group_id FROM ms_index").all()).toEqual([{ group_id: groupId }]);
    database.close();
  });

  test("a checkpoint makes the next attempt one that resumes", () => {
    fill(0);
    const { lease } = claim();
    queue.saveCheckpoint(lease, "/cp/a.checkpoint.uvh5");
    queue.handBack(lease, 0);
    expect(claim()).toMatchObject({ processingStage: "resuming", checkpointPath: "/cp/a.checkpoint.uvh5" });
  });
});

describe("operators", () => {
  test("retry, cancel and requeue", () => {
    const groupId = fill(0);
    const { lease } = claim();
    expect(queue.cancel(groupId, "test data")).toBe(true);
    expect(queue.renew(lease, 1)).toBe(false);
    expect(queue.show(groupId)).toMatchObject({ state: "failed", error: "Cancelled: test data" });
    expect(queue.recordSubband(subband(0, 0, { path: "/in/other_sb00.hdf5", sampleDigest: "z" })).fate).toBe(
      "duplicate",
    );
    expect(queue.retry(groupId)).toBe(true);
    expect(queue.retry(groupId)).toBe(false);
    queue.complete(claim().lease, completion(groupId));
    expect(queue.cancel(groupId, "too late")).toBe(false);
    expect(queue.requeue(groupId)).toBe(true);
    expect(claim().lease.groupId).toBe(groupId);
    expect(queue.requeue("2000-01-01T00:00:00")).toBe(false);
  });

  test("stats count waiting groups apart from finished ones", () => {
    for (const index of [0, 1, 2]) fill(index);
    fill(3, [0]);
    const done = claim().lease;
    queue.complete(done, completion(done.groupId));
    claim();
    clock.pass(5_000);
    expect(queue.stats(never)).toMatchObject({
      countOfState: { collecting: 1, pending: 1, in_progress: 1, completed: 1, failed: 0 },
      staleCount: 0,
      oldestPendingAgeSec: 5,
      completedLastHourCount: 1,
      meanTimings: { totalSec: 6.5 },
    });
    expect(queue.stats(() => true).staleCount).toBe(1);
  });
});

describeWith(hasCommand("sqlite3"), "the sqlite3 commands that operators know", () => {
  const shell = (sql: string) => {
    const { stdout, stderr, status } = spawnSync("sqlite3", [path(), sql], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    return stdout.trim().split("\n");
  };

  test("show the queue, the metrics and the counts", () => {
    const groupId = fill(0);
    queue.complete(claim().lease, completion(groupId));
    fill(1, [0]);
    expect(
      shell(
        "SELECT group_id, state, processing_stage, retry_count, error FROM ingest_queue ORDER BY received_at DESC LIMIT 10;",
      ).toSorted(),
    ).toEqual([`${groupId}|completed|completed|0|`, "2025-10-03T11:54:00|collecting|collecting|0|"].toSorted());
    expect(
      shell(
        "SELECT group_id, total_time, load_time, phase_time, write_time FROM performance_metrics ORDER BY recorded_at DESC LIMIT 10;",
      ),
    ).toEqual([`${groupId}|6.5|1.0|2.0|3.0`]);
    expect(shell("SELECT state, COUNT(*) FROM ingest_queue GROUP BY state;")).toEqual(["collecting|1", "completed|1"]);
  });

  test("put a group back into the queue from any state, and its worker can record nothing more", () => {
    const groupId = fill(0);
    const again = `UPDATE ingest_queue SET state='pending', processing_stage='collecting' WHERE group_id='${groupId}';`;
    const first = claim().lease;
    shell(again);
    expect(queue.complete(first, completion(groupId))).toBe("lease-lost");
    const second = claim().lease;
    expect(queue.complete(first, completion(groupId))).toBe("lease-lost");
    queue.fail(second, { ...failure, isRetryable: false }, defaultRetryPolicy, 0);
    shell(again);
    const third = claim().lease;
    queue.complete(third, completion(groupId));
    shell(again);
    expect(claim().lease.groupId).toBe(groupId);
  });
});

describe("any order of arrivals", () => {
  const files = [0, 1, 2].flatMap((group) => [0, 1, 2, 3].map((index) => subband(group, index)));

  test("with repeats and restarts gives the same groups and the same ledger", () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...files, ...files], { minLength: 2 * files.length }),
        fc.set(fc.integer({ min: 0, max: 2 * files.length }), { maxLength: 3 }),
        (arrivals, restarts) => {
          queue.close();
          for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path()}${suffix}`, { force: true });
          queue = open();
          arrivals.forEach((file, at) => {
            if (restarts.has(at)) {
              queue.close();
              queue = open();
            }
            queue.recordSubband(file);
          });
          const groups = queue.list({ maxCount: 99, newestFirst: false });
          expect(groups.map((group) => [group.groupId, group.state])).toEqual([
            ["2025-10-03T11:48:50", "pending"],
            ["2025-10-03T11:54:00", "pending"],
            ["2025-10-03T11:59:09", "pending"],
          ]);
          expectLedger(files.length);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("files that are not ours to open", () => {
  test("no database, a newer version: refused with the reason", () => {
    const database = new DatabaseSync(path());
    database.exec("PRAGMA user_version = 99");
    database.close();
    expect(() => open()).toThrow(/streaming_queue.sqlite3: version 99: expected 2 at most/);
    queue.close();
    for (const suffix of ["-wal", "-shm"]) rmSync(`${path()}${suffix}`, { force: true });
    rmSync(path());
    spawnSync("sh", ["-c", `echo this is no database, only some text that is long enough > '${path()}'`]);
    expect(() => open()).toThrow(/streaming_queue.sqlite3: file is not a database/);
    rmSync(path());
    queue = open();
  });
});

describe("queue files of the Python converter", () => {
  test.each(["T", " ", "_"])("are taken over, rows and all (group ids with '%s')", (separator) => {
    queue.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path()}${suffix}`, { force: true });
    const id = (time: string) => `2025-10-05${separator}${separator === "_" ? time.replaceAll(":", "_") : time}`;
    const old = new DatabaseSync(path());
    old.exec(`
      CREATE TABLE ingest_queue (group_id TEXT PRIMARY KEY, state TEXT NOT NULL, received_at REAL NOT NULL, last_update REAL NOT NULL,
        expected_subbands INTEGER, retry_count INTEGER NOT NULL DEFAULT 0, error TEXT, checkpoint_path TEXT,
        processing_stage TEXT DEFAULT 'collecting', chunk_minutes REAL);
      CREATE TABLE subband_files (group_id TEXT NOT NULL, subband_idx INTEGER NOT NULL, path TEXT NOT NULL, PRIMARY KEY (group_id, subband_idx));
      CREATE TABLE performance_metrics (group_id TEXT NOT NULL PRIMARY KEY, load_time REAL, phase_time REAL, write_time REAL,
        total_time REAL, writer_type TEXT, recorded_at REAL NOT NULL);
      INSERT INTO ingest_queue VALUES ('${id("12:30:00")}', 'completed', 1e9, 1e9, 4, 0, NULL, NULL, 'completed', 5);
      INSERT INTO ingest_queue VALUES ('${id("12:35:00")}', 'failed', 1e9, 1e9, 4, 3, 'no space', NULL, 'processing_fresh', 5);
      INSERT INTO ingest_queue VALUES ('${id("12:40:00")}', 'processing', 1e9, 1e9, 4, 0, NULL, NULL, 'collecting', 5);
      INSERT INTO subband_files VALUES ('${id("12:30:00")}', 0, '/in/old_sb00.hdf5');
      INSERT INTO subband_files VALUES ('${id("12:40:00")}', 0, '/in/open_sb00.hdf5');
      INSERT INTO performance_metrics VALUES ('${id("12:30:00")}', 1, 2, 3, 6, 'direct', 1e9);
    `);
    old.close();
    queue = open();
    expect(
      queue.list({ maxCount: 9, newestFirst: false }).map((group) => [group.groupId, group.state, group.error]),
    ).toEqual([
      ["2025-10-05T12:30:00", "completed", null],
      ["2025-10-05T12:35:00", "failed", "no space"],
    ]);
    expect(queue.show("2025-10-05T12:30:00")).toMatchObject({ timings: { totalSec: 6 } });
    // A file of a finished group is not processed again; one of an open group finds its true group.
    expect(queue.recordSubband(subband(0, 0, { path: "/in/old_sb00.hdf5" }))).toMatchObject({
      fate: "queued",
      groupId: "2025-10-05T12:30:00",
    });
    expect(queue.recordSubband(subband(1, 0, { path: "/in/open_sb00.hdf5" }))).toMatchObject({
      fate: "queued",
      groupId: "2025-10-03T11:54:00",
    });
    expectLedger(2);
    const copy = new DatabaseSync(`${path()}.before-contimg`, { readOnly: true });
    expect(copy.prepare("SELECT count(*) AS n FROM ingest_queue").get()).toEqual({ n: 3 });
    copy.close();
  });
});
