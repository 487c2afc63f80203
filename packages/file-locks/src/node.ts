/** Locks on files of this system. */

export { type AcquireOptions, acquireFileLock, canonicalPath, type FileLock } from "./acquire.node.ts";
export type { KoffiLoader } from "./c-library.node.ts";
export { type FlockDoor, openFlockDoor } from "./flock-door.node.ts";
export { describeHolders, type LockHolder, lockHolders } from "./holders.node.ts";
export {
  type ByteSpan,
  type KernelLockDoor,
  type KernelLockKind,
  type KernelLockWait,
  type LockConflict,
  openKernelLockDoor,
  WHOLE_FILE,
} from "./kernel-locks.node.ts";
export { type LockProbe, probeFileLocks } from "./probe.node.ts";
export { removeStaleLockFile, type StaleRemoval } from "./stale.node.ts";
