/** The kernel's own locks: flock(2), and record locks of fcntl(2), of the process or of the open file. */

import { closeSync, constants, openSync } from "node:fs";
import {
  type ByteSpan,
  type KernelLockDoor,
  type KernelLockKind,
  openFlockDoor,
  openKernelLockDoor,
  WHOLE_FILE,
} from "@contimg/file-locks/node";
import { LockTesterError, systemError } from "../errors.ts";
import type {
  AcquireOptions,
  ByteRange,
  Grant,
  LockMode,
  LockPrimitive,
  LockSession,
  OpenOptions,
} from "../primitive.ts";
import { pollForLock, waitForLock } from "./waiting.ts";

const FILE_MODE = 0o664;
const DEFAULT_POLL_MS = 5;

type Door = Pick<KernelLockDoor, "tryLock" | "unlock"> & Partial<Pick<KernelLockDoor, "wait">>;

let kernelDoor: KernelLockDoor | undefined;
let flockDoor: Door | undefined;

/** flock(1) stands in for flock(2) where there are no foreign functions; record locks have no such program. */
function doorFor(kind: KernelLockKind): Door | undefined {
  kernelDoor ??= openKernelLockDoor();
  if (kernelDoor || kind !== "flock") return kernelDoor;
  if (flockDoor) return flockDoor;
  const door = openFlockDoor();
  if (!door) return undefined;
  flockDoor = { tryLock: (_, fd, mode) => door.tryLock(fd, mode), unlock: (_, fd) => door.unlock(fd) };
  return flockDoor;
}

const MISSING = {
  flock: "neither koffi nor flock(1) is installed",
  posix: "koffi is not installed, or this is not 64-bit Linux",
  ofd: "koffi is not installed, or this is not 64-bit Linux",
} as const;

function kernelPrimitive(kind: KernelLockKind, about: Omit<LockPrimitive, "unavailable" | "open">): LockPrimitive {
  return {
    ...about,
    async unavailable() {
      return doorFor(kind) ? undefined : MISSING[kind];
    },
    async open(path, options) {
      const door = doorFor(kind);
      if (!door) throw new LockTesterError("unusable", `${about.name}: ${MISSING[kind]}`);
      return new KernelLockSession(path, kind, door, options);
    },
  };
}

export const flock = kernelPrimitive("flock", {
  name: "flock",
  summary: "flock(2) on the file, waiting in the kernel",
  supports: { shared: true, ranges: false, blocking: true, upgrade: false },
  owner: "open-file",
  procLocksKind: "FLOCK",
});

export const fcntl = kernelPrimitive("posix", {
  name: "fcntl",
  summary: "POSIX record locks, F_SETLK and F_SETLKW: of the process, by byte range",
  supports: { shared: true, ranges: true, blocking: true, upgrade: true },
  owner: "process",
  procLocksKind: "POSIX",
});

export const ofd = kernelPrimitive("ofd", {
  name: "ofd",
  summary: "open-file-description locks, F_OFD_SETLK and F_OFD_SETLKW: of the open file, by byte range",
  supports: { shared: true, ranges: true, blocking: true, upgrade: true },
  owner: "open-file",
  procLocksKind: "OFDLCK",
});

/** One descriptor and the locks through it. */
export class KernelLockSession implements LockSession {
  readonly #path: string;
  readonly #kind: KernelLockKind;
  readonly #door: Door;
  readonly #pollMs: number | undefined;
  readonly #fd: number;
  readonly sync: NonNullable<LockSession["sync"]>;

  constructor(path: string, kind: KernelLockKind, door: Door, { pollMs }: OpenOptions) {
    this.#path = path;
    this.#kind = kind;
    this.#door = door;
    this.#pollMs = pollMs;
    this.#fd = openLockFile(path);
    this.sync = {
      tryAcquire: (mode, range) => this.#try(mode, range),
      release: (range) => this.#unlock(range),
    };
  }

  async acquire(mode: LockMode, options: AcquireOptions): Promise<Grant | null> {
    const { range, timeoutMs, signal } = options;
    if (this.#try(mode, range)) return {};
    if (timeoutMs <= 0 || signal?.aborted) return null;
    const { wait } = this.#door;
    if (this.#pollMs !== undefined || !wait) {
      const pollMs = this.#pollMs ?? DEFAULT_POLL_MS;
      return await pollForLock(() => (this.#try(mode, range) ? {} : null), options, pollMs);
    }
    try {
      return await waitForLock(wait.call(this.#door, this.#kind, this.#fd, mode, spanOf(range)), options);
    } catch (error) {
      throw systemError(this.#path, error);
    }
  }

  #try(mode: LockMode, range: ByteRange | undefined): boolean {
    try {
      return this.#door.tryLock(this.#kind, this.#fd, mode, spanOf(range));
    } catch (error) {
      throw systemError(this.#path, error);
    }
  }

  #unlock(range: ByteRange | undefined): void {
    this.#door.unlock(this.#kind, this.#fd, spanOf(range));
  }

  async release({ range }: { readonly range?: ByteRange } = {}): Promise<void> {
    this.#unlock(range);
  }

  async close(): Promise<void> {
    closeSync(this.#fd);
  }
}

function spanOf(range: ByteRange | undefined): ByteSpan {
  return range ?? WHOLE_FILE;
}

/** @throws LockTesterError naming the file and the system's code */
export function openLockFile(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT, FILE_MODE);
  } catch (error) {
    throw systemError(path, error);
  }
}
