/** Broken locks by byte ranges of fcntl(2). */

import { spawnSync } from "node:child_process";
import { appendFileSync, closeSync, openSync, readFileSync, statSync } from "node:fs";
import { type ByteSpan, type KernelLockKind, WHOLE_FILE } from "@contimg/file-locks/node";
import type { ByteRange } from "../../src/primitive.ts";
import { locks, openLock } from "./files.ts";
import { type BrokenSession, plant, WITH_RANGES, WITH_READERS } from "./plant.ts";

/** Record locks of one descriptor that stays open, with something done after each. */
function recordAnd(
  path: string,
  after: (fd: number) => void = () => {},
  spanOf: (range: ByteRange | undefined) => ByteSpan = (range) => range ?? WHOLE_FILE,
): BrokenSession {
  const fd = openLock(path);
  return {
    tryOnce(mode, range) {
      const isHad = locks.tryLock("posix", fd, mode, spanOf(range));
      if (isHad) after(fd);
      return isHad;
    },
    undo: (range) => locks.unlock("posix", fd, range === undefined ? WHOLE_FILE : spanOf(range)),
    close: () => closeSync(fd),
  };
}

export const closeDropsAll = plant(
  "close-drops-all",
  "reading the lock file opens and closes it, which drops all record locks of the process",
  (path) => recordAnd(path, () => void readFileSync(path)),
);

export const closedCopy = plant(
  "closed-copy",
  "a copy of the descriptor is closed, and with it go the process's record locks",
  (path) => recordAnd(path, (fd) => closeSync(locks.duplicate(fd))),
);

export const ownByte = plant("own-byte", "each process locks the byte of its own number", (path) =>
  recordAnd(path, undefined, () => ({ startByte: process.pid, endByte: process.pid + 1 })),
);

export const fromTheEnd = plant("from-the-end", "the range counts from the end of a file that grows", (path) => {
  const fd = openLock(path);
  let span: ByteSpan = WHOLE_FILE;
  return {
    tryOnce(mode) {
      appendFileSync(path, "x");
      const size = statSync(path).size;
      span = { startByte: size - 1, endByte: size };
      // The append closed its own descriptor: no other lock of this process is held now.
      return locks.tryLock("posix", fd, mode, span);
    },
    undo: () => locks.unlock("posix", fd, span),
    close: () => closeSync(fd),
  };
});

export const askedOnly = plant(
  "asked-only",
  "F_GETLK says that nothing is in the way, and nothing is locked",
  (path) => {
    const fd = openLock(path);
    return { tryOnce: (mode) => locks.conflict("posix", fd, mode) === null, undo() {}, close: () => closeSync(fd) };
  },
);

export const readOnlyFile = plant(
  "read-only-file",
  "the file is open for reading only: the write lock fails, and a read lock is taken instead",
  (path) => {
    closeSync(openLock(path));
    const fd = openSync(path, "r");
    return {
      tryOnce(mode) {
        try {
          return locks.tryLock("posix", fd, mode);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "EBADF") throw error;
          return locks.tryLock("posix", fd, "shared");
        }
      },
      undo: () => locks.unlock("posix", fd),
      close: () => closeSync(fd),
    };
  },
);

export const sameProcess = plant(
  "same-process",
  "record locks are the process's: two threads of it do not exclude each other",
  (path) => recordAnd(path),
  { owner: "open-file", run: { processCount: 1 } },
);

export const lockedInChild = plant(
  "locked-in-child",
  "a child takes the record lock and ends: its locks are not its parent's",
  (path) => {
    const code = "import fcntl,sys; fcntl.lockf(open(sys.argv[1],'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)";
    closeSync(openLock(path));
    return {
      tryOnce: () => spawnSync("/usr/bin/python3", ["-c", code, path], { stdio: "ignore" }).status === 0,
      undo() {},
    };
  },
  { run: { count: 4, holdMs: 60 } },
);

/** Half of the processes know one kind of lock, the others another. */
function twoKinds(path: string, kinds: readonly [KernelLockKind, KernelLockKind]): BrokenSession {
  const kind = kinds[process.pid % 2]!;
  const fd = openLock(path);
  return {
    tryOnce: (mode) => locks.tryLock(kind, fd, mode),
    undo: () => locks.unlock(kind, fd),
    close: () => closeSync(fd),
  };
}

export const flockMeetsFcntl = plant(
  "flock-meets-fcntl",
  "one program uses flock, the other fcntl: on a local disk they do not see each other",
  (path) => twoKinds(path, ["flock", "posix"]),
  { run: { lockerCount: 6 } },
);

export const flockMeetsOfd = plant(
  "flock-meets-ofd",
  "one program uses flock, the other an open-file-description lock",
  (path) => twoKinds(path, ["flock", "ofd"]),
  { run: { lockerCount: 6 } },
);

const ranged = (ranges: readonly ByteRange[]) => ({
  supports: WITH_RANGES,
  run: { ranges, lockerCount: 6, holdMs: 2 },
});
/** They meet in byte 9 only. */
const MEETING_IN_ONE_BYTE = [
  { startByte: 0, endByte: 10 },
  { startByte: 9, endByte: 20 },
];

export const offByOne = plant(
  "range-off-by-one",
  "the last byte is not locked",
  (path) => recordAnd(path, undefined, (range) => (range ? { ...range, endByte: range.endByte - 1 } : WHOLE_FILE)),
  ranged(MEETING_IN_ONE_BYTE),
);

export const startOffByOne = plant(
  "range-starts-late",
  "the first byte is not locked: bytes are counted from 1",
  (path) => recordAnd(path, undefined, (range) => (range ? { ...range, startByte: range.startByte + 1 } : WHOLE_FILE)),
  ranged(MEETING_IN_ONE_BYTE),
);

export const truncatedRange = plant(
  "range-of-32-bits",
  "the end of the range is kept in 32 bits",
  (path) =>
    recordAnd(path, undefined, (range) =>
      range ? { ...range, endByte: Math.max(range.startByte + 1, range.endByte % 2 ** 32) } : WHOLE_FILE,
    ),
  ranged([
    { startByte: 0, endByte: 2 ** 32 + 10 },
    { startByte: 100, endByte: 200 },
  ]),
);

export const lengthForEnd = plant(
  "length-for-end",
  "the length of the range is taken for its end",
  (path) =>
    recordAnd(path, undefined, (range) => {
      if (!range) return WHOLE_FILE;
      const lengthByte = range.endByte - range.startByte;
      return { startByte: Math.min(range.startByte, lengthByte - 1), endByte: lengthByte };
    }),
  ranged([
    { startByte: 90, endByte: 100 },
    { startByte: 95, endByte: 200 },
  ]),
);

export const wrongUnit = plant(
  "range-in-pages",
  "the range is given in bytes and taken as pages",
  (path) =>
    recordAnd(path, undefined, (range) =>
      range
        ? { startByte: 4096 * range.startByte, endByte: 4096 * range.startByte + (range.endByte - range.startByte) }
        : WHOLE_FILE,
    ),
  ranged(MEETING_IN_ONE_BYTE),
);

export const wholeFileIsOneByte = plant(
  "whole-file-is-one-byte",
  "without a range byte 0 is locked, which a lock of a later range does not meet",
  (path) =>
    recordAnd(path, undefined, (range) =>
      range === undefined || range.startByte === 0 ? { startByte: 0, endByte: 1 } : range,
    ),
  ranged([
    { startByte: 0, endByte: 1000 },
    { startByte: 500, endByte: 600 },
  ]),
);

export const upgradeByUnlock = plant(
  "record-upgrade-by-unlock",
  "a read lock is given back before the write lock is asked for",
  (path) => {
    const fd = openLock(path);
    return {
      async tryOnce(mode) {
        if (mode === "exclusive") {
          locks.unlock("posix", fd);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        return locks.tryLock("posix", fd, mode);
      },
      undo: () => locks.unlock("posix", fd),
      close: () => closeSync(fd),
    };
  },
  { supports: WITH_READERS, run: { mode: "upgrade", timeoutMs: 100, pauseMs: 1, count: 60 } },
);
