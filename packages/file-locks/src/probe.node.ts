/** Trying whether locks in a directory keep two processes apart. */

import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type FlockDoor, hasFlockProgram, openFlockDoor } from "./flock-door.node.ts";
import { judgeMount, type MountVerdict } from "./mount.ts";

export interface LockProbe {
  readonly directory: string;
  /** Whether a lock kept others out here, and was theirs afterwards. */
  readonly excludes: boolean;
  /** What was tried and what came of it. */
  readonly reason: string;
  readonly advice: string;
  readonly door: FlockDoor["kind"] | null;
  readonly mount: MountVerdict;
}

/**
 * Makes a file in the directory, locks it and has another open file and another process try; then lets go and has them
 * try again. Nothing is left behind.
 *
 * @throws Error of the system when the directory cannot be written
 */
export function probeFileLocks(directory: string, door: FlockDoor | undefined = openFlockDoor()): LockProbe {
  const real = realpathSync(directory);
  const mount = judgeMount(readMountInfo(), real);
  const verdict = (excludes: boolean, reason: string, advice: string): LockProbe => ({
    directory,
    excludes,
    reason,
    advice,
    door: door?.kind ?? null,
    mount,
  });
  if (!door)
    return verdict(
      false,
      "neither koffi nor flock(1) is there",
      "install the Debian package util-linux, which has flock(1)",
    );

  const folder = mkdtempSync(join(real, ".lock-probe-"));
  const path = join(folder, "lock");
  const open: number[] = [];
  try {
    for (const flags of ["w+", "r+"]) open.push(openSync(path, flags));
    const [first, second] = open as [number, number];
    const { excludes, reason } = tryTwo(door, first, second, path);
    if (!excludes)
      return verdict(false, reason, "put Measurement Sets on a file system with locks, or give --lock-dir on one");
    if (mount.reach === "local")
      return verdict(
        true,
        `processes of this machine are kept apart (${mount.reason})`,
        "use it from one machine only",
      );
    return verdict(true, reason, "");
  } finally {
    for (const fd of open) closeSync(fd);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether two open files of one path, and another process, are kept apart. */
function tryTwo(door: FlockDoor, first: number, second: number, path: string): Pick<LockProbe, "excludes" | "reason"> {
  const no = (reason: string) => ({ excludes: false, reason });
  try {
    if (!door.tryLock(first, "exclusive")) return no("a new file could not be locked");
    if (door.tryLock(second, "exclusive")) return no("a second open file could lock a locked file");
    if (hasFlockProgram() && otherProcessLocks(path)) return no("another process could lock a locked file");
    door.unlock(first);
    if (!door.tryLock(second, "exclusive")) return no("a released lock stayed");
    return { excludes: true, reason: "two open files and two processes were kept apart" };
  } catch (error) {
    return no((error as Error).message);
  }
}

const otherProcessLocks = (path: string) =>
  spawnSync("flock", ["-n", "-x", path, "true"], { stdio: "ignore" }).status === 0;

function readMountInfo(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
