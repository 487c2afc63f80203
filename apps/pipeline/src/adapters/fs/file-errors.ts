/** Gives errors of files and of the format libraries the pipeline's codes. */

import { isUvh5Error, type Uvh5Error } from "@contimg/uvh5";
import { type ErrorCode, PipelineError } from "../../domain/error-codes.ts";
import { messageOf, systemErrorName } from "../../domain/system-error.ts";

const CODE_OF_TAG: Record<Uvh5Error["tag"], ErrorCode> = {
  "not-hdf5": "UVH5_NOT_UVH5",
  "not-uvh5": "UVH5_NOT_UVH5",
  corrupt: "UVH5_CORRUPT",
  inconsistent: "UVH5_CORRUPT",
  unsupported: "UVH5_UNSUPPORTED",
  limit: "UVH5_CORRUPT",
};

/** Gives an error of the UVH5 library, or of the file system below it, the pipeline's code. */
export function asReadError(error: unknown, path: string): PipelineError {
  if (error instanceof PipelineError) return error;
  if (isUvh5Error(error))
    return new PipelineError(CODE_OF_TAG[error.tag], error.message, { subject: path, cause: error });
  const errno = errnoOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (errno !== undefined)
    return new PipelineError("INPUT_UNREADABLE", `${path}: ${message}`, { subject: path, cause: error });
  return new PipelineError("INTERNAL", `${path}: ${message}`, { subject: path, cause: error });
}

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
function errnoOf(error: unknown): string | undefined {
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
