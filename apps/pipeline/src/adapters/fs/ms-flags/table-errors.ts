/** Gives errors of the table library the pipeline's codes. */

import { isCasacoreTableError } from "@contimg/casacore-tables";
import { PipelineError } from "../../../domain/error-codes.ts";
import { asWriteError } from "../../../domain/write-error.ts";

/** An error met while reading or writing tables at `msPath`. */
export function asTableError(error: unknown, msPath: string): PipelineError {
  if (error instanceof PipelineError) return error;
  const detail = { subject: msPath, cause: error };
  if (isCasacoreTableError(error, "TableInUse")) return new PipelineError("MS_IN_USE", error.message, detail);
  if (isCasacoreTableError(error, "TableIo") || !isCasacoreTableError(error)) return asWriteError(error, msPath);
  return new PipelineError("TABLE_UNREADABLE", error.message, detail);
}

/** Runs `work` and gives what it throws a code. */
export async function withTableErrors<T>(msPath: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asTableError(error, msPath);
  }
}
