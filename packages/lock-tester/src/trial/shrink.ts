/** A failing run cut down to the few steps that still make it fail. */

import type { FlatStep } from "../scenario/scenario.ts";

export interface ShrinkOptions {
  /** Whether these steps still fail; runs them, perhaps several times. */
  fails(steps: readonly FlatStep[]): Promise<boolean>;
  /** Lockers that are known to be part of the failure: steps of the others are left out first. */
  readonly suspects: readonly number[];
  /** When to be content with what there is. */
  isOver(): boolean;
  say?(text: string): void;
}

/**
 * Delta debugging (A. Zeller, R. Hildebrandt, IEEE Trans. Softw. Eng. 28, 183, 2002) over steps, after leaving out the
 * lockers that have no part in it, and then leaves lockers out of the steps that are for several.
 *
 * @returns steps that failed when they were last run; those given, when nothing less does
 */
export async function shrinkSteps(steps: readonly FlatStep[], options: ShrinkOptions): Promise<readonly FlatStep[]> {
  let best = steps;
  const accept = async (candidate: readonly FlatStep[]): Promise<boolean> => {
    if (options.isOver() || candidate.length === 0 || !(await options.fails(candidate))) return false;
    best = candidate;
    options.say?.(`still fails with ${best.length} steps`);
    return true;
  };
  if (options.suspects.length > 0) await accept(onlyTo(best, options.suspects));
  await leaveOut(() => best, accept);
  await narrow(() => best, accept);
  return best;
}

type Accept = (candidate: readonly FlatStep[]) => Promise<boolean>;

async function leaveOut(now: () => readonly FlatStep[], accept: Accept): Promise<void> {
  for (let pieces = 2; now().length > 1; ) {
    const size = Math.ceil(now().length / pieces);
    let isShorter = false;
    for (let start = 0; start < now().length && !isShorter; start += size)
      isShorter = await accept([...now().slice(0, start), ...now().slice(start + size)]);
    if (isShorter) pieces = Math.max(pieces - 1, 2);
    else if (size === 1) return;
    else pieces = Math.min(2 * pieces, now().length);
  }
}

async function narrow(now: () => readonly FlatStep[], accept: Accept): Promise<void> {
  for (let at = 0; at < now().length; at++) {
    const step = now()[at]!;
    if (!("to" in step) || step.to === "all" || step.to.length < 2) continue;
    for (const locker of step.to) {
      const current = now()[at]!;
      if (!("to" in current) || current.to === "all" || current.to.length < 2) break;
      const narrowed = { ...current, to: current.to.filter((one) => one !== locker) };
      await accept(now().map((one, index) => (index === at ? narrowed : one)));
    }
  }
}

function onlyTo(steps: readonly FlatStep[], lockers: readonly number[]): readonly FlatStep[] {
  return steps.flatMap((step): readonly FlatStep[] => {
    if (!("to" in step)) return [step];
    const to = step.to === "all" ? lockers : step.to.filter((locker) => lockers.includes(locker));
    return to.length === 0 ? [] : [{ ...step, to }];
  });
}
