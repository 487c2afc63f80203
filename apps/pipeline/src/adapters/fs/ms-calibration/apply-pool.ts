/** Runs the tasks of a calibration, on threads when there is enough to do. */

import { Worker } from "node:worker_threads";
import { PipelineError } from "../../../domain/error-codes.ts";
import { type ApplyJob, type ApplyTask, type ApplyTaskResult, BlockCalibrator, divideBlocks } from "./apply-job.ts";
import type { ApplyReply, ApplyRequest } from "./apply-rows.worker.ts";

export interface ApplyRunOptions {
  readonly workerCount: number;
  readonly signal: AbortSignal;
  onProgress(step: string, doneCount: number, totalCount: number): void;
}

/** Below this, starting threads costs more than it saves. */
const WORTH_THREADS_SAMPLE_COUNT = 8 * 2 ** 20;

const interrupted = (msPath: string) =>
  new PipelineError("INTERRUPTED", `${msPath}: stopped while it was calibrated; it is as it was`, { subject: msPath });

const sampleCountOf = ({ windows, dataDescIds }: ApplyJob["ms"]) => {
  const counts = windows.map(({ freqHz, corrCount }) => freqHz.length * corrCount);
  return dataDescIds.reduce((sum, id) => sum + counts[id]!, 0);
};

/** @throws PipelineError INTERRUPTED, TABLE_UNREADABLE, WORKER_CRASHED, those of writing */
export async function calibrateAll(
  job: ApplyJob,
  options: ApplyRunOptions,
  threadsFromSampleCount = WORTH_THREADS_SAMPLE_COUNT,
): Promise<ApplyTaskResult> {
  const tasks = divideBlocks(job.ms);
  const total = { rowCount: 0, newlyFlaggedCount: 0, unflaggedCount: 0 };
  const add = (result: ApplyTaskResult) => {
    for (const name of ["rowCount", "newlyFlaggedCount", "unflaggedCount"] as const) total[name] += result[name];
    options.onProgress("calibrating", total.rowCount, job.ms.rowCount);
  };
  const threadCount = sampleCountOf(job.ms) < threadsFromSampleCount ? 1 : options.workerCount;
  if (threadCount <= 1) await runInThisThread(job, tasks, options.signal, add);
  else await runOnThreads(job, tasks, Math.min(threadCount, tasks.length), options.signal, add);
  return total;
}

async function runInThisThread(
  job: ApplyJob,
  tasks: readonly ApplyTask[],
  signal: AbortSignal,
  add: (result: ApplyTaskResult) => void,
): Promise<void> {
  const calibrator = new BlockCalibrator(job);
  try {
    for (const task of tasks) {
      if (signal.aborted) throw interrupted(job.ms.path);
      add(calibrator.calibrate(task));
      await new Promise((resume) => setImmediate(resume));
    }
  } finally {
    calibrator.close();
  }
}

async function runOnThreads(
  job: ApplyJob,
  tasks: readonly ApplyTask[],
  threadCount: number,
  signal: AbortSignal,
  add: (result: ApplyTaskResult) => void,
): Promise<void> {
  const workers = Array.from({ length: threadCount }, startWorker);
  try {
    const queue = [...tasks];
    await Promise.all(
      workers.map(async (worker) => {
        worker.postMessage({ kind: "job", job } satisfies ApplyRequest);
        for (let task = queue.shift(); task; task = queue.shift()) add(await runOn(worker, task, job.ms.path, signal));
        await closeWorker(worker);
      }),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function startWorker(): Worker {
  const isSource = import.meta.url.endsWith(".ts");
  const entry = new URL(isSource ? "./apply-rows.worker.ts" : "./apply-rows.worker.js", import.meta.url);
  // A thread does not inherit the condition by which workspace packages are read from their source.
  return new Worker(entry, { execArgv: isSource ? ["--conditions=@contimg/source"] : [] });
}

function closeWorker(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once("exit", () => resolve());
    worker.postMessage({ kind: "close" } satisfies ApplyRequest);
  });
}

/** Sends one task to a thread and waits for its answer, for the thread's end, or for the signal to stop. */
function runOn(worker: Worker, task: ApplyTask, msPath: string, signal: AbortSignal): Promise<ApplyTaskResult> {
  return new Promise((resolve, reject) => {
    const onMessage = (reply: ApplyReply) => {
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
        new PipelineError("WORKER_CRASHED", `${msPath}: a thread that calibrated ended with code ${exitCode}`, {
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
    else worker.postMessage({ kind: "task", task } satisfies ApplyRequest);
  });
}
