/** Runs the tasks of a conversion, on threads when there is enough to do. */

import { Worker } from "node:worker_threads";
import { PipelineError } from "../../../domain/error-codes.ts";
import { RowConverter } from "./convert-rows.ts";
import type { ConversionJob, RowTask, TaskResult } from "./row-tasks.ts";
import type { WorkerReply } from "./worker-protocol.ts";

/** Below this, starting threads costs more than it saves. */
const WORTH_THREADS_BYTES = 64 * 2 ** 20;
const PROGRESS_INTERVAL_MS = 200;

export interface RunTasksOptions {
  readonly workerCount: number;
  readonly signal: AbortSignal;
  onProgress(doneBytes: number): void;
}

const interrupted = (job: ConversionJob) =>
  new PipelineError("INTERRUPTED", `group ${job.plan.groupId}: stopped during the conversion`, {
    subject: job.plan.groupId,
  });

/** @returns the results in no order. @throws PipelineError of the first task that failed; no thread is left running */
export async function runTasks(
  job: ConversionJob,
  tasks: readonly RowTask[],
  options: RunTasksOptions,
): Promise<readonly TaskResult[]> {
  const workerCount = Math.min(options.workerCount, tasks.length);
  if (workerCount <= 1 || job.plan.inputBytes < WORTH_THREADS_BYTES) return runInThisThread(job, tasks, options);
  const report = setInterval(() => options.onProgress(Number(Atomics.load(job.doneBytes, 0))), PROGRESS_INTERVAL_MS);
  const workers: Worker[] = [];
  try {
    const queue = [...tasks];
    const results: TaskResult[] = [];
    await Promise.all(
      Array.from({ length: workerCount }, async () => {
        const worker = startWorker(job);
        workers.push(worker);
        for (let task = queue.shift(); task; task = queue.shift())
          results.push(await runOn(worker, task, job, options.signal));
        await closeWorker(worker);
      }),
    );
    return results;
  } finally {
    clearInterval(report);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function startWorker(job: ConversionJob): Worker {
  const isSource = import.meta.url.endsWith(".ts");
  const entry = new URL(isSource ? "./convert-worker.ts" : "./convert-worker.js", import.meta.url);
  // A thread does not inherit the condition by which workspace packages are read from their source.
  return new Worker(entry, { workerData: job, execArgv: isSource ? ["--conditions=@contimg/source"] : [] });
}

/** Lets a thread close its files and end by itself. */
function closeWorker(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once("exit", () => resolve());
    worker.postMessage("close");
  });
}

/** Sends one task to a thread and waits for its answer, for the thread's end, or for the signal to stop. */
function runOn(worker: Worker, task: RowTask, job: ConversionJob, signal: AbortSignal): Promise<TaskResult> {
  return new Promise((resolve, reject) => {
    const onMessage = (reply: WorkerReply) => {
      settle();
      if (reply.kind === "done") resolve(reply.result);
      else reject(new PipelineError(reply.code, reply.message, { subject: reply.subject || job.plan.groupId }));
    };
    const onError = (error: unknown) => {
      settle();
      reject(error);
    };
    const onExit = (exitCode: number) =>
      onError(
        new PipelineError("INTERNAL", `group ${job.plan.groupId}: a worker thread ended with code ${exitCode}`, {
          subject: job.plan.groupId,
        }),
      );
    const onAbort = () => onError(interrupted(job));
    // One by one: a Worker has listeners of its own that it needs.
    const settle = () => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      signal.removeEventListener("abort", onAbort);
    };
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    else worker.postMessage(task);
  });
}

async function runInThisThread(
  job: ConversionJob,
  tasks: readonly RowTask[],
  options: RunTasksOptions,
): Promise<readonly TaskResult[]> {
  const converter = new RowConverter(job);
  try {
    const results: TaskResult[] = [];
    for (const task of tasks) {
      if (options.signal.aborted) throw interrupted(job);
      results.push(converter.convert(task));
      options.onProgress(Number(Atomics.load(job.doneBytes, 0)));
      await new Promise((resume) => setImmediate(resume));
    }
    return results;
  } finally {
    converter.close();
  }
}
