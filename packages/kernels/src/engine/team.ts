/**
 * Threads that work through the same steps on one memory. Every thread calls the same functions with the same arguments and
 * its own `Team`; parts of a step go to whoever is free, and nobody begins a step before all have ended the one before.
 *
 * Waiting blocks the thread, which a browser's main thread may not do; a team of one never waits.
 */
import type { Engine } from "./engine.ts";

/** A thread's place among those that share an engine's memory. */
export interface Team {
  readonly threadIndex: number;
  readonly threadCount: number;
  /** Counters, shared by all. */
  readonly counters: Int32Array<SharedArrayBuffer>;
}

// Places of the counters, each on a cache line of its own.
const NEXT_PART = 16;
const ARRIVED = 32;
const ROUND = 48;
const FAILED = 64;
const COUNTER_COUNT = 80;

/** The team of a thread. All counters are 0 in new memory; a team that failed needs new memory. */
export function teamOf(engine: Engine, threadIndex = 0, threadCount = 1): Team {
  return { threadIndex, threadCount, counters: new Int32Array(engine.buffer, 0, COUNTER_COUNT) };
}

/** Another thread of the team failed, and its error says why. */
export class TeamFailure extends Error {
  override readonly name = "TeamFailure";
}

/**
 * Does the parts of a step, each once, by whichever thread is free; returns when all are done. Parts must not touch what
 * other parts of the step write: then the result does not depend on the number of threads.
 *
 * @throws TeamFailure when a part failed in another thread.
 */
export function forParts(team: Team, partCount: number, work: (part: number) => void): void {
  if (team.threadCount === 1) {
    for (let part = 0; part < partCount; part++) work(part);
    return;
  }
  try {
    for (;;) {
      const part = Atomics.add(team.counters, NEXT_PART, 1);
      if (part >= partCount) break;
      work(part);
    }
  } catch (error) {
    Atomics.store(team.counters, FAILED, 1);
    Atomics.add(team.counters, ROUND, 1);
    Atomics.notify(team.counters, ROUND);
    throw error;
  }
  meet(team);
}

/**
 * Waits until all threads have come here.
 *
 * @throws TeamFailure when one never will.
 */
export function meet(team: Team): void {
  const { counters, threadCount } = team;
  if (threadCount === 1) return;
  const round = Atomics.load(counters, ROUND);
  if (Atomics.add(counters, ARRIVED, 1) === threadCount - 1) {
    Atomics.store(counters, ARRIVED, 0);
    Atomics.store(counters, NEXT_PART, 0);
    Atomics.add(counters, ROUND, 1);
    Atomics.notify(counters, ROUND);
  } else {
    while (Atomics.load(counters, ROUND) === round && Atomics.load(counters, FAILED) === 0) {
      Atomics.wait(counters, ROUND, round, 1000);
    }
  }
  if (Atomics.load(counters, FAILED) !== 0) throw new TeamFailure("another thread of the team failed");
}
