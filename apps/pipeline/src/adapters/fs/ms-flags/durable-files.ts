/** Files and names that are on disk when the promise is fulfilled. */

import { closeSync, fsync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";

const sync = promisify(fsync);

/** Brings the names in a directory to disk. */
export async function syncDirectory(path: string): Promise<void> {
  const fd = openSync(path, "r");
  try {
    await sync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Replaces a file in one step. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const fd = openSync(`${path}_tmp`, "w");
  try {
    writeSync(fd, text);
    await sync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${path}_tmp`, path);
  await syncDirectory(dirname(path));
}
