/** How a broken lock is put together: one try, one release, and the mistake in a sentence. */

import type { AcquireOptions, ByteRange, Grant, LockMode, LockPrimitive } from "../../src/primitive.ts";
import { pollForLock } from "../../src/primitives/waiting.ts";

export interface BrokenSession {
  /** true: had; a grant: had, with a number; false: not. */
  tryOnce(mode: LockMode, range?: ByteRange): boolean | Grant | Promise<boolean | Grant>;
  undo(range?: ByteRange): void | Promise<void>;
  /** Instead of trying again until the time is over. */
  acquire?(mode: LockMode, options: AcquireOptions): Promise<Grant | null>;
  close?(): void;
}

/** The run in which the mistake shows. What is left out: three processes, exclusive, held for a millisecond. */
export interface FittingRun {
  readonly lockerCount?: number;
  /** Fewer than lockers: some share a process. */
  readonly processCount?: number;
  readonly count?: number;
  readonly mode?: LockMode | "mixed" | "upgrade";
  readonly holdMs?: number;
  readonly pauseMs?: number;
  readonly timeoutMs?: number;
  readonly ranges?: readonly ByteRange[];
  /** What happens to lockers meanwhile. */
  readonly disturbance?: "kill" | "stop" | "clock-step";
}

export interface Planted extends LockPrimitive {
  readonly run: FittingRun;
}

export type About = Partial<Pick<LockPrimitive, "supports" | "owner">> & { readonly run?: FittingRun };

const POLL_MS = 1;
export const WITH_READERS = { shared: true, ranges: false, blocking: false, upgrade: true } as const;
export const WITH_RANGES = { shared: true, ranges: true, blocking: false, upgrade: true } as const;
const EXCLUSIVE_ONLY = { shared: false, ranges: false, blocking: false, upgrade: false } as const;

/**
 * @param mistake  one sentence: what its author overlooked
 * @param begin  opens a session on the lock file's path
 */
export function plant(
  name: string,
  mistake: string,
  begin: (path: string) => BrokenSession,
  about: About = {},
): Planted {
  return {
    name,
    summary: mistake,
    supports: about.supports ?? EXCLUSIVE_ONLY,
    owner: about.owner ?? "process",
    run: about.run ?? {},
    async unavailable() {
      return undefined;
    },
    async open(path) {
      const session = begin(path);
      const tryOnce = async (mode: LockMode, range: ByteRange | undefined) => {
        const had = await session.tryOnce(mode, range);
        return had === true ? {} : had || null;
      };
      return {
        acquire: (mode, options) =>
          session.acquire?.(mode, options) ?? pollForLock(() => tryOnce(mode, options.range), options, POLL_MS),
        async release({ range } = {}) {
          await session.undo(range);
        },
        async close() {
          await session.undo();
          session.close?.();
        },
      };
    },
  };
}
