import type { ErrorCode } from "../../../domain/error-codes.ts";
import type { TaskResult } from "./row-tasks.ts";

/** Errors lose their class on the way between threads: code and text are sent instead. */
export type WorkerReply =
  | { readonly kind: "done"; readonly result: TaskResult }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string; readonly subject: string };
