/** Nobody is inside with another: real processes, killed and stalled, and Python among them. */

import { describe, expect, test } from "vitest";
import { describeWith, hasCommand } from "../../../tools/oracles.ts";
import { contend, overlapCount } from "./contend.ts";

/** `CONTIMG_LOCK_ACQUISITIONS=1000000` for a long run. */
const totalCount = Number(process.env["CONTIMG_LOCK_ACQUISITIONS"] ?? 20_000);
const longMs = 120_000 + totalCount;

const times = (count: number, kind: string) => Array.from({ length: count }, () => kind);

test(
  "processes that crash and stall while others wait never overlap",
  async () => {
    const outcome = await contend({
      kinds: times(6, "ours"),
      countEach: Math.ceil(totalCount / 6),
      holdMs: 0,
      killCount: Math.ceil(totalCount / 4000),
      stallCount: Math.ceil(totalCount / 4000),
    });
    expect(outcome.firstViolation).toBeNull();
    expect(overlapCount(outcome.spans)).toBe(0);
    expect(outcome.acquisitionCount).toBeGreaterThanOrEqual(totalCount);
    expect(outcome.killedCount).toBeGreaterThan(0);
  },
  longMs,
);

test("a process that waits is not starved by one that comes back at once", async () => {
  const { countOfProcess, violationCount } = await contend({ kinds: times(4, "ours"), countEach: 60, holdMs: 2 });
  expect([...countOfProcess, violationCount]).toEqual([60, 60, 60, 60, 0]);
});

describeWith(hasCommand("python3"), "with Python's fcntl.flock on the same file", () => {
  test("nobody overlaps", async () => {
    const outcome = await contend({ kinds: ["ours", "ours", "python", "python"], countEach: 500, holdMs: 0 });
    expect(outcome).toMatchObject({ acquisitionCount: 2000, violationCount: 0 });
    expect(overlapCount(outcome.spans)).toBe(0);
  });
});

describeWith(hasCommand("flock"), "without the foreign function", () => {
  test("flock(1) excludes as well, also those that call the function", async () => {
    const outcome = await contend({ kinds: ["flock-program", "flock-program", "ours"], countEach: 60, holdMs: 1 });
    expect(outcome).toMatchObject({ acquisitionCount: 180, violationCount: 0 });
    expect(overlapCount(outcome.spans)).toBe(0);
  });
});

describe("the oracle is not blind: locks that are broken are found out", () => {
  test.each([
    ["the old pipeline's clean-up, which removes the lock file of a holder that takes long", "stale-unlink"],
    ["removing the file on release, without a second look after locking", "unlink-on-release"],
    ["taking busy for mine", "ignores-busy"],
    ["a lock that expires under its holder", "time-to-live"],
  ])("%s", async (_, kind) => {
    const outcome = await contend({ kinds: times(6, kind), countEach: 120, holdMs: 3 });
    expect(outcome.violationCount).toBeGreaterThan(0);
    expect(overlapCount(outcome.spans)).toBeGreaterThan(0);
  });
});
