/** The oracle is not blind: every planted mistake is found, and no correct lock is suspected in the same runs. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { primitives } from "../src/primitives/index.ts";
import { plantings } from "./broken/all.ts";
import type { FittingRun } from "./broken/plant.ts";
import { keepCompiledCode, runFitting } from "./fitting-run.ts";
import { redisServer, startRedis } from "./redis-server.ts";

const removeCompiled = keepCompiledCode();
afterAll(removeCompiled);

test("at least fifty mistakes are planted, each with a name and a sentence of its own", () => {
  expect(plantings.length).toBeGreaterThanOrEqual(50);
  expect(new Set(plantings.map(({ lock }) => lock.name)).size).toBe(plantings.length);
  expect(new Set(plantings.map(({ lock }) => lock.summary)).size).toBe(plantings.length);
});

describe("a broken lock is condemned", () => {
  // Not all at once: what is to collide must run at the same time.
  const queue = [...plantings];
  const verdicts = new Map<string, string>();
  beforeAll(async () => {
    const worker = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const { verdict, oracle, problems } = await runFitting(next.module, [next.lock.run]);
        verdicts.set(next.lock.name, oracle.violationCount > 0 ? verdict : `${verdict}: ${problems.join("; ")}`);
      }
    };
    await Promise.all([worker(), worker(), worker()]);
  }, 600_000);

  test.each(plantings.map(({ lock }) => [lock.name, lock.summary]))("%s: %s", (name) => {
    expect(verdicts.get(name)).toBe("violated");
  });
});

test("a lock that cannot be released is a problem, and nobody is accused of anything", async () => {
  const module = `module:${join(import.meta.dirname, "unreleasable.ts")}#unreleasable`;
  const { oracle, problems } = await runFitting(module, [{ count: 3, timeoutMs: 50 }]);
  expect(oracle.violations).toEqual([]);
  expect(problems.join()).toContain("cannot be released");
});

/** The runs that the broken ones fail. */
const RUNS: readonly FittingRun[] = [
  { lockerCount: 4, count: 40 },
  { holdMs: 15, count: 6, timeoutMs: 20 },
  { disturbance: "stop", holdMs: 5, count: 5 },
  { disturbance: "clock-step", count: 10 },
];
const READING: FittingRun = { mode: "mixed", count: 40 };
const UPGRADING: FittingRun = { mode: "upgrade", timeoutMs: 50, pauseMs: 1, count: 20 };
const RANGED: FittingRun = {
  count: 40,
  ranges: [
    { startByte: 0, endByte: 10 },
    { startByte: 9, endByte: 20 },
    { startByte: 100, endByte: 2 ** 32 + 10 },
  ],
};
const KILLED: FittingRun = { disturbance: "kill", count: 5, timeoutMs: 100 };

describe("a correct lock is trusted", () => {
  let folder: string;
  let redisUrl: string | undefined;
  let stopRedis = async () => {};
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "correct-"));
    if (redisServer.isAvailable) ({ url: redisUrl, stop: stopRedis } = await startRedis(folder));
  });
  afterAll(async () => {
    await stopRedis();
    rmSync(folder, { recursive: true, force: true });
  });

  const correct = [...primitives.values()].filter(({ name }) => redisServer.isAvailable || !name.startsWith("redis"));
  test.each(correct.map((primitive) => [primitive.name, primitive] as const))("%s", async (name, { supports }) => {
    const runs = [
      ...RUNS,
      ...(supports.shared ? [READING] : []),
      ...(supports.shared && supports.upgrade ? [UPGRADING] : []),
      ...(supports.ranges ? [RANGED] : []),
      KILLED,
    ];
    const { oracle } = await runFitting(name, runs, redisUrl);
    expect(oracle.violations).toEqual([]);
    expect(oracle.acquisitionCount).toBeGreaterThan(100);
  });
});
