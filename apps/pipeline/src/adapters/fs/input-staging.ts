/** Copies a group's files to a faster disk before they are read. */

import { mkdirSync, rmSync, statfsSync, statSync } from "node:fs";
import { constants, copyFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileSignature } from "../../domain/arrival.ts";
import { type ErrorCode, PipelineError } from "../../domain/error-codes.ts";
import type { QueuedFile } from "../../domain/queue.ts";
import { asWriteError, clearedUp } from "../../domain/write-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { InputStaging } from "../../ports/input-staging.ts";
import { asReadError } from "./read-error.ts";
import { inputStagingName } from "./work-directories.ts";

export interface InputStagingOptions {
  /** Copies go into a directory of their own below it. */
  readonly directory: string;
  /** Files copied at a time. */
  readonly workerCount: number;
  readonly clock: Clock;
}

export function fileSystemInputStaging({ directory, workerCount, clock }: InputStagingOptions): InputStaging {
  return {
    signatureOf,
    async stage(groupId, files, signal) {
      const startedMs = clock.monotonicMs();
      const target = join(directory, inputStagingName(groupId));
      try {
        rmSync(target, { recursive: true, force: true });
        mkdirSync(target, { recursive: true });
        assertRoom(target, files, groupId);
        const waiting = [...files.keys()];
        const copies: QueuedFile[] = [];
        const ended = await Promise.allSettled(
          Array.from({ length: Math.min(workerCount, files.length) }, async () => {
            for (let at = waiting.shift(); at !== undefined; at = waiting.shift())
              copies[at] = await copyOne(files[at]!, join(target, basename(files[at]!.path)), groupId, signal);
          }),
        );
        // Only when all have ended is there nothing left that writes into what is removed.
        const refused = ended.find((each) => each.status === "rejected");
        if (refused !== undefined) throw refused.reason;
        return { files: copies, directory: target, durationMs: clock.monotonicMs() - startedMs };
      } catch (error) {
        throw clearedUp(asWriteError(error, target), () => rmSync(target, { recursive: true, force: true }));
      }
    },
    remove: (staged) => rmSync(staged.directory, { recursive: true, force: true }),
  };
}

/** See {@link InputStaging.signatureOf}. */
export function signatureOf(path: string): string | undefined {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat && fileSignature(stat.ino, stat.size, stat.mtimeNs);
  } catch (error) {
    throw asReadError(error, path);
  }
}

function assertRoom(directory: string, files: readonly QueuedFile[], groupId: string): void {
  const neededBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < neededBytes) {
    throw new PipelineError(
      "DISK_FULL",
      `${directory}: ${((bavail * bsize) / 1e6).toFixed(1)} MB free, expected at least ${(neededBytes / 1e6).toFixed(1)} MB for the input of ${groupId}`,
      { subject: groupId },
    );
  }
}

/** That the copy cannot be written is no fault of the file. */
const COPY_REFUSALS: ReadonlySet<ErrorCode> = new Set(["DISK_FULL", "OUTPUT_NOT_WRITABLE"]);

async function copyOne(file: QueuedFile, target: string, groupId: string, signal: AbortSignal): Promise<QueuedFile> {
  if (signal.aborted)
    throw new PipelineError("INTERRUPTED", `group ${groupId}: stopped while its input was copied`, {
      subject: groupId,
    });
  try {
    // A copy that shares its blocks where the file system can.
    await copyFile(file.path, target, constants.COPYFILE_FICLONE);
  } catch (error) {
    const refused = asWriteError(error, target);
    throw COPY_REFUSALS.has(refused.code) ? refused : asReadError(error, file.path);
  }
  const signature = signatureOf(file.path);
  const copied = signatureOf(target);
  if (signature !== file.signature || copied === undefined) {
    throw new PipelineError(
      "INPUT_CHANGED",
      `${file.path}: changed while it was copied: expected ${file.signature}, found ${signature ?? "no such file"}`,
      { subject: groupId },
    );
  }
  return { ...file, path: target, signature: copied };
}
