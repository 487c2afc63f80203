/** Where a Measurement Set grows, and how it gets its name in one step. */

import {
  closeSync,
  cpSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { publishTable } from "@contimg/casacore-tables/node";
import { PipelineError } from "../../../domain/error-codes.ts";
import { asWriteError, clearedUp } from "../../../domain/write-error.ts";
import { hostInNames, isRunning } from "../work-directories.ts";

const PREFIX = ".staging";

/** `.staging~host~pid~2025-10-03T11:48:50.ms`: says whose it is, so that what a killed process left can be told. */
const stagingName = (msPath: string) => [PREFIX, hostInNames, process.pid, basename(msPath)].join("~");

/** Removes what a process of this host that no longer runs left for the same Measurement Set. */
function removeOrphans(directory: string, msPath: string): void {
  for (const name of readdirSync(directory)) {
    const [prefix, owner, pid, ms] = name.split("~");
    if (prefix !== PREFIX || owner !== hostInNames || ms !== basename(msPath)) continue;
    if (Number(pid) === process.pid || !isRunning(Number(pid)))
      rmSync(join(directory, name), { recursive: true, force: true });
  }
}

/** `<category>/<date>`: so many directories of a Measurement Set's path may be new. */
const NEW_LEVEL_COUNT = 2;

/** Makes a directory with those above it, and brings their names to disk, whoever made them a moment ago. */
function makeDirectories(path: string): void {
  mkdirSync(path, { recursive: true });
  let above = dirname(resolve(path));
  for (let level = 0; level < NEW_LEVEL_COUNT; level++, above = dirname(above)) {
    try {
      syncDirectory(above);
    } catch (error) {
      // Who may not read a directory above did not make what lies in it.
      if ((error as NodeJS.ErrnoException).code === "EACCES") return;
      throw error;
    }
  }
}

function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A path for the new table in `stagingDir`; the directory and that of the final path exist afterwards. */
export function prepareStaging(stagingDir: string, msPath: string): string {
  try {
    for (const directory of new Set([stagingDir, dirname(msPath)])) {
      makeDirectories(directory);
      removeOrphans(directory, msPath);
    }
  } catch (error) {
    throw asWriteError(error, msPath);
  }
  return join(stagingDir, stagingName(msPath));
}

/** @throws PipelineError DISK_FULL when the file system of `directory` has not `neededBytes` free */
export function assertRoom(directory: string, neededBytes: number, subject: string): void {
  const { bavail, bsize } = statfsSync(directory);
  const freeBytes = bavail * bsize;
  if (freeBytes < neededBytes) {
    throw new PipelineError(
      "DISK_FULL",
      `${directory}: ${mb(freeBytes)} free, expected at least ${mb(neededBytes)} for ${subject}`,
      { subject },
    );
  }
}

const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** Brings a finished table to its final name, over a copy beside it when staging is on another file system. */
export async function publish(stagingPath: string, msPath: string): Promise<void> {
  const sameFileSystem = statSync(dirname(stagingPath)).dev === statSync(dirname(msPath)).dev;
  const beside = sameFileSystem ? stagingPath : join(dirname(msPath), stagingName(msPath));
  try {
    if (!sameFileSystem) cpSync(stagingPath, beside, { recursive: true });
    if (existsSync(msPath))
      throw new PipelineError("OUTPUT_EXISTS", `${msPath}: appeared during the conversion; it is left as it is`, {
        subject: msPath,
      });
    await publishTable(beside, msPath);
  } catch (error) {
    throw clearedUp(asWriteError(error, msPath), () => rmSync(beside, { recursive: true, force: true }));
  }
  if (!sameFileSystem) rmSync(stagingPath, { recursive: true, force: true });
}
