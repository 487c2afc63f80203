/** What goes wrong in a test, apart from what the test is about. */

/**
 * - `usage`: the caller asked for what cannot be
 * - `scenario`: the scenario cannot be read; `line` and `column` say where
 * - `unusable`: the primitive cannot be used here
 * - `system`: a system call failed; `code` says how
 * - `lost`: a locker or the controller ended, or does not answer
 */
export type LockTesterTag = "usage" | "scenario" | "unusable" | "system" | "lost";

export class LockTesterError extends Error {
  readonly tag: LockTesterTag;
  /** The system's name of the error, as ENOLCK. */
  readonly code: string | undefined;

  constructor(tag: LockTesterTag, message: string, options: { readonly code?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "LockTesterError";
    this.tag = tag;
    this.code = options.code;
  }
}

export function isLockTesterError(error: unknown, ...tags: readonly LockTesterTag[]): error is LockTesterError {
  return error instanceof LockTesterError && (tags.length === 0 || tags.includes(error.tag));
}

/** Wraps an error of the system: `what: ENOENT`. Others pass through. */
export function systemError(what: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (typeof code !== "string") return error;
  return new LockTesterError("system", `${what}: ${code}`, { code, cause: error });
}
