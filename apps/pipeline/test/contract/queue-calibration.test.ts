/** What the queue keeps of calibration: groups that wait for it, what was applied, alerts. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { productTables, queueTables } from "../../src/adapters/sqlite/migrations/0001-queue.sql.ts";
import { openQueueDatabase } from "../../src/adapters/sqlite/queue-database.ts";
import type { GroupCalibration } from "../../src/domain/group-calibration.ts";
import type { Completion } from "../../src/ports/group-queue.ts";
import { createAlerts } from "../../src/services/alerts.ts";
import { recordingLog } from "./recording-log.ts";
import { TestClock } from "./test-clock.ts";

const GROUP = "2025-10-03T11:48:50";
const MISSING = { code: "CALIBRATION_MISSING", message: "no BP is valid" } as const;
const HOUR_MS = 3_600_000;

let folder: string;
let clock: TestClock;
let queue: ReturnType<typeof open>;

const path = () => join(folder, "queue.sqlite3");
const open = () =>
  openQueueDatabase({
    path: path(),
    productsPath: join(folder, "products.sqlite3"),
    clock,
    expectedSubbandCount: 1,
    chunkMinutes: 5,
  });

function fill(): void {
  queue.recordSubband({
    path: "/in/a_sb00.hdf5",
    sizeBytes: 1,
    signature: "1",
    firstTimeJd: 2460951.992331495,
    integrationTimeSec: 12.885,
    topFreqHz: 1.5e9,
    subbandIndex: 0,
    sampleDigest: "content",
  });
}

const claim = () => queue.claim("worker", 60_000)!;

const rows = (sql: string, file = path()) => {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
};

const completion = (change: Partial<Completion>): Completion => ({
  msPath: `/ms/${GROUP}.ms`,
  startMjd: 60951.49,
  endMjd: 60951.5,
  raDeg: 177,
  decDeg: 54,
  storageBasePath: "/ms",
  stage: "calibrate",
  timings: { loadSec: 1, phaseSec: 1, writeSec: 1, totalSec: 3 },
  writerType: "thread",
  calibrators: null,
  calibration: null,
  ...change,
});

const calibration: GroupCalibration = {
  status: "calibrated",
  mjd: 60951.495,
  tables: [
    { type: "BP", path: "/cal/a_bpcal", tableId: 3, why: "nearest", offsetDay: -0.2 },
    { type: "GP", path: "/cal/b_gpcal", tableId: 5, why: "before", offsetDay: -0.01 },
    { type: "GP", path: "/cal/c_gpcal", tableId: 7, why: "after", offsetDay: 0.02 },
  ],
  solvedPaths: [],
  reasons: [],
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contimg-queue-calibration-"));
  clock = new TestClock();
  queue = open();
});

afterEach(() => {
  queue.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a group that waits for calibration", () => {
  test("knows since when, over any number of looks and a restart of the machine, and costs no attempt", () => {
    fill();
    expect(claim().heldMs).toBe(0);
    const { groupId } = queue.list({ maxCount: 1, newestFirst: true })[0]!;
    for (let look = 1; look <= 3; look++) {
      queue.handBack({ groupId, token: look, owner: "worker" }, 60_000, MISSING);
      expect(queue.show(groupId)).toMatchObject({
        state: "pending",
        errorCode: "CALIBRATION_MISSING",
        error: "no BP is valid",
        retryCount: 0,
        crashCount: 0,
        retryInMs: 60_000,
      });
      expect(queue.claim("worker", 60_000)).toBeUndefined();
      clock.pass(60_000);
      expect(claim().heldMs).toBe(look * 60_000);
    }
    queue.handBack({ groupId, token: 4, owner: "worker" }, 60_000, MISSING);
    clock.restartMachine();
    expect(claim().heldMs).toBe(4 * 60_000);
  });

  test("has waited for nothing when it is done, or put back by hand", () => {
    fill();
    const first = claim().lease;
    queue.handBack(first, 0, MISSING);
    clock.pass(5_000);
    expect(queue.requeue(first.groupId)).toBe(true);
    const second = claim();
    expect(second.heldMs).toBe(0);
    queue.handBack(second.lease, 0, MISSING);
    clock.pass(5_000);
    queue.complete(claim().lease, completion({}));
    queue.requeue(first.groupId);
    expect(claim().heldMs).toBe(0);
  });

  test("that is handed back for another reason has not begun to wait", () => {
    fill();
    queue.handBack(claim().lease, 0, { code: "DISK_FULL", message: "no room" });
    clock.pass(5_000);
    expect(claim().heldMs).toBe(0);
  });
});

describe("a completed group", () => {
  test("names the tables that are applied to it, in order, and is marked as calibrated in both databases", () => {
    fill();
    queue.complete(claim().lease, completion({ calibration }));
    expect(rows("SELECT table_type, table_path, table_id, why FROM calibration_applied ORDER BY position")).toEqual([
      { table_type: "BP", table_path: "/cal/a_bpcal", table_id: 3, why: "nearest" },
      { table_type: "GP", table_path: "/cal/b_gpcal", table_id: 5, why: "before" },
      { table_type: "GP", table_path: "/cal/c_gpcal", table_id: 7, why: "after" },
    ]);
    for (const file of [path(), join(folder, "products.sqlite3")])
      expect(rows("SELECT status, stage, cal_applied FROM ms_index", file)).toEqual([
        { status: "completed", stage: "calibrate", cal_applied: 1 },
      ]);
  });

  test("that went on without is marked as uncalibrated, and what was applied before is forgotten", () => {
    fill();
    const { lease } = claim();
    queue.complete(lease, completion({ calibration }));
    queue.requeue(lease.groupId);
    queue.complete(claim().lease, completion({ calibration: { ...calibration, status: "uncalibrated", tables: [] } }));
    expect(rows("SELECT * FROM calibration_applied")).toEqual([]);
    expect(rows("SELECT status, cal_applied FROM ms_index")).toEqual([{ status: "uncalibrated", cal_applied: 0 }]);
  });

  test("keeps its calibrators when nobody looks again", () => {
    fill();
    const { lease } = claim();
    queue.complete(lease, completion({ calibrators: { count: 2, text: "[1,2]" } }));
    queue.requeue(lease.groupId);
    queue.complete(claim().lease, completion({}));
    expect(rows("SELECT has_calibrator, calibrators FROM ingest_queue")).toEqual([
      { has_calibrator: 1, calibrators: "[1,2]" },
    ]);
    queue.requeue(lease.groupId);
    queue.complete(claim().lease, completion({ calibrators: { count: 0, text: "[]" } }));
    expect(rows("SELECT has_calibrator, calibrators FROM ingest_queue")).toEqual([
      { has_calibrator: 0, calibrators: "[]" },
    ]);
  });
});

describe("an alert", () => {
  const bench = () => {
    const log = recordingLog();
    return { log, alerts: createAlerts(queue, log, 6 * HOUR_MS) };
  };

  test("is said once however often it is raised, again after hours, and once when it ends", () => {
    const { log, alerts } = bench();
    for (let time = 0; time < 100; time++) {
      alerts.raise("calibration-missing:BP", "ERROR", `no BP is valid at ${time}`);
      clock.pass(HOUR_MS / 10);
    }
    alerts.resolve("calibration-missing:BP");
    alerts.resolve("calibration-missing:BP");
    expect(log.lines).toEqual([
      "ERROR: ALERT calibration-missing:BP: no BP is valid at 0",
      "ERROR: ALERT calibration-missing:BP: no BP is valid at 60",
      "INFO: ALERT calibration-missing:BP: resolved",
    ]);
    expect(queue.listAlerts({ onlyOpen: true, maxCount: 10 })).toEqual([]);
    expect(queue.listAlerts({ onlyOpen: false, maxCount: 10 })).toMatchObject([
      { key: "calibration-missing:BP", raiseCount: 100, text: "no BP is valid at 99" },
    ]);
    expect(rows("SELECT event FROM alert_history ORDER BY event_id").map(({ event }) => event)).toEqual([
      "raised",
      "repeated",
      "resolved",
    ]);
  });

  test("that comes and goes is not said each time; one that gets worse is", () => {
    const { log, alerts } = bench();
    alerts.raise("a", "WARNING", "soon");
    alerts.resolve("a");
    alerts.raise("a", "WARNING", "soon again");
    alerts.raise("a", "ERROR", "now");
    expect(log.lines).toEqual(["WARNING: ALERT a: soon", "INFO: ALERT a: resolved", "ERROR: ALERT a: now"]);
    expect(queue.listAlerts({ onlyOpen: true, maxCount: 10 })).toMatchObject([{ key: "a", severity: "ERROR" }]);
  });

  test("is still known after a restart of the machine", () => {
    const { alerts } = bench();
    alerts.raise("a", "WARNING", "soon");
    queue.close();
    clock.restartMachine();
    queue = open();
    const { log, alerts: later } = bench();
    later.raise("a", "WARNING", "soon");
    expect(log.lines).toEqual([]);
  });
});

test("a queue of the version before is taken over with all it holds", () => {
  queue.close();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path()}${suffix}`, { force: true });
  const old = new DatabaseSync(path());
  old.exec(queueTables);
  old.exec(productTables);
  old.exec(`INSERT INTO ingest_queue (group_id, state, received_at, last_update, expected_subbands, start_unix_sec)
    VALUES ('${GROUP}', 'pending', 1, 1, 1, 1759492130)`);
  old.exec("PRAGMA user_version = 1");
  old.close();
  queue = open();
  expect(claim()).toMatchObject({ lease: { groupId: GROUP }, heldMs: 0 });
});
