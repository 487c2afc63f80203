import { describe, expect, test } from "vitest";
import { isLockTesterError } from "../errors.ts";
import { commandText, isFlaw, parseCommand } from "./command.ts";
import { expandSteps } from "./expand.ts";
import { readScenario } from "./read-scenario.ts";
import type { Scenario } from "./scenario.ts";
import { writeScenario } from "./write-scenario.ts";

const T = "2024-03-21 17:04:22.25";
const utc = { kind: "utc", unixSec: Date.UTC(2024, 2, 21, 17, 4, 22) / 1000 + 0.25 };

describe("a command of the original", () => {
  test.each([
    ["read", { kind: "lock", mode: "shared" }],
    ["write", { kind: "lock", mode: "exclusive" }],
    [`read@${T}`, { kind: "lock", mode: "shared", when: utc }],
    [`write@${T}`, { kind: "lock", mode: "exclusive", when: utc }],
    ["release", { kind: "release", ifHeld: false }],
    ["releaseif", { kind: "release", ifHeld: true }],
    [`release@${T}`, { kind: "release", ifHeld: false, when: utc }],
    // The one that the original cannot read: it takes the time from the wrong place.
    [`releaseif@${T}`, { kind: "release", ifHeld: true, when: utc }],
    ["file@/tmp/a@b", { kind: "file", path: "/tmp/a@b" }],
    ["sleep@450", { kind: "sleep", durationMs: 0.45 }],
    ["stop", { kind: "stop" }],
    ["write@+250ms", { kind: "lock", mode: "exclusive", when: { kind: "after-sending", sec: 0.25 } }],
  ])("%s", (text, action) => {
    const parsed = parseCommand(text);
    expect(parsed).toEqual(action);
    if (!isFlaw(parsed)) expect(parseCommand(commandText(parsed))).toEqual(parsed);
  });

  test.each([
    ["reed", 0, 'unknown command "reed"'],
    ["", 0, "unknown command"],
    ["write@", 6, "expected a time"],
    ["write@noon", 6, "expected a time"],
    ["write@2024-02-30 00:00:00", 6, "expected a time"],
    ["releaseif@1", 10, "expected a time"],
    ["file", 0, "expected a path"],
    ["sleep@1.5", 6, "expected microseconds"],
    ["stop@+1s", 5, "takes no argument"],
    ["Write", 0, "unknown command"],
  ])("that is none: %j", (text, columnOffset, message) => {
    const parsed = parseCommand(text);
    expect(parsed).toMatchObject({ columnOffset });
    expect(isFlaw(parsed) && parsed.message).toContain(message);
  });
});

const EVERYTHING = `
lockers: 4
primitive: ofd
seed: 7
steps:
  - write@+1s
  - {send: read, to: 0, range: [0, 10], timeout: 250ms}
  - send: [write, "sleep@450", releaseif]
    to: 1-3
  - barrier
  - barrier: [0, 1]
  - wait: 5ms
  - loop: 2
    steps: [{signal: SIGSTOP, to: 2}, {signal: SIGCONT, to: 2}]
  - contend: {count: 10, mode: mixed, readers: 0.5, hold: 5ms, pause: 1ms, ranges: [[0, 5], [3, 9]]}
    to: [0, 3]
  - random: {count: 20, hold: [1ms, 3ms], ranges: [[0, 4]]}
  - {disk: full}
  - {disk: free}
  - {clock: stall, to: 1}
  - {clock: {step: 3600}, to: 1}
  - stop
`;

describe("a scenario", () => {
  test("is read, and written so that it is read again as the same steps", () => {
    const scenario = readScenario(EVERYTHING, "all.yaml");
    const steps = expandSteps(scenario, 4)!;
    expect(steps.length).toBeGreaterThan(30);
    const again = readScenario(writeScenario(steps, { ...scenario }), "again.yaml");
    const bare = (list: Scenario["steps"]) => list.map(({ place: _place, ...step }) => step);
    // Sleeps are written in whole microseconds.
    const rounded = JSON.parse(
      JSON.stringify(bare(steps), (key, value) =>
        key === "durationMs" ? Math.round(1000 * Number(value)) / 1000 : (value as unknown),
      ),
    );
    expect(bare(again.steps)).toEqual(rounded);
    expect(again).toMatchObject({ lockerCount: 4, primitive: "ofd", seed: 7 });
  });

  test("is the same for the same seed and another for another", () => {
    const scenario = readScenario("steps: [{random: {count: 50}}]", "r");
    const flat = (seed: number) => JSON.stringify(expandSteps({ ...scenario, seed }, 3));
    expect(flat(1)).toBe(flat(1));
    expect(flat(1)).not.toBe(flat(2));
  });

  test("of more than a million steps is refused before they are written out", () => {
    const loop = "{loop: 1000000, steps: [{loop: 1000000, steps: [read]}]}";
    expect(expandSteps(readScenario(`steps: [${loop}]`, "loops"), 1)).toBeUndefined();
  });

  test.each([
    ["steps:\n  - wriite\n", "2:5", 'unknown command "wriite"'],
    ['steps:\n  - "write@noon"\n', "2:12", "expected a time"],
    ["steps:\n  - {send: read, too: 1}\n", "2:18", 'unknown key "too"'],
    ["steps:\n  - {send: read, range: [5, 5]}\n", "2:25", "expected an end after byte 5"],
    ["steps:\n  - {signal: SIGFOO, to: 0}\n", "2:14", "expected one of SIGKILL"],
    ["steps:\n  - {wait: 5}\n", "2:12", "expected a duration"],
    ["steps:\n  - {contend: {count: 0}}\n", "2:23", "whole number from 1"],
    ["steps:\n  - {loop: 3}\n", "2:5", 'expected "steps"'],
    ["steps: 5\n", "1:8", "expected a list"],
    ["stepps: []\n", "1:1", 'unknown key "stepps"'],
    ["- read\n", "1:1", "expected steps"],
    ["", "1:1", "expected steps"],
    ["steps: [a\n", "2:1", ""],
    ["steps: &a [*a]\n", "1:12", "expected a command"],
    [`steps: ${"[".repeat(200)}`, "1:1", "levels"],
  ])("with a mistake is refused with its place: %j", (text, place, message) => {
    let found: unknown;
    try {
      readScenario(text, "file.yaml");
    } catch (error) {
      found = error;
    }
    expect(isLockTesterError(found, "scenario")).toBe(true);
    expect((found as Error).message).toMatch(new RegExp(`^file\\.yaml:${place}: `));
    expect((found as Error).message).toContain(message);
  });
});
