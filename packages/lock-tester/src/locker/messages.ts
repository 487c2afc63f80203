/** What the controller and the processes of lockers say to each other, over a child's channel or TCP. */

import type { LockTesterTag } from "../errors.ts";
import type { ByteRange, LockMode, OpenOptions } from "../primitive.ts";
import type { Action, ClockChange } from "../scenario/scenario.ts";

/** What all lockers of a run have in common. */
export interface RunSetup {
  /** A name, or `module:/path.ts#export`. */
  readonly primitive: string;
  readonly openOptions: OpenOptions;
  /** The state files' common ending: they lie beside the lock files. */
  readonly stateSuffix: string;
  /** Where the logs of observations go, on the locker's host. */
  readonly logFolder: string;
  /** All lock files of the scenario; a locker's log names them by their index. */
  readonly paths: readonly string[];
  /** The first bytes of the parts into which the scenario's ranges cut the file, ascending, from 0. */
  readonly slotStartsByte: readonly number[];
  readonly defaultTimeoutMs: number;
  readonly seed: number;
}

export type ToLockers =
  | { readonly type: "setup"; readonly lockers: readonly number[]; readonly setup: RunSetup }
  /** `targetNs`: of the monotonic clock of the locker's host. */
  | {
      readonly type: "action";
      readonly locker: number;
      readonly actionIndex: number;
      readonly action: Action;
      readonly targetNs?: number;
    }
  | { readonly type: "clock"; readonly locker: number; readonly change: ClockChange }
  /** Whatever is running is given up. */
  | { readonly type: "abort" }
  /** Let go, write what is left of the logs, tell, and end. */
  | { readonly type: "end" };

export type Outcome =
  | "held"
  /** The lock, or a stronger one, was held already. */
  | "kept"
  | "not-had"
  | "released"
  /** `releaseif` and nothing held. */
  | "skipped"
  | "done"
  | "error";

/** What came of one action. */
export interface ActionResult {
  readonly locker: number;
  readonly actionIndex: number;
  readonly outcome: Outcome;
  readonly startedNs: number;
  /** How much later than asked it began; null: it was to begin at once. */
  readonly latenessMs: number | null;
  readonly waitedMs: number;
  readonly problem?: string;
}

export interface LockerState {
  readonly locker: number;
  readonly held: readonly HeldLock[];
  readonly waiting: (HeldLock & { readonly sinceNs: number }) | null;
}

export interface HeldLock {
  readonly pathIndex: number;
  readonly mode: LockMode;
  readonly range?: ByteRange;
}

export type FromLockers =
  | { readonly type: "ready"; readonly processNumber: number; readonly nowNs: number }
  | { readonly type: "failed"; readonly tag: LockTesterTag; readonly message: string; readonly code?: string }
  /** A locker's queue is empty: what came of the actions since the last time. */
  | { readonly type: "empty"; readonly locker: number; readonly results: readonly ActionResult[] }
  /** Sent when it changes, and each second. `acquiredCount`: of all lockers of the process so far. */
  | { readonly type: "states"; readonly states: readonly LockerState[]; readonly acquiredCount: number }
  | {
      readonly type: "ended";
      readonly counts: readonly LockerCounts[];
    };

/** What a locker counted itself, for comparing with the state that all lockers share. */
export interface LockerCounts {
  readonly locker: number;
  /** By lock file and slot: how often it entered exclusively. */
  readonly exclusiveCounts: readonly (readonly number[])[];
  readonly notHadCount: number;
  readonly errors: readonly string[];
}
