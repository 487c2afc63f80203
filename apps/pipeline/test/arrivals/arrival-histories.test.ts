/** Whatever order, delay, repeat or restart: the groups are those of the data, and every file has one fate. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { openQueueDatabase } from "../../src/adapters/sqlite/queue-database.ts";
import type { WholeSubband } from "../../src/domain/arrival.ts";
import { parseSubbandName } from "../../src/domain/subband-file.ts";
import type { ArrivalLedger, QueueDatabase } from "../../src/ports/group-queue.ts";
import { createMemoryQueue } from "../contract/memory-queue.ts";
import { TestClock } from "../contract/test-clock.ts";
import { type History, randomHistory, SUBBAND_COUNT } from "./arrival-model.ts";
import { runHistory } from "./run-history.ts";

/** `CONTIMG_TEST_HISTORIES=5000` for a long run. */
const HISTORY_COUNT = Number(process.env["CONTIMG_TEST_HISTORIES"] ?? 300);
const GROUP_COUNT = 12;
const JD_OF_UNIX_EPOCH = 2_440_587.5;

/** Subbands by the time of the data alone: what must come out. */
function groupsOfData({ sendings }: History): readonly string[] {
  const groups = new Map<number, Set<number>>();
  for (const { content } of sendings)
    groups.set(content.groupNumber, (groups.get(content.groupNumber) ?? new Set()).add(content.subbandIndex));
  return [...groups]
    .toSorted(([a], [b]) => a - b)
    .map(([, subbands]) => {
      const state = subbands.size === SUBBAND_COUNT ? "pending" : "collecting";
      return `${state} ${[...subbands].toSorted((a, b) => a - b).join(",")}`;
    });
}

function groupsFound(queue: QueueDatabase): readonly string[] {
  return queue.list({ maxCount: 1_000, newestFirst: false }).map(
    ({ groupId, state }) =>
      `${state} ${queue
        .show(groupId)!
        .files.map((file) => file.subbandIndex)
        .join(",")}`,
  );
}

async function follow(seed: number, queue: QueueDatabase, clock: TestClock, ledger: ArrivalLedger = queue) {
  const history = randomHistory(seed, GROUP_COUNT);
  await runHistory(history, ledger, clock, seed);
  return history;
}

/** Sum of fates = files ever seen; nothing is undecided; as many are in groups as there are subbands. */
function expectLedger(queue: QueueDatabase, history: History): void {
  const { arrivalCount, countOfFate } = queue.ledgerSummary();
  expect(Object.values(countOfFate).reduce((sum, count) => sum + count)).toBe(arrivalCount);
  const names = new Set(history.sendings.map(({ name }) => name));
  const contents = new Set(history.sendings.map(({ content }) => content.digest));
  const { queued, duplicate, resent, ...others } = countOfFate;
  expect(queued).toBe(contents.size);
  // A repeat that replaced its original before anybody looked is one arrival with it.
  expect(duplicate).toBeGreaterThanOrEqual(names.size - contents.size);
  expect(queued + duplicate + resent).toBeLessThanOrEqual(history.sendings.length);
  expect(Object.values(others).every((count) => count === 0)).toBe(true);
}

test("files of any history make the groups of their data, and every arrival has one fate", async () => {
  for (let seed = 1; seed <= HISTORY_COUNT; seed++) {
    const clock = new TestClock();
    const queue = createMemoryQueue(clock, SUBBAND_COUNT);
    const history = await follow(seed, queue, clock);
    expect(groupsFound(queue), `seed ${seed}`).toEqual(groupsOfData(history));
    expectLedger(queue, history);
  }
}, 120_000);

test("the same in SQLite", async () => {
  for (let seed = 1001; seed <= 1000 + HISTORY_COUNT / 20; seed++) {
    const folder = mkdtempSync(join(tmpdir(), "contimg-histories-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const clock = new TestClock();
    const queue = openQueueDatabase({
      path: join(folder, "queue.sqlite3"),
      productsPath: null,
      clock,
      expectedSubbandCount: SUBBAND_COUNT,
      chunkMinutes: 5,
    });
    const history = await follow(seed, queue, clock);
    expect(groupsFound(queue), `seed ${seed}`).toEqual(groupsOfData(history));
    expectLedger(queue, history);
    queue.close();
  }
}, 120_000);

describe("a mistake that the old pipeline made is found", () => {
  const nameTimeSec = ({ path }: WholeSubband) => parseSubbandName(path)!.nameTimeUnixSec;
  const at = (file: WholeSubband, unixSec: number): WholeSubband => ({
    ...file,
    firstTimeJd: unixSec / 86_400 + JD_OF_UNIX_EPOCH + file.integrationTimeSec / 2 / 86_400,
  });
  test.each<[string, (file: WholeSubband) => WholeSubband]>([
    ["files belong together when their names have the same second", (file) => at(file, nameTimeSec(file))],
    [
      "files belong together in bins of 5 min of their names",
      (file) => at(file, 300 * Math.floor(nameTimeSec(file) / 300)),
    ],
    ["files of a group within 30 s of each other", (file) => at(file, 30 * Math.round(nameTimeSec(file) / 30))],
  ])("%s", async (_, distorted) => {
    let wrongCount = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const clock = new TestClock();
      const queue = createMemoryQueue(clock, SUBBAND_COUNT);
      const history = await follow(seed, queue, clock, {
        ...queue,
        recordSubband: (file) => queue.recordSubband(distorted(file)),
      });
      if (groupsFound(queue).join() !== groupsOfData(history).join()) wrongCount++;
    }
    expect(wrongCount).toBeGreaterThan(2);
  });
});
