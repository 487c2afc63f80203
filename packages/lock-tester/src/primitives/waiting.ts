/** Waiting for a lock with a limit: by trying again, or in the kernel. */

import { setTimeout as sleep } from "node:timers/promises";
import type { KernelLockWait } from "@contimg/file-locks/node";
import type { AcquireOptions, Grant } from "../primitive.ts";

/** Tries at once, then after each `pollMs`, a last time when the time is over. @returns null: not had in time */
export async function pollForLock(
  tryOnce: () => Grant | null | Promise<Grant | null>,
  { timeoutMs, signal }: AcquireOptions,
  pollMs: number,
): Promise<Grant | null> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const grant = await tryOnce();
    if (grant) return grant;
    const leftMs = endMs - performance.now();
    if (leftMs <= 0 || signal?.aborted) return null;
    await pause(Math.min(pollMs, leftMs), signal);
  }
}

/** Waits in the kernel and interrupts the wait when the time is over. */
export async function waitForLock(wait: KernelLockWait, { timeoutMs, signal }: AcquireOptions): Promise<Grant | null> {
  const over = () => wait.interrupt();
  const timer = setTimeout(over, Math.min(timeoutMs, 2 ** 31 - 1));
  signal?.addEventListener("abort", over);
  if (signal?.aborted) over();
  try {
    // What was taken in the very moment of the interruption is held, and said so.
    return (await wait.taken) ? {} : null;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", over);
  }
}

/** Shorter when the signal comes. */
export async function pause(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(durationMs, undefined, signal ? { signal } : {}).catch((error: unknown) => {
    if (!signal?.aborted) throw error;
  });
}
