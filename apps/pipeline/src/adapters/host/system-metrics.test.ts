import { expect, test } from "vitest";
import { systemClock } from "../fs/system-clock.ts";
import { parseCpuTimes, parseMemory, systemMetrics } from "./system-metrics.ts";

test("busy time is all but idle and waiting for disks", () => {
  const text = "cpu  100 10 50 800 30 4 5 1 7 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n";
  expect(parseCpuTimes(text)).toEqual({ busyTicks: 170, totalTicks: 1000 });
});

test("memory that could be had counts as free", () => {
  const text = "MemTotal:       16000 kB\nMemFree:         100 kB\nMemAvailable:    4000 kB\n";
  expect(parseMemory(text)).toEqual({ totalBytes: 16_384_000, availableBytes: 4_096_000 });
});

test("a look at this machine gives shares, those of time from the second look on", () => {
  const metrics = systemMetrics(["/", "/no/such/directory"], systemClock);
  const first = metrics.sample();
  expect(first).toMatchObject({ cpuPercent: null, ownCpuPercent: null });
  for (const share of [first.memoryPercent, first.diskPercent]) {
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThanOrEqual(100);
  }
  const untilMs = performance.now() + 50;
  while (performance.now() < untilMs);
  expect(metrics.sample().ownCpuPercent).toBeGreaterThan(0);
});
