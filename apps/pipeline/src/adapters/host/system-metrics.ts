/** Reads /proc, the control group and file systems. */

import { readFileSync, statfsSync } from "node:fs";
import type { Clock } from "../../ports/clock.ts";
import type { SystemMetrics } from "../../ports/system-metrics.ts";

export interface CpuTimes {
  readonly busyTicks: number;
  readonly totalTicks: number;
}

/** The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal. */
export function parseCpuTimes(text: string): CpuTimes {
  const ticks = /^cpu\s+(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/).map(Number) ?? [];
  // Guests are counted in user already.
  const totalTicks = ticks.slice(0, 8).reduce((sum, value) => sum + value, 0);
  return { busyTicks: totalTicks - (ticks[3] ?? 0) - (ticks[4] ?? 0), totalTicks };
}

/** Of /proc/meminfo: total and available. */
export function parseMemory(text: string): { readonly totalBytes: number; readonly availableBytes: number } {
  const of = (name: string) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
  return { totalBytes: of("MemTotal"), availableBytes: of("MemAvailable") };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EACCES") return undefined;
    throw error;
  }
}

/** The limit and use of the control group (version 2) that a container sees as its own; undefined: none. */
function controlGroupMemory(): { readonly limitBytes: number; readonly usedBytes: number } | undefined {
  const limit = readIfThere("/sys/fs/cgroup/memory.max")?.trim();
  const used = readIfThere("/sys/fs/cgroup/memory.current");
  if (limit === undefined || limit === "max" || used === undefined) return undefined;
  return { limitBytes: Number(limit), usedBytes: Number(used) };
}

/** @param directories  where data go; those that are not there count for nothing */
export function systemMetrics(directories: readonly string[], clock: Clock): SystemMetrics {
  let before: { readonly cpu: CpuTimes; readonly own: NodeJS.CpuUsage; readonly atMs: number } | undefined;

  function memoryPercent(): number {
    const { totalBytes, availableBytes } = parseMemory(readFileSync("/proc/meminfo", "utf8"));
    const machine = 100 * (1 - availableBytes / totalBytes);
    const group = controlGroupMemory();
    return group ? Math.max(machine, (100 * group.usedBytes) / group.limitBytes) : machine;
  }

  function diskPercent(): number {
    const shares = directories.map((directory) => {
      try {
        const { blocks, bavail, bfree } = statfsSync(directory);
        const usedCount = blocks - bfree;
        return usedCount + bavail === 0 ? 0 : (100 * usedCount) / (usedCount + bavail);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
        throw error;
      }
    });
    return Math.max(0, ...shares);
  }

  return {
    sample() {
      const now = {
        cpu: parseCpuTimes(readFileSync("/proc/stat", "utf8")),
        own: process.cpuUsage(),
        atMs: clock.monotonicMs(),
      };
      const since = before;
      before = now;
      const ownMs = (usage: NodeJS.CpuUsage) => (usage.user + usage.system) / 1000;
      const totalTicks = since ? now.cpu.totalTicks - since.cpu.totalTicks : 0;
      return {
        cpuPercent: since && totalTicks > 0 ? (100 * (now.cpu.busyTicks - since.cpu.busyTicks)) / totalTicks : null,
        memoryPercent: memoryPercent(),
        diskPercent: diskPercent(),
        ownRssBytes: process.memoryUsage.rss(),
        ownCpuPercent:
          since && now.atMs > since.atMs ? (100 * (ownMs(now.own) - ownMs(since.own))) / (now.atMs - since.atMs) : null,
      };
    },
  };
}
