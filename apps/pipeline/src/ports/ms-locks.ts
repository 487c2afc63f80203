/** Locks on Measurement Sets that other programs respect too: `{ms}.lock`, flock(2). */

export type MsLockMode = "shared" | "exclusive";

export interface MsLockOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called when the lock is held by others: once at the start of the wait, then every few seconds. */
  onWait(wait: { readonly waitedMs: number; readonly holders: string }): void;
}

export interface MsLock {
  readonly path: string;
  release(): Promise<void>;
}

export interface MsLocks {
  /**
   * @param msPath  path of the Measurement Set, which need not exist
   * @throws PipelineError LOCK_TIMEOUT, INTERRUPTED, LOCKS_UNUSABLE where the file system's locks exclude nobody
   */
  acquire(msPath: string, mode: MsLockMode, options: MsLockOptions): Promise<MsLock>;
}
