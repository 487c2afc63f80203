import { readdirSync, statSync } from "node:fs";
import { PipelineError } from "../../domain/error-codes.ts";
import type { Directory } from "../../ports/directory.ts";

export const fileSystemDirectory: Directory = {
  list(path) {
    try {
      return readdirSync(path);
    } catch (error) {
      throw new PipelineError("INPUT_UNREADABLE", `${path}: cannot list the directory: ${(error as Error).message}`, {
        subject: path,
        cause: error,
      });
    }
  },
  isDirectory(path) {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  },
};
