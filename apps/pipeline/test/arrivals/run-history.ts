/** Lets files come as a history says, with the real watcher in front of a ledger, in time that is made up. */

import type { ArrivalLedger } from "../../src/ports/group-queue.ts";
import { createDirectoryWatcher, type DirectoryWatcher } from "../../src/services/directory-watcher.ts";
import { RandomStream } from "../../src/simulate/random.ts";
import { recordingLog } from "../contract/recording-log.ts";
import type { TestClock } from "../contract/test-clock.ts";
import type { History, Sending } from "./arrival-model.ts";
import { MemoryDirectory } from "./memory-directory.ts";

const POLL_MS = 1_000;
const TICK_MS = 50;
const QUIET_MS = 120_000;

interface Happening {
  readonly atMs: number;
  act(): void;
}

/** @returns when every file was decided */
export async function runHistory(
  history: History,
  ledger: ArrivalLedger,
  clock: TestClock,
  seed: number,
): Promise<void> {
  const directory = new MemoryDirectory();
  const random = new RandomStream(seed, 78);
  let watcher = start();

  function start(): DirectoryWatcher {
    const started = createDirectoryWatcher({
      directory: directory.incoming,
      reader: directory.reader,
      ledger,
      clock,
      log: recordingLog(),
      settleMs: 60_000,
      abandonedMs: 3_600_000,
      fullScanMs: 0,
      onArrival: () => undefined,
    });
    started.recall();
    return started;
  }

  const note = (name: string) => {
    if (random.uniform() >= history.lostEventFraction) watcher.noteEvent(name);
  };
  const happenings: Happening[] = [
    ...history.sendings.flatMap((sending) => arrivalsOf(sending, directory, clock, note)),
    ...history.restartsMs.map((atMs) => ({
      atMs,
      act() {
        watcher = start();
      },
    })),
    ...history.stepsSec.map(([atMs, stepSec]) => ({ atMs, act: () => clock.step(stepSec) })),
  ].toSorted((a, b) => a.atMs - b.atMs);

  const endMs = (happenings.at(-1)?.atMs ?? 0) + QUIET_MS;
  let nextScanMs = 0;
  for (let nowMs = 0; nowMs < endMs; nowMs += TICK_MS) {
    for (; happenings.length > 0 && happenings[0]!.atMs <= nowMs; happenings.shift()) happenings[0]!.act();
    if (nowMs >= nextScanMs) {
      await watcher.scan();
      nextScanMs = nowMs + POLL_MS;
    }
    await watcher.examineDue();
    clock.pass(TICK_MS);
    if (happenings.length === 0 && watcher.candidateCount === 0 && nowMs > nextScanMs - TICK_MS) break;
  }
}

function arrivalsOf(
  { name, content, delivery, startMs, endMs }: Sending,
  directory: MemoryDirectory,
  clock: TestClock,
  note: (name: string) => void,
): readonly Happening[] {
  const writtenAs =
    delivery === "written in place"
      ? name
      : delivery === "rsync"
        ? `.${name}.aB3xYz`
        : delivery === "incomplete name"
          ? name.replace(".hdf5", "_incomplete.hdf5")
          : `${name}.partial`;
  return [
    {
      atMs: startMs,
      act() {
        directory.begin(writtenAs, content, clock.sinceBootMs());
        note(writtenAs);
      },
    },
    {
      atMs: endMs,
      act() {
        directory.complete(writtenAs, clock.sinceBootMs());
        if (writtenAs !== name) directory.rename(writtenAs, name);
        note(name);
      },
    },
  ];
}
