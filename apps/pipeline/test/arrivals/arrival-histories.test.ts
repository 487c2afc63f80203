/** Whatever order, delay, repeat or restart: the groups are those of the data, and every file has one fate. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { openQueueDatabase } from "../../src/adapters/sqlite/queue-database.ts";
import type { WholeSubband } from "../../src/domain/arrival.ts";
import { parseSubbandName } from "../../src/domain/subband-file.ts";
import type { QueueDatabase } from "../../src/ports/group-queue.ts";
import { createMemoryQueue } from "../contract/memory-queue.ts";
import { emptyQueueState, type MemoryQueueState } from "../contract/memory-store.ts";
import { TestClock } from "../contract/test-clock.ts";
import { type Content, type History, inOrder, randomHistory, SUBBAND_COUNT } from "./arrival-model.ts";
import { type Outcome, runHistory, type Stream } from "./run-history.ts";

/** `CONTIMG_TEST_HISTORIES=20000` for a long run. */
const HISTORY_COUNT = Number(process.env["CONTIMG_TEST_HISTORIES"] ?? 300);
const GROUP_COUNT = 6;
const JD_OF_UNIX_EPOCH = 2_440_587.5;
const byText = (a: string, b: string) => (a < b ? -1 : Number(a > b));

/** What must come out: subbands that came whole, by the time of their data and nothing else. */
function groupsOfData({ sendings }: History): readonly string[] {
  const groups = new Map<number, Map<number, Content>>();
  for (const { content, end } of sendings) {
    if (end !== "whole" || content.subbandIndex >= SUBBAND_COUNT || !content.digest.includes("/")) continue;
    const group = groups.get(content.firstTimeJd) ?? new Map<number, Content>();
    groups.set(content.firstTimeJd, group.set(content.subbandIndex, content));
  }
  return [...groups]
    .toSorted(([a], [b]) => a - b)
    .map(([, subbands]) => {
      const digests = [...subbands.values()].toSorted((a, b) => a.subbandIndex - b.subbandIndex);
      const state = subbands.size === SUBBAND_COUNT ? "pending" : "failed";
      return `${state} ${digests.map(({ digest }) => digest).join(" ")}`;
    });
}

const groupsFound = (queue: QueueDatabase): readonly string[] =>
  queue
    .list({ maxCount: 1_000, newestFirst: false })
    .map(({ groupId, state }) => [state, ...queue.show(groupId)!.files.map((file) => file.sampleDigest)].join(" "));

const entriesOf = (queue: QueueDatabase) => queue.ledgerEntries({ maxCount: 1e6 });

/** What became of each name in the end. Which of two copies is the group's, and which the duplicate, time decides. */
function accountOf(queue: QueueDatabase): readonly string[] {
  const account = new Map<string, string>();
  for (const { path, fate, groupId, subbandIndex } of entriesOf(queue).toReversed()) {
    const isPartOfGroup = fate === "queued" || fate === "duplicate" || fate === "resent";
    account.set(path, `${path} ${isPartOfGroup ? "used" : fate} ${groupId ?? ""} ${subbandIndex ?? ""}`);
  }
  return [...account.values()].toSorted(byText);
}

/** Every arrival as it stands, where nothing was sent twice. */
const ledgerOf = (queue: QueueDatabase): readonly string[] =>
  entriesOf(queue)
    .map(({ path, fate, groupId, subbandIndex }) => `${path} ${fate} ${groupId ?? ""} ${subbandIndex ?? ""}`)
    .toSorted(byText);

/** Sum of fates = files ever seen; nothing is undecided; each subband of a group is queued once. */
function expectLedger(queue: QueueDatabase): void {
  const { arrivalCount, countOfFate } = queue.ledgerSummary();
  expect(Object.values(countOfFate).reduce((sum, count) => sum + count)).toBe(arrivalCount);
  const groups = queue.list({ maxCount: 1_000, newestFirst: false });
  expect(countOfFate.queued).toBe(groups.reduce((sum, { presentSubbands }) => sum + presentSubbands.length, 0));
  expect(countOfFate).toMatchObject({ settling: 0, late: 0, changed: 0, superseded: 0, vanished: 0 });
}

/** A worker is called once for each whole group, and an operator warned once of each other. */
function expectCalls({ queue, readyGroupIds, overdueGroupIds }: Outcome): void {
  const idsOf = (state: "pending" | "failed") =>
    queue.list({ states: [state], maxCount: 1_000, newestFirst: false }).map(({ groupId }) => groupId);
  expect(readyGroupIds.toSorted(byText)).toEqual(idsOf("pending"));
  expect(overdueGroupIds.toSorted(byText)).toEqual(idsOf("failed"));
}

function memoryStream(clock = new TestClock(), state: MemoryQueueState = emptyQueueState()): Stream {
  return { clock, openQueue: () => createMemoryQueue(clock, SUBBAND_COUNT, state) };
}

function sqliteStream(): Stream {
  const clock = new TestClock();
  // What is asked here does not depend on what is on disk: memory is a hundred times faster to sync.
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "contimg-histories-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "queue.sqlite3");
  const openQueue = () =>
    openQueueDatabase({ path, productsPath: null, clock, expectedSubbandCount: SUBBAND_COUNT, chunkMinutes: 5 });
  return { clock, openQueue };
}

async function check(seed: number, streamOf: () => Stream): Promise<void> {
  const hasRepeats = seed % 2 === 0;
  const history = randomHistory(seed, GROUP_COUNT, hasRepeats);
  const outcome = await runHistory(history, streamOf(), seed);
  const quiet = await runHistory(inOrder(history), streamOf(), seed);
  expect(groupsFound(outcome.queue)).toEqual(groupsOfData(history));
  const idsOf = ({ queue }: Outcome) => queue.list({ maxCount: 1_000, newestFirst: false }).map((one) => one.groupId);
  expect(idsOf(outcome)).toEqual(idsOf(quiet));
  expect(accountOf(outcome.queue)).toEqual(accountOf(quiet.queue));
  if (!hasRepeats) expect(ledgerOf(outcome.queue)).toEqual(ledgerOf(quiet.queue));
  for (const one of [outcome, quiet]) {
    expectLedger(one.queue);
    expectCalls(one);
    one.queue.close();
  }
}

async function checkAll(firstSeed: number, count: number, streamOf: () => Stream): Promise<void> {
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    await check(seed, streamOf).catch((error: unknown) => {
      throw new Error(`history ${seed}`, { cause: error });
    });
  }
}

describe("files of any history make the groups and the ledger that they make in order", () => {
  test("in memory", () => checkAll(1, HISTORY_COUNT, memoryStream), 3_600_000);
  test("in SQLite", () => checkAll(100_001, Math.ceil(HISTORY_COUNT / 4), sqliteStream), 3_600_000);
});

describe("a mistake that the old pipeline made is found", () => {
  const nameTimeSec = ({ path }: WholeSubband) => parseSubbandName(path)!.nameTimeUnixSec;
  const at = (file: WholeSubband, unixSec: number): WholeSubband => ({
    ...file,
    firstTimeJd: unixSec / 86_400 + JD_OF_UNIX_EPOCH + file.integrationTimeSec / 2 / 86_400,
  });
  const groupedBy = (timeOf: (file: WholeSubband) => number) => (): Stream => {
    const stream = memoryStream();
    const openQueue = () => {
      const queue = stream.openQueue();
      return { ...queue, recordSubband: (file: WholeSubband) => queue.recordSubband(at(file, timeOf(file))) };
    };
    return { ...stream, openQueue };
  };

  /** INSERT OR REPLACE: the last file that claims a subband has it. */
  function replacingMembers(): Stream {
    const state = emptyQueueState();
    const stream = memoryStream(new TestClock(), state);
    const openQueue = () => {
      const queue = stream.openQueue();
      return {
        ...queue,
        recordSubband(file: WholeSubband) {
          const outcome = queue.recordSubband(file);
          if (outcome.fate !== "duplicate") return outcome;
          const arrival = state.arrivals.at(-1)!;
          arrival.fate = "queued";
          state.groups.get(outcome.groupId!)!.members.set(file.subbandIndex, { ...file, arrivalId: arrival.arrivalId });
          return { ...outcome, fate: "queued" as const };
        },
      };
    };
    return { ...stream, openQueue };
  }

  /** `COUNT(*) >= expected` after any file, whatever the state: the group is ready again and again. */
  function readyAgain(): Stream {
    const stream = memoryStream();
    const openQueue = () => {
      const queue = stream.openQueue();
      return {
        ...queue,
        recordSubband(file: WholeSubband) {
          const outcome = queue.recordSubband(file);
          const isWhole = queue.show(outcome.groupId ?? "")?.presentSubbands.length === SUBBAND_COUNT;
          return { ...outcome, becamePending: isWhole };
        },
      };
    };
    return { ...stream, openQueue };
  }

  /** A file counts as soon as its header can be read. */
  const halfWritten = (): Stream => ({
    ...memoryStream(),
    readerOf: (directory) => ({ ...directory.reader, probe: (path) => directory.headerOf(path) }),
  });

  /** What is not whole at the first look is never looked at again. */
  function droppedForEver(): Stream {
    const stream = memoryStream();
    const openQueue = () => {
      const queue = stream.openQueue();
      return {
        ...queue,
        recordUnusable: (...[file, fate, reason]: Parameters<QueueDatabase["recordUnusable"]>) =>
          queue.recordUnusable(file, fate === "settling" ? "corrupt" : fate, reason),
        recordSubband: (file: WholeSubband) =>
          queue.ledgerEntries({ fate: "corrupt", maxCount: 1e6 }).some(({ path }) => path === file.path)
            ? queue.recordUnusable(file, "corrupt", "seen before")
            : queue.recordSubband(file),
      };
    };
    return { ...stream, openQueue };
  }

  /** Ages by the clock that somebody sets. */
  class WallClock extends TestClock {
    override sinceBootMs(): number {
      return this.nowUnixSec() * 1000;
    }
  }

  async function isFoundWrong(seed: number, streamOf: () => Stream): Promise<boolean> {
    try {
      await check(seed, streamOf);
      return false;
    } catch (error) {
      // A mistake that makes the stream itself break would prove nothing.
      if (error instanceof Error && error.name === "AssertionError") return true;
      throw error;
    }
  }

  test.each<[string, () => Stream]>([
    ["files belong together when their names have the same second", groupedBy(nameTimeSec)],
    [
      "files belong together in bins of 5 min of their names",
      groupedBy((file) => 300 * Math.floor(nameTimeSec(file) / 300)),
    ],
    ["files of a group within 30 s of each other", groupedBy((file) => 30 * Math.round(nameTimeSec(file) / 30))],
    ["a second file of a subband replaces the first", replacingMembers],
    ["a late or second file makes a group ready again", readyAgain],
    ["half-written files enter", halfWritten],
    ["half-written files are dropped for ever", droppedForEver],
    ["how long a group waits is told by the clock on the wall", () => memoryStream(new WallClock())],
  ])("%s", async (_, streamOf) => {
    let wrongCount = 0;
    for (let seed = 1; seed <= 20; seed++) if (await isFoundWrong(seed, streamOf)) wrongCount++;
    expect(wrongCount).toBeGreaterThan(2);
  });
});
