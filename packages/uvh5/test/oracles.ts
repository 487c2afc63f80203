/** Reference tools that tests compare with. Where one is missing, its tests are skipped by name, or fail if that is asked for. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

const REPOSITORY = resolve(import.meta.dirname, "../../..");
/** Data beside the repository, on machines that have it. */
export const SHARED_DATA = resolve(REPOSITORY, "../shared/data");
const isRequired = process.env.CONTIMG_REQUIRE_ORACLES === "1";

function has(name: string, isThere: boolean): boolean {
  if (!isThere && isRequired) throw new Error(`${name} is required by CONTIMG_REQUIRE_ORACLES=1 and missing`);
  return isThere;
}

export const hasH5py = has("h5py", spawnSync("/usr/bin/python3", ["-c", "import h5py"]).status === 0);
export const hasH5dump = has("h5dump", spawnSync("h5dump", ["--version"]).status === 0);
export const hasSharedData = existsSync(SHARED_DATA);

/** Runs a Python script with the given arguments. @returns what it prints */
export function python(script: string, args: readonly string[]): string {
  return execFileSync("/usr/bin/python3", [script, ...args], { encoding: "utf8", maxBuffer: 1 << 28 });
}

/** UVH5 files below a directory, those that are damaged on purpose left out. */
export function uvh5Files(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(uvh5|hdf5)/.test(entry.name) && !entry.parentPath.includes("truncated"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
