/**
 * Waking a thread that waits in a system call. The kernel has no time limit for locks: what ends such a wait is a signal
 * that the thread itself gets, whose handler does not ask for the call to be started again.
 */

import { readdirSync, readFileSync } from "node:fs";
import type { CLibrary } from "./c-library.node.ts";

export interface ThreadWaker {
  /** Wakes the thread that is in this call on this descriptor, again and again until `isDone`. */
  wakeUntil(call: "fcntl" | "flock", fd: number, isDone: () => boolean): void;
}

/** Numbers of the system calls, as /proc shows them. */
const CALL_NUMBER = {
  x64: { fcntl: 72, flock: 73 },
  arm64: { fcntl: 25, flock: 32 },
} as const;
/** A real-time signal that neither the C library nor Node uses. */
const WAKE_SIGNAL = 52;
/** struct sigaction of 64-bit Linux; all 0 but the handler: no flag, so that calls end with EINTR. */
const ACTION_BYTES = 152;
/** The thread may not yet be in its call, or a signal may come just before it: then once more. */
const AGAIN_MS = 2;

export function openThreadWaker(library: CLibrary): ThreadWaker {
  const kill = library.func<[process: number, thread: number, signal: number], number>(
    "int tgkill(int process, int thread, int signal)",
  );
  const address = library.func<[handle: null, name: string], bigint>("void *dlsym(void *handle, const char *name)");
  const onSignal = library.func<[signal: number, action: Uint8Array, former: null], number>(
    "int sigaction(int signal, void *action, void *former)",
  );
  // A handler must not be JavaScript, which runs on another thread. This function takes a number and touches nothing.
  const action = Buffer.alloc(ACTION_BYTES);
  action.writeBigUInt64LE(address(null, "abs"), 0);
  if (onSignal(WAKE_SIGNAL, action, null) !== 0) throw new Error(`sigaction: ${library.errorCode()}`);
  const numbers = CALL_NUMBER[process.arch as keyof typeof CALL_NUMBER];

  function wakeUntil(call: "fcntl" | "flock", fd: number, isDone: () => boolean): void {
    if (isDone()) return;
    for (const thread of threadsIn(numbers[call], fd)) kill(process.pid, thread, WAKE_SIGNAL);
    setTimeout(wakeUntil, AGAIN_MS, call, fd, isDone);
  }
  return { wakeUntil };
}

/** Threads of this process that are in this system call with this descriptor. */
function threadsIn(callNumber: number, fd: number): readonly number[] {
  const start = `${callNumber} 0x${fd.toString(16)} `;
  return readdirSync("/proc/self/task")
    .filter((thread) => {
      try {
        return readFileSync(`/proc/self/task/${thread}/syscall`, "latin1").startsWith(start);
      } catch (error) {
        // The thread has ended meanwhile.
        if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
        throw error;
      }
    })
    .map(Number);
}
