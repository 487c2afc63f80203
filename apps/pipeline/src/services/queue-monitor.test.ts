import { beforeEach, describe, expect, test } from "vitest";
import { recordingLog } from "../../test/contract/recording-log.ts";
import { TestClock } from "../../test/contract/test-clock.ts";
import type { MeasurementSet } from "../domain/measurement-set.ts";
import type { QueueStats } from "../ports/group-queue.ts";
import { createQueueMonitor, type QueueMonitor } from "./queue-monitor.ts";

const empty: QueueStats = {
  countOfState: { collecting: 0, pending: 0, in_progress: 0, completed: 0, failed: 0 },
  staleCount: 0,
  oldestPendingAgeSec: null,
  completedLastHourCount: 0,
  meanTimings: null,
};

let stats: QueueStats;
let clock: TestClock;
let log: ReturnType<typeof recordingLog>;
let monitor: QueueMonitor;

beforeEach(() => {
  stats = empty;
  clock = new TestClock();
  log = recordingLog();
  monitor = createQueueMonitor({
    queue: { stats: () => stats },
    isDead: () => false,
    metrics: {
      sample: () => ({ cpuPercent: 12.34, memoryPercent: 50, diskPercent: 7.5, ownRssBytes: 1e8, ownCpuPercent: 1 }),
    },
    clock,
    log,
    leaseMs: 900_000,
    chunkDurationMin: 5,
    profiles: true,
  });
});

const counts = (change: Partial<QueueStats["countOfState"]>, rest: Partial<QueueStats> = {}) => {
  stats = { ...empty, ...rest, countOfState: { ...empty.countOfState, ...change } };
};
const remarks = () => log.lines.filter((line) => !/Queue status|System metrics|This process|Performance/.test(line));

test("the state of queue and machine is said in the known words", () => {
  counts(
    { collecting: 1, pending: 2, in_progress: 1, completed: 40 },
    { completedLastHourCount: 12, meanTimings: { loadSec: 1, phaseSec: 0.5, writeSec: 2, totalSec: 4.4 } },
  );
  monitor.look();
  expect(log.lines).toEqual([
    "INFO: Queue status: total=44 collecting=1 pending=2 in_progress=1 completed=40 failed=0",
    "INFO: Performance of the last 24 h: load 1.0 s, phase 0.5 s, write 2.0 s, total 4.4 s on average; 12 groups in the last hour",
    "INFO: System metrics: CPU=12.3% MEM=50.0% DISK=7.5%",
    "INFO: This process: CPU=1.0% of a core, 100 MB resident",
  ]);
});

describe("the depth of the queue", () => {
  test("counts groups that wait, not those that are done (the old alarm never ended)", () => {
    counts({ completed: 1000, failed: 20, collecting: 15, pending: 10, in_progress: 1 });
    monitor.look();
    expect(remarks()).toEqual([]);
    counts({ pending: 15 });
    monitor.look();
    expect(remarks()).toEqual(["WARNING: High queue depth: 15 groups queued"]);
  });

  test("is said once, again when it lasts, and when it is over", () => {
    counts({ pending: 15 });
    for (let look = 0; look < 11; look++) monitor.look();
    counts({ pending: 3 });
    monitor.look();
    monitor.look();
    expect(remarks()).toEqual([
      "WARNING: High queue depth: 15 groups queued",
      "WARNING: High queue depth: 15 groups queued",
      "INFO: Queue depth is normal again: 3 groups queued",
    ]);
  });
});

test("stale groups and failures", () => {
  counts({ failed: 2 });
  monitor.look();
  counts({ failed: 3 }, { staleCount: 2 });
  monitor.look();
  expect(remarks()).toEqual([
    "WARNING: Found 2 stale in-progress groups (>15 min)",
    "WARNING: Failed count increased: 3 (was 2)",
  ]);
});

test("a telescope that stops is missed once, and its return is said", () => {
  const lookAfter = (durationMs: number) => {
    clock.pass(durationMs);
    monitor.look();
  };
  monitor.noteArrival("2025-10-03T11:48:50");
  lookAfter(500_000);
  expect(remarks()).toEqual([]);
  monitor.noteArrival("2025-10-03T11:54:00");
  lookAfter(309_000);
  expect(remarks()).toEqual([]);
  // A straggler is no new observation.
  monitor.noteArrival("2025-10-03T11:48:50");
  lookAfter(100_000);
  monitor.look();
  monitor.noteArrival("2025-10-03T12:03:27");
  lookAfter(1000);
  expect(remarks()).toEqual([
    "WARNING: No new group for 409 s; the last was 2025-10-03T11:54:00",
    "INFO: Data arrive again: group 2025-10-03T12:03:27",
  ]);
});

test("a profile tells how fast a group went", () => {
  const conversion = {
    inputBytes: 2e9,
    outputBytes: 1e9,
    timingsSec: { load: 1, phase: 0.5, write: 2, total: 4 },
  } as MeasurementSet["conversion"];
  monitor.noteCompleted("g", { conversion } as MeasurementSet);
  expect(log.lines).toEqual([
    "INFO: Profile of group g: read 500 MB/s, wrote 250 MB/s; load 1.00 s, phase 0.50 s, write 2.00 s of 4.00 s",
  ]);
});
