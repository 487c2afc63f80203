/** The queue in memory and the one in SQLite are given the same random commands, and must say the same throughout. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openQueueDatabase } from "../../src/adapters/sqlite/queue-database.ts";
import type { WholeSubband } from "../../src/domain/arrival.ts";
import { groupStates, type Lease, type RetryPolicy } from "../../src/domain/queue.ts";
import type { Completion, QueueDatabase } from "../../src/ports/group-queue.ts";
import { createMemoryQueue } from "./memory-queue.ts";
import { emptyQueueState } from "./memory-store.ts";
import { TestClock } from "./test-clock.ts";

const EXPECTED_SUBBAND_COUNT = 3;
const RUN_COUNT = Number(process.env["CONTIMG_QUEUE_MODEL_RUNS"] ?? 60);
const policy: RetryPolicy = { maxRetryCount: 2, maxCrashCount: 1, baseDelayMs: 10_000, maxDelayMs: 60_000 };

interface Both {
  readonly clock: TestClock;
  readonly queues: readonly QueueDatabase[];
  /** All leases that were ever given, so that old ones are tried too. */
  readonly leases: Lease[];
  reopen(): void;
}

type Command = readonly [name: string, run: (both: Both) => (queue: QueueDatabase) => unknown];

const groupIndexes = fc.nat(2);
const subbandIndexes = fc.nat(3);

function subband(group: number, index: number, copy: number, content: number): WholeSubband {
  const path = `/in/g${group}_${copy}_sb0${index}.hdf5`;
  return {
    path,
    sizeBytes: 1000 + content,
    signature: `${path}:${content}`,
    firstTimeJd: 2460951.992331495 + (group * 309.24) / 86_400,
    integrationTimeSec: 12.884902,
    topFreqHz: 1.5e9 - index * 1e7,
    subbandIndex: index,
    sampleDigest: `content ${content % 2}`,
  };
}

const completionOf = (lease: Lease): Completion => ({
  msPath: `/out/${lease.groupId}.ms`,
  startMjd: 1,
  endMjd: 2,
  raDeg: null,
  decDeg: null,
  storageBasePath: "/out",
  stage: "convert",
  timings: { loadSec: 1, phaseSec: 2, writeSec: 3, totalSec: 6 },
  writerType: "contimg",
  calibrators: null,
  calibration: null,
});

const onLease = (act: (queue: QueueDatabase, lease: Lease) => unknown, at: number) => (both: Both) => {
  const lease = both.leases.at(-1 - at);
  return (queue: QueueDatabase) => (lease ? act(queue, lease) : "no lease yet");
};

const onGroup =
  (act: (queue: QueueDatabase, groupId: string) => unknown, at: number) => () => (queue: QueueDatabase) => {
    const groupId = queue.list({ maxCount: 10, newestFirst: false })[at]?.groupId;
    return groupId === undefined ? "no such group" : act(queue, groupId);
  };

const commands: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(groupIndexes, subbandIndexes, fc.nat(1), fc.nat(3))
      .map(([group, index, copy, content]): Command => {
        const file = subband(group, index, copy, content);
        return [`recordSubband ${file.signature}`, () => (queue) => queue.recordSubband(file)];
      }),
  },
  fc.tuple(groupIndexes, groupIndexes, subbandIndexes, fc.nat(3)).map(([group, dataGroup, index, content]): Command => {
    const { firstTimeJd } = subband(dataGroup, index, 0, content);
    const named = subband(group, index, 0, content);
    const file = { ...named, firstTimeJd, signature: `${named.signature}:${dataGroup}` };
    return [`recordSubband ${file.signature}`, () => (queue) => queue.recordSubband(file)];
  }),
  fc
    .tuple(groupIndexes, subbandIndexes, fc.nat(3), fc.constantFrom("settling" as const, "corrupt" as const))
    .map(([group, index, content, fate]): Command => {
      const file = subband(group, index, 0, content);
      return [`recordUnusable ${file.signature} ${fate}`, () => (queue) => queue.recordUnusable(file, fate, "why")];
    }),
  fc.tuple(groupIndexes, subbandIndexes).map(([group, index]): Command => {
    const { path } = subband(group, index, 0, 0);
    return [`recordVanished ${path}`, () => (queue) => queue.recordVanished([path])];
  }),
  {
    weight: 3,
    arbitrary: fc.constant<Command>([
      "claim",
      (both) => {
        const known = both.leases.length;
        return (queue) => {
          const claimed = queue.claim("worker", 60_000);
          if (claimed && both.leases.length === known) both.leases.push(claimed.lease);
          return claimed;
        };
      },
    ]),
  },
  fc.nat(1).map((at): Command => ["renew", onLease((queue, lease) => queue.renew(lease, 60_000), at)]),
  fc.nat(1).map((at): Command => ["saveCheckpoint", onLease((queue, lease) => queue.saveCheckpoint(lease, "/cp"), at)]),
  fc.nat(1).map((at): Command => {
    const run = { stage: "convert", startedUnixSec: 5, durationSec: 1, outcome: "done", error: null } as const;
    return ["recordStage", onLease((queue, lease) => queue.recordStage(lease, run), at)];
  }),
  fc
    .nat(1)
    .map((at): Command => ["complete", onLease((queue, lease) => queue.complete(lease, completionOf(lease)), at)]),
  fc.tuple(fc.nat(1), fc.boolean()).map(([at, isRetryable]): Command => {
    const failure = { code: "INPUT_UNREADABLE", message: "it broke", isRetryable } as const;
    return [`fail ${isRetryable}`, onLease((queue, lease) => queue.fail(lease, failure, policy, 0.5), at)];
  }),
  fc.tuple(fc.nat(1), fc.boolean()).map(([at, hasReason]): Command => {
    const reason = hasReason ? ({ code: "DISK_FULL", message: "no room" } as const) : undefined;
    return [`handBack ${reason?.code ?? ""}`, onLease((queue, lease) => queue.handBack(lease, 5_000, reason), at)];
  }),
  fc
    .boolean()
    .map((dead): Command => [`recoverStale ${dead}`, () => (queue) => queue.recoverStale(() => dead, policy)]),
  fc.constantFrom(2, EXPECTED_SUBBAND_COUNT).map((minSubbandCount): Command => {
    const collecting = { timeoutMs: 30_000, closeAfterMs: 100_000, minSubbandCount };
    return [`reviewCollecting ${minSubbandCount}`, () => (queue) => queue.reviewCollecting(collecting)];
  }),
  groupIndexes.map((at): Command => [`retry ${at}`, onGroup((queue, groupId) => queue.retry(groupId), at)]),
  groupIndexes.map((at): Command => [`cancel ${at}`, onGroup((queue, groupId) => queue.cancel(groupId, "no"), at)]),
  groupIndexes.map((at): Command => [`requeue ${at}`, onGroup((queue, groupId) => queue.requeue(groupId), at)]),
  fc.constantFrom(1_000, 20_000, 70_000).map(
    (byMs): Command => [
      `pass ${byMs}`,
      ({ clock }) => {
        clock.pass(byMs);
        return () => undefined;
      },
    ],
  ),
  fc.constantFrom(-3_600, 3_600).map(
    (stepSec): Command => [
      `wall clock ${stepSec}`,
      ({ clock }) => {
        clock.step(stepSec);
        return () => undefined;
      },
    ],
  ),
  fc.constant<Command>([
    "restart of the machine",
    ({ clock }) => {
      clock.restartMachine();
      return () => undefined;
    },
  ]),
  fc.constant<Command>([
    "reopen",
    (both) => {
      both.reopen();
      return () => undefined;
    },
  ]),
);

/** All that can be seen of a queue. */
function view(queue: QueueDatabase): unknown {
  const groups = queue.list({ maxCount: 100, newestFirst: false });
  return {
    stats: queue.stats(() => false),
    groups: groups.map(({ groupId }) => queue.show(groupId)),
    known: [...queue.knownFiles("/in")].map(({ name, signature, fate }) => `${name} ${signature} ${fate}`).toSorted(),
    ledger: queue.ledgerSummary(),
    entries: queue.ledgerEntries({ maxCount: 1000 }),
  };
}

test("random commands, clocks and restarts: memory and SQLite agree, every arrival has one fate", () => {
  fc.assert(
    fc.property(fc.array(commands, { minLength: 5, maxLength: 60 }), (script) => {
      const folder = mkdtempSync(join(tmpdir(), "contimg-queue-model-"));
      const clock = new TestClock();
      const state = emptyQueueState();
      const openReal = () =>
        openQueueDatabase({
          path: join(folder, "queue.sqlite3"),
          productsPath: null,
          clock,
          expectedSubbandCount: EXPECTED_SUBBAND_COUNT,
          chunkMinutes: 5,
        });
      const openModel = () => createMemoryQueue(clock, EXPECTED_SUBBAND_COUNT, state);
      const queues = [openModel(), openReal()];
      const both: Both = {
        clock,
        queues,
        leases: [],
        reopen() {
          for (const queue of queues) queue.close();
          queues.splice(0, 2, openModel(), openReal());
        },
      };
      const done: string[] = [];
      try {
        for (const [name, prepare] of script) {
          done.push(name);
          const act = prepare(both);
          const [modelSaid, realSaid] = both.queues.map(act);
          expect(realSaid, done.join("\n")).toEqual(modelSaid);
          const [model, real] = both.queues.map(view);
          expect(real, done.join("\n")).toEqual(model);
          const summary = both.queues[1]!.ledgerSummary();
          expect(Object.values(summary.countOfFate).reduce((sum, count) => sum + count)).toBe(summary.arrivalCount);
          const { countOfState } = both.queues[1]!.stats(() => false);
          expect(groupStates.reduce((sum, name) => sum + countOfState[name], 0)).toBe(
            both.queues[1]!.list({ maxCount: 100, newestFirst: true }).length,
          );
        }
      } finally {
        for (const queue of both.queues) queue.close();
        rmSync(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: RUN_COUNT },
  );
});
