import { join } from "node:path";
import { isLockTesterError } from "@contimg/lock-tester";
import { runLockTest } from "@contimg/lock-tester/node";
import type { LockTrial } from "../../ports/lock-trial.ts";

const LOCKERS = 2;
const ACQUISITIONS_EACH = 100;
const LIMIT_MS = 20_000;

/** Two processes with the lock that Measurement Sets have. */
export const tryMsLocks: LockTrial = async (directory) => {
  const action = {
    kind: "contend",
    count: ACQUISITIONS_EACH,
    mode: "mixed",
    readerFraction: 0.3,
    holdMs: 0,
    pauseMs: 0,
    timeoutMs: LIMIT_MS,
    ranges: [],
  } as const;
  try {
    const { verdict, sentence } = await runLockTest({
      path: join(directory, ".contimg-lock-trial"),
      lockerCount: LOCKERS,
      primitive: "ms-lock",
      scenario: { steps: [{ kind: "send", to: "all", action }] },
      limitMs: LIMIT_MS,
    });
    return { verdict, sentence };
  } catch (error) {
    if (!isLockTesterError(error)) throw error;
    return { verdict: "inconclusive", sentence: `Nothing can be said of the locks in ${directory}: ${error.message}.` };
  }
};
