/** What the supervisor and a worker say to each other, the same for a thread and a process. Plain data only. */

import type { AlertChange } from "../../domain/alert.ts";
import { causesOf, type ErrorCode, errorCodes, PipelineError } from "../../domain/error-codes.ts";
import type { ChainJob, ChainProgress, ChainResult } from "../../ports/chain-runner.ts";
import type { StageRun } from "../../ports/group-queue.ts";

export type ToWorker<Setup> =
  | { readonly kind: "run"; readonly setup: Setup; readonly job: ChainJob }
  | { readonly kind: "stop" };

export type FromWorker =
  | { readonly kind: "progress"; readonly progress: ChainProgress }
  | { readonly kind: "stage"; readonly run: StageRun }
  | { readonly kind: "checkpoint"; readonly path: string }
  | { readonly kind: "message"; readonly level: "INFO" | "WARNING"; readonly message: string }
  | { readonly kind: "alert"; readonly change: AlertChange }
  | { readonly kind: "done"; readonly result: ChainResult }
  | { readonly kind: "failed"; readonly error: PlainError };

/** An error as it travels: classes do not survive the way. */
export interface PlainError {
  readonly code: string;
  readonly message: string;
  readonly subject: string;
  /** Messages and stacks of what caused it, outermost first. */
  readonly causes: readonly string[];
}

export function plainError(error: PipelineError): PlainError {
  return { code: error.code, message: error.message, subject: error.subject, causes: causesOf(error) };
}

/** The error with its code, and its causes as texts. An unknown code, of a worker of another version, is INTERNAL. */
export function errorOfPlain({ code, message, subject, causes }: PlainError): PipelineError {
  const cause = causes.toReversed().reduce<Error | undefined>((inner, text) => {
    const outer = inner === undefined ? new Error(text) : new Error(text, { cause: inner });
    outer.stack = text;
    return outer;
  }, undefined);
  const known = Object.hasOwn(errorCodes, code);
  return new PipelineError(known ? (code as ErrorCode) : "INTERNAL", known ? message : `${code}: ${message}`, {
    subject,
    ...(cause && { cause }),
  });
}
