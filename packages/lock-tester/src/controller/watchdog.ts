/** Looks whether the lockers still get on, and says what keeps them. */

import type { LockerState } from "../locker/messages.ts";
import { findCycle, type WaitEdge, waitGraph } from "./wait-graph.ts";

export interface Hang {
  /**
   * - `deadlock`: lockers wait for each other in a circle
   * - `stuck`: some wait, and nobody holds what they wait for
   * - `dead-holder`: some wait for one that was killed
   * - `silent`: a process of lockers does not answer
   * - `limit`: the test took longer than it may
   */
  readonly kind: "deadlock" | "stuck" | "dead-holder" | "silent" | "limit";
  readonly text: string;
  readonly graph: readonly string[];
  readonly lockers: readonly number[];
  readonly afterMs: number;
}

/** A circle must be seen for so long: one look may be older than another. */
const CYCLE_MS = 600;

/** For so long a lock may be free although somebody waits for it. */
export interface WatchLimits {
  readonly stuckMs: number;
}

/** Pure: it is handed what is known and the time. */
export class Watchdog {
  readonly #limits: WatchLimits;
  #cycleKey = "";
  #cycleSinceMs = 0;
  #stuckKey = "";
  #stuckSinceMs = 0;

  constructor(limits: WatchLimits) {
    this.#limits = limits;
  }

  /**
   * @param states  of all lockers that hold or wait
   * @param dead  lockers that were killed, with what they held then
   * @param acquiredCount  of all lockers so far: as long as it grows nothing is stuck
   */
  look(
    states: readonly LockerState[],
    dead: readonly LockerState[],
    acquiredCount: number,
    nowMs: number,
  ): Hang | undefined {
    const living = waitGraph(states);
    const cycle = findCycle(living);
    const key = cycle ? cycle.toSorted((a, b) => a - b).join() + waitsOf(states, cycle) : "";
    if (key !== this.#cycleKey) {
      this.#cycleKey = key;
      this.#cycleSinceMs = nowMs;
    }
    if (cycle && nowMs - this.#cycleSinceMs >= CYCLE_MS) {
      const edges = living.filter(({ waiter, holder }) => cycle.includes(waiter) && cycle.includes(holder));
      return hang(
        "deadlock",
        `lockers ${cycle.join(", ")} wait for each other`,
        edges,
        cycle,
        nowMs - this.#cycleSinceMs,
      );
    }
    return this.#lookForStuck(states, dead, living, acquiredCount, nowMs);
  }

  #lookForStuck(
    states: readonly LockerState[],
    dead: readonly LockerState[],
    living: readonly WaitEdge[],
    acquiredCount: number,
    nowMs: number,
  ): Hang | undefined {
    const waiters = states.filter(({ waiting }) => waiting !== null);
    const isFree = waiters.length > 0 && living.length === 0;
    // While nobody enters; those that wait may give up and wait again.
    const key = isFree ? `${acquiredCount}` : "";
    if (key !== this.#stuckKey) {
      this.#stuckKey = key;
      this.#stuckSinceMs = nowMs;
    }
    const stuckMs = nowMs - this.#stuckSinceMs;
    if (!isFree || stuckMs < this.#limits.stuckMs) return undefined;
    const lockers = waiters.map(({ locker }) => locker);
    const graveEdges = waitGraph([...waiters, ...dead]).filter(({ holder }) =>
      dead.some(({ locker }) => locker === holder),
    );
    if (graveEdges.length > 0) {
      const names = [...new Set(graveEdges.map(({ holder }) => holder))].join(", ");
      return hang(
        "dead-holder",
        `the lock of locker ${names}, which was killed, is not given back`,
        graveEdges,
        lockers,
        stuckMs,
      );
    }
    const text = `${lockers.length === 1 ? "locker" : "lockers"} ${lockers.join(", ")} waited ${(stuckMs / 1000).toFixed(1)} s for a lock that nobody holds`;
    return hang("stuck", text, [], lockers, stuckMs);
  }
}

function waitsOf(states: readonly LockerState[], lockers: readonly number[]): string {
  return states
    .filter(({ locker }) => lockers.includes(locker))
    .map(({ locker, waiting }) => `${locker}:${waiting?.sinceNs}`)
    .join();
}

function hang(
  kind: Hang["kind"],
  text: string,
  edges: readonly WaitEdge[],
  lockers: readonly number[],
  afterMs: number,
): Hang {
  return { kind, text, graph: edges.map((edge) => edge.text), lockers, afterMs };
}
