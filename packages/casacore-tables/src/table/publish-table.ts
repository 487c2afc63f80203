/** Moving a finished table from its staging directory to its final name. */
import { TableWriteError } from "../errors.ts";
import type { TableFiles } from "./table-files.ts";

export interface PublishOptions {
  /** Brings the table and both directories to disk around the rename. Default true. */
  readonly isDurable?: boolean;
}

/** See `publishTable` of the node entry. */
export async function publishTableIn(
  files: TableFiles,
  stagingPath: string,
  finalPath: string,
  options: PublishOptions = {},
): Promise<void> {
  const from = stripSlashes(stagingPath);
  const to = stripSlashes(finalPath);
  if (!files.exists(`${from}/table.dat`)) {
    throw new TableWriteError(from, "table to publish", "a finished table", "no table.dat");
  }
  const isDurable = options.isDurable ?? true;
  if (isDurable) await syncTree(files, from);
  if (files.exists(to)) throw new TableWriteError(to, "final name", "no file or directory of this name", "one");
  files.rename(from, to);
  if (isDurable) {
    await files.syncDirectory(parentOf(to));
    if (parentOf(from) !== parentOf(to)) await files.syncDirectory(parentOf(from));
  }
}

async function syncTree(files: TableFiles, directory: string): Promise<void> {
  await Promise.all(
    files.list(directory).map(({ name, isDirectory }) => {
      const path = `${directory}/${name}`;
      return isDirectory ? syncTree(files, path) : syncFile(files, path);
    }),
  );
  await files.syncDirectory(directory);
}

async function syncFile(files: TableFiles, path: string): Promise<void> {
  const file = files.openForUpdate(path);
  try {
    await file.sync();
  } finally {
    file.close();
  }
}

function stripSlashes(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}

function parentOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "." : at === 0 ? "/" : path.slice(0, at);
}
