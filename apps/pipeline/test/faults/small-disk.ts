/** A small file system in memory, which a test fills, frees, and makes read-only. */

import { spawnSync } from "node:child_process";
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MOUNT_MARK, type Oracle, runCommand } from "../../../../tools/oracles.ts";

const PAGE_BYTES = 4096;
const BUSY_MS = 10_000;

export interface SmallDisk {
  /** Leaves so many bytes free, to the page. */
  fill(freeBytes: number): void;
  /** Removes what it was filled with. */
  free(): void;
  /** Waits until nobody has a file open for writing. */
  setReadOnly(isReadOnly: boolean): Promise<void>;
  unmount(): void;
}

/** @param path  a directory, made when it is not there */
export function mountSmallDisk(path: string, sizeBytes: number): SmallDisk {
  mkdirSync(path, { recursive: true });
  runCommand("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "contimg-test", path]);
  const filler = join(path, ".filler");
  return {
    fill(freeBytes) {
      const fd = openSync(filler, "a");
      try {
        const page = Buffer.alloc(PAGE_BYTES, 1);
        while (wasWritten(fd, page));
        ftruncateSync(fd, Math.max(0, fstatSync(fd).size - freeBytes));
      } finally {
        closeSync(fd);
      }
    },
    free: () => rmSync(filler),
    async setReadOnly(isReadOnly) {
      const endMs = performance.now() + BUSY_MS;
      const options = ["-o", `remount,${isReadOnly ? "ro" : "rw"}`, path];
      while (performance.now() < endMs && spawnSync("mount", options).status !== 0) await sleep(20);
      runCommand("mount", options);
    },
    unmount: () => void runCommand("umount", ["--lazy", path]),
  };
}

function wasWritten(fd: number, page: Uint8Array): boolean {
  try {
    return writeSync(fd, page) > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return false;
    throw error;
  }
}

/** The right to mount file systems. */
export function canMount(): Oracle {
  const path = mkdtempSync(join(tmpdir(), "contimg-mount-"));
  const isAvailable = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "contimg-test", path]).status === 0;
  if (isAvailable) runCommand("umount", [path]);
  rmdirSync(path);
  return { name: "mount", isAvailable, missing: MOUNT_MARK };
}
