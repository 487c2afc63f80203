/** How commands get at the queue, and what all of them do with it. */

import { loadConfig } from "../config/load-config.ts";
import { isPipelineError } from "../domain/error-codes.ts";
import type { AlertStore } from "../ports/alerts.ts";
import type { QueueDatabase } from "../ports/group-queue.ts";
import { createOutput, describeError, type Output } from "./output.ts";

export interface QueueAccess {
  readonly queue: QueueDatabase & AlertStore;
  /** Whether the worker of that identity is known to have ended. */
  isDead(owner: string): boolean;
}

/** @throws PipelineError QUEUE_UNUSABLE when there is no such file: looking must not make one */
export type QueueOpener = (path: string) => QueueAccess;

export const QUEUE_DB_HELP =
  "the queue database (default: that of contimg stream with the same variables or CONTIMG_CONFIG, else streaming_queue.sqlite3)";

/** @throws PipelineError CONFIG_INVALID */
function configuredQueuePath(): string {
  const sources = { configPath: undefined, variables: process.env, flags: new Map(), currentDir: process.cwd() };
  return loadConfig(sources).config.databases.queueDb!;
}

/** Opens the queue for one command, sets the exit status to what it returns, or to 1 when it fails with a code. */
export function withQueue(
  open: QueueOpener,
  flags: { readonly queueDb?: string; readonly json: boolean },
  act: (access: QueueAccess, output: Output) => 0 | 1,
): void {
  const output = createOutput(flags.json, process.stdout, process.stderr, false);
  try {
    const access = open(flags.queueDb ?? configuredQueuePath());
    try {
      process.exitCode = act(access, output);
    } finally {
      access.queue.close();
    }
  } catch (error) {
    if (!isPipelineError(error)) throw error;
    output.problem(describeError(error));
    output.event({ event: "failed", code: error.code, disposition: error.disposition, message: error.message });
    process.exitCode = 1;
  }
}

/** `2025-10-03 11:48:50`, UTC. */
export const utcText = (unixSec: number) => new Date(unixSec * 1000).toISOString().slice(0, 19).replace("T", " ");
