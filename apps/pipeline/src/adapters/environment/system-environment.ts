/** The machine this process runs on. */

import { accessSync, constants, mkdirSync, type Stats, statSync } from "node:fs";
import { probeFileLocks } from "@contimg/file-locks/node";
import type { DirectoryFacts, Environment, LockVerdict, ProbeResult } from "../../ports/environment.ts";
import { fileSystemOf } from "./file-system.ts";
import { machineFacts } from "./machine.ts";
import { probeRename, probeSync } from "./probes.ts";

/** What other adapters know. */
export interface EnvironmentParts {
  probeWriteAheadLog(directory: string): ProbeResult;
  earthOrientation(): { readonly lastMeasuredMjd: number; readonly endMjd: number };
}

export function createSystemEnvironment(parts: EnvironmentParts): Environment {
  return {
    ...parts,
    machine: machineFacts,
    directory: directoryFacts,
    makeDirectory: (path) => void mkdirSync(path, { recursive: true }),
    probeRename,
    probeSync,
    probeLocks,
  };
}

function probeLocks(directory: string): LockVerdict {
  try {
    const { excludes, reason, advice } = probeFileLocks(directory);
    return { works: excludes, found: reason, advice };
  } catch (error) {
    return { works: false, found: (error as Error).message, advice: "make it writable, or name another directory" };
  }
}

const WRITE_OTHERS = 0o002;
const STICKY = 0o1000;

function directoryFacts(path: string): DirectoryFacts {
  let stats: Stats | undefined;
  let reason = "";
  let fileSystem = null;
  try {
    fileSystem = fileSystemOf(path);
    stats = statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    reason = (error as Error).message;
  }
  const kind =
    reason !== "" ? "unreadable" : stats === undefined ? "absent" : stats.isDirectory() ? "directory" : "other";
  const mode = stats?.mode ?? 0;
  return {
    kind,
    reason,
    isReadable: may(path, constants.R_OK | constants.X_OK),
    isWritable: may(path, constants.W_OK | constants.X_OK),
    isOpenToAll: (mode & WRITE_OTHERS) !== 0 && (mode & STICKY) === 0,
    ownerId: stats?.uid ?? -1,
    fileSystem,
  };
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false; // accessSync has no answer but an exception
  }
}
