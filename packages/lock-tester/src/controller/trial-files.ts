/** The files of a test: made before it, gone after it. */

import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { LockTesterError, systemError } from "../errors.ts";
import { countersOf, SLOT_LENGTH } from "../locker/shared-state.ts";

const FILE_MODE = 0o664;
const OTHER_TEST = /\.locktest-[0-9a-f]{8}$/;

export class TrialFiles {
  readonly paths: readonly string[];
  readonly stateSuffix: string;
  readonly #made: string[] = [];
  /** Names beside each lock file that begin with its own, before the test: primitives make more of them. */
  readonly #namesBefore = new Map<string, ReadonlySet<string>>();

  /**
   * Makes the lock files that are not there, and a state file beside each.
   *
   * @throws LockTesterError `usage` where a path cannot be a lock file
   */
  constructor(paths: readonly string[], stateSuffix: string, slotCount: number) {
    this.paths = paths;
    this.stateSuffix = stateSuffix;
    try {
      for (const path of paths) {
        checkPath(path);
        const beside = namesBeside(path);
        // Two tests at a time would remove each other's files.
        const other = beside.find((name) => OTHER_TEST.test(name));
        if (other !== undefined)
          throw new LockTesterError(
            "usage",
            `${path}: another test uses it, or left ${other} behind when the machine stopped: remove that if none does`,
          );
        this.#namesBefore.set(path, new Set(beside));
        if (!existsSync(path)) this.#make(path);
        this.#make(path + stateSuffix, Buffer.alloc(SLOT_LENGTH * Float64Array.BYTES_PER_ELEMENT * slotCount));
      }
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  #make(path: string, content?: Uint8Array): void {
    let fd: number;
    try {
      fd = openSync(path, "wx", FILE_MODE);
    } catch (error) {
      throw asUsage(path, error);
    }
    this.#made.push(path);
    try {
      if (content) writeSync(fd, content);
    } catch (error) {
      throw asUsage(path, error);
    } finally {
      closeSync(fd);
    }
  }

  /** What must not stay when this process is killed. */
  get leftovers(): readonly string[] {
    return this.#made;
  }

  counters(): readonly (readonly number[])[] {
    return this.paths.map((path) => countersOf(readFileSync(path + this.stateSuffix)));
  }

  /** Lock files beside which nothing lay: whatever begins with their names is the test's. */
  get lonelyPaths(): readonly string[] {
    return this.paths.filter((path) => this.#namesBefore.get(path)?.size === 0);
  }

  remove(): void {
    for (const path of this.paths) {
      const before = this.#namesBefore.get(path);
      if (!before) continue;
      for (const name of namesBeside(path))
        if (!before.has(name)) rmSync(join(dirname(path), name), { force: true, recursive: true });
    }
    for (const path of this.#made) rmSync(path, { force: true, recursive: true });
  }
}

function namesBeside(path: string): readonly string[] {
  return readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}.`));
}

function checkPath(path: string): void {
  const folder = dirname(resolve(path));
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found) throw new LockTesterError("usage", `${folder}: no such directory`, { code: "ENOENT" });
  if (!found.isDirectory()) throw new LockTesterError("usage", `${folder}: not a directory`, { code: "ENOTDIR" });
  const file = statSync(path, { throwIfNoEntry: false });
  if (file && !file.isFile())
    throw new LockTesterError(
      "usage",
      `${path}: expected a file, or nothing yet${file.isDirectory() ? "; found a directory" : ""}`,
    );
}

function asUsage(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const meaning = {
    EACCES: "no permission",
    EPERM: "no permission",
    EROFS: "a read-only file system",
    ENOSPC: "no space left",
  }[code ?? ""];
  if (!meaning) return systemError(path, error);
  return new LockTesterError("usage", `${path}: ${meaning} (${code})`, { cause: error, ...(code ? { code } : {}) });
}
