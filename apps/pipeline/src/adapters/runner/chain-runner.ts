/** Runs each job in a worker of its own and sees to it that every job has exactly one end. */

import { PipelineError } from "../../domain/error-codes.ts";
import type { ChainEvents, ChainJob, ChainResult, ChainRunner } from "../../ports/chain-runner.ts";
import { errorOfPlain, type FromWorker } from "./protocol.ts";
import { startProcess } from "./start-process.ts";
import { startThread } from "./start-thread.ts";
import { ompEnvironment, type WorkerHandle, type WorkerStart } from "./worker-handle.ts";

export interface ChainRunnerOptions<Setup> {
  /** Sent with each job. */
  readonly setup: Setup;
  /** The module that calls `serveChain`. */
  readonly entry: URL;
  readonly usesSubprocess: boolean;
  readonly ompThreadCount: number | null;
  /** How long a worker that was told to stop may take before it is killed. */
  readonly killAfterMs: number;
}

export function createChainRunner<Setup>(options: ChainRunnerOptions<Setup>): ChainRunner {
  const start: WorkerStart = { entry: options.entry, environment: ompEnvironment(options.ompThreadCount) };
  const running = new Set<WorkerHandle<Setup>>();
  return {
    async run(job, signal, events) {
      if (signal.aborted) throw interrupted(job);
      const worker = options.usesSubprocess ? startProcess<Setup>(start) : startThread<Setup>(start);
      running.add(worker);
      try {
        return await runOn(worker, job, signal, events, options);
      } finally {
        running.delete(worker);
        await worker.kill();
      }
    },
    async close() {
      await Promise.all([...running].map((worker) => worker.kill()));
    },
  };
}

const interrupted = ({ group: { groupId } }: ChainJob) =>
  new PipelineError("INTERRUPTED", `group ${groupId}: stopped before it ended`, { subject: groupId });

function runOn<Setup>(
  worker: WorkerHandle<Setup>,
  job: ChainJob,
  signal: AbortSignal,
  events: ChainEvents,
  { setup, killAfterMs }: ChainRunnerOptions<Setup>,
): Promise<ChainResult> {
  const { groupId } = job.group;
  return new Promise((resolve, reject) => {
    let killTimer: NodeJS.Timeout | undefined;
    const onAbort = () => {
      worker.send({ kind: "stop" });
      killTimer = setTimeout(() => void worker.kill().catch(reject), killAfterMs);
    };
    const settled = <Value>(settle: (value: Value) => void) => {
      return (value: Value) => {
        clearTimeout(killTimer);
        signal.removeEventListener("abort", onAbort);
        settle(value);
      };
    };
    const [succeed, fail] = [settled(resolve), settled(reject)];
    worker.onMessage((message) => {
      try {
        deliver(message, events, succeed, fail);
      } catch (error) {
        // What the supervisor makes of an event failed: the job cannot be recorded.
        fail(error);
      }
    });
    worker.onEnd((how) =>
      fail(
        signal.aborted
          ? interrupted(job)
          : new PipelineError("WORKER_CRASHED", `group ${groupId}: ${how}`, { subject: groupId }),
      ),
    );
    signal.addEventListener("abort", onAbort);
    worker.send({ kind: "run", setup, job });
  });
}

function deliver(
  message: FromWorker,
  events: ChainEvents,
  succeed: (result: ChainResult) => void,
  fail: (error: unknown) => void,
): void {
  switch (message.kind) {
    case "progress":
      return events.onProgress(message.progress);
    case "stage":
      return events.onStageEnd(message.run);
    case "checkpoint":
      return events.onCheckpoint(message.path);
    case "message":
      return events.onMessage(message.level, message.message);
    case "alert":
      return events.onAlert(message.change);
    case "done":
      return succeed(message.result);
    case "failed":
      return fail(errorOfPlain(message.error));
  }
}
