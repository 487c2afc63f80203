/** Runs the tasks of a job on threads, which take them one by one. */

import { parentPort, Worker } from "node:worker_threads";
import { type ErrorCode, isPipelineError, PipelineError } from "../../domain/error-codes.ts";

/** Does tasks of one job, on whatever thread it is. */
export interface TaskRunner<Task, Result> {
  run(task: Task): Result;
  close(): void;
}

export interface TaskRunOptions {
  readonly workerCount: number;
  /** One task too has a thread of its own: it takes long, or waits for others. Default: it runs in the caller's. */
  readonly alwaysOnThreads?: boolean;
  readonly signal: AbortSignal;
  /** What messages are about, and what is at work on it. */
  readonly subject: string;
  readonly what: string;
  /** Now and then, while tasks run. */
  onTick(): void;
}

type Request<Job, Task> =
  | { readonly kind: "job"; readonly job: Job }
  | { readonly kind: "task"; readonly task: Task }
  | { readonly kind: "close" };

/** Errors lose their class on the way between threads: code and text are sent instead. */
type Reply<Result> =
  | { readonly kind: "done"; readonly result: Result }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string; readonly subject: string };

const TICK_MS = 200;

/**
 * @param openRunner  used when one thread is enough: the caller's own
 * @param entry  module of a thread, which calls {@link serveTasks}
 * @returns results in the order of the tasks, however many threads there are
 * @throws PipelineError of the first task that failed, INTERRUPTED, WORKER_CRASHED; no thread is left running
 */
export async function runOnThreads<Job, Task, Result>(
  entry: URL,
  job: Job,
  tasks: readonly Task[],
  openRunner: (job: Job) => TaskRunner<Task, Result>,
  options: TaskRunOptions,
): Promise<readonly Result[]> {
  const workerCount = Math.min(options.workerCount, tasks.length);
  if (workerCount <= 1 && options.alwaysOnThreads !== true) return runInThisThread(job, tasks, openRunner, options);
  const timer = setInterval(options.onTick, TICK_MS);
  const workers: Worker[] = [];
  try {
    const results = new Array<Result>(tasks.length);
    let next = 0;
    await Promise.all(
      Array.from({ length: workerCount }, async () => {
        // A thread does not inherit the condition by which workspace packages are read from their source.
        const isSource = entry.pathname.endsWith(".ts");
        const worker = new Worker(entry, { execArgv: isSource ? ["--conditions=@contimg/source"] : [] });
        workers.push(worker);
        worker.postMessage({ kind: "job", job } satisfies Request<Job, Task>);
        for (let at = next++; at < tasks.length; at = next++)
          results[at] = await runOn<Task, Result>(worker, tasks[at]!, options);
        await closeWorker(worker);
      }),
    );
    options.onTick();
    return results;
  } finally {
    clearInterval(timer);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

const interrupted = ({ subject, what }: TaskRunOptions) =>
  new PipelineError("INTERRUPTED", `${subject}: stopped during ${what}`, { subject });

function closeWorker(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once("exit", () => resolve());
    worker.postMessage({ kind: "close" });
  });
}

/** Sends one task to a thread and waits for its answer, for the thread's end, or for the signal to stop. */
function runOn<Task, Result>(worker: Worker, task: Task, options: TaskRunOptions): Promise<Result> {
  const { subject, what, signal } = options;
  return new Promise((resolve, reject) => {
    const onMessage = (reply: Reply<Result>) => {
      settle();
      if (reply.kind === "done") resolve(reply.result);
      else reject(new PipelineError(reply.code, reply.message, { subject: reply.subject }));
    };
    const onError = (error: unknown) => {
      settle();
      reject(error);
    };
    const onExit = (exitCode: number) =>
      onError(
        new PipelineError("WORKER_CRASHED", `${subject}: a thread of ${what} ended with code ${exitCode}`, { subject }),
      );
    const onAbort = () => onError(interrupted(options));
    // One by one: a Worker has listeners of its own that it needs.
    const settle = () => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      signal.removeEventListener("abort", onAbort);
    };
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    else worker.postMessage({ kind: "task", task });
  });
}

async function runInThisThread<Job, Task, Result>(
  job: Job,
  tasks: readonly Task[],
  openRunner: (job: Job) => TaskRunner<Task, Result>,
  options: TaskRunOptions,
): Promise<readonly Result[]> {
  const runner = openRunner(job);
  try {
    const results: Result[] = [];
    for (const task of tasks) {
      if (options.signal.aborted) throw interrupted(options);
      results.push(runner.run(task));
      options.onTick();
      // The signal and the terminal get their turn.
      await new Promise((resume) => setImmediate(resume));
    }
    return results;
  } finally {
    runner.close();
  }
}

/**
 * The whole of a thread's module.
 *
 * @param asCoded  gives what is thrown a code
 */
export function serveTasks<Job, Task, Result>(
  openRunner: (job: Job) => TaskRunner<Task, Result>,
  asCoded: (error: unknown, job: Job | undefined) => PipelineError,
): void {
  if (!parentPort) throw new Error("serveTasks is for worker threads only");
  const port = parentPort;
  let job: Job | undefined;
  let runner: TaskRunner<Task, Result> | undefined;
  port.on("message", (request: Request<Job, Task>) => {
    if (request.kind === "close") {
      runner?.close();
      port.close();
      return;
    }
    // The job is opened with the first task, so that what fails is answered.
    if (request.kind === "job") {
      job = request.job;
      return;
    }
    try {
      if (job === undefined) throw new Error("a task came before its job");
      runner ??= openRunner(job);
      port.postMessage({ kind: "done", result: runner.run(request.task) } satisfies Reply<Result>);
    } catch (error) {
      const { code, message, subject } = isPipelineError(error) ? error : asCoded(error, job);
      port.postMessage({ kind: "failed", code, message, subject } satisfies Reply<Result>);
    }
  });
}
