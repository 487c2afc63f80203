/** What happens to the queue from outside: states set by hand, catalogues of other makers, files replaced on disk. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openQueueDatabase } from "../../src/adapters/sqlite/queue-database.ts";
import type { WholeSubband } from "../../src/domain/arrival.ts";
import type { PipelineError } from "../../src/domain/error-codes.ts";
import { type ClaimedGroup, defaultRetryPolicy, type Lease } from "../../src/domain/queue.ts";
import type { QueueDatabase } from "../../src/ports/group-queue.ts";
import { TestClock } from "./test-clock.ts";

const GROUP_ID = "2025-10-03T11:48:50";
const schemaPath = join(import.meta.dirname, "../../src/adapters/sqlite/schema.sql");

let folder: string;
let clock: TestClock;
let queue: QueueDatabase;
let problems: PipelineError[];
const queuePath = () => join(folder, "queue.sqlite3");
const productsPath = () => join(folder, "products.sqlite3");

const open = () =>
  openQueueDatabase({
    path: queuePath(),
    productsPath: productsPath(),
    clock,
    expectedSubbandCount: 2,
    chunkMinutes: 5,
    onProductsBehind: (problem) => problems.push(problem),
  });

function subband(index: number, change: Partial<WholeSubband> = {}): WholeSubband {
  return {
    path: `/in/g_sb0${index}.hdf5`,
    sizeBytes: 1000,
    signature: `${index}:1`,
    firstTimeJd: 2460951.992331495,
    integrationTimeSec: 12.884902,
    topFreqHz: 1.5e9 - index * 1e7,
    subbandIndex: index,
    sampleDigest: `content ${index}`,
    ...change,
  };
}

function fill(): void {
  for (const index of [0, 1]) queue.recordSubband(subband(index));
}

function claim(): ClaimedGroup {
  const claimed = queue.claim("worker", 60_000);
  if (!claimed) throw new Error("nothing to claim");
  return claimed;
}

function complete(lease: Lease, startMjd: number): void {
  const timings = { loadSec: 1, phaseSec: 1, writeSec: 1, totalSec: 3 };
  expect(
    queue.complete(lease, {
      msPath: `/out/${lease.groupId}.ms`,
      startMjd,
      endMjd: startMjd + 0.1,
      raDeg: 177,
      decDeg: 54,
      storageBasePath: "/out",
      stage: "convert",
      timings,
      writerType: "contimg",
      calibrators: null,
      calibration: null,
    }),
  ).toBe("done");
}

function change(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

function rows(path: string, sql: string): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const found = database.prepare(sql).all();
  database.close();
  return found.map((row) => ({ ...row }));
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contimg-queue-repairs-"));
  clock = new TestClock();
  problems = [];
  queue = open();
});

afterEach(() => {
  queue.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a group that is made pending by hand", () => {
  const byHand = `UPDATE ingest_queue SET state='pending', processing_stage='collecting' WHERE group_id='${GROUP_ID}';`;
  const failure = { code: "INPUT_UNREADABLE", message: "no such file", isRetryable: true } as const;

  test("does not wait for its retry", () => {
    fill();
    queue.fail(claim().lease, failure, defaultRetryPolicy, 0);
    expect(queue.claim("worker", 60_000)).toBeUndefined();
    change(queuePath(), byHand);
    expect(claim()).toMatchObject({ retryCount: 0 });
  });

  test("has a fresh budget, and is no longer cancelled", () => {
    fill();
    for (let attempt = 0; attempt < defaultRetryPolicy.maxRetryCount; attempt++) {
      clock.pass(defaultRetryPolicy.maxDelayMs);
      queue.fail(claim().lease, failure, defaultRetryPolicy, 0);
    }
    expect(queue.show(GROUP_ID)?.state).toBe("failed");
    queue.cancel(GROUP_ID, "given up");
    change(queuePath(), byHand);
    expect(queue.fail(claim().lease, failure, defaultRetryPolicy, 0)).toBe("will-retry");
    expect(queue.cancel(GROUP_ID, "given up again")).toBe(true);
  });

  test("fences the worker that had it, at once and after the next claim", () => {
    fill();
    const { lease } = claim();
    change(queuePath(), byHand);
    expect(queue.renew(lease, 60_000)).toBe(false);
    change(queuePath(), `UPDATE ingest_queue SET state='in_progress' WHERE group_id='${GROUP_ID}';`);
    expect(queue.saveCheckpoint(lease, "/cp")).toBe(false);
    expect(queue.recoverStale(() => false, defaultRetryPolicy)).toMatchObject([
      { groupId: GROUP_ID, state: "pending" },
    ]);
    const newer = claim().lease;
    expect(newer.token).toBeGreaterThan(lease.token);
    expect(queue.handBack(lease, 0)).toBe("lease-lost");
  });

  test("is processed with the files that came meanwhile", () => {
    fill();
    claim();
    expect(queue.recordSubband(subband(1, { signature: "1:2", sampleDigest: "new" })).fate).toBe("changed");
    change(queuePath(), byHand);
    expect(claim().files.map(({ signature }) => signature)).toEqual(["0:1", "1:2"]);
    expect(queue.ledgerSummary().countOfFate).toMatchObject({ queued: 2, superseded: 1, changed: 0 });
  });

  test("a misspelt state is refused", () => {
    fill();
    expect(() => change(queuePath(), "UPDATE ingest_queue SET state='pendign'")).toThrow(/CHECK constraint failed/);
  });
});

test("a copy of the same content that replaces a file during the work is what the next attempt expects to find", () => {
  fill();
  const { lease } = claim();
  expect(queue.recordSubband(subband(0, { signature: "0:2" })).fate).toBe("resent");
  queue.handBack(lease, 0);
  expect(claim().files[0]).toMatchObject({ signature: "0:2" });
});

describe("a file that comes while its group is taken", () => {
  const failure = { code: "UVH5_CORRUPT", message: "no good", isRetryable: false } as const;
  const partial = { timeoutMs: 1000, closeAfterMs: 1e9, minSubbandCount: 1 };

  test("too late for the attempt that is on is part of the next", () => {
    queue.recordSubband(subband(0));
    clock.pass(2000);
    queue.reviewCollecting(partial);
    const { lease, files } = claim();
    expect(files).toHaveLength(1);
    expect(queue.recordSubband(subband(1)).fate).toBe("late");
    queue.handBack(lease, 0);
    expect(claim().files.map(({ subbandIndex }) => subbandIndex)).toEqual([0, 1]);
    expect(queue.ledgerSummary().countOfFate).toMatchObject({ queued: 2, late: 0 });
  });

  test("as the repair of another saves the group from an end that its old content deserved", () => {
    fill();
    const { lease } = claim();
    expect(queue.recordSubband(subband(1, { signature: "1:2", sampleDigest: "repaired" })).fate).toBe("changed");
    expect(queue.fail(lease, failure, defaultRetryPolicy, 0)).toBe("will-retry");
    const again = claim();
    expect(again.files[1]).toMatchObject({ signature: "1:2" });
    expect(queue.fail(again.lease, failure, defaultRetryPolicy, 0)).toBe("failed");
  });
});

describe("a name that is given to another observation", () => {
  const moved = subband(1, { signature: "1:2", firstTimeJd: subband(1).firstTimeJd + 309.24 / 86_400 });
  const states = () =>
    queue.list({ maxCount: 9, newestFirst: false }).map(({ groupId, state, presentSubbands }) => ({
      groupId,
      state,
      presentSubbands,
    }));

  test("leaves the group that had it before, which waits for that subband again", () => {
    fill();
    queue.recordSubband(moved);
    expect(states()).toEqual([
      { groupId: GROUP_ID, state: "collecting", presentSubbands: [0] },
      { groupId: "2025-10-03T11:54:00", state: "collecting", presentSubbands: [1] },
    ]);
    expect(queue.ledgerSummary().countOfFate).toMatchObject({ queued: 2, superseded: 1 });
    expect(queue.recordSubband(subband(1, { path: "/in/again_sb01.hdf5" })).becamePending).toBe(true);
  });

  test("also when that group is in work, once its attempt has ended", () => {
    fill();
    const { lease } = claim();
    queue.recordSubband(moved);
    expect(states()[0]).toMatchObject({ state: "in_progress", presentSubbands: [0, 1] });
    queue.handBack(lease, 0);
    expect(states()[0]).toMatchObject({ state: "collecting", presentSubbands: [0] });
  });

  test("takes nothing from a group that is done", () => {
    fill();
    complete(claim().lease, 60_951);
    queue.recordSubband(moved);
    expect(states()[0]).toMatchObject({ state: "completed", presentSubbands: [0, 1] });
  });
});

test("what is known of a directory may be read while other files are recorded", () => {
  fill();
  const other = open();
  for (const { name } of queue.knownFiles("/in")) {
    other.recordSubband(subband(0, { path: `/in/a_${name}`, signature: name }));
    queue.recordSubband(subband(1, { path: `/in/b_${name}`, signature: name }));
  }
  other.close();
  expect(queue.ledgerSummary()).toMatchObject({ arrivalCount: 6, countOfFate: { queued: 2, duplicate: 4 } });
});

test("a ledger that lost a row does not add up", () => {
  fill();
  change(queuePath(), "PRAGMA foreign_keys = OFF; DELETE FROM arrivals WHERE arrival_id = 1");
  const { arrivalCount, countOfFate } = queue.ledgerSummary();
  expect([arrivalCount, countOfFate.queued]).toEqual([2, 1]);
});

describe("products.sqlite3", () => {
  test("has what was made again, though it had it before", () => {
    fill();
    complete(claim().lease, 1);
    queue.requeue(GROUP_ID);
    complete(claim().lease, 2);
    expect(rows(productsPath(), "SELECT start_mjd FROM ms_index")).toEqual([{ start_mjd: 2 }]);
  });

  test("of the Python pipeline is extended, and its rows are kept", () => {
    queue.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${productsPath()}${suffix}`, { force: true });
    change(
      productsPath(),
      `CREATE TABLE ms_index (path TEXT PRIMARY KEY, start_mjd REAL, end_mjd REAL, mid_mjd REAL, processed_at REAL,
         status TEXT, stage TEXT, stage_updated_at REAL, cal_applied INTEGER DEFAULT 0, imagename TEXT, ra_deg REAL, dec_deg REAL);
       INSERT INTO ms_index (path, start_mjd) VALUES ('/out/old.ms', 0);`,
    );
    queue = open();
    fill();
    complete(claim().lease, 1);
    expect(rows(productsPath(), "SELECT path, group_id FROM ms_index ORDER BY start_mjd")).toEqual([
      { path: "/out/old.ms", group_id: null },
      { path: `/out/${GROUP_ID}.ms`, group_id: GROUP_ID },
    ]);
  });

  test("that cannot be written does not make a completed group look failed, and catches up later", () => {
    fill();
    change(productsPath(), "ALTER TABLE ms_index RENAME TO elsewhere");
    complete(claim().lease, 1);
    expect(queue.show(GROUP_ID)?.state).toBe("completed");
    expect(problems.map(({ code }) => code)).toEqual(["QUEUE_UNUSABLE"]);
    change(productsPath(), "ALTER TABLE elsewhere RENAME TO ms_index");
    queue.close();
    queue = open();
    expect(rows(productsPath(), "SELECT count(*) AS count FROM ms_index")).toEqual([{ count: 1 }]);
  });

  test("follows a queue file that was begun anew", () => {
    fill();
    complete(claim().lease, 1);
    queue.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${queuePath()}${suffix}`, { force: true });
    queue = open();
    fill();
    complete(claim().lease, 3);
    expect(rows(productsPath(), "SELECT start_mjd FROM ms_index")).toEqual([{ start_mjd: 3 }]);
  });
});

test("a database that does not allow the write-ahead log is refused with the reason", () => {
  expect(() =>
    openQueueDatabase({ path: ":memory:", productsPath: null, clock, expectedSubbandCount: 2, chunkMinutes: 5 }),
  ).toThrow(/journal mode: expected wal, found memory/);
});

test("the schema is the one that is written down in schema.sql", () => {
  const schema = rows(
    queuePath(),
    "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type = 'table' DESC, name",
  );
  const dump = `-- What the migrations make. Made by: CONTIMG_UPDATE_SCHEMA=1 npm test -- queue-repairs\n\n${schema.map(({ sql }) => `${sql as string};`).join("\n\n")}\n`;
  if (process.env["CONTIMG_UPDATE_SCHEMA"] === "1") writeFileSync(schemaPath, dump);
  expect(readFileSync(schemaPath, "utf8")).toBe(dump);
});
