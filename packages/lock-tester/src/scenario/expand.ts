/** Loops and random steps written out, always the same way for the same seed. */

import type { ByteRange } from "../primitive.ts";
import { randomFrom } from "./random.ts";
import type { Action, Addressees, FlatStep, Scenario, Step } from "./scenario.ts";

/** Writing out more would take the memory of a machine. */
const MOST_STEPS = 1_000_000;

/** @returns undefined when the steps would be more than a million */
export function expandSteps({ steps, seed = 1 }: Scenario, lockerCount: number): readonly FlatStep[] | undefined {
  const random = randomFrom(seed);
  const flat: FlatStep[] = [];
  const add = (list: readonly Step[]): boolean =>
    list.every((step) => {
      if (step.kind === "loop") {
        for (let i = 0; i < step.count; i++) if (!add(step.steps)) return false;
        return true;
      }
      if (step.kind === "random") flat.push(...randomSteps(step, lockerCount, random));
      else flat.push(step);
      return flat.length <= MOST_STEPS;
    });
  return add(steps) ? flat : undefined;
}

function randomSteps(
  step: Extract<Step, { readonly kind: "random" }>,
  lockerCount: number,
  random: () => number,
): readonly FlatStep[] {
  const lockers = lockersOf(step.to, lockerCount);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const flat: FlatStep[] = [];
  const send = (locker: number, action: Action) => flat.push({ kind: "send", to: [locker], action });
  for (let i = 0; i < step.count && flat.length <= MOST_STEPS; i++) {
    const locker = pick(lockers) ?? 0;
    const range = pick(step.ranges);
    const ranged: { readonly range?: ByteRange } = range ? { range } : {};
    const dice = random();
    if (dice < 0.45) {
      send(locker, { kind: "lock", mode: random() < step.readerFraction ? "shared" : "exclusive", ...ranged });
    } else if (dice < 0.75) {
      const durationMs = step.shortestHoldMs + (step.longestHoldMs - step.shortestHoldMs) * random();
      send(locker, { kind: "sleep", durationMs });
    } else send(locker, { kind: "release", ifHeld: dice < 0.9, ...ranged });
  }
  for (const locker of lockers) send(locker, { kind: "release", ifHeld: true });
  flat.push({ kind: "barrier", to: lockers });
  return flat;
}

export function lockersOf(to: Addressees, lockerCount: number): readonly number[] {
  return to === "all" ? Array.from({ length: lockerCount }, (_, locker) => locker) : to;
}

/** The byte ranges that a scenario speaks of. */
export function rangesOf(steps: readonly FlatStep[]): readonly ByteRange[] {
  return steps.flatMap((step) => {
    if (step.kind !== "send") return [];
    const { action } = step;
    if (action.kind === "contend") return action.ranges;
    return (action.kind === "lock" || action.kind === "release") && action.range ? [action.range] : [];
  });
}
