import { Worker } from "node:worker_threads";
import { textOfThrown } from "../../domain/error-codes.ts";
import { execArgvOf, type WorkerHandle, type WorkerStart } from "./worker-handle.ts";

export function startThread<Setup>({ entry, environment }: WorkerStart): WorkerHandle<Setup> {
  const worker = new Worker(entry, {
    execArgv: execArgvOf(entry),
    env: { ...process.env, ...environment },
    name: "group-worker",
  });
  let thrown: unknown;
  // An error that nobody caught ends the thread; `exit` follows and tells it.
  worker.on("error", (error) => {
    thrown = error;
  });
  return {
    send: (message) => worker.postMessage(message),
    onMessage: (listener) => void worker.on("message", listener),
    onEnd: (listener) =>
      void worker.once("exit", (exitCode) =>
        listener(`the thread ended with code ${exitCode}${thrown === undefined ? "" : `: ${textOfThrown(thrown)}`}`),
      ),
    async kill() {
      await worker.terminate();
    },
  };
}
