/** Gives errors of writing the pipeline's codes. */

import { type ErrorCode, PipelineError } from "./error-codes.ts";
import { messageOf, systemErrorName } from "./system-error.ts";

const WRITE_CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ["ENOSPC", "DISK_FULL"],
  ["EDQUOT", "DISK_FULL"],
  ["EFBIG", "DISK_FULL"],
  ["EIO", "DISK_ERROR"],
  ["ESTALE", "DISK_ERROR"],
  ["EACCES", "OUTPUT_NOT_WRITABLE"],
  ["EPERM", "OUTPUT_NOT_WRITABLE"],
  ["EROFS", "OUTPUT_NOT_WRITABLE"],
  ["ENOTDIR", "OUTPUT_NOT_WRITABLE"],
  ["EEXIST", "OUTPUT_EXISTS"],
  ["ENOTEMPTY", "OUTPUT_EXISTS"],
]);

/** The system's own code, however deep a library wrapped it. */
export function errnoOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const name = systemErrorName(at);
    if (name !== undefined && /^E[A-Z0-9]+$/.test(name)) return name;
  }
  return undefined;
}

/** Gives an error met while writing `path` the pipeline's code. */
export function asWriteError(error: unknown, path: string): PipelineError {
  if (error instanceof PipelineError) return error;
  const errno = errnoOf(error);
  const message = messageOf(error, errno);
  return new PipelineError(WRITE_CODES.get(errno ?? "") ?? "INTERNAL", `${path}: ${message}`, {
    subject: path,
    cause: error,
  });
}

/**
 * Clears up after a failure. When that fails too, the failure stays what it was, and says what is left.
 *
 * @returns what is to be thrown
 */
export function clearedUp(failure: PipelineError, clearUp: () => void): PipelineError {
  try {
    clearUp();
    return failure;
  } catch (error) {
    const { code, message, subject } = failure;
    const left = error instanceof Error ? error.message : String(error);
    return new PipelineError(code, `${message}; what is half made could not be removed: ${left}`, {
      subject,
      cause: new AggregateError([failure, error], "a failure, and one of clearing up after it"),
    });
  }
}
