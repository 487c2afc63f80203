import { closeSync, fsyncSync, openSync } from "node:fs";

/** Brings the names in a directory to disk. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
