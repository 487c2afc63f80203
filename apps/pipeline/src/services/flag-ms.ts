/** Flags of one Measurement Set, by hand: under its lock. */

import type { FlagReport, FlagVersion } from "../domain/flagging.ts";
import type { MsFlags, Recovery } from "../ports/ms-flags.ts";
import type { MsLock, MsLocks } from "../ports/ms-locks.ts";
import { type FlagStageOptions, planFlags, runFlagging } from "../stages/flag/index.ts";
import type { StageProgress } from "../stages/stage.ts";

export interface FlagMsOptions {
  /** null: the operator vouches that nobody else works on it. */
  readonly locks: MsLocks | null;
  readonly lockTimeoutMs: number;
  readonly signal: AbortSignal;
  onWait(message: string): void;
}

/** Changes of flags that operators ask for. */
export interface FlagService {
  run(
    msPath: string,
    options: Omit<FlagStageOptions, "flags" | "onReport">,
    onProgress: (progress: StageProgress) => void,
  ): Promise<FlagReport>;
  versions(msPath: string): readonly FlagVersion[];
  save(msPath: string, version: FlagVersion): Promise<void>;
  restore(msPath: string, name: string, history: string): Promise<void>;
  /** Carries out or removes what a killed run left. */
  recover(msPath: string): Promise<Recovery>;
}

export function createFlagService(flags: MsFlags, options: FlagMsOptions): FlagService {
  return {
    run: (msPath, stage, onProgress) =>
      locked(msPath, options, () => {
        const plan = planFlags(msPath, { ...stage, flags });
        return runFlagging(plan, { ...stage, flags }, { signal: options.signal, onProgress });
      }),
    versions: (msPath) => flags.versions(msPath),
    save: (msPath, version) =>
      locked(msPath, options, async () => {
        await flags.recover(msPath);
        await flags.save(msPath, version);
      }),
    restore: (msPath, name, history) =>
      locked(msPath, options, async () => {
        await flags.recover(msPath);
        await flags.restore(msPath, name, history);
      }),
    recover: (msPath) => locked(msPath, options, () => flags.recover(msPath)),
  };
}

/** @throws PipelineError LOCK_TIMEOUT, INTERRUPTED, LOCKS_UNUSABLE */
async function locked<T>(msPath: string, options: FlagMsOptions, work: () => Promise<T>): Promise<T> {
  const lock: MsLock | undefined = await options.locks?.acquire(msPath, "exclusive", {
    timeoutMs: options.lockTimeoutMs,
    signal: options.signal,
    onWait: ({ waitedMs, holders }) =>
      options.onWait(`${msPath}: waiting for ${holders} to release it, for ${(waitedMs / 1000).toFixed(0)} s now`),
  });
  try {
    return await work();
  } finally {
    await lock?.release();
  }
}
