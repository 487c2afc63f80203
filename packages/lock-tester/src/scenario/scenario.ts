/** What a test does, step by step. */

import type { ByteRange, LockMode } from "../primitive.ts";

/** Where a step stands in its file; both count from 1. */
export interface Place {
  readonly lineIndex: number;
  readonly columnIndex: number;
}

/** An instant: so long after the command is sent, or of the wall clock. */
export type When =
  | { readonly kind: "after-sending"; readonly sec: number }
  | { readonly kind: "utc"; readonly unixSec: number };

/** What one locker is told to do. All but the last are the commands of the original tester. */
export type Action =
  | {
      readonly kind: "lock";
      readonly mode: LockMode;
      readonly when?: When;
      readonly range?: ByteRange;
      readonly timeoutMs?: number;
    }
  | { readonly kind: "release"; readonly ifHeld: boolean; readonly when?: When; readonly range?: ByteRange }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "sleep"; readonly durationMs: number }
  | { readonly kind: "stop" }
  | ContendAction;

/** Take the lock, look whether others are inside, hold it, let go: again and again, without the controller. */
export interface ContendAction {
  readonly kind: "contend";
  readonly count: number;
  /** `upgrade`: shared first, then exclusive. `mixed`: shared for `readerFraction` of them. */
  readonly mode: LockMode | "mixed" | "upgrade";
  readonly readerFraction: number;
  readonly holdMs: number;
  readonly pauseMs: number;
  readonly timeoutMs: number;
  /** One is chosen each time; none: the whole file. */
  readonly ranges: readonly ByteRange[];
}

export type Signal = "SIGKILL" | "SIGSTOP" | "SIGCONT" | "SIGTERM";

export type Addressees = "all" | readonly number[];

/** What the clock that the locker sees does: the wall clock, on which times to live are counted. */
export type ClockChange =
  | { readonly kind: "stall" }
  | { readonly kind: "resume" }
  | { readonly kind: "step"; readonly sec: number };

/** One step of the controller. */
export type Step = { readonly place?: Place } & (
  | { readonly kind: "send"; readonly to: Addressees; readonly action: Action }
  /** Wait until the queues of these lockers are empty: their results come back. */
  | { readonly kind: "barrier"; readonly to: Addressees }
  | { readonly kind: "wait"; readonly durationMs: number }
  | { readonly kind: "signal"; readonly to: Addressees; readonly signal: Signal }
  | { readonly kind: "disk"; readonly state: "full" | "free" }
  | { readonly kind: "clock"; readonly to: Addressees; readonly change: ClockChange }
  | { readonly kind: "loop"; readonly count: number; readonly steps: readonly Step[] }
  | {
      readonly kind: "random";
      readonly to: Addressees;
      readonly count: number;
      readonly ranges: readonly ByteRange[];
      readonly shortestHoldMs: number;
      readonly longestHoldMs: number;
      /** Of the steps that lock, so many ask for a shared lock. */
      readonly readerFraction: number;
    }
);

/** A step without those that stand for several. */
export type FlatStep = Exclude<Step, { readonly kind: "loop" | "random" }>;

export interface Scenario {
  readonly steps: readonly Step[];
  /** Of the random steps; the caller's own seed overrides it. */
  readonly seed?: number;
  readonly lockerCount?: number;
  readonly primitive?: string;
}

/** The original's example: all lockers ask for a write lock at the same time, release it, and stop. */
export const seedExample: Scenario = {
  steps: [
    {
      kind: "send",
      to: "all",
      action: { kind: "lock", mode: "exclusive", when: { kind: "after-sending", sec: 1 } },
    },
    { kind: "send", to: "all", action: { kind: "release", ifHeld: true } },
    { kind: "barrier", to: "all" },
    { kind: "send", to: "all", action: { kind: "stop" } },
  ],
};
