/** Who holds a lock and who waits for it. */

import { readFileSync, statSync } from "node:fs";
import { type LockEntry, parseProcLocks } from "./proc-locks.ts";

export interface LockHolder {
  readonly processNumber: number;
  /** What the process runs; null: it has ended or is not visible. */
  readonly command: string | null;
  readonly mode: "shared" | "exclusive";
  readonly isWaiting: boolean;
}

function commandOf(processNumber: number): string | null {
  try {
    return readFileSync(`/proc/${processNumber}/cmdline`, "utf8").replaceAll("\0", " ").trim().slice(0, 200) || null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return null;
    throw error;
  }
}

/** `device` as /proc/locks writes it; some file systems (btrfs, overlay) show another there than to stat. */
const deviceText = (dev: bigint) => {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  return `${major.toString(16).padStart(2, "0")}:${minor.toString(16).padStart(2, "0")}`;
};

/** The kernel's flock entries of one file: holders first. Empty on systems without /proc/locks. */
export function lockHolders(path: string): readonly LockHolder[] {
  const file = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!file) return [];
  let text: string;
  try {
    text = readFileSync("/proc/locks", "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const sameInode = parseProcLocks(text).filter(
    (entry) => entry.kind === "FLOCK" && entry.inodeNumber === String(file.ino),
  );
  const sameDevice = sameInode.filter((entry) => entry.device === deviceText(file.dev));
  const entries: readonly LockEntry[] = sameDevice.length > 0 ? sameDevice : sameInode;
  return entries
    .map((entry) => ({
      processNumber: entry.processNumber,
      command: commandOf(entry.processNumber),
      mode: entry.mode === "WRITE" ? ("exclusive" as const) : ("shared" as const),
      isWaiting: entry.isWaiting,
    }))
    .toSorted((a, b) => Number(a.isWaiting) - Number(b.isWaiting));
}

/** In words: `process 4711 (python imaging.py)`; what the file says when the kernel does not tell. */
export function describeHolders(path: string): string {
  const holders = lockHolders(path).filter((holder) => !holder.isWaiting);
  if (holders.length > 0)
    return holders
      .map(({ processNumber, command }) => `process ${processNumber}${command ? ` (${command})` : ""}`)
      .join(", ");
  return signatureOf(path) ?? "an unknown process";
}

function signatureOf(path: string): string | undefined {
  try {
    const { pid, host, command, since } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    return `process ${String(pid)} on ${String(host)} (${String(command)}) since ${String(since)}, as the lock file says`;
  } catch (error) {
    // Other programs write nothing, or something else, into theirs.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code !== undefined) return undefined;
    throw error;
  }
}
