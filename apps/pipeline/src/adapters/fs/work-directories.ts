/** Names of the directories that processes work in: they say whose they are, so that what a dead one left can be told. */

import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** This machine, as names of directories have it. */
export const hostInNames = hostname().replace(/[^A-Za-z0-9-]/g, "_");

/** `stream_2025-10-03T11:48:50~host~pid`: copies of a group's input. */
export const inputStagingName = (groupId: string): string => `stream_${groupId}~${hostInNames}~${process.pid}`;

export interface WorkDirectoryOwner {
  readonly kind: "growing" | "inputs";
  readonly host: string;
  readonly pid: number;
  readonly groupId: string;
}

/** Whose a directory is, judged by its name; undefined: it is none that a process works in. */
export function ownerOfWorkDirectory(name: string): WorkDirectoryOwner | undefined {
  const growing = /^\.staging~([^~]+)~(\d+)~(.+)\.ms$/.exec(name);
  if (growing) return { kind: "growing", host: growing[1]!, pid: Number(growing[2]), groupId: growing[3]! };
  const inputs = /^stream_(.+)~([^~]+)~(\d+)$/.exec(name);
  if (inputs) return { kind: "inputs", host: inputs[2]!, pid: Number(inputs[3]), groupId: inputs[1]! };
  return undefined;
}

/**
 * Whether a process of this number runs; one of another user counts. One that has ended and that nobody waited for, as
 * in a container without an init, does not.
 */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  try {
    return !/^[ZX]/.test(readFileSync(`/proc/${pid}/stat`, "latin1").replace(/^.*\) /s, ""));
  } catch (error) {
    // Another user's, hidden from here; or it has just gone, and the next look will see that.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return true;
  }
}
