/** The worker's side: takes one job, runs it, answers. In a thread or in a process, whichever it finds itself in. */

import { parentPort } from "node:worker_threads";
import { asPipelineError } from "../../domain/error-codes.ts";
import type { ChainEvents, ChainJob, ChainResult } from "../../ports/chain-runner.ts";
import { type FromWorker, plainError, type ToWorker } from "./protocol.ts";

export type RunJob<Setup> = (
  setup: Setup,
  job: ChainJob,
  signal: AbortSignal,
  events: ChainEvents,
) => Promise<ChainResult>;

interface Line<Setup> {
  send(message: FromWorker): void;
  listen(onMessage: (message: ToWorker<Setup>) => void): void;
  close(): void;
}

/** Serves one job and ends. A process whose parent is gone ends at once: nobody would take its answer. */
export function serveChain<Setup>(runJob: RunJob<Setup>): void {
  const line = openLine<Setup>();
  const stopping = new AbortController();
  line.listen((message) => {
    if (message.kind === "stop") stopping.abort();
    else void serve(message, runJob, stopping.signal, line);
  });
}

async function serve<Setup>(
  { setup, job }: Extract<ToWorker<Setup>, { kind: "run" }>,
  runJob: RunJob<Setup>,
  signal: AbortSignal,
  line: Line<Setup>,
): Promise<void> {
  const events: ChainEvents = {
    onProgress: (progress) => line.send({ kind: "progress", progress }),
    onStageEnd: (run) => line.send({ kind: "stage", run }),
    onCheckpoint: (path) => line.send({ kind: "checkpoint", path }),
    onAlert: (change) => line.send({ kind: "alert", change }),
    onMessage: (level, message) => line.send({ kind: "message", level, message }),
  };
  try {
    line.send({ kind: "done", result: await runJob(setup, job, signal, events) });
  } catch (error) {
    line.send({ kind: "failed", error: plainError(asPipelineError(error, job.group.groupId)) });
  }
  line.close();
}

function openLine<Setup>(): Line<Setup> {
  const port = parentPort;
  if (port !== null) {
    return {
      send: (message) => port.postMessage(message),
      listen: (onMessage) => void port.on("message", onMessage),
      close: () => port.close(),
    };
  }
  if (process.send === undefined) throw new Error("a group worker is started by the stream, not by hand");
  process.on("disconnect", () => process.exit(0));
  // A service manager signals every process of a service: when this one ends is for the supervisor to say.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => undefined);
  return {
    // What cannot be sent has no reader any more; `disconnect` follows.
    send: (message) => void process.send!(message, undefined, undefined, () => undefined),
    listen: (onMessage) => void process.on("message", (message) => onMessage(message as ToWorker<Setup>)),
    close: () => undefined,
  };
}
