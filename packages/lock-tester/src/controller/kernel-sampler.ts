/** Looks at /proc/locks now and then during a test. */

import { readFileSync, statSync } from "node:fs";
import { parseProcLocks } from "@contimg/file-locks";
import { monotonicNs } from "../locker/clock.ts";
import type { KernelSample } from "../oracle/observed.ts";
import type { LockPrimitive } from "../primitive.ts";

const EACH_MS = 20;
const MOST_SAMPLES = 4000;
/** A longer list is read in pieces, between which locks may come and go. */
const ONE_PIECE_BYTES = 4000;

export class KernelSampler {
  readonly samples: KernelSample[] = [];
  readonly #inodes: readonly (string | undefined)[];
  readonly #kind: NonNullable<LockPrimitive["procLocksKind"]>;
  readonly #timer: NodeJS.Timeout;

  /** @param paths  of lock files that exist */
  constructor(paths: readonly string[], kind: NonNullable<LockPrimitive["procLocksKind"]>) {
    this.#inodes = paths.map((path) => statSync(path, { bigint: true, throwIfNoEntry: false })?.ino.toString());
    this.#kind = kind;
    this.#timer = setInterval(() => this.#look(), EACH_MS);
  }

  #look(): void {
    if (this.samples.length >= MOST_SAMPLES) return this.stop();
    const startNs = monotonicNs();
    let text: string;
    try {
      text = readFileSync("/proc/locks", "utf8");
    } catch (error) {
      // Not Linux, or hidden: then there is no cross-check, and the report shows that none was made.
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      return this.stop();
    }
    const endNs = monotonicNs();
    if (text.length > ONE_PIECE_BYTES) return;
    const entries = parseProcLocks(text).filter(({ kind, isWaiting }) => kind === this.#kind && !isWaiting);
    for (const [pathIndex, inode] of this.#inodes.entries()) {
      const held = entries.filter(({ inodeNumber }) => inodeNumber === inode);
      this.samples.push({ pathIndex, startNs, endNs, held });
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
