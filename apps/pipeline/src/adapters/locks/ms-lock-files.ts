/** Lock files beside Measurement Sets: `{ms}.lock`, as Python programs of the observatory take them with fcntl.flock. */

import { mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type FileLockError } from "@contimg/file-locks";
import { acquireFileLock, canonicalPath, probeFileLocks } from "@contimg/file-locks/node";
import { type ErrorCode, PipelineError } from "../../domain/error-codes.ts";
import { asWriteError } from "../../domain/write-error.ts";
import type { MsLock, MsLocks } from "../../ports/ms-locks.ts";

/** The lock file of a Measurement Set: beside it, or in `lockDir` under its whole path with `%` for `/`. */
export function lockPathOf(msPath: string, lockDir: string | null): string {
  const path = canonicalPath(msPath);
  return lockDir === null ? `${path}.lock` : join(lockDir, `${path.replaceAll("%", "%25").replaceAll("/", "%")}.lock`);
}

const CODE_OF_TAG = {
  timeout: "LOCK_TIMEOUT",
  aborted: "INTERRUPTED",
  unusable: "LOCKS_UNUSABLE",
  "not-permitted": "OUTPUT_NOT_WRITABLE",
} as const satisfies Record<FileLockError["tag"], string>;

/** The directory cannot take a lock file, or is none. */
const NOT_WRITABLE: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST"]);

const ROOM_OR_DISK: ReadonlySet<ErrorCode> = new Set(["DISK_FULL", "DISK_ERROR"]);

/** @param lockDir  null: beside each Measurement Set */
export function msLockFiles(lockDir: string | null): MsLocks {
  const trustedDevices = new Set<number>();

  /** @throws PipelineError LOCKS_UNUSABLE when locks on this file system exclude nobody; tried once for each */
  function assertExcludes(directory: string): void {
    const device = statSync(directory).dev;
    if (trustedDevices.has(device)) return;
    const { excludes, reason, advice } = probeFileLocks(directory);
    if (!excludes) {
      throw new PipelineError(
        "LOCKS_UNUSABLE",
        `${directory}: locks do not keep two programs apart: ${reason}; ${advice}`,
        {
          subject: directory,
        },
      );
    }
    trustedDevices.add(device);
  }

  return {
    async acquire(msPath, mode, options): Promise<MsLock> {
      const path = lockPathOf(msPath, lockDir);
      try {
        mkdirSync(dirname(path), { recursive: true });
        assertExcludes(dirname(path));
        const lock = await acquireFileLock(path, { mode, ...options });
        return {
          path: lock.path,
          async release() {
            lock.release();
          },
        };
      } catch (error) {
        throw asLockError(error, msPath);
      }
    },
  };
}

function asLockError(error: unknown, msPath: string): unknown {
  const { tag } = error as Partial<FileLockError>;
  const refused = asWriteError(error, msPath);
  // A lock file needs room as any other.
  if (tag !== "unusable" && ROOM_OR_DISK.has(refused.code)) return refused;
  if (tag !== undefined && error instanceof Error)
    return new PipelineError(CODE_OF_TAG[tag], error.message, { subject: msPath, cause: error });
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined && NOT_WRITABLE.has(code)) {
    return new PipelineError("OUTPUT_NOT_WRITABLE", `${msPath}: ${(error as Error).message}`, {
      subject: msPath,
      cause: error,
    });
  }
  return error;
}
