/** A stage that locks the Measurement Set it works on, in the mode that its declaration asks for. */

import type { ArtifactKind } from "../domain/artifacts.ts";
import type { MsLocks } from "../ports/ms-locks.ts";
import { msLockMode, type Stage } from "../stages/stage.ts";

export interface LockedStageOptions {
  readonly timeoutMs: number;
  /** The Measurement Set is held by others: said once when the wait begins and then every few seconds. */
  onWait(message: string): void;
}

/**
 * The same stage, with its `run` under a lock on its Measurement Set: exclusive when it writes to one, shared when it
 * reads one, none otherwise. The lock is released on every way out.
 *
 * @throws Error when the stage declares a Measurement Set and does not say which
 */
export function lockedStage<In extends ArtifactKind, Out extends ArtifactKind, Plan>(
  stage: Stage<In, Out, Plan>,
  locks: MsLocks,
  options: LockedStageOptions,
): Stage<In, Out, Plan> {
  const mode = msLockMode(stage);
  if (mode === "none") return stage;
  if (!stage.msPathOf) throw new Error(`stage ${stage.name}: works on a Measurement Set and has no msPathOf`);
  return {
    ...stage,
    async run(plan, context) {
      const msPath = stage.msPathOf!(plan);
      const lock = await locks.acquire(msPath, mode, {
        timeoutMs: options.timeoutMs,
        signal: context.signal,
        onWait: ({ waitedMs, holders }) =>
          options.onWait(`${msPath}: waiting for ${holders} to release it, for ${(waitedMs / 1000).toFixed(0)} s now`),
      });
      try {
        return await stage.run(plan, context);
      } finally {
        await lock.release();
      }
    },
  };
}
