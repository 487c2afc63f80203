/** Shrinks a test that failed, by running parts of it. */

import { type LockTestOptions, runLockTest } from "../controller/run-lock-test.ts";
import type { LockReport } from "../report/report.ts";
import { expandSteps } from "../scenario/expand.ts";
import type { FlatStep, Scenario } from "../scenario/scenario.ts";
import { shrinkSteps } from "./shrink.ts";

/** A race does not show at every run. */
const TRIES = 2;
const DEFAULT_WITHIN_MS = 120_000;
const LIMIT_MS = 20_000;

export interface ShrunkTest {
  readonly scenario: Scenario;
  readonly steps: readonly FlatStep[];
  readonly runCount: number;
}

export interface ShrinkLimits {
  readonly withinMs?: number;
  /** So few steps are good enough. */
  readonly enoughSteps?: number;
}

/**
 * @param failed  the report of the failing run
 * @returns the shortest scenario found that failed with the same verdict
 */
export async function shrinkTest(
  options: LockTestOptions,
  failed: LockReport,
  { withinMs = DEFAULT_WITHIN_MS, enoughSteps = 1 }: ShrinkLimits = {},
): Promise<ShrunkTest> {
  const seed = options.seed ?? options.scenario.seed ?? 1;
  const all = expandSteps({ ...options.scenario, seed }, options.lockerCount) ?? [];
  const endMs = performance.now() + withinMs;
  let runCount = 0;
  let shortestCount = all.length;
  const isOver = () => shortestCount <= enoughSteps || performance.now() > endMs || options.signal?.aborted === true;
  const fails = async (steps: readonly FlatStep[]): Promise<boolean> => {
    for (let i = 0; i < TRIES && !isOver(); i++) {
      runCount++;
      const { verdict } = await runLockTest({
        ...options,
        scenario: { steps },
        seed: seed + i,
        limitMs: LIMIT_MS,
        events: {},
      });
      if (verdict !== failed.verdict) continue;
      shortestCount = steps.length;
      return true;
    }
    return false;
  };
  const suspects = [
    ...(failed.hang?.lockers ?? []),
    ...failed.oracle.violations.slice(0, 1).flatMap(({ locker, otherLocker }) => [locker, otherLocker ?? -1]),
  ].filter((locker) => locker >= 0);
  const say = options.events?.say;
  const steps = await shrinkSteps(all, {
    fails,
    suspects: suspects.length > 1 ? [...new Set(suspects)] : [],
    isOver,
    ...(say ? { say } : {}),
  });
  return { scenario: { steps, seed, lockerCount: options.lockerCount, primitive: options.primitive }, steps, runCount };
}
