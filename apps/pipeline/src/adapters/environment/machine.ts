/** Facts about the machine and this process. */

import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, totalmem, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import type { MachineFacts } from "../../ports/environment.ts";

const COMMAND_TIMEOUT_MS = 3000;

export function machineFacts(): MachineFacts {
  return {
    nodeVersion: process.versions.node,
    userName: userName(),
    coreCount: availableParallelism(),
    memoryBytes: memoryBytes(),
    umaskBits: process.umask(),
    openFileLimitCount: openFileLimitOf(textOf("/proc/self/limits")),
    watchLimitCount: numberOf(textOf("/proc/sys/fs/inotify/max_user_watches")),
    lockDoors: [...(hasKoffi() ? (["koffi"] as const) : []), ...(isOnPath("flock") ? (["flock(1)"] as const) : [])],
    isClockSynchronised: isClockSynchronised(),
  };
}

/** The soft limit of `Max open files` in the text of /proc/self/limits; null: it is not there. */
export function openFileLimitOf(limits: string | undefined): number | null {
  const found = /^Max open files\s+(\d+|unlimited)/m.exec(limits ?? "")?.[1];
  if (found === undefined) return null;
  return found === "unlimited" ? Number.POSITIVE_INFINITY : Number(found);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // not every kernel or container shows it
  }
}

function numberOf(text: string | undefined): number | null {
  const value = Number(text?.trim() || Number.NaN);
  return Number.isFinite(value) ? value : null;
}

/** A container may have less than the machine. */
function memoryBytes(): number {
  const limit = numberOf(textOf("/sys/fs/cgroup/memory.max"));
  return limit === null ? totalmem() : Math.min(limit, totalmem());
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "unknown"); // a container's user need not have a name
  }
}

/** Only whether it is installed: whether it loads is tried where locks are. */
function hasKoffi(): boolean {
  try {
    // The package that uses it is where it would be looked for.
    const require = createRequire(import.meta.resolve("@contimg/file-locks/node"));
    return require.resolve("koffi") !== "";
  } catch {
    return false; // resolving has no answer but an exception
  }
}

function isOnPath(command: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false; // accessSync has no answer but an exception
    }
  });
}

function isClockSynchronised(): boolean | null {
  const run = spawnSync("timedatectl", ["show", "--property=NTPSynchronized", "--value"], {
    encoding: "utf8",
    timeout: COMMAND_TIMEOUT_MS,
  });
  const answer = run.status === 0 ? run.stdout.trim() : "";
  if (answer === "yes") return true;
  if (existsSync("/run/systemd/timesync/synchronized")) return true;
  return answer === "no" ? false : null;
}
