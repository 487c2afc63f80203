/** The lock that the pipeline takes on a Measurement Set: flock with a turnstile and a second look at the name. */

import { FileLockError } from "@contimg/file-locks";
import { acquireFileLock, type FileLock, openFlockDoor } from "@contimg/file-locks/node";
import { LockTesterError } from "../errors.ts";
import type { AcquireOptions, Grant, LockMode, LockPrimitive, LockSession } from "../primitive.ts";

export const msLock: LockPrimitive = {
  name: "ms-lock",
  summary: "the pipeline's lock of a Measurement Set: flock in fair turns",
  supports: { shared: true, ranges: false, blocking: true, upgrade: false },
  owner: "open-file",
  procLocksKind: "FLOCK",
  async unavailable() {
    return openFlockDoor() ? undefined : "neither koffi nor flock(1) is installed";
  },
  async open(path) {
    return new MsLockSession(path);
  },
};

class MsLockSession implements LockSession {
  readonly #path: string;
  #held: FileLock | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async acquire(mode: LockMode, { timeoutMs, signal }: AcquireOptions): Promise<Grant | null> {
    if (this.#held?.mode === mode) return {};
    if (this.#held) throw new LockTesterError("usage", "ms-lock: a held lock does not change its mode");
    try {
      this.#held = await acquireFileLock(this.#path, { mode, timeoutMs, ...(signal ? { signal } : {}) });
      return {};
    } catch (error) {
      if (!(error instanceof FileLockError)) throw error;
      if (error.tag === "timeout" || error.tag === "aborted") return null;
      const cause = error.cause as NodeJS.ErrnoException | undefined;
      throw new LockTesterError("system", error.message, {
        ...(cause?.code ? { code: cause.code } : {}),
        cause: error,
      });
    }
  }

  async release(): Promise<void> {
    this.#held?.release();
    this.#held = undefined;
  }

  close(): Promise<void> {
    return this.release();
  }
}
