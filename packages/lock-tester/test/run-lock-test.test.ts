/** Whole tests of locks, with processes. */

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LockReport, readScenario, seedExample } from "@contimg/lock-tester";
import { joinTest, type LockTestOptions, listenForHosts, runLockTest, shrinkTest } from "@contimg/lock-tester/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lock-tester-test-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
// Of every test, whatever came of it.
afterEach(() => {
  const left = readdirSync(folder);
  if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
});

const IGNORES_BUSY = `module:${join(import.meta.dirname, "ignores-busy.ts")}#ignoresBusy`;

const run = (scenario: string, options: Partial<LockTestOptions> = {}): Promise<LockReport> =>
  runLockTest({
    path: join(folder, "lock-file"),
    lockerCount: 2,
    primitive: "flock",
    scenario: readScenario(scenario, "test"),
    limitMs: 60_000,
    ...options,
  });

const outcomes = ({ actions }: LockReport) =>
  actions.map(({ locker, command, outcome }) => `${locker} ${command.replace(/@[+\d].*/, "@T")}: ${outcome}`);

describe("the original's example", () => {
  test("is a write lock for all at once, a release, and the end", async () => {
    const answered: number[] = [];
    const report = await runLockTest({
      path: join(folder, "lock-file"),
      lockerCount: 4,
      primitive: "fcntl",
      scenario: seedExample,
      events: { result: (locker) => answered.push(locker) },
    });
    expect(report.verdict).toBe("trusted");
    expect(report.oracle).toMatchObject({ acquisitionCount: 4, violationCount: 0 });
    expect(outcomes(report).filter((line) => line.startsWith("2 "))).toEqual([
      `2 file@${join(folder, "lock-file")}: done`,
      "2 write@T: held",
      "2 releaseif: released",
      "2 stop: done",
    ]);
    // All were told the same time, and none began before it.
    const timed = report.actions.filter(({ latenessMs }) => latenessMs !== null);
    expect(timed).toHaveLength(4);
    for (const { latenessMs } of timed) expect(latenessMs).toBeGreaterThanOrEqual(0);
    for (const locker of [0, 1, 2, 3]) expect(answered).toContain(locker);
  });
});

/** Each step is done when the one before is, as the original's semantics have them on fcntl locks. */
const EIGHT_COMMANDS: readonly (readonly [locker: number, command: string, outcome: string])[] = [
  [0, "release", "released"], // whether held or not
  [0, "releaseif", "skipped"],
  [0, "read", "held"],
  [1, "read", "held"], // readers share
  [1, "write", "not-had"], // the other reads
  [1, "read", "kept"], // and what was held stays
  [0, "releaseif", "released"],
  [0, "releaseif", "skipped"],
  [1, "write", "held"], // the only reader becomes writer
  [1, "read", "kept"], // a writer stays a writer
  [0, "read", "not-had"],
  [0, "write", "not-had"],
  [1, "release", "released"],
  [0, "write@+30ms", "held"],
  [1, "read@+30ms", "not-had"],
  [0, "release@+30ms", "released"],
  [0, "release@+30ms", "released"], // whether held or not
  [1, "read@+30ms", "held"],
  [1, "releaseif@+30ms", "released"],
  [1, "releaseif@+10min", "skipped"], // looked at before the wait
  [0, "write@2001-01-01 00:00:00", "held"], // a time that has passed: at once
  [0, "stop", "done"], // lets go
  [1, "write", "held"],
  [0, "read", "error"], // no file
];

describe("the eight commands", () => {
  test.each([
    ["fcntl", EIGHT_COMMANDS],
    ["ofd", EIGHT_COMMANDS],
    // What a failed change of flock leaves is not known, so nothing is claimed to be held.
    ["flock", EIGHT_COMMANDS.map((row, at) => (at === 5 ? ([1, "read", "held"] as const) : row))],
  ])("of the original mean on %s what its table says", async (primitive, table) => {
    const steps = table.flatMap(([locker, command]) => [
      {
        kind: "send",
        to: [locker],
        action: readScenario(`steps: [{send: "${command}", timeout: 40ms}]`, "t"),
      } as const,
      { kind: "barrier", to: [locker] } as const,
    ]);
    const report = await run("steps: []", {
      primitive,
      timeoutMs: 40,
      scenario: {
        steps: steps.map((step) => {
          if (step.kind === "barrier") return step;
          const [only] = step.action.steps;
          return { ...only!, to: step.to } as typeof only & object;
        }),
      },
    });
    const found = report.actions.slice(2).map(({ locker, outcome }, at) => [locker, table[at]?.[1], outcome]);
    expect(found).toEqual(table);
    expect(report.oracle.violationCount).toBe(0);
    const past = report.actions.find(({ command }) => command.startsWith("write@2001"));
    expect(past?.latenessMs).toBeGreaterThan(20 * 365 * 86_400_000);
  });
});

const CIRCLE = `
steps:
  - {send: write, to: 0, range: [0, 10]}
  - {send: write, to: 1, range: [10, 20]}
  - barrier
  - {send: write, to: 0, range: [10, 20]}
  - {send: write, to: 1, range: [0, 10]}
`;

describe("a deadlock", () => {
  test("ends the test, with the graph of waits", async () => {
    const report = await run(CIRCLE, { primitive: "ofd" });
    expect(report).toMatchObject({ verdict: "hung", hang: { kind: "deadlock", lockers: [0, 1] } });
    expect(report.hang?.graph).toEqual([
      "locker 0 (write, bytes 10 to 20) waits for locker 1 (write, bytes 10 to 20)",
      "locker 1 (write, bytes 0 to 10) waits for locker 0 (write, bytes 0 to 10)",
    ]);
  });

  test("that the system refuses is a lock not had, and no hang", async () => {
    const report = await run(CIRCLE, { primitive: "fcntl", timeoutMs: 1_000 });
    expect(report.hang).toBeNull();
    expect(report.actions.some(({ problem }) => problem?.includes("EDEADLK"))).toBe(true);
  });
});

describe("a holder", () => {
  test("that is killed frees the lock of the kernel, and that time is told", async () => {
    const report = await run(
      `
steps:
  - {send: write, to: 0}
  - {barrier: [0]}
  - {send: [write, release], to: [1, 2]}
  - wait: 100ms
  - {signal: SIGKILL, to: 0}
  - {barrier: [1, 2]}`,
      { lockerCount: 3 },
    );
    expect(report).toMatchObject({ verdict: "trusted", problems: [] });
    expect(report.numbers.recoveriesMs).toHaveLength(1);
    expect(report.numbers.recoveriesMs[0]).toBeGreaterThan(0);
  });

  test("that is killed leaves a lock file, which is told and not called a violation", async () => {
    const report = await run(
      `
steps:
  - {send: write, to: 0}
  - {barrier: [0]}
  - {send: write, to: 1, timeout: 300ms}
  - {signal: SIGKILL, to: 0}
  - {barrier: [1]}`,
      { primitive: "o-excl" },
    );
    expect(report.numbers.recoveriesMs).toEqual([null]);
    expect(report.sentence).toContain("kept its lock");
    expect(report.oracle.violationCount).toBe(0);
  });

  test("that is stopped goes on when it may, and a clock that is stepped changes nothing for the kernel's locks", async () => {
    const report = await run(`
steps:
  - {send: write, to: 0}
  - {barrier: [0]}
  - {signal: SIGSTOP, to: 0}
  - {clock: {step: 90000}, to: 1}
  - {send: write, to: 1, timeout: 150ms}
  - {barrier: [1]}
  - {signal: SIGCONT, to: 0}
  - {send: release, to: 0}
  - {barrier: [0]}
  - {send: [write, release], to: 1}
  - barrier`);
    expect(report.verdict).toBe("trusted");
    expect(outcomes(report).filter((line) => line.startsWith("1 w"))).toEqual(["1 write: not-had", "1 write: held"]);
    expect(report.faults.map(({ text }) => text)).toEqual([
      "SIGSTOP to locker 0",
      "clock of locker 1: step",
      "SIGCONT to locker 0",
    ]);
  });

  test("that is left stopped does not outlive the test", async () => {
    const report = await run(`
steps:
  - {send: write, to: 0}
  - {barrier: [0]}
  - {signal: SIGSTOP, to: 0}
  - {send: write, to: 1, timeout: 100ms}
  - {barrier: [1]}`);
    expect(report.verdict).toBe("trusted");
  });
});

describe("a call that does not come back", () => {
  test("ends the test, and the process that is in it", async () => {
    const primitive = `module:${join(import.meta.dirname, "never-returns.ts")}#neverReturns`;
    const report = await run("steps: [{send: write, to: 0}]", { primitive, silentMs: 2_500 });
    expect(report).toMatchObject({ verdict: "hung", hang: { kind: "silent", lockers: [0] } });
  });
});

describe("a correct lock", () => {
  test("raises no false alarm in 200,000 acquisitions", async () => {
    const plain = await run("steps: [{contend: {count: 45000}}]");
    const ranged = await run(
      "steps: [{contend: {count: 55000, mode: mixed, ranges: [[0, 10], [5, 15], [10, 20], [0, 20]]}}]",
      { primitive: "ofd" },
    );
    expect(plain.oracle.acquisitionCount + ranged.oracle.acquisitionCount).toBe(200_000);
    for (const { verdict, oracle } of [plain, ranged]) expect([verdict, oracle.countOfKind]).toEqual(["trusted", {}]);
  });
});

/** Much that may fail, and at the end something that must. */
const FAILS_AT_THE_END = `
seed: 3
steps:
  - {random: {count: 14, hold: [1ms, 3ms]}}
  - {send: write, to: 0}
  - {barrier: [0]}
  - {send: [read, release, write], to: [1, 2]}
  - barrier
`;

describe("a lock that fails", () => {
  test("is condemned, and the failing steps are cut down and still fail", async () => {
    const options: LockTestOptions = {
      path: join(folder, "lock-file"),
      lockerCount: 3,
      primitive: IGNORES_BUSY,
      scenario: readScenario(FAILS_AT_THE_END, "fails"),
    };
    const failed = await runLockTest(options);
    expect(failed.verdict).toBe("violated");
    expect(failed.oracle.violationCount).toBeGreaterThan(0);
    expect(failed.timeline.spans.some(({ isViolation }) => isViolation)).toBe(true);
    const { steps, scenario } = await shrinkTest(options, failed, { enoughSteps: 10, withinMs: 40_000 });
    expect(steps.length).toBeLessThanOrEqual(10);
    expect((await runLockTest({ ...options, scenario })).verdict).toBe("violated");
  });
});

describe("machines that join", () => {
  test("take part when they know the token", async () => {
    const joined: Promise<void>[] = [];
    const refused: Promise<unknown>[] = [];
    const otherHosts = await listenForHosts({
      address: "127.0.0.1",
      port: 0,
      hostCount: 1,
      timeoutMs: 60_000,
      onListening(address, port, token) {
        refused.push(joinTest({ address, port, token: "0".repeat(token.length) }).catch((error: unknown) => error));
        joined.push(joinTest({ address, port, token }));
      },
    });
    const report = await run("steps: [{contend: {count: 20, hold: 1ms}}]", { lockerCount: 4, otherHosts });
    for (const host of otherHosts) await host.close();
    await Promise.all(joined);
    expect(report).toMatchObject({ verdict: "trusted", oracle: { acquisitionCount: 80 } });
    expect(report.hosts).toHaveLength(2);
    expect(String((await Promise.all(refused))[0])).toContain("is the token right?");
  });
});
