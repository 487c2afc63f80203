/** A program in a process group of its own, whose lines are heard as they come and whose children end with it. */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface CommandRun {
  readonly env: Readonly<Record<string, string>>;
  readonly workDir: string;
  readonly signal: AbortSignal;
  /** It is ended after so long. */
  readonly timeoutMs: number;
  onLine(line: string): void;
}

export type CommandEnd =
  | { readonly kind: "done" }
  | { readonly kind: "not-found" }
  | { readonly kind: "aborted" }
  | { readonly kind: "timeout" }
  | { readonly kind: "failed"; readonly how: string; readonly lastLines: readonly string[] };

const KEPT_LINE_COUNT = 20;
/** From the request to end until it is ended by force. */
const GRACE_MS = 5000;

/** Ends when all of the group has closed its output. */
export function runCommand(command: string, args: readonly string[], run: CommandRun): Promise<CommandEnd> {
  if (run.signal.aborted) return Promise.resolve({ kind: "aborted" });
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: run.workDir,
      env: { ...process.env, ...run.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const lastLines: string[] = [];
    const hear = (line: string) => {
      lastLines.push(line);
      if (lastLines.length > KEPT_LINE_COUNT) lastLines.shift();
      run.onLine(line);
    };
    createInterface({ input: child.stdout }).on("line", hear);
    createInterface({ input: child.stderr }).on("line", hear);
    let why: "aborted" | "timeout" | undefined;
    let force: NodeJS.Timeout | undefined;
    const end = (reason: "aborted" | "timeout") => {
      if (why !== undefined || child.pid === undefined) return;
      why = reason;
      signalGroup(child.pid, "SIGTERM");
      force = setTimeout(() => signalGroup(child.pid!, "SIGKILL"), GRACE_MS);
    };
    const onAbort = () => end("aborted");
    run.signal.addEventListener("abort", onAbort, { once: true });
    const timeout = setTimeout(() => end("timeout"), run.timeoutMs);
    const settle = () => {
      clearTimeout(timeout);
      clearTimeout(force);
      run.signal.removeEventListener("abort", onAbort);
    };
    child.on("error", (error: NodeJS.ErrnoException) => {
      settle();
      if (error.code === "ENOENT") resolve({ kind: "not-found" });
      else reject(error);
    });
    child.on("close", (status, signal) => {
      settle();
      if (why !== undefined) resolve({ kind: why });
      else if (status === 0) resolve({ kind: "done" });
      else resolve({ kind: "failed", how: signal ?? `status ${status}`, lastLines });
    });
  });
}

/** A group that is gone needs no signal. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
