import { expect, test } from "vitest";
import type { MeasurementSet } from "../domain/measurement-set.ts";
import type { MsLockMode, MsLocks } from "../ports/ms-locks.ts";
import { defineStage, type StageContext } from "../stages/stage.ts";
import { lockedStage } from "./locked-stage.ts";

const context: StageContext = { signal: new AbortController().signal, onProgress() {} };
const ms = { path: "/ms/a.ms", groupId: "a" } as MeasurementSet;

/** Locks that write down what happens. */
function recorded(events: string[]): MsLocks {
  return {
    async acquire(msPath: string, mode: MsLockMode, options) {
      options.onWait({ waitedMs: 2000, holders: "process 7" });
      events.push(`lock ${mode} ${msPath}`);
      return {
        path: msPath,
        async release() {
          events.push("release");
        },
      };
    },
  };
}

const writer = (events: string[], outcome: () => void) =>
  defineStage({
    name: "flag",
    consumes: ["ms:DATA"],
    produces: ["ms:FLAG"],
    plan: async () => "/ms/a.ms",
    async run() {
      events.push("run");
      outcome();
      return { "ms:FLAG": ms };
    },
    msPathOf: (plan: string) => plan,
  });

const options = (waits: string[] = []) => ({ timeoutMs: 1, onWait: (message: string) => void waits.push(message) });

test("a stage that writes runs alone, and who it waits for is said", async () => {
  const events: string[] = [];
  const waits: string[] = [];
  await lockedStage(
    writer(events, () => {}),
    recorded(events),
    options(waits),
  ).run("/ms/a.ms", context);
  expect(events).toEqual(["lock exclusive /ms/a.ms", "run", "release"]);
  expect(waits).toEqual(["/ms/a.ms: waiting for process 7 to release it, for 2 s now"]);
});

test("the lock is released when the stage fails", async () => {
  const events: string[] = [];
  const failing = writer(events, () => {
    throw new Error("no");
  });
  await expect(lockedStage(failing, recorded(events), options()).run("/ms/a.ms", context)).rejects.toThrow("no");
  expect(events.at(-1)).toBe("release");
});

test("a stage that reads shares, and one that touches no Measurement Set is left as it is", async () => {
  const events: string[] = [];
  const reader = defineStage({
    name: "look",
    consumes: ["ms:DATA"],
    produces: [],
    plan: async () => "/ms/a.ms",
    run: async () => ({}),
    msPathOf: (plan: string) => plan,
  });
  await lockedStage(reader, recorded(events), options()).run("/ms/a.ms", context);
  expect(events).toEqual(["lock shared /ms/a.ms", "release"]);
  const other = defineStage({ name: "rest", consumes: [], produces: [], plan: async () => 1, run: async () => ({}) });
  expect(lockedStage(other, recorded(events), options())).toBe(other);
});

test("a stage that hides its Measurement Set is a mistake of the program", () => {
  const { msPathOf: _, ...hiding } = writer([], () => {});
  expect(() => lockedStage(hiding, recorded([]), options())).toThrow("flag");
});
