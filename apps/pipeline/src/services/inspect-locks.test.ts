import { describe, expect, test } from "vitest";
import type { LockTrialResult } from "../ports/lock-trial.ts";
import { finding } from "./finding.ts";
import type { EnvironmentNeeds } from "./inspect-environment.ts";
import { inspectLocks } from "./inspect-locks.ts";

const needs: EnvironmentNeeds = {
  directories: [
    { name: "output_dir", path: "/out", role: "output" },
    { name: "input_dir", path: "/in", role: "input" },
  ],
  makesDirectories: false,
  tmpfs: { path: "/dev/shm", isUsed: false, warnPercent: 80, criticalPercent: 90 },
  diskWarnBytes: 1,
  diskCriticalBytes: 1,
  needsLocks: true,
};
const fit = [finding("ok", "output_dir", "/out"), finding("ok", "output_dir: locks", "apart")];

async function inspect(
  verdict: LockTrialResult["verdict"],
  before = fit,
  wanted: EnvironmentNeeds = needs,
): Promise<readonly string[]> {
  const tried: string[] = [];
  const findings = await inspectLocks(wanted, before, async (directory) => {
    tried.push(directory);
    return { verdict, sentence: `${verdict} in ${directory}` };
  });
  return [...tried, ...findings.map((one) => `${one.verdict} ${one.name}: ${one.found}`)];
}

describe("locks under contention", () => {
  test.each([
    ["trusted", "ok"],
    ["violated", "problem"],
    ["hung", "problem"],
    ["inconclusive", "warning"],
  ] as const)("that are %s are %s", async (verdict, found) => {
    const line = `${found} output_dir: locks under contention: ${verdict} in /out`;
    expect(await inspect(verdict)).toEqual(["/out", line]);
  });

  test("are not tried where the directory is unfit already, or no locks are used", async () => {
    expect(await inspect("trusted", [finding("problem", "output_dir", "is not there")])).toEqual([]);
    expect(await inspect("trusted", [fit[0]!, finding("problem", "output_dir: locks", "none")])).toEqual([]);
    expect(await inspect("trusted", fit, { ...needs, needsLocks: false })).toEqual([]);
  });
});
