/** Lets files come as a history says, to the real watcher and the real assembler before a queue, in time that is made up. */

import type { QueueDatabase } from "../../src/ports/group-queue.ts";
import type { SubbandReader } from "../../src/ports/subband-reader.ts";
import { createDirectoryWatcher, type DirectoryWatcher } from "../../src/services/directory-watcher.ts";
import { createGroupAssembler, type GroupAssembler } from "../../src/services/group-assembler.ts";
import { RandomStream } from "../../src/simulate/random.ts";
import { recordingLog } from "../contract/recording-log.ts";
import type { TestClock } from "../contract/test-clock.ts";
import { type History, LONGEST_DELAY_MS, type Sending, SUBBAND_COUNT } from "./arrival-model.ts";
import { MemoryDirectory } from "./memory-directory.ts";

const POLL_MS = 30_000;
const FULL_SCAN_MS = 600_000;
const SETTLE_MS = 60_000;
const ABANDONED_MS = 600_000;
const POLICY = {
  // What comes with the longest delay, and is only seen by a complete listing, is not overdue.
  timeoutMs: LONGEST_DELAY_MS + 2 * FULL_SCAN_MS,
  minSubbandCount: SUBBAND_COUNT,
  closeAfterMs: 3 * LONGEST_DELAY_MS,
};

interface Happening {
  readonly atMs: number;
  act(): void;
}

export interface Stream {
  readonly clock: TestClock;
  /** Opens what an earlier stream left. */
  openQueue(): QueueDatabase;
  /** The reader of files in place of the one that sees when they are whole. */
  readerOf?(directory: MemoryDirectory): SubbandReader;
}

export interface Outcome {
  readonly queue: QueueDatabase;
  /** Groups that workers were called for, as often as they were. */
  readonly readyGroupIds: readonly string[];
  /** Groups that operators were warned of. */
  readonly overdueGroupIds: readonly string[];
}

/** @returns when every file was decided and every group that stays incomplete was closed */
export async function runHistory(history: History, stream: Stream, seed: number): Promise<Outcome> {
  const { clock } = stream;
  const directory = new MemoryDirectory();
  const random = new RandomStream(seed, 78);
  const readyGroupIds: string[] = [];
  const overdueGroupIds: string[] = [];
  let queue = stream.openQueue();
  let watcher: DirectoryWatcher;
  let assembler: GroupAssembler;

  function start(): void {
    const log = recordingLog();
    assembler = createGroupAssembler({
      queue: {
        reviewCollecting(policy) {
          const review = queue.reviewCollecting(policy);
          overdueGroupIds.push(...review.overdue.map(({ groupId }) => groupId));
          return review;
        },
      },
      policy: POLICY,
      log,
      onPending: (groupId) => void readyGroupIds.push(groupId),
    });
    watcher = createDirectoryWatcher({
      directory: directory.incoming,
      reader: stream.readerOf?.(directory) ?? directory.reader,
      ledger: queue,
      clock,
      log,
      settleMs: SETTLE_MS,
      abandonedMs: ABANDONED_MS,
      fullScanMs: FULL_SCAN_MS,
      onArrival: (file, outcome) => assembler.noteArrival(file, outcome),
    });
    watcher.recall();
  }
  start();

  const note = (name: string) => {
    if (random.uniform() >= history.lostEventFraction) watcher.noteEvent(name);
  };
  const happenings: readonly Happening[] = [
    ...history.sendings.flatMap((sending) => arrivalsOf(sending, directory, clock, note)),
    ...history.restartsMs.map((atMs) => ({
      atMs,
      act() {
        queue.close();
        queue = stream.openQueue();
        start();
      },
    })),
    ...history.stepsSec.map(([atMs, stepSec]) => ({ atMs, act: () => clock.step(stepSec) })),
  ].toSorted((a, b) => a.atMs - b.atMs);

  let next = 0;
  let nextPollMs = 0;
  const endMs = (happenings.at(-1)?.atMs ?? 0) + POLICY.closeAfterMs + FULL_SCAN_MS + ABANDONED_MS + POLL_MS;
  for (let nowMs = 0; nowMs < endMs; ) {
    for (; next < happenings.length && happenings[next]!.atMs <= nowMs; next++) happenings[next]!.act();
    if (nowMs >= nextPollMs) {
      await watcher!.scan();
      assembler!.review();
      nextPollMs = nowMs + POLL_MS;
    }
    await watcher!.examineDue();
    const untilMs = Math.min(happenings[next]?.atMs ?? endMs, nextPollMs, nowMs + Math.max(1, watcher!.dueInMs()));
    clock.pass(untilMs - nowMs);
    nowMs = untilMs;
  }
  return { queue, readyGroupIds, overdueGroupIds };
}

function arrivalsOf(
  { name, content, delivery, end, startMs, endMs }: Sending,
  directory: MemoryDirectory,
  clock: TestClock,
  note: (name: string) => void,
): readonly Happening[] {
  const unfinishedNames = {
    "written in place": name,
    rsync: `.${name}.aB3xYz`,
    "incomplete name": name.replace(/(\.\w+)$/, "_incomplete$1"),
    renamed: `${name}.partial`,
  };
  const writtenAs = name.endsWith(".hdf5") ? unfinishedNames[delivery] : name;
  const begin = {
    atMs: startMs,
    act() {
      directory.begin(writtenAs, content, clock.sinceBootMs());
      note(writtenAs);
    },
  };
  const finish = {
    atMs: endMs,
    act() {
      if (end === "whole") directory.complete(writtenAs, clock.sinceBootMs());
      if (writtenAs !== name) directory.rename(writtenAs, name);
      note(name);
    },
  };
  return end === "abandoned" ? [begin] : [begin, finish];
}
