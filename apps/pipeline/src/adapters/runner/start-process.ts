import { fork } from "node:child_process";
import { execArgvOf, type WorkerHandle, type WorkerStart } from "./worker-handle.ts";

/** Of what a child said last, so much is kept for the error that tells of its end. */
const TAIL_CHARS = 4_000;

/**
 * A process in a group of its own, so that an interrupt typed at the terminal reaches the supervisor alone and a kill
 * reaches what the child started. It ends when the supervisor is gone, for its channel closes then.
 */
export function startProcess<Setup>({ entry, environment }: WorkerStart): WorkerHandle<Setup> {
  const child = fork(entry, [], {
    detached: true,
    serialization: "advanced",
    execArgv: execArgvOf(entry),
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-TAIL_CHARS);
  });
  let startError: Error | undefined;
  child.on("error", (error) => {
    startError ??= error;
  });
  const ended = new Promise<string>((resolve) => {
    const tail = () => (said === "" ? "" : `; it said: ${said.trim()}`);
    // `close` follows `exit` when its pipes are read to the end; a process that did not start has no `exit`.
    child.once("close", (exitCode, signal) =>
      resolve(
        startError && child.pid === undefined
          ? `the process could not be started: ${startError.message}`
          : `process ${child.pid} ended ${signal === null ? `with code ${exitCode}` : `by signal ${signal}`}${tail()}`,
      ),
    );
  });
  return {
    send: (message) =>
      void child.send(message, (error) => {
        startError ??= error ?? undefined;
      }),
    onMessage: (listener) => void child.on("message", (message) => listener(message as never)),
    onEnd: (listener) => void ended.then(listener),
    async kill() {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        try {
          process.kill(-child.pid, "SIGKILL");
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
        }
      }
      await ended;
    },
  };
}
