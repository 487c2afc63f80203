/** Finds and removes the directories of processes that died. */

import { type Dirent, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Orphans } from "../../ports/orphans.ts";
import { hostInNames, isRunning, ownerOfWorkDirectory } from "./work-directories.ts";

export interface OrphanRoot {
  readonly path: string;
  /** Levels of directories below `path` that are looked into: 0 is `path` alone. */
  readonly depthCount: number;
}

export function fileSystemOrphans(roots: readonly OrphanRoot[]): Orphans {
  return {
    sweep(activeGroupIds) {
      const removed: string[] = [];
      const failed: { readonly path: string; readonly reason: string }[] = [];
      const runs = new Map<number, boolean>();
      const isAbandoned = (name: string): boolean => {
        const owner = ownerOfWorkDirectory(name);
        if (owner === undefined || owner.host !== hostInNames) return false;
        // This process has its copies of input under its eyes, and keeps those of failed groups for inspection.
        if (owner.pid === process.pid) return owner.kind === "growing" && !activeGroupIds.has(owner.groupId);
        if (!runs.has(owner.pid)) runs.set(owner.pid, isRunning(owner.pid));
        return runs.get(owner.pid) === false;
      };
      for (const path of new Set(
        roots.flatMap((root) => [...workDirectories(root.path, root.depthCount, isAbandoned)]),
      )) {
        try {
          rmSync(path, { recursive: true, force: true });
          removed.push(path);
        } catch (error) {
          failed.push({ path, reason: error instanceof Error ? error.message : String(error) });
        }
      }
      return { removed, failed };
    },
  };
}

function* workDirectories(
  directory: string,
  depthCount: number,
  isAbandoned: (name: string) => boolean,
): Generator<string> {
  for (const entry of entriesOf(directory)) {
    if (!entry.isDirectory()) continue;
    const path = join(directory, entry.name);
    if (isAbandoned(entry.name)) yield path;
    else if (depthCount > 0 && !entry.name.startsWith(".") && !entry.name.endsWith(".ms"))
      yield* workDirectories(path, depthCount - 1, isAbandoned);
  }
}

/** A directory that is not there, or closed to this process, holds nothing of ours. */
function entriesOf(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code;
    if (errno === "ENOENT" || errno === "ENOTDIR" || errno === "EACCES") return [];
    throw error;
  }
}
