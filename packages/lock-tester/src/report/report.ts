/** What a test tells: one JSON object, from which text and HTML are made. */

import type { Hang } from "../controller/watchdog.ts";
import type { Outcome } from "../locker/messages.ts";
import type { Judgement } from "../oracle/judge.ts";
import type { LockNumbers } from "../oracle/numbers.ts";

export const REPORT_FORMAT = "contimg-locktest/1";

/**
 * - `trusted`: nobody was inside who should not have been, and all came to an end
 * - `violated`: somebody was
 * - `hung`: a deadlock, a lock that nobody could have any more, or a test that did not end
 * - `inconclusive`: nothing was acquired, or lockers ended by themselves
 */
export type Verdict = "trusted" | "violated" | "hung" | "inconclusive";

export interface LockReport {
  readonly format: typeof REPORT_FORMAT;
  readonly verdict: Verdict;
  /** For the operator. */
  readonly sentence: string;
  readonly path: string;
  readonly primitive: { readonly name: string; readonly summary: string };
  readonly fileSystem: { readonly kind: string; readonly options: string; readonly reach: string };
  readonly hosts: readonly { readonly name: string; readonly clockErrorMs: number }[];
  readonly startUtc: string;
  readonly lockerCount: number;
  /** Processes and the lockers in them, where several share one. */
  readonly processCount: number;
  readonly seed: number;
  /** The steps as they were done, with loops and random steps written out; null: too many to keep. */
  readonly scenario: string | null;
  readonly oracle: Judgement;
  readonly numbers: LockNumbers;
  readonly hang: Hang | null;
  readonly faults: readonly { readonly atMs: number; readonly text: string }[];
  readonly problems: readonly string[];
  readonly actions: readonly ReportedAction[];
  readonly timeline: Timeline;
}

export interface ReportedAction {
  readonly locker: number;
  readonly command: string;
  readonly outcome: Outcome | "unanswered";
  readonly atMs: number | null;
  readonly latenessMs: number | null;
  readonly waitedMs: number | null;
  readonly problem: string | null;
}

/** Times count from the start of the steps. */
export interface Timeline {
  readonly spans: readonly TimelineSpan[];
  /** How many more there were. */
  readonly omittedCount: number;
}

export interface TimelineSpan {
  readonly locker: number;
  readonly mode: "shared" | "exclusive";
  readonly askedMs: number;
  readonly enteredMs: number;
  readonly leftMs: number;
  readonly isViolation: boolean;
}

/** 0 trusted, 1 not to be trusted or nothing found out. */
export function exitStatusOf({ verdict }: Pick<LockReport, "verdict">): 0 | 1 {
  return verdict === "trusted" ? 0 : 1;
}
