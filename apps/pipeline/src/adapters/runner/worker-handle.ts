/** A started worker as the supervisor sees it, whatever it runs in. */

import type { FromWorker, ToWorker } from "./protocol.ts";

export interface WorkerHandle<Setup> {
  send(message: ToWorker<Setup>): void;
  onMessage(listener: (message: FromWorker) => void): void;
  /** Called once, when it is gone; `how` says how it ended, in words. */
  onEnd(listener: (how: string) => void): void;
  /** Ends it at once; resolves when it is gone. */
  kill(): Promise<void>;
}

export interface WorkerStart {
  /** The module that serves: `group-worker`. */
  readonly entry: URL;
  /** Set for the worker beside what it inherits. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Variables by which numeric libraries are told how many threads to use. */
export function ompEnvironment(threadCount: number | null): Readonly<Record<string, string>> {
  if (threadCount === null) return {};
  const names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"];
  return Object.fromEntries(names.map((name) => [name, String(threadCount)]));
}

/** A worker does not inherit the condition by which workspace packages are read from their source. */
export const execArgvOf = (entry: URL): string[] =>
  entry.pathname.endsWith(".ts") ? ["--conditions=@contimg/source"] : [];
