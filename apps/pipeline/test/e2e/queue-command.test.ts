/** `contimg queue` and `contimg ledger` on a queue in which one group is in each state. */

import { join } from "node:path";
import { Command } from "commander";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { hostClock } from "../../src/adapters/host/host-clock.ts";
import { openQueueDatabase } from "../../src/adapters/sqlite/queue-database.ts";
import { addLedgerCommand } from "../../src/cli/commands/ledger.ts";
import { addQueueCommand } from "../../src/cli/commands/queue.ts";
import { openExistingQueue } from "../../src/compose/queue.ts";
import type { WholeSubband } from "../../src/domain/arrival.ts";
import { defaultRetryPolicy } from "../../src/domain/queue.ts";
import type { QueueDatabase } from "../../src/ports/group-queue.ts";
import { type Ran, scratchDirectory } from "./run-contimg.ts";

const SUBBAND_COUNT = 2;
const [COMPLETED, FAILED, IN_PROGRESS, PENDING, COLLECTING] = [
  "2025-10-03T11:48:50",
  "2025-10-03T11:54:00",
  "2025-10-03T11:59:09",
  "2025-10-03T12:04:18",
  "2025-10-03T12:09:27",
];
const LONG_ERROR = `/in/x_sb00.hdf5: ${"a long story ".repeat(12)}\nwith a second line`;

let queueDb: string;

function subband(group: number, subbandIndex: number): WholeSubband {
  const path = `/in/g${group}_sb0${subbandIndex}.hdf5`;
  return {
    path,
    sizeBytes: 1000,
    signature: path,
    firstTimeJd: 2460951.992331495 + (group * 309.24) / 86_400,
    integrationTimeSec: 12.884902,
    topFreqHz: 1.5e9 - subbandIndex * 1e7,
    subbandIndex,
    sampleDigest: path,
  };
}

function claim(queue: QueueDatabase) {
  const claimed = queue.claim("worker-1", 60_000);
  if (!claimed) throw new Error("nothing to claim");
  return claimed.lease;
}

function fill(queue: QueueDatabase): void {
  for (let group = 0; group < 5; group++)
    for (let index = 0; index < SUBBAND_COUNT; index++)
      if (group < 4 || index === 0) queue.recordSubband(subband(group, index));
  queue.complete(claim(queue), {
    msPath: `/ms/${COMPLETED}.ms`,
    startMjd: 60951,
    endMjd: 60951.1,
    raDeg: 177,
    decDeg: 54,
    storageBasePath: "/ms",
    stage: "convert",
    timings: { loadSec: 1.5, phaseSec: 0.25, writeSec: 2, totalSec: 4 },
    writerType: "thread",
    calibrators: null,
    calibration: null,
  });
  queue.fail(claim(queue), { code: "UVH5_CORRUPT", message: LONG_ERROR, isRetryable: false }, defaultRetryPolicy, 0);
  claim(queue);
}

beforeEach(() => {
  queueDb = join(scratchDirectory(), "queue.sqlite3");
  const queue = openQueueDatabase({
    path: queueDb,
    productsPath: null,
    clock: hostClock(),
    expectedSubbandCount: SUBBAND_COUNT,
    chunkMinutes: 5,
  });
  fill(queue);
  queue.close();
});

/** A command line from its words to its output, in this process. */
function run(...args: readonly string[]): Ran {
  const said = { stdout: "", stderr: "" };
  const hear = (name: "stdout" | "stderr") =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      said[name] += String(text);
      return true;
    });
  const ears = [hear("stdout"), hear("stderr")];
  try {
    const program = new Command("contimg").exitOverride();
    addQueueCommand(program, openExistingQueue);
    addLedgerCommand(program, openExistingQueue);
    program.parse([...args, "--queue-db", queueDb], { from: "user" });
    const lines = said.stdout.split("\n").filter((line) => line.startsWith("{"));
    const events = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    return { status: Number(process.exitCode ?? 0), ...said, events };
  } finally {
    for (const ear of ears) ear.mockRestore();
    process.exitCode = undefined;
  }
}

const firstColumn = ({ stdout }: Ran) => [...stdout.matchAll(/^(2025\S+)\W+(\w+)/gm)].map((match) => match.slice(1, 3));

describe("queue ls", () => {
  test("lists every group, newest data first, with its state", () => {
    const listed = run("queue", "ls");
    expect(listed.status).toBe(0);
    expect(firstColumn(listed)).toEqual([
      [COLLECTING, "collecting"],
      [PENDING, "pending"],
      [IN_PROGRESS, "in_progress"],
      [FAILED, "failed"],
      [COMPLETED, "completed"],
    ]);
    expect(listed.stdout).toMatch(/^2025-10-03T12:09:27\W+collecting\W+collecting\W+1\/2/m);
  });

  test("keeps an error to one line; the whole is in queue show", () => {
    expect(run("queue", "ls", "--state", "failed").stdout).toMatch(/a long story a long stor.*\.\.\.$/m);
    expect(run("queue", "show", FAILED!).stdout).toContain("with a second line");
  });

  test("picks states, oldest first, and says when there is more", () => {
    const some = run("queue", "ls", "--state", "pending,completed", "--oldest-first", "--limit", "1");
    expect(firstColumn(some)).toEqual([[COMPLETED, "completed"]]);
    expect(some.stdout).toContain("the oldest 1; --limit shows more");
  });

  test("gives machines every column by its name in the table", () => {
    const { events } = run("queue", "ls", "--state", "failed", "--json");
    expect(events).toMatchObject([
      {
        group_id: FAILED,
        state: "failed",
        processing_stage: "processing_fresh",
        expected_subbands: 2,
        present_subbands: [0, 1],
        retry_count: 1,
        crash_count: 0,
        error: LONG_ERROR,
        error_code: "UVH5_CORRUPT",
        checkpoint_path: null,
        lease_owner: null,
      },
    ]);
  });

  test("an unknown state is refused with those that there are", () => {
    expect(() => run("queue", "ls", "--state", "done")).toThrow(/expected some of collecting, .*found "done"/);
  });
});

describe("queue show", () => {
  test("tells of a group what is known: its files, its worker, its product", () => {
    const done = run("queue", "show", COMPLETED!).stdout;
    expect(done).toMatch(/^MS +\/ms\/2025-10-03T11:48:50\.ms$/m);
    expect(done).toMatch(/^timings +load 1\.50 s, phase 0\.25 s, write 2\.00 s, total 4\.00 s$/m);
    expect(run("queue", "show", IN_PROGRESS!).stdout).toMatch(/^worker +worker-1$/m);
    expect(run("queue", "show", COLLECTING!).stdout).toMatch(/^file +queued +\/in\/g4_sb00\.hdf5$/m);
  });

  test("gives machines the same", () => {
    expect(run("queue", "show", COMPLETED!, "--json").events).toMatchObject([
      {
        group_id: COMPLETED,
        ms_path: `/ms/${COMPLETED}.ms`,
        timings: { load_time: 1.5, phase_time: 0.25, write_time: 2, total_time: 4 },
        files: [
          { subband_idx: 0, path: "/in/g0_sb00.hdf5", size_bytes: 1000 },
          { subband_idx: 1, path: "/in/g0_sb01.hdf5", size_bytes: 1000 },
        ],
      },
    ]);
  });

  test("of no group there is nothing to show", () => {
    expect(run("queue", "show", "2025-01-01T00:00:00")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("no group 2025-01-01T00:00:00") as string,
    });
  });
});

describe("changes by hand", () => {
  const stateOf = (groupId: string) => run("queue", "show", groupId, "--json").events[0]!["state"];

  test("retry takes what failed, cancel what is open, requeue everything", () => {
    expect(run("queue", "retry", FAILED!).status).toBe(0);
    expect(stateOf(FAILED!)).toBe("pending");
    expect(run("queue", "retry", COMPLETED!)).toMatchObject({ status: 1 });
    expect(run("queue", "cancel", PENDING!, "--reason", "test data").status).toBe(0);
    expect(run("queue", "show", PENDING!).stdout).toMatch(/^error +Cancelled: test data$/m);
    expect(run("queue", "requeue", COMPLETED!).status).toBe(0);
    expect(stateOf(COMPLETED!)).toBe("pending");
  });

  test("stats count what is in each state", () => {
    expect(run("queue", "stats", "--json").events).toMatchObject([
      { total: 5, collecting: 1, pending: 1, in_progress: 1, completed: 1, failed: 1, stale: 0 },
    ]);
    expect(run("queue", "stats").stdout).toMatch(/^total +5$/m);
  });
});

test("the ledger adds up", () => {
  const { stdout, status } = run("ledger");
  expect(status).toBe(0);
  expect(stdout).toMatch(/^queued +9$/m);
});

test("a queue that is not there is not made", () => {
  queueDb = join(scratchDirectory(), "no.sqlite3");
  expect(run("queue", "ls")).toMatchObject({ status: 1, stderr: expect.stringContaining("QUEUE_UNUSABLE") as string });
});

test("queue alerts shows what lasts, and says by its exit status that there is something", () => {
  expect(run("queue", "alerts")).toMatchObject({ status: 0, stdout: expect.stringContaining("no alert\n") as string });
  const { queue } = openExistingQueue(queueDb);
  queue.raiseAlert("calibration-missing:BP", "ERROR", "no BP is valid at 2025-10-03T11:51:24", 0);
  queue.raiseAlert("calibration-borrowed:GP", "WARNING", "GP is borrowed", 0);
  queue.resolveAlert("calibration-borrowed:GP");
  queue.close();
  const lasting = run("queue", "alerts", "--json");
  expect(lasting.status).toBe(1);
  expect(lasting.events).toMatchObject([{ alert: "calibration-missing:BP", severity: "ERROR", resolved_at: null }]);
  expect(run("queue", "alerts").stdout).toMatch(/calibration-missing:BP \| ERROR .* no BP is valid at/);
  expect(run("queue", "alerts", "--all").stdout).toContain("calibration-borrowed:GP");
});
