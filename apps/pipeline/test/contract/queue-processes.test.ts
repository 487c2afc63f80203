/** Several processes on one queue file, some of them killed. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hostClock } from "../../src/adapters/host/host-clock.ts";
import { openQueueDatabase } from "../../src/adapters/sqlite/queue-database.ts";
import { defaultRetryPolicy } from "../../src/domain/queue.ts";

const GROUP_COUNT = Number(process.env["CONTIMG_QUEUE_PROCESS_GROUPS"] ?? 400);
const PROCESS_COUNT = 8;
const claimer = join(import.meta.dirname, "../../bench/queue-claimer.ts");

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contimg-queue-processes-"));
  path = join(folder, "queue.sqlite3");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = () =>
  openQueueDatabase({ path, productsPath: null, clock: hostClock(), expectedSubbandCount: 1, chunkMinutes: 5 });

function fill(): void {
  const queue = open();
  for (let at = 0; at < GROUP_COUNT; at++) {
    queue.recordSubband({
      path: `/in/${at}_sb00.hdf5`,
      sizeBytes: 1,
      signature: String(at),
      firstTimeJd: 2_460_951.5 + (at * 309.24) / 86_400,
      integrationTimeSec: 12.88,
      topFreqHz: 1.5e9,
      subbandIndex: 0,
      sampleDigest: String(at),
    });
  }
  queue.close();
}

interface Claimer {
  readonly child: ChildProcessWithoutNullStreams;
  readonly isReady: Promise<unknown>;
  readonly stdout: Promise<string>;
  readonly stderr: Promise<string>;
}

function start(owner: string): Claimer {
  const child = spawn(process.execPath, ["--conditions=@contimg/source", claimer, path, owner]);
  // The pipe of one that is killed breaks; what it said before counts.
  child.stdin.on("error", () => undefined);
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  const isReady = new Promise((resolve) => child.stdout.once("data", resolve));
  return { child, isReady, stdout, stderr };
}

/** What the processes say they completed. */
async function completedBy(claimers: readonly Claimer[]): Promise<readonly string[]> {
  const outputs = await Promise.all(claimers.map(({ stdout }) => stdout));
  expect((await Promise.all(claimers.map(({ stderr }) => stderr))).join("")).toBe("");
  return outputs.flatMap((output) => output.match(/^\d{4}-.*(?=\n)/gm) ?? []).map((line) => line.split(" ")[0]!);
}

test("each group is completed by one process, none twice, none left; no process is told that the file is busy", async () => {
  fill();
  const claimers = Array.from({ length: PROCESS_COUNT }, (_, at) => start(`claimer-${at}`));
  await Promise.all(claimers.map(({ isReady }) => isReady));
  for (const { child } of claimers) child.stdin.write("go\n");
  const completed = await completedBy(claimers);
  expect(completed.length).toBe(GROUP_COUNT);
  expect(new Set(completed).size).toBe(GROUP_COUNT);
});

test("processes that are killed at any moment lose and double nothing", async () => {
  fill();
  const claimers = Array.from({ length: PROCESS_COUNT }, (_, at) => start(`claimer-${at}`));
  await Promise.all(claimers.map(({ isReady }) => isReady));
  const killed = claimers.slice(0, PROCESS_COUNT / 2);
  const dead = new Set(killed.map((_, at) => `claimer-${at}`));
  for (const [at, { child }] of killed.entries()) {
    // The first has said that it is ready; each later one has done a few groups more when it dies.
    let said = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString().split("\n").length - 1;
      if (said > 3 * at) child.kill("SIGKILL");
    });
  }
  for (const { child } of claimers) child.stdin.write("go\n");
  const first = await completedBy(claimers);

  const queue = open();
  const recovered = queue.recoverStale((owner) => dead.has(owner), defaultRetryPolicy);
  expect(recovered.every(({ state, leaseOwner }) => state === "pending" && dead.has(leaseOwner))).toBe(true);
  queue.close();
  const last = start("claimer-last");
  await last.isReady;
  last.child.stdin.write("go\n");
  const second = await completedBy([last]);

  const said = [...first, ...second];
  expect(new Set(said).size, "completed twice").toBe(said.length);
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database
    .prepare(
      `SELECT state, count(*) AS count, sum(lease_token) AS claims,
              (SELECT count(*) FROM ms_index) AS ms_count, (SELECT count(*) FROM performance_metrics) AS metric_count
       FROM ingest_queue GROUP BY state`,
    )
    .all();
  const { integrity_check: integrity } = database.prepare("PRAGMA integrity_check").get() as {
    integrity_check: string;
  };
  database.close();
  expect(integrity).toBe("ok");
  expect(rows.map((row) => ({ ...row }))).toEqual([
    {
      state: "completed",
      count: GROUP_COUNT,
      claims: GROUP_COUNT + recovered.length,
      ms_count: GROUP_COUNT,
      metric_count: GROUP_COUNT,
    },
  ]);
});

test.each(["no file", "a file of the Python converter"])(
  "processes that open %s at the same time all get it",
  async (kind) => {
    if (kind !== "no file") {
      const old = new DatabaseSync(path);
      old.exec(`
      CREATE TABLE ingest_queue (group_id TEXT PRIMARY KEY, state TEXT NOT NULL, received_at REAL NOT NULL,
        last_update REAL NOT NULL, expected_subbands INTEGER, retry_count INTEGER NOT NULL DEFAULT 0, error TEXT,
        checkpoint_path TEXT, processing_stage TEXT DEFAULT 'collecting', chunk_minutes REAL);
      CREATE TABLE subband_files (group_id TEXT NOT NULL, subband_idx INTEGER NOT NULL, path TEXT NOT NULL,
        PRIMARY KEY (group_id, subband_idx));
      INSERT INTO ingest_queue VALUES ('2025-10-05T12:30:00', 'completed', 1e9, 1e9, 4, 0, NULL, NULL, 'completed', 5);
      INSERT INTO subband_files VALUES ('2025-10-05T12:30:00', 0, '/in/old_sb00.hdf5');`);
      old.close();
    }
    const claimers = Array.from({ length: PROCESS_COUNT }, (_, at) => start(`claimer-${at}`));
    for (const { child } of claimers) child.stdin.write("go\n");
    expect(await completedBy(claimers)).toEqual([]);
    const queue = open();
    expect(queue.ledgerSummary().arrivalCount).toBe(kind === "no file" ? 0 : 1);
    queue.close();
  },
);
