import { describe, expect, test } from "vitest";
import type { FlatStep } from "../scenario/scenario.ts";
import { shrinkSteps } from "./shrink.ts";

const send = (locker: number, durationMs: number): FlatStep => ({
  kind: "send",
  to: [locker],
  action: { kind: "sleep", durationMs },
});
const many = Array.from({ length: 200 }, (_, i) => send(i % 5, i));
const has = (steps: readonly FlatStep[], locker: number, durationMs: number) =>
  steps.some(
    (step) =>
      step.kind === "send" &&
      step.action.kind === "sleep" &&
      step.action.durationMs === durationMs &&
      (step.to === "all" || step.to.includes(locker)),
  );

describe("shrinking", () => {
  test.each([[[]], [[1, 3]], [[0, 2]]])(
    "finds the three steps that matter, whomever it suspects (%j)",
    async (suspects) => {
      let runCount = 0;
      const fails = async (steps: readonly FlatStep[]) => {
        runCount++;
        return has(steps, 1, 51) && has(steps, 3, 103) && has(steps, 1, 196);
      };
      const shortest = await shrinkSteps(many, { fails, suspects, isOver: () => false });
      expect(shortest).toEqual([many[51], many[103], many[196]]);
      expect(runCount).toBeLessThan(150);
    },
  );

  test("leaves lockers out of steps for several", async () => {
    const steps: readonly FlatStep[] = [{ kind: "send", to: [0, 1, 2, 3], action: { kind: "sleep", durationMs: 1 } }];
    const fails = async (some: readonly FlatStep[]) => has(some, 2, 1);
    const [only] = await shrinkSteps(steps, { fails, suspects: [], isOver: () => false });
    expect(only).toMatchObject({ to: [2] });
  });

  test("is content with what there is when its time is over", async () => {
    expect(await shrinkSteps(many, { fails: async () => true, suspects: [], isOver: () => true })).toBe(many);
  });
});
