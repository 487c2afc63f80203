/** Locks on files of this system. */

export { type AcquireOptions, acquireFileLock, canonicalPath, type FileLock } from "./acquire.node.ts";
export { type FlockDoor, type KoffiLoader, openFlockDoor } from "./flock-door.node.ts";
export { describeHolders, type LockHolder, lockHolders } from "./holders.node.ts";
export { type LockProbe, probeFileLocks } from "./probe.node.ts";
export { removeStaleLockFile, type StaleRemoval } from "./stale.node.ts";
