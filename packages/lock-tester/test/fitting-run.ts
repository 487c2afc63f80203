/** The scenario of the run that fits a broken lock, and its verdict. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runLockTest } from "../src/controller/run-lock-test.ts";
import type { LockReport } from "../src/report/report.ts";
import type { Action, Addressees, Step } from "../src/scenario/scenario.ts";
import type { FittingRun } from "./broken/plant.ts";

const LIMIT_MS = 30_000;
const STOPPED_MS = 300;
const HOUR_SEC = 3600;
const DEFAULTS = { lockerCount: 3, count: 25, mode: "exclusive", holdMs: 1, pauseMs: 0, timeoutMs: 5_000 } as const;

const send = (to: Addressees, action: Action): Step => ({ kind: "send", to, action });

/** The steps of a run, and how many lockers they are for. */
export function stepsOf(run: FittingRun): { readonly lockerCount: number; readonly steps: readonly Step[] } {
  const { lockerCount, disturbance, processCount: _, ranges = [], ...rest } = { ...DEFAULTS, ...run };
  const contend = (to: Addressees): Step => send(to, { kind: "contend", readerFraction: 0.5, ranges, ...rest });
  const everybody: Step = { kind: "barrier", to: "all" };
  const others = Array.from({ length: lockerCount - 1 }, (_unused, i) => i + 1);
  const hold: readonly Step[] = [
    send([0], { kind: "lock", mode: "exclusive", timeoutMs: rest.timeoutMs }),
    { kind: "barrier", to: [0] },
  ];
  const disturbed: Readonly<Record<NonNullable<FittingRun["disturbance"]>, readonly Step[]>> = {
    kill: [
      ...hold,
      contend(others),
      { kind: "wait", durationMs: 30 },
      { kind: "signal", to: [0], signal: "SIGKILL" },
      { kind: "barrier", to: others },
    ],
    stop: [
      ...hold,
      { kind: "signal", to: [0], signal: "SIGSTOP" },
      contend(others),
      { kind: "wait", durationMs: STOPPED_MS },
      { kind: "signal", to: [0], signal: "SIGCONT" },
      send([0], { kind: "release", ifHeld: true }),
      everybody,
    ],
    "clock-step": [
      { kind: "clock", to: [1], change: { kind: "step", sec: HOUR_SEC } },
      { kind: "clock", to: [2], change: { kind: "step", sec: -HOUR_SEC } },
      contend("all"),
      everybody,
      { kind: "clock", to: "all", change: { kind: "resume" } },
    ],
  };
  return { lockerCount, steps: disturbance ? disturbed[disturbance] : [contend("all"), everybody] };
}

/** Several runs one after the other, by the same lockers. */
export async function runFitting(
  primitive: string,
  runs: readonly FittingRun[],
  redisUrl?: string,
): Promise<LockReport> {
  const folder = mkdtempSync(join(tmpdir(), "fitting-"));
  try {
    const lockerCount = Math.max(...runs.map((run) => stepsOf(run).lockerCount));
    const steps = runs.flatMap((run) => stepsOf({ ...run, lockerCount }).steps);
    const processCount = runs[0]?.processCount;
    return await runLockTest({
      path: join(folder, "lock"),
      primitive,
      scenario: { steps },
      lockerCount,
      limitMs: LIMIT_MS,
      openOptions: { pollMs: 1, ...(redisUrl ? { redisUrl } : {}) },
      ...(processCount === undefined ? {} : { processCount }),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Lockers' processes keep the compiled code of the ones before them: a fifth of the time to start. Call it before the
 * first; the result removes it.
 */
export function keepCompiledCode(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "compiled-"));
  process.env["NODE_COMPILE_CACHE"] = folder;
  return () => {
    delete process.env["NODE_COMPILE_CACHE"];
    rmSync(folder, { recursive: true, force: true });
  };
}
