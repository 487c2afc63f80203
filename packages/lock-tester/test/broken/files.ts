/** What broken locks do with files. */

import { closeSync, constants, openSync, readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { openKernelLockDoor } from "@contimg/file-locks/node";

export const locks = openKernelLockDoor()!;
export const openLock = (path: string) => openSync(path, constants.O_RDWR | constants.O_CREAT, 0o664);

/** undefined: one of these codes. */
export function unless<T>(codes: readonly string[], call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    return undefined;
  }
}

export const unlinkIfThere = (path: string) => unless(["ENOENT"], () => unlinkSync(path));
export const readIfThere = (path: string) => unless(["ENOENT"], () => readFileSync(path, "utf8"));
/** Of the file's last change; undefined: there is none. */
export const ageMs = (path: string): number | undefined => {
  const file = statSync(path, { throwIfNoEntry: false });
  return file && Date.now() - file.mtimeMs;
};
/** @returns false: it is there already */
export const createNew = (path: string, text = "") =>
  unless(["EEXIST"], () => {
    writeFileSync(path, text, { flag: "wx" });
    return true;
  }) ?? false;
export const touch = (path: string) => unless(["ENOENT"], () => utimesSync(path, new Date(), new Date()));

/** A descriptor that is opened with the first try and closed with the release. */
export function ownDescriptor(path: string): { open(): number; close(): void } {
  let fd: number | undefined;
  return {
    open: () => (fd ??= openLock(path)),
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

/** Time for another process to come between, as a slow disk or a busy machine gives it. */
export const slowly = (durationMs = 2) => new Promise<void>((resolve) => setTimeout(resolve, durationMs));
