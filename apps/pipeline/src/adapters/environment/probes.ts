/** Tries what the pipeline relies on, in a directory of its own that is removed afterwards. */

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { ProbeResult } from "../../ports/environment.ts";

/** Hidden, so that no watcher takes what is in it for data. */
const PREFIX = ".contimg-probe-";

/** Runs `attempt`, which returns what was seen, in a new directory below `directory`. */
export function probeIn(directory: string, attempt: (folder: string) => string): ProbeResult {
  let folder: string;
  try {
    folder = mkdtempSync(join(directory, PREFIX));
  } catch (error) {
    return { works: false, found: (error as Error).message };
  }
  try {
    return { works: true, found: attempt(folder) };
  } catch (error) {
    return { works: false, found: (error as Error).message };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

export function probeRename(directory: string): ProbeResult {
  return probeIn(directory, (folder) => {
    const from = join(folder, "staging");
    const to = join(folder, "2025-10-05T12:30:00.ms");
    mkdirSync(from);
    writeFileSync(join(from, "table.dat"), "whole");
    renameSync(from, to);
    if (readFileSync(join(to, "table.dat"), "utf8") !== "whole") throw new Error("a renamed directory lost its file");
    mkdirSync(from);
    writeFileSync(join(from, "table.dat"), "other");
    try {
      renameSync(from, to);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOTEMPTY" || code === "EEXIST") return "renames in one step, never over what is there";
      throw error;
    }
    throw new Error("a rename replaced a directory that was not empty");
  });
}

export function probeSync(directory: string): ProbeResult {
  return probeIn(directory, (folder) => {
    const file = openSync(join(folder, "file"), "w");
    try {
      writeFileSync(file, "durable");
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    const entry = openSync(folder, "r");
    try {
      fsyncSync(entry);
    } finally {
      closeSync(entry);
    }
    return "files and directories can be synchronised";
  });
}
