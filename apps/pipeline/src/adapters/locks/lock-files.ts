import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { lockHolders, probeFileLocks, removeStaleLockFile } from "@contimg/file-locks/node";
import { PipelineError } from "../../domain/error-codes.ts";
import type { LockFile, LockFiles } from "../../ports/lock-files.ts";
import { lockPathOf } from "./ms-lock-files.ts";

/** `x.ms.lock`, and the turnstile of those that wait for it. */
const LOCK_NAME = /\.ms\.lock(\.queue)?$/;

function lockFile(path: string): LockFile | undefined {
  const file = statSync(path, { throwIfNoEntry: false });
  if (!file) return undefined;
  return { path, ageSec: Math.max(0, (Date.now() - file.mtimeMs) / 1000), holdings: lockHolders(path) };
}

/** Paths of lock files; Measurement Sets are not entered, for they hold thousands of files and no lock. */
function* lockPathsBelow(directory: string): Generator<string> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      if (!/\.ms$|~/.test(entry.name)) yield* lockPathsBelow(path);
    } else if (LOCK_NAME.test(entry.name)) yield path;
  }
}

function withDirectory<Result>(directory: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isDenied = code === "EACCES" || code === "EPERM" || code === "EROFS";
    throw new PipelineError(isDenied ? "OUTPUT_NOT_WRITABLE" : "INPUT_UNREADABLE", `${directory}: ${message}`, {
      subject: directory,
      cause: error,
    });
  }
}

export const fileSystemLockFiles: LockFiles = {
  below: (directory) =>
    withDirectory(directory, () => [...lockPathsBelow(directory)].toSorted().flatMap((path) => lockFile(path) ?? [])),

  ofMs: (msPath, lockDir) => lockFile(lockPathOf(msPath, lockDir)),

  remove: (path, olderThanSec) => removeStaleLockFile(path, { olderThanMs: 1000 * olderThanSec }),

  tryDirectory(directory) {
    return withDirectory(directory, () => {
      const { mount, door, excludes, reason, advice } = probeFileLocks(directory);
      return { directory, excludes, reason, advice, door, fileSystem: mount.fileSystem, mountOptions: mount.options };
    });
  },
};
