/** UVH5 files beside the repository, on machines that have them. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** UVH5 files below a directory, those that are cut on purpose left out. */
export function uvh5Files(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(uvh5|hdf5)/.test(entry.name) && !entry.parentPath.includes("truncated"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
