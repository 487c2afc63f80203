/** flock(2): the lock belongs to the open file, and the kernel releases it with the last copy of that. */

import { closeSync, constants, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type FlockDoor, openFlockDoor } from "@contimg/file-locks/node";
import { LockTesterError, systemError } from "../errors.ts";
import type { AcquireOptions, Grant, LockMode, LockPrimitive, LockSession, OpenOptions } from "../primitive.ts";

const FILE_MODE = 0o664;
const DEFAULT_POLL_MS = 5;

let door: FlockDoor | undefined;

export const flock: LockPrimitive = {
  name: "flock",
  summary: "flock(2) on the file, waiting in the kernel",
  supports: { shared: true, ranges: false, blocking: true, upgrade: true },
  owner: "open-file",
  procLocksKind: "FLOCK",
  async unavailable() {
    door ??= openFlockDoor();
    return door ? undefined : "neither koffi nor flock(1) is installed";
  },
  async open(path, options) {
    door ??= openFlockDoor();
    if (!door) throw new LockTesterError("unusable", "flock: neither koffi nor flock(1) is installed");
    return new FlockSession(path, door, options);
  },
};

class FlockSession implements LockSession {
  readonly #path: string;
  readonly #door: FlockDoor;
  readonly #pollMs: number | undefined;
  #fd: number;
  readonly sync: NonNullable<LockSession["sync"]>;

  constructor(path: string, lockDoor: FlockDoor, { pollMs }: OpenOptions) {
    this.#path = path;
    this.#door = lockDoor;
    this.#pollMs = pollMs;
    this.#fd = openFile(path);
    this.sync = { tryAcquire: (mode) => this.#try(mode), release: () => this.#unlock() };
  }

  async acquire(mode: LockMode, { timeoutMs, signal }: AcquireOptions): Promise<Grant | null> {
    if (this.#try(mode)) return {};
    if (timeoutMs <= 0 || signal?.aborted) return null;
    if (this.#pollMs === undefined && this.#door.lockInThread) return this.#acquireInKernel(mode, timeoutMs, signal);
    const pollMs = this.#pollMs ?? DEFAULT_POLL_MS;
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0 || signal?.aborted) return null;
      await sleep(Math.min(pollMs, leftMs));
      if (this.#try(mode)) return {};
    }
  }

  async #acquireInKernel(mode: LockMode, timeoutMs: number, signal: AbortSignal | undefined): Promise<Grant | null> {
    const fd = this.#fd;
    const taken = this.#door.lockInThread!(fd, mode).then(() => true);
    const gaveUp = new AbortController();
    const signals = signal ? [gaveUp.signal, signal] : [gaveUp.signal];
    const timeout = sleep(timeoutMs, false, { signal: AbortSignal.any(signals) }).catch(() => false);
    try {
      if (await Promise.race([taken, timeout])) return {};
      // The thread cannot be called back. Its file is left to it, and closed as soon as it has what it waits for.
      this.#fd = openFile(this.#path);
      void taken.finally(() => closeSync(fd)).catch(() => false);
      return null;
    } catch (error) {
      throw systemError(this.#path, error);
    } finally {
      gaveUp.abort();
    }
  }

  #try(mode: LockMode): boolean {
    try {
      return this.#door.tryLock(this.#fd, mode);
    } catch (error) {
      throw systemError(this.#path, error);
    }
  }

  #unlock(): void {
    this.#door.unlock(this.#fd);
  }

  async release(): Promise<void> {
    this.#unlock();
  }

  async close(): Promise<void> {
    closeSync(this.#fd);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT, FILE_MODE);
  } catch (error) {
    throw systemError(path, error);
  }
}
