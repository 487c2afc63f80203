/**
 * The figures of the lock tester: acquisitions a second with the oracle on, hand-off of several ways to lock with ten
 * lockers that hold for 5 ms, a thousand lockers.
 *
 *   node --conditions=@contimg/source packages/lock-tester/bench/lock-speed.ts
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LockReport, readScenario } from "@contimg/lock-tester";
import { runLockTest } from "@contimg/lock-tester/node";

const folder = mkdtempSync(join(tmpdir(), "contimg-lock-speed-"));

async function contend(primitive: string, lockerCount: number, count: number, holdMs: number): Promise<LockReport> {
  const action = {
    kind: "contend",
    count,
    mode: "exclusive",
    readerFraction: 0,
    holdMs,
    pauseMs: 0,
    timeoutMs: 60_000,
    ranges: [],
  } as const;
  const steps = [{ kind: "send", to: "all", action } as const, { kind: "barrier", to: "all" } as const];
  return await runLockTest({ path: join(folder, "lock"), lockerCount, primitive, scenario: { steps } });
}

function cpuSec(): number {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  return (userCPUTime + systemCPUTime) / 1e6;
}

try {
  for (const primitive of ["flock", "fcntl", "ofd"]) {
    const { numbers, oracle } = await contend(primitive, 1, 500_000, 0);
    console.log(
      `${primitive}, one locker: ${numbers.throughputPerSec.toFixed(0)} acquisitions a second; ${oracle.violationCount} violations of ${oracle.acquisitionCount}`,
    );
  }
  for (const [primitive, count] of [
    ["flock", 20],
    ["fcntl", 20],
    ["ms-lock", 20],
  ] as const) {
    const { numbers } = await contend(primitive, 10, count, 5);
    const { handOff, wait, idleFraction, jainIndex, durationSec } = numbers;
    console.log(
      `${primitive}, ten lockers holding 5 ms, ${count} each: hand-off p50 ${handOff.p50Ms.toFixed(2)} p99 ${handOff.p99Ms.toFixed(2)} max ${handOff.maxMs.toFixed(2)} ms, ` +
        `wait p99 ${wait.p99Ms.toFixed(0)} ms, ${durationSec.toFixed(2)} s in all, idle ${(100 * idleFraction).toFixed(0)} %, Jain ${jainIndex.toFixed(2)}`,
    );
  }
  // All ask at the same moment: then all poll at the same moments, and one has the lock each second.
  const together = await runLockTest({
    path: join(folder, "lock"),
    lockerCount: 10,
    primitive: "casacore",
    scenario: readScenario("steps: [write@+2s, sleep@50000, releaseif]", "together"),
  });
  console.log(
    `casacore, ten lockers that ask at once and hold 50 ms: ${together.numbers.durationSec.toFixed(2)} s in all, wait p99 ${(together.numbers.wait.p99Ms / 1000).toFixed(2)} s, idle ${(100 * together.numbers.idleFraction).toFixed(0)} %`,
  );
  const startMs = performance.now();
  const { numbers, processCount, oracle } = await contend("flock", 1000, 2, 0);
  console.log(
    `1000 lockers in ${processCount} processes: ${((performance.now() - startMs) / 1000).toFixed(1)} s from start to report, ` +
      `${oracle.acquisitionCount} acquisitions, ${oracle.violationCount} violations, longest wait ${(numbers.wait.maxMs / 1000).toFixed(2)} s; ` +
      `controller ${(process.resourceUsage().maxRSS / 1000).toFixed(0)} MB, ${cpuSec().toFixed(1)} CPU s`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
