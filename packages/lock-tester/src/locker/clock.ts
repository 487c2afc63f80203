/** The clocks of a locker. */

import { setTimeout as sleep } from "node:timers/promises";
import type { ClockChange } from "../scenario/scenario.ts";

const NS_PER_SEC = 1e9;
/** Timers wake up late by up to a millisecond; waiting actively for longer would take the processor from the others. */
const ACTIVE_NS = 0.2e6;
const LONGEST_TIMER_MS = 1e9;

/** The monotonic clock that all processes of the machine share. In a double it is exact for 104 days after start. */
export function monotonicNs(): number {
  const [sec, ns] = process.hrtime();
  return sec * NS_PER_SEC + ns;
}

/** @returns how much later than `targetNs` it is now */
export async function sleepUntil(targetNs: number, signal: AbortSignal): Promise<number> {
  for (;;) {
    const leftNs = targetNs - monotonicNs();
    if (leftNs <= 0 || signal.aborted) return -leftNs;
    if (leftNs > ACTIVE_NS) await pause(Math.min((leftNs - ACTIVE_NS) / 1e6, LONGEST_TIMER_MS), signal);
  }
}

/** Sleeps, and wakes up early without complaint when the signal comes. */
export async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  try {
    await sleep(durationMs, undefined, { signal });
  } catch (error) {
    if ((error as Error).name !== "AbortError") throw error;
  }
}

const realNow = Date.now.bind(Date);

/**
 * Stalls or steps the wall clock that the code of this process sees through `Date.now`. The monotonic clock, and thereby
 * what is observed, goes on.
 */
export function changeWallClock(change: ClockChange): void {
  const stalledMs = realNow();
  if (change.kind === "resume") Date.now = realNow;
  else if (change.kind === "stall") Date.now = () => stalledMs;
  else Date.now = () => realNow() + 1000 * change.sec;
}
