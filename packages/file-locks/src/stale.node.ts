/** Removing lock files that nobody uses. */

import { closeSync, constants, existsSync, fstatSync, openSync, statSync, unlinkSync } from "node:fs";
import { canonicalPath } from "./acquire.node.ts";
import { FileLockUnusableError } from "./errors.ts";
import { type FlockDoor, openFlockDoor } from "./flock-door.node.ts";

export type StaleRemoval = "removed" | "held" | "too-young" | "absent";

/**
 * Removes a lock file that nobody holds and that was not used for `olderThanMs`. A held lock is never removed, however
 * old: a second holder would lock a new file of the same name.
 *
 * Programs of this library look again after locking and are safe. One that does not, and opened the file just before
 * it is removed, is not: give an age that such programs do not reach.
 */
export function removeStaleLockFile(
  path: string,
  { olderThanMs, door = openFlockDoor() }: { readonly olderThanMs: number; readonly door?: FlockDoor | undefined },
): StaleRemoval {
  if (!door) throw new FileLockUnusableError(`${path}: neither koffi nor flock(1) is installed`, path);
  const canonical = canonicalPath(path);
  if (!existsSync(canonical)) return "absent";
  const fd = openSync(canonical, constants.O_RDWR);
  try {
    if (!door.tryLock(fd, "exclusive")) return "held";
    const opened = fstatSync(fd, { bigint: true });
    const named = statSync(canonical, { bigint: true, throwIfNoEntry: false });
    if (!named || named.ino !== opened.ino || named.dev !== opened.dev) return "absent";
    if (Date.now() - Number(opened.mtimeMs) < olderThanMs) return "too-young";
    unlinkSync(canonical);
    return "removed";
  } finally {
    closeSync(fd);
  }
}
