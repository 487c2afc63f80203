/** A stream in a process of its own, which the suite kills, stops and wakes. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Doom } from "./doomed-stream.ts";

/** A change of one source file. */
export interface Mutant {
  readonly name: string;
  /** How the file's path ends. */
  readonly file: string;
  readonly text: string;
  readonly replacement: string;
}

export interface Weather {
  readonly mutant: Mutant | undefined;
  /** The wall clock is set, forward and back, all the time. */
  readonly clockIsStepped: boolean;
}

export type HowEnded = string;

export interface LiveStream {
  readonly pid: number;
  /** `status 0`, `SIGKILL` … */
  readonly ended: Promise<HowEnded>;
  isAlive(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** @returns whether it was killed by this and not gone already */
  kill(): Promise<boolean>;
  /** Waits until it has stopped itself. @returns false when it ended or did not stop in time */
  untilStopped(timeoutMs: number): Promise<boolean>;
}

const NEVER: Omit<Doom, "setup"> = { step: null, occurrence: 0, groupId: null, signal: "SIGKILL", groupCount: 0 };

export function startStream(
  doom: Pick<Doom, "setup"> & Partial<Doom>,
  { mutant, clockIsStepped }: Weather,
): LiveStream {
  const here = import.meta.dirname;
  const preloads = [...(mutant ? ["mutate-source.ts"] : []), ...(clockIsStepped ? ["step-clock.ts"] : [])];
  const child = spawn(
    process.execPath,
    ["--conditions=@contimg/source", join(here, "doomed-stream.ts"), JSON.stringify({ ...NEVER, ...doom })],
    {
      stdio: ["ignore", "ignore", mutant ? "ignore" : "inherit"],
      env: {
        ...process.env,
        NODE_OPTIONS: preloads.map((name) => `--import=${join(here, name)}`).join(" "),
        ...(mutant && { CONTIMG_TEST_MUTANT: JSON.stringify(mutant) }),
      },
    },
  );
  return liveStream(child);
}

function liveStream(child: ChildProcess): LiveStream {
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  const ended = once(child, "exit").then(([status, signal]) => String(signal ?? `status ${String(status)}`));
  const pid = child.pid!;
  return {
    pid,
    ended,
    isAlive,
    signal: (signal) => void child.kill(signal),
    async kill() {
      const wasAlive = isAlive();
      // Also when it is stopped: the kernel does not wait for SIGCONT.
      child.kill("SIGKILL");
      return (await ended) === "SIGKILL" && wasAlive;
    },
    async untilStopped(timeoutMs) {
      const endMs = performance.now() + timeoutMs;
      while (isAlive() && performance.now() < endMs) {
        if (isStopped(pid)) return true;
        await sleep(20);
      }
      return false;
    },
  };
}

/** Field 3 of proc_pid_stat(5), behind the name in brackets. */
function isStopped(pid: number): boolean {
  try {
    return /^.*\) T /s.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
