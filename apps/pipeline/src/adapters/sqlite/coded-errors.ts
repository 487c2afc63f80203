/** What SQLite throws is given a code, wherever it comes out. */

import { type ErrorCode, PipelineError } from "../../domain/error-codes.ts";

const SQLITE_FULL = 13;

/** Errors that have a code, and those that are not SQLite's, pass unchanged. */
export function codedError(error: unknown, path: string, unusableCode: ErrorCode): unknown {
  const errcode = (error as { readonly errcode?: number } | null)?.errcode;
  if (errcode === undefined || error instanceof PipelineError) return error;
  const { message } = error as Error;
  return new PipelineError(errcode === SQLITE_FULL ? "DISK_FULL" : unusableCode, `${path}: ${message}`, {
    subject: path,
    cause: error,
  });
}

/** The same methods; what they throw has a code. */
export function withCodedErrors<Methods extends object>(bare: Methods, path: string, unusableCode: ErrorCode): Methods {
  const methods = Object.entries(bare) as readonly (readonly [string, (...args: unknown[]) => unknown])[];
  return Object.fromEntries(
    methods.map(([name, act]) => [
      name,
      (...args: unknown[]) => {
        try {
          return act(...args);
        } catch (error) {
          throw codedError(error, path, unusableCode);
        }
      },
    ]),
  ) as Methods;
}
