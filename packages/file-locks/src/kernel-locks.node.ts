/**
 * The three advisory locks of the Linux kernel, as they are: flock(2), POSIX record locks and open-file-description
 * record locks of fcntl(2). No fairness, no second look at the name: for programs that speak another program's protocol,
 * and for trying what a file system does. To keep programs apart, `acquireFileLock` is the better choice.
 */

import { type CLibrary, type KoffiLoader, openCLibrary, requireKoffi, systemError } from "./c-library.node.ts";
import type { FileLockMode } from "./index.ts";
import { openThreadWaker, type ThreadWaker } from "./wake-thread.node.ts";

/**
 * `flock`: of the open file, the whole of it. `posix`: of the process, by range; gone when the process closes any of its
 * descriptors of that file. `ofd`: of the open file, by range.
 */
export type KernelLockKind = "flock" | "posix" | "ofd";

/** Bytes from `startByte` up to, not with, `endByte`; `Infinity`: to the end, however far the file grows. */
export interface ByteSpan {
  readonly startByte: number;
  readonly endByte: number;
}

/** A lock that is in the way. */
export interface LockConflict {
  readonly mode: FileLockMode;
  readonly span: ByteSpan;
  /** Of the holder, as seen from here; -1: the lock is of an open file, 0: of a process that is not visible. */
  readonly processNumber: number;
}

export interface KernelLockWait {
  /**
   * True: the lock is taken. False: the wait was interrupted and nothing is held.
   *
   * @throws Error with the system's code: EDEADLK where the kernel sees that it would wait for ever, ENOLCK…
   */
  readonly taken: Promise<boolean>;
  /** Wakes the wait as a signal does. The lock may have been taken in that very moment: see `taken`. */
  interrupt(): void;
}

export interface KernelLockDoor {
  /** One try. A lock of the same owner is changed to `mode`. @throws Error with the system's code, as ENOLCK, EBADF */
  tryLock(kind: KernelLockKind, fileNumber: number, mode: FileLockMode, span?: ByteSpan): boolean;
  /** Also when nothing is held. */
  unlock(kind: KernelLockKind, fileNumber: number, span?: ByteSpan): void;
  /** What would keep this lock away; null: nothing does. It takes nothing. */
  conflict(kind: "posix" | "ofd", fileNumber: number, mode: FileLockMode, span?: ByteSpan): LockConflict | null;
  /** Waits in the kernel's own queue, on one of the four threads (UV_THREADPOOL_SIZE) that Node's file operations use. */
  wait(kind: KernelLockKind, fileNumber: number, mode: FileLockMode, span?: ByteSpan): KernelLockWait;
  /**
   * A second descriptor of the same open file.
   *
   * @param isInherited  whether programs that are started, or that this process becomes by exec, have it as well
   */
  duplicate(fileNumber: number, isInherited?: boolean): number;
}

export const WHOLE_FILE: ByteSpan = { startByte: 0, endByte: Number.POSITIVE_INFINITY };

/** Numbers of the generic Linux interface, the same on x64 and arm64. */
const FLOCK_OPERATION = { shared: 1, exclusive: 2, noWait: 4, unlock: 8 } as const;
const F_DUPFD = 0;
const F_DUPFD_CLOEXEC = 1030;
const RECORD_COMMAND = {
  posix: { get: 5, set: 6, wait: 7 },
  ofd: { get: 36, set: 37, wait: 38 },
} as const;
const RECORD_TYPE = { shared: 0, exclusive: 1, unlock: 2 } as const;
/** struct flock of 64-bit Linux: type and whence (2 bytes each), 4 of padding, start and length (8 each), process (4). */
const RECORD_BYTES = 32;
const START_AT = 8;
const LENGTH_AT = 16;
const PROCESS_AT = 24;

type Fcntl = [fd: number, command: number, argument: Uint8Array | bigint];

/**
 * @param load  for tests: what `require("koffi")` gives
 * @returns undefined without koffi, and on other systems than 64-bit Linux
 */
export function openKernelLockDoor(load: KoffiLoader = requireKoffi): KernelLockDoor | undefined {
  if (process.platform !== "linux" || (process.arch !== "x64" && process.arch !== "arm64")) return undefined;
  const library = openCLibrary(load);
  return library && new LinuxLocks(library);
}

class LinuxLocks implements KernelLockDoor {
  readonly #library: CLibrary;
  readonly #flock;
  readonly #fcntl;
  /** Records that threads read: the foreign call keeps the address only, and garbage collection must not take them. */
  readonly #inUse = new Set<Uint8Array>();
  #waker: ThreadWaker | undefined;

  constructor(library: CLibrary) {
    this.#library = library;
    this.#flock = library.func<[fd: number, operation: number], number>("int flock(int fd, int operation)");
    // Variable arguments are passed like others on Linux, on both architectures.
    this.#fcntl = library.func<Fcntl, number>("int fcntl(int fd, int command, void *argument)");
  }

  tryLock(kind: KernelLockKind, fd: number, mode: FileLockMode, span: ByteSpan = WHOLE_FILE): boolean {
    if (kind === "flock") return this.#flockNow(fd, FLOCK_OPERATION[mode] | FLOCK_OPERATION.noWait);
    return this.#record(fd, RECORD_COMMAND[kind].set, recordLock(mode, span));
  }

  unlock(kind: KernelLockKind, fd: number, span: ByteSpan = WHOLE_FILE): void {
    if (kind === "flock") this.#flockNow(fd, FLOCK_OPERATION.unlock);
    else this.#record(fd, RECORD_COMMAND[kind].set, recordLock("unlock", span));
  }

  conflict(kind: "posix" | "ofd", fd: number, mode: FileLockMode, span: ByteSpan = WHOLE_FILE): LockConflict | null {
    const record = recordLock(mode, span);
    this.#record(fd, RECORD_COMMAND[kind].get, record);
    return conflictOf(record);
  }

  wait(kind: KernelLockKind, fd: number, mode: FileLockMode, span: ByteSpan = WHOLE_FILE): KernelLockWait {
    this.#waker ??= openThreadWaker(this.#library);
    let isSettled = false;
    const record = recordLock(mode, span);
    this.#inUse.add(record);
    const { promise: taken, resolve, reject } = Promise.withResolvers<boolean>();
    const settle = (error: Error | null, result: number) => {
      isSettled = true;
      this.#inUse.delete(record);
      if (error) return reject(error);
      if (result === 0) return resolve(true);
      const code = this.#library.errorCode();
      if (code === "EINTR") return resolve(false);
      reject(systemError(kind === "flock" ? "flock" : "fcntl", code));
    };
    if (kind === "flock") this.#flock.async(fd, FLOCK_OPERATION[mode], settle);
    else this.#fcntl.async(fd, RECORD_COMMAND[kind].wait, record, settle);
    const waker = this.#waker;
    return { taken, interrupt: () => waker.wakeUntil(kind === "flock" ? "flock" : "fcntl", fd, () => isSettled) };
  }

  duplicate(fd: number, isInherited = false): number {
    const copy = this.#fcntl(fd, isInherited ? F_DUPFD : F_DUPFD_CLOEXEC, 0n);
    if (copy === -1) throw systemError("fcntl", this.#library.errorCode());
    return copy;
  }

  #flockNow(fd: number, operation: number): boolean {
    return this.#untilUninterrupted("flock", () => this.#flock(fd, operation));
  }

  #record(fd: number, command: number, record: Uint8Array): boolean {
    return this.#untilUninterrupted("fcntl", () => this.#fcntl(fd, command, record));
  }

  /** @returns false: another has it */
  #untilUninterrupted(name: string, call: () => number): boolean {
    for (;;) {
      if (call() === 0) return true;
      const code = this.#library.errorCode();
      if (code === "EINTR") continue;
      if (code === "EAGAIN" || code === "EWOULDBLOCK" || code === "EACCES") return false;
      throw systemError(name, code);
    }
  }
}

function recordLock(type: keyof typeof RECORD_TYPE, { startByte, endByte }: ByteSpan): Uint8Array {
  const isRange = Number.isSafeInteger(startByte) && startByte >= 0 && endByte > startByte;
  if (!isRange || !(endByte === Number.POSITIVE_INFINITY || Number.isSafeInteger(endByte)))
    throw new RangeError(`bytes ${startByte} to ${endByte}: expected whole numbers, 0 <= start < end`);
  const record = Buffer.alloc(RECORD_BYTES);
  record.writeInt16LE(RECORD_TYPE[type], 0);
  record.writeBigInt64LE(BigInt(startByte), START_AT);
  // A length of 0 means to the end of the file, wherever that will be.
  record.writeBigInt64LE(endByte === Number.POSITIVE_INFINITY ? 0n : BigInt(endByte - startByte), LENGTH_AT);
  return record;
}

function conflictOf(bytes: Uint8Array): LockConflict | null {
  const record = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = record.readInt16LE(0);
  if (type === RECORD_TYPE.unlock) return null;
  const startByte = Number(record.readBigInt64LE(START_AT));
  const lengthByte = Number(record.readBigInt64LE(LENGTH_AT));
  return {
    mode: type === RECORD_TYPE.exclusive ? "exclusive" : "shared",
    span: { startByte, endByte: lengthByte === 0 ? Number.POSITIVE_INFINITY : startByte + lengthByte },
    processNumber: record.readInt32LE(PROCESS_AT),
  };
}
