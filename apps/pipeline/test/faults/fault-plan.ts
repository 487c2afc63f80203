/** What is to go wrong in a stream, and what is recorded of it: files in a folder that the test and all threads share. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Calls that change something on disk; `open` is for writing. */
export const callKinds = ["open", "write", "sync", "resize", "rename", "copy", "make", "remove"] as const;
export type CallKind = (typeof callKinds)[number];

export interface Fault {
  readonly groupId: string;
  readonly call: CallKind;
  /** Counted over all attempts for the group, the first is 1. */
  readonly occurrence: number;
  /** `SHORT`: no error, but half of the bytes are written, as the system may. */
  readonly errno: "EIO" | "ENOSPC" | "EDQUOT" | "EROFS" | "SHORT";
  /** Every later call of the kind fails as well, until {@link endFaults}. */
  readonly persists: boolean;
}

export interface FaultPlan {
  /** Calls elsewhere never fail. */
  readonly root: string;
  /** Not below `root`. */
  readonly recordsDir: string;
  readonly faults: readonly Fault[];
}

/** One call that was seen, or that was made to fail. */
export interface SeenCall {
  readonly groupId: string;
  readonly call: CallKind;
  readonly path: string;
  /** Null: it was let through. */
  readonly errno: string | null;
}

export const FAULT_PLAN_VARIABLE = "CONTIMG_TEST_FAULTS";
export const seenCallsPath = (recordsDir: string) => join(recordsDir, "calls");
/** Faults that persist are over once this file is there. */
export const endedPath = (recordsDir: string) => join(recordsDir, "ended");

export function seenCalls(recordsDir: string): readonly SeenCall[] {
  const path = seenCallsPath(recordsDir);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as SeenCall);
}
