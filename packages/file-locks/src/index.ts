/**
 * Advisory file locks that keep programs apart: flock(2) with timeout, fairness and diagnosis.
 *
 * This module is the part that needs no system; `@contimg/file-locks/node` locks.
 */

export {
  FileLockAbortedError,
  FileLockError,
  FileLockNotPermittedError,
  FileLockTimeoutError,
  FileLockUnusableError,
} from "./errors.ts";
export { judgeMount, type MountVerdict } from "./mount.ts";
export { type LockEntry, parseProcLocks } from "./proc-locks.ts";

/** flock(2): any number of shared holders, or one exclusive. */
export type FileLockMode = "shared" | "exclusive";
