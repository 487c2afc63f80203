/**
 * Can this file system's locks be trusted? This module holds the types and what needs no system;
 * `@contimg/lock-tester/node` runs tests.
 */

export { isLockTesterError, LockTesterError, type LockTesterTag } from "./errors.ts";
export type {
  AcquireOptions,
  ByteRange,
  Grant,
  LockMode,
  LockPrimitive,
  LockSession,
  OpenOptions,
} from "./primitive.ts";
