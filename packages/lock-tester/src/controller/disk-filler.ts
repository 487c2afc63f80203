/** A full disk, as a step of a scenario: only on small file systems that nobody else can need. */

import { closeSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { LockTesterError } from "../errors.ts";

const MOST_BYTES = 256 * 1024 * 1024;
const BLOCK_BYTES = 1024 * 1024;

export class DiskFiller {
  readonly #path: string;

  /** @param path  of the file that fills the disk */
  constructor(path: string) {
    this.#path = path;
  }

  /** @throws LockTesterError `usage` where the file system is larger than 256 MB */
  fill(): void {
    const { blocks, bsize } = statfsSync(dirname(this.#path));
    if (blocks * bsize > MOST_BYTES) {
      const size = `${((blocks * bsize) / 1e9).toFixed(1)} GB`;
      throw new LockTesterError(
        "usage",
        `disk: full is done on file systems of at most 256 MB only; that of ${this.#path} has ${size}`,
      );
    }
    const fd = openSync(this.#path, "w");
    try {
      for (let bytes = BLOCK_BYTES; bytes >= 1; bytes = Math.floor(bytes / 2)) fillWith(fd, Buffer.alloc(bytes));
    } finally {
      closeSync(fd);
    }
  }

  free(): void {
    rmSync(this.#path, { force: true });
  }
}

function fillWith(fd: number, block: Uint8Array): void {
  for (;;) {
    try {
      if (writeSync(fd, block) < block.length) return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      return;
    }
  }
}
