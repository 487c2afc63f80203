/** Whether a primitive is trusted after everything that usually breaks one. */

import { type LockTestOptions, runLockTest } from "../controller/run-lock-test.ts";
import { loadPrimitive } from "../primitives/load.ts";
import type { LockReport } from "../report/report.ts";
import { BATTERY_LOCKERS, batteryFor, oneProcessBattery } from "./battery.ts";

export interface TrialOptions
  extends Pick<LockTestOptions, "path" | "primitive" | "openOptions" | "seed" | "events" | "signal" | "otherHosts"> {
  /** Of each part; by default half a minute. */
  readonly limitMs?: number;
}

/** The primitive's polling would take the time that the steps need. */
const POLL_MS = 2;
const DEFAULT_LIMIT_MS = 30_000;

/**
 * Runs the battery with a process for each locker, and then, where the lock is not a process's, with all in one. It ends
 * with the first part that condemns.
 *
 * @returns the report of each part
 * @throws LockTesterError when it cannot be run
 */
export async function tryPrimitive(options: TrialOptions): Promise<readonly LockReport[]> {
  const primitive = await loadPrimitive(options.primitive);
  const polling = primitive.supports.blocking ? {} : { pollMs: POLL_MS };
  const common = {
    ...options,
    lockerCount: BATTERY_LOCKERS,
    limitMs: options.limitMs ?? DEFAULT_LIMIT_MS,
    openOptions: { ...polling, ...options.openOptions },
  };
  const apart = await runLockTest({ ...common, scenario: batteryFor(primitive), processCount: BATTERY_LOCKERS });
  if (isCondemned(apart) || primitive.owner === "process" || options.otherHosts) return [apart];
  const together = await runLockTest({ ...common, scenario: oneProcessBattery, processCount: 1 });
  return [apart, together];
}

/** A lock that stays after its holder's death keeps others out all the better; that is told, and no violation. */
export function isCondemned({ verdict, hang }: LockReport): boolean {
  return verdict === "violated" || (verdict === "hung" && hang?.kind !== "dead-holder");
}
