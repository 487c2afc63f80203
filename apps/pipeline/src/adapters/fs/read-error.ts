/** Gives errors met while reading, of files and of the UVH5 library, the pipeline's codes. */

import { isUvh5Error, type Uvh5Error } from "@contimg/uvh5";
import { type ErrorCode, PipelineError } from "../../domain/error-codes.ts";
import { errnoOf } from "../../domain/write-error.ts";

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
