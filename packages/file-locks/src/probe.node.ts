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
  const first = openSync(path, "w+");
  const second = openSync(path, "r+");
  const otherLayout = "put Measurement Sets on a file system with locks, or give --lock-dir on one";
  try {
    if (!door.tryLock(first, "exclusive")) return verdict(false, "a new file could not be locked", otherLayout);
    if (door.tryLock(second, "exclusive"))
      return verdict(false, "a second open file could lock a locked file", otherLayout);
    if (hasFlockProgram() && otherProcessLocks(path))
      return verdict(false, "another process could lock a locked file", otherLayout);
    door.unlock(first);
    if (!door.tryLock(second, "exclusive")) return verdict(false, "a released lock stayed", otherLayout);
    if (mount.reach === "local")
      return verdict(
        true,
        `processes of this machine are kept apart (${mount.reason})`,
        "use it from one machine only",
      );
    return verdict(true, "two open files and two processes were kept apart", "");
  } catch (error) {
    return verdict(false, (error as Error).message, otherLayout);
  } finally {
    closeSync(second);
    closeSync(first);
    rmSync(folder, { recursive: true, force: true });
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
