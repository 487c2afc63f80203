/** What a way to lock must offer to be tested. */

export type LockMode = "shared" | "exclusive";

/** A part of the lock file. Without one the whole file is meant. */
export interface ByteRange {
  readonly startByte: number;
  /** Exclusive. */
  readonly endByte: number;
}

/** What acquiring gave. */
export interface Grant {
  /** Grows with every grant of the lock, where the primitive has such a number. */
  readonly fencingToken?: number;
}

export interface AcquireOptions {
  /** 0: try once. */
  readonly timeoutMs: number;
  readonly range?: ByteRange;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** One locker's way to one lock. Not for two acquisitions at a time unless the primitive says so. */
export interface LockSession {
  /**
   * Resolves when the lock is held; null: not had within `timeoutMs`. Acquiring what is held shared as exclusive changes its
   * mode; where that fails after `supports.upgrade`, the shared lock is still held.
   *
   * @throws LockTesterError with the system's code, as ENOLCK
   */
  acquire(mode: LockMode, options: AcquireOptions): Promise<Grant | null>;
  /** May be called when nothing is held. */
  release(options?: { readonly range?: ByteRange }): Promise<void>;
  /** Gives up what is held, and the file. */
  close(): Promise<void>;
  /** The same without waiting, for those who measure the speed of a lock that is free. */
  readonly sync?: {
    tryAcquire(mode: LockMode, range?: ByteRange): boolean;
    release(range?: ByteRange): void;
  };
}

/** A way to lock. */
export interface LockPrimitive {
  /** As `flock`, `fcntl`, `o-excl`. */
  readonly name: string;
  /** One line for `--help` and reports. */
  readonly summary: string;
  readonly supports: {
    readonly shared: boolean;
    readonly ranges: boolean;
    /** Waits in the kernel, not by polling. */
    readonly blocking: boolean;
    /**
     * From shared to exclusive without letting go in between: no writer comes between what was read before and what is
     * written after. Where it is false (flock), acquiring exclusively while holding shared may lose the lock on the way.
     */
    readonly upgrade: boolean;
  };
  /**
   * Whose the lock is. `open-file` and `file`: several lockers of one process contend as if each had its own.
   * `process`: they would share it, so that each locker needs a process.
   */
  readonly owner: "open-file" | "file" | "process";
  /** The kind under which the kernel lists it in /proc/locks, where it does. */
  readonly procLocksKind?: "FLOCK" | "POSIX" | "OFDLCK";
  /** Why it cannot be used here, in words: no server, no library. undefined: it can. */
  unavailable(path: string, options?: OpenOptions): Promise<string | undefined>;
  open(path: string, options: OpenOptions): Promise<LockSession>;
}

export interface OpenOptions {
  /** Between two tries of a primitive that polls; by default the primitive's own. */
  readonly pollMs?: number;
  readonly redisUrl?: string;
}
