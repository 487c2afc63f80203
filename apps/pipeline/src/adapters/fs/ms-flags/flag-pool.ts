/** Runs the tasks of a job, on threads when there is enough to do. */

import { Worker } from "node:worker_threads";
import { PipelineError } from "../../../domain/error-codes.ts";
import type { FlagRunOptions } from "../../../ports/ms-flags.ts";
import {
  dataBytes,
  divideUnits,
  type FlagJob,
  type FlagReply,
  type FlagTask,
  type FlagTaskResult,
} from "./flag-job.ts";
import type { FlagRequest } from "./flag-units.worker.ts";
import { UnitFlagger } from "./unit-flagger.ts";

const PROGRESS_INTERVAL_MS = 200;

const interrupted = (msPath: string) =>
  new PipelineError("INTERRUPTED", `${msPath}: stopped during the search; its flags are as they were`, {
    subject: msPath,
  });

/** Threads that have started and wait for a job; none: the caller's own does the work. */
export interface FlagPool {
  run(job: FlagJob): Promise<readonly FlagTaskResult[]>;
  /** No thread is left running afterwards. */
  close(): Promise<void>;
}

/** Threads load their modules while the caller reads the table's rows. */
export function startPool(workerCount: number, options: FlagRunOptions): FlagPool {
  const workers = workerCount <= 1 ? [] : Array.from({ length: workerCount }, startWorker);
  return {
    async run(job) {
      const tasks = divideUnits(job);
      const totalBytes = dataBytes(job);
      const report = () => options.onProgress("searching", Number(Atomics.load(job.doneBytes, 0)), totalBytes);
      if (workers.length === 0) return runInThisThread(job, tasks, options, report);
      const timer = setInterval(report, PROGRESS_INTERVAL_MS);
      try {
        const queue = [...tasks];
        const results: FlagTaskResult[] = [];
        await Promise.all(
          workers.map(async (worker) => {
            worker.postMessage({ kind: "job", job } satisfies FlagRequest);
            for (let task = queue.shift(); task; task = queue.shift())
              results.push(await runOn(worker, task, job.msPath, options.signal));
            await closeWorker(worker);
          }),
        );
        return results;
      } finally {
        clearInterval(timer);
      }
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function startWorker(): Worker {
  const isSource = import.meta.url.endsWith(".ts");
  const entry = new URL(isSource ? "./flag-units.worker.ts" : "./flag-units.worker.js", import.meta.url);
  // A thread does not inherit the condition by which workspace packages are read from their source.
  return new Worker(entry, { execArgv: isSource ? ["--conditions=@contimg/source"] : [] });
}

function closeWorker(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once("exit", () => resolve());
    worker.postMessage({ kind: "close" } satisfies FlagRequest);
  });
}

/** Sends one task to a thread and waits for its answer, for the thread's end, or for the signal to stop. */
function runOn(worker: Worker, task: FlagTask, msPath: string, signal: AbortSignal): Promise<FlagTaskResult> {
  return new Promise((resolve, reject) => {
    const onMessage = (reply: FlagReply) => {
      settle();
      if (reply.kind === "done") resolve(reply.result);
      else reject(new PipelineError(reply.code, reply.message, { subject: msPath }));
    };
    const onError = (error: unknown) => {
      settle();
      reject(error);
    };
    const onExit = (exitCode: number) =>
      onError(
        new PipelineError("WORKER_CRASHED", `${msPath}: a thread of the search ended with code ${exitCode}`, {
          subject: msPath,
        }),
      );
    const onAbort = () => onError(interrupted(msPath));
    // One by one: a Worker has listeners of its own that it needs.
    const settle = () => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      signal.removeEventListener("abort", onAbort);
    };
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    else worker.postMessage({ kind: "task", task } satisfies FlagRequest);
  });
}

async function runInThisThread(
  job: FlagJob,
  tasks: readonly FlagTask[],
  { signal }: FlagRunOptions,
  report: () => void,
): Promise<readonly FlagTaskResult[]> {
  const flagger = new UnitFlagger(job);
  try {
    const results: FlagTaskResult[] = [];
    for (const task of tasks) {
      if (signal.aborted) throw interrupted(job.msPath);
      results.push(flagger.flag(task));
      report();
      await new Promise((resume) => setImmediate(resume));
    }
    return results;
  } finally {
    flagger.close();
  }
}
