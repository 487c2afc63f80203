import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import type { HostClock } from "../../ports/clock.ts";

/**
 * The clocks of this machine. `process.hrtime` is CLOCK_MONOTONIC: all processes share it, nobody can set it, and it
 * begins anew with the machine, as boot_id says. It stands still while the machine sleeps.
 */
export function hostClock(): HostClock {
  return {
    nowUnixSec: () => Date.now() / 1000,
    monotonicMs: () => performance.now(),
    sinceBootMs: () => Number(process.hrtime.bigint() / 1_000n) / 1000,
    bootId: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
  };
}
