/** Files that people look at: each appears whole under its name, or not at all. */

import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { asWriteError } from "../../domain/write-error.ts";
import type { WriteReport } from "../../ports/report-files.ts";

export const writeReport: WriteReport = (directory, name, content) => {
  const path = join(directory, name);
  const unfinished = join(directory, `.${name}.${process.pid}~`);
  try {
    mkdirSync(dirname(path), { recursive: true });
    const fd = openSync(unfinished, "w");
    try {
      const bytes = typeof content === "string" ? Buffer.from(content) : content;
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(unfinished, path);
    return path;
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw asWriteError(error, path);
  }
};
