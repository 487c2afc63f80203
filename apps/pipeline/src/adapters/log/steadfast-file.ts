/** A file, pipe or terminal that takes lines at once or not at all, and whose trouble never becomes the caller's. */

import { closeSync, openSync, writeSync } from "node:fs";

/** How long a full pipe is waited for before a line is given up. */
const PIPE_PATIENCE_MS = 1000;
const PIPE_NAP_MS = 5;

/** The system calls, to be replaced in tests. */
export interface WriteCalls {
  open(path: string): number;
  /** Bytes written. */
  write(fd: number, bytes: Uint8Array): number;
  close(fd: number): void;
}

const systemCalls: WriteCalls = {
  // Appending: what copytruncate leaves is continued at its end.
  open: (path) => openSync(path, "a", 0o664),
  write: (fd, bytes) => writeSync(fd, bytes),
  close: closeSync,
};

export interface SteadfastFile {
  /**
   * Writes the line before it returns. A line that cannot be written (disk full, reader gone) is dropped and counted;
   * when writing works again, `lostLine` of that count is written first.
   */
  write(line: string): void;
  /** Closes and opens the path again, after the file was renamed by log rotation. */
  reopen(): void;
  close(): void;
}

/**
 * @param target    a path, opened for appending, or a descriptor that is open and stays open
 * @param lostLine  the line that says how many lines were lost, and why
 */
export function openSteadfastFile(
  target: string | number,
  lostLine: (lostCount: number, reason: string) => string,
  calls: WriteCalls = systemCalls,
): SteadfastFile {
  let fd: number | undefined = typeof target === "number" ? target : undefined;
  let lostCount = 0;
  let reason = "";
  let isMidLine = false;
  let isClosed = false;

  const lose = (error: unknown) => {
    lostCount++;
    reason = (error as NodeJS.ErrnoException).code ?? String(error);
  };

  const writeWhole = (text: string): void => {
    let rest: Uint8Array = Buffer.from(isMidLine ? `\n${text}` : text, "utf8");
    let waitedMs = 0;
    while (rest.length > 0) {
      try {
        const writtenCount = calls.write(fd!, rest);
        if (writtenCount > 0) isMidLine = rest[writtenCount - 1] !== 0x0a;
        rest = rest.subarray(writtenCount);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EINTR") continue;
        if (code !== "EAGAIN" || waitedMs >= PIPE_PATIENCE_MS) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_NAP_MS);
        waitedMs += PIPE_NAP_MS;
      }
    }
  };

  const closeFd = () => {
    if (typeof target === "number" || fd === undefined) return;
    const closing = fd;
    fd = undefined;
    try {
      calls.close(closing);
    } catch (error) {
      // What close reports (a network disk that is full) concerns lines that were written before.
      lose(error);
    }
  };

  return {
    write(line) {
      if (isClosed) return;
      try {
        fd ??= calls.open(target as string);
        if (lostCount > 0) {
          writeWhole(lostLine(lostCount, reason));
          lostCount = 0;
        }
        writeWhole(line);
      } catch (error) {
        lose(error);
      }
    },
    reopen() {
      closeFd();
      isMidLine = false;
    },
    close() {
      closeFd();
      isClosed = true;
    },
  };
}
