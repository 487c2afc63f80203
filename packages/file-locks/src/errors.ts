/** Base of all errors of this library. */
export abstract class FileLockError extends Error {
  abstract readonly tag: "timeout" | "aborted" | "unusable" | "not-permitted";
  /** The lock file. */
  readonly path: string;

  constructor(message: string, path: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = new.target.name;
    this.path = path;
  }
}

/** Others held the lock for longer than the caller would wait. */
export class FileLockTimeoutError extends FileLockError {
  readonly tag = "timeout";
  readonly waitedMs: number;

  constructor(path: string, waitedMs: number, holders: string) {
    super(`${path}: still locked after ${(waitedMs / 1000).toFixed(1)} s by ${holders}`, path);
    this.waitedMs = waitedMs;
  }
}

/** The caller's signal ended the wait. */
export class FileLockAbortedError extends FileLockError {
  readonly tag = "aborted";

  constructor(path: string) {
    super(`${path}: the wait for the lock was ended`, path);
  }
}

/** The system cannot lock this file: no way to call flock, or a file system without locks. Never taken for success. */
export class FileLockUnusableError extends FileLockError {
  readonly tag = "unusable";
}

/** The lock file cannot be made or opened. */
export class FileLockNotPermittedError extends FileLockError {
  readonly tag = "not-permitted";
}
