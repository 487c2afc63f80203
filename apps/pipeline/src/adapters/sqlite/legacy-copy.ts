/** A copy of an old file from before it is changed. */

import { renameSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { BUSY_TIMEOUT_MS } from "./open-database.ts";

/** The caller has the right to write, so nobody changes it meanwhile. */
export function keepLegacyCopy(path: string): void {
  const copy = `${path}.before-contimg`;
  const unfinished = `${copy}~`;
  rmSync(unfinished, { force: true });
  const reader = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, readOnly: true });
  try {
    reader.prepare("VACUUM INTO ?").run(unfinished);
  } finally {
    reader.close();
  }
  renameSync(unfinished, copy);
}
