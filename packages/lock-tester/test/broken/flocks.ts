/** Broken locks by flock(2). */

import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LockMode } from "../../src/primitive.ts";
import { ageMs, locks, openLock, ownDescriptor, readIfThere, slowly, touch, unlinkIfThere } from "./files.ts";
import { type About, type BrokenSession, plant, WITH_READERS } from "./plant.ts";

/** Correct flock, with something done after each lock and before each release. */
function flockAnd(
  path: string,
  after: (fd: number) => void | Promise<void>,
  before: (fd: number) => void = () => {},
): BrokenSession {
  const file = ownDescriptor(path);
  let isHeld = false;
  return {
    async tryOnce(mode) {
      isHeld = locks.tryLock("flock", file.open(), mode);
      if (isHeld) await after(file.open());
      return isHeld;
    },
    undo() {
      if (isHeld) before(file.open());
      isHeld = false;
      file.close();
    },
  };
}

/** flock on a file that is opened anew for each try, without a second look at its name. */
function freshFlock(pathNow: () => string, beforeTry: () => void = () => {}): BrokenSession {
  let held: number | undefined;
  return {
    tryOnce(mode) {
      beforeTry();
      const fd = openLock(pathNow());
      if (locks.tryLock("flock", fd, mode)) held = fd;
      else closeSync(fd);
      return held === fd;
    },
    undo() {
      if (held !== undefined) closeSync(held);
      held = undefined;
    },
  };
}

export const staleUnlink = plant(
  "stale-unlink",
  "a clean-up removes lock files that look old, whoever holds them",
  (path) =>
    freshFlock(
      () => path,
      () => {
        if ((ageMs(path) ?? 0) > 10) unlinkIfThere(path);
      },
    ),
  { run: { holdMs: 15, count: 15 } },
);

export const unlinkOnRelease = plant(
  "unlink-on-release",
  "the file is removed at release: who waits on the old one and who makes a new one both get it",
  (path) =>
    // Whoever waits keeps the file open that it waits for.
    flockAnd(
      path,
      () => {},
      () => unlinkIfThere(path),
    ),
  { run: { holdMs: 3 } },
);

export const unlinkAtOnce = plant(
  "unlink-at-once",
  "the file is removed as soon as it is locked, to leave nothing behind",
  (path) => flockAnd(path, () => unlinkIfThere(path)),
);

export const signByRename = plant(
  "sign-by-rename",
  "the holder signs by writing a new file over the locked one",
  (path) =>
    flockAnd(path, () => {
      writeFileSync(`${path}.${process.pid}`, String(process.pid));
      renameSync(`${path}.${process.pid}`, path);
    }),
);

export const ignoresBusy = plant("ignores-busy", "EWOULDBLOCK is not looked at", (path) => {
  const file = ownDescriptor(path);
  return {
    tryOnce(mode) {
      locks.tryLock("flock", file.open(), mode);
      return true;
    },
    undo: () => file.close(),
  };
});

export const invertedAnswer = plant(
  "inverted-answer",
  "0 is taken for failure: success of the system call for no lock",
  (path) => {
    const file = ownDescriptor(path);
    return { tryOnce: (mode) => !locks.tryLock("flock", file.open(), mode), undo: () => file.close() };
  },
  { run: { timeoutMs: 200 } },
);

export const noLocksIsSuccess = plant(
  "no-locks-is-success",
  "ENOLCK, the file system cannot lock, counts as locked",
  () => ({
    tryOnce() {
      try {
        // What a network file system without its lock service says.
        throw Object.assign(new Error("flock: ENOLCK"), { code: "ENOLCK" });
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === "ENOLCK";
      }
    },
    undo() {},
  }),
);

export const anyErrorIsSuccess = plant(
  "any-error-is-success",
  "an error while locking is logged and passed over",
  (path) => {
    const file = ownDescriptor(join(path, "no", "such", "folder"));
    return {
      tryOnce(mode) {
        try {
          return locks.tryLock("flock", file.open(), mode);
        } catch (error) {
          return error instanceof Error;
        }
      },
      undo() {},
    };
  },
);

export const timeoutIsSuccess = plant(
  "timeout-is-success",
  "the wait ends with the lock or with the time, and it is not asked which",
  (path) => {
    const session = flockAnd(path, () => {});
    return {
      ...session,
      async acquire(mode, { timeoutMs }) {
        const endMs = performance.now() + timeoutMs;
        while (!(await session.tryOnce(mode)) && performance.now() < endMs) await slowly(1);
        return {};
      },
    };
  },
  { run: { timeoutMs: 10, holdMs: 20, count: 10 } },
);

export const interruptedIsSuccess = plant(
  "interrupted-is-success",
  "a signal ends the wait with EINTR, which is not told from success",
  (path) => {
    const file = ownDescriptor(path);
    return {
      tryOnce: () => false,
      async acquire(mode) {
        const wait = locks.wait("flock", file.open(), mode);
        setTimeout(() => wait.interrupt(), 5);
        await wait.taken;
        return {};
      },
      undo: () => file.close(),
    };
  },
  { run: { holdMs: 12, count: 15 } },
);

export const sharedForExclusive = plant("shared-for-exclusive", "writers ask for a shared lock as well", (path) => {
  const session = flockAnd(path, () => {});
  return { ...session, tryOnce: () => session.tryOnce("shared") };
});

export const lockedTooLate = plant(
  "locked-too-late",
  "the data are read before the lock is had, which comes in the background",
  (path) => {
    const file = ownDescriptor(path);
    let running: Promise<void> = Promise.resolve();
    return {
      tryOnce(mode) {
        const fd = file.open();
        running = (async () => {
          for (let i = 0; i < 20 && !locks.tryLock("flock", fd, mode); i++) await slowly(1);
        })();
        return true;
      },
      async undo() {
        await running;
        file.close();
      },
    };
  },
);

export const scopeEnds = plant(
  "scope-ends",
  "the file is closed with the block that locked it, and the lock with the file",
  (path) => ({
    tryOnce(mode) {
      const fd = openLock(path);
      const isHad = locks.tryLock("flock", fd, mode);
      closeSync(fd);
      return isHad;
    },
    undo() {},
  }),
);

export const releasedByTimer = plant(
  "released-by-timer",
  "a timer lets go of a lock that is held for long",
  (path) => {
    let timer: NodeJS.Timeout | undefined;
    return flockAnd(
      path,
      (fd) => {
        timer = setTimeout(() => locks.unlock("flock", fd), 10);
      },
      () => clearTimeout(timer),
    );
  },
  { run: { holdMs: 20, count: 10 } },
);

export const childUnlocks = plant(
  "child-unlocks",
  "a program that is started inherits the open file, and its clean-up unlocks it for both",
  (path) => flockAnd(path, (fd) => void spawnSync("flock", ["-u", "3"], { stdio: ["ignore", "ignore", "ignore", fd] })),
  { run: { count: 6, holdMs: 30 } },
);

export const lockedByAnother = plant(
  "locked-by-another",
  "flock(1) locks for a command of its own, and lets go when that ends",
  (path) => ({
    tryOnce: () => spawnSync("flock", ["-n", path, "true"], { stdio: "ignore" }).status === 0,
    undo() {},
  }),
  { run: { count: 6, holdMs: 30 } },
);

export const memoryOnly = plant("memory-only", "a lock in the memory of a process knows of no other process", () => {
  let isHeld = false;
  return {
    tryOnce() {
      if (isHeld) return false;
      isHeld = true;
      return true;
    },
    undo() {
      isHeld = false;
    },
  };
});

export const ownCopy = plant("own-copy", "each process locks a temporary copy of the file", (path) =>
  flockAnd(`${path}.${process.pid}`, () => {}),
);

/** Two hosts by the process number, as with a folder for locks on each host's own disk. */
const hostFolder = (path: string) => {
  const folder = join(dirname(path), `host-${process.pid % 2}`);
  mkdirSync(folder, { recursive: true });
  return folder;
};

export const perHostFolder = plant(
  "per-host-folder",
  "the lock files lie on each host's own disk and the data on a shared one",
  (path) => flockAnd(join(hostFolder(path), "lock"), () => {}),
  { run: { lockerCount: 6 } },
);

export const twoNames = plant(
  "two-names",
  "the same data by two paths has two lock files",
  (path) => flockAnd(process.pid % 2 === 0 ? path : `${path}.lock`, () => {}),
  { run: { lockerCount: 6 } },
);

export const freshFileEachTime = plant(
  "fresh-file-each-time",
  "each try makes a new file under the lock's name and locks that",
  (path) =>
    freshFlock(
      () => path,
      () => {
        writeFileSync(`${path}.${process.pid}`, "");
        renameSync(`${path}.${process.pid}`, path);
      },
    ),
);

const UPGRADING: About = { supports: WITH_READERS, run: { mode: "upgrade", timeoutMs: 100, pauseMs: 1, count: 60 } };

export const upgradeByRelease = plant(
  "upgrade-by-release",
  "to go from shared to exclusive it lets go and locks again: a writer comes between, and what was read is old",
  (path) => {
    const file = ownDescriptor(path);
    let held: LockMode | undefined;
    return {
      async tryOnce(mode) {
        const fd = file.open();
        if (held === "shared" && mode === "exclusive") {
          locks.unlock("flock", fd);
          await slowly(1);
        }
        if (locks.tryLock("flock", fd, mode)) {
          held = mode;
          return true;
        }
        return false;
      },
      undo() {
        held = undefined;
        file.close();
      },
    };
  },
  UPGRADING,
);

export const upgradeForBoth = plant(
  "upgrade-for-both",
  "two readers that both want to write would wait for each other: so both may",
  (path) => {
    const file = ownDescriptor(path);
    let held: LockMode | undefined;
    return {
      tryOnce(mode) {
        const isHad = locks.tryLock("flock", file.open(), mode) || (held === "shared" && mode === "exclusive");
        if (isHad) held = mode;
        return isHad;
      },
      undo() {
        held = undefined;
        file.close();
      },
    };
  },
  UPGRADING,
);

const MIXED: About = { supports: WITH_READERS, run: { mode: "mixed", lockerCount: 6, holdMs: 2 } };

export const readersTakeNothing = plant(
  "readers-take-nothing",
  "a reader does not lock: reading changes nothing",
  (path) => {
    const session = flockAnd(path, () => {});
    return { ...session, tryOnce: (mode) => mode === "shared" || session.tryOnce(mode) };
  },
  MIXED,
);

export const readersLookOnly = plant(
  "readers-look-only",
  "a reader waits until no writer is there, and locks nothing",
  (path) => {
    const session = flockAnd(path, () => {});
    return {
      ...session,
      async tryOnce(mode) {
        const isHad = await session.tryOnce(mode);
        if (mode === "shared" && isHad) await session.undo();
        return isHad;
      },
    };
  },
  MIXED,
);

export const writerIgnoresReaders = plant(
  "writer-ignores-readers",
  "writers have one lock, readers another",
  (path) => {
    const writers = flockAnd(`${path}.write`, () => {});
    const readers = flockAnd(`${path}.read`, () => {});
    return {
      tryOnce: (mode) => (mode === "exclusive" ? writers : readers).tryOnce(mode),
      async undo() {
        await writers.undo();
        await readers.undo();
      },
    };
  },
  MIXED,
);

/** A count of readers in a file; a writer needs it to be 0. */
function readerCount(
  path: string,
  guard: <T>(body: () => T) => T,
  onFailure: (change: (by: number) => void) => void,
): BrokenSession {
  const countPath = `${path}.readers`;
  const count = () => Number(readIfThere(countPath) ?? 0);
  const change = (by: number) => writeFileSync(countPath, String(Math.max(0, count() + by)));
  const writer = flockAnd(`${path}.write`, () => {});
  let held: LockMode | undefined;
  return {
    async tryOnce(mode) {
      if (!(await writer.tryOnce("exclusive"))) {
        guard(() => onFailure(change));
        return false;
      }
      if (mode === "shared") {
        guard(() => change(1));
        await writer.undo();
      } else if (guard(count) > 0) {
        await writer.undo();
        return false;
      }
      held = mode;
      return true;
    },
    async undo() {
      if (held === "shared") guard(() => change(-1));
      if (held === "exclusive") await writer.undo();
      held = undefined;
    },
  };
}

function guarded(path: string): <T>(body: () => T) => T {
  const fd = openLock(`${path}.guard`);
  return (body) => {
    while (!locks.tryLock("flock", fd, "exclusive")) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.1);
    try {
      return body();
    } finally {
      locks.unlock("flock", fd);
    }
  };
}

export const readersCountedDown = plant(
  "readers-counted-down",
  "whoever does not get in counts the readers down as one that leaves",
  (path) => readerCount(path, guarded(path), (change) => change(-1)),
  MIXED,
);

export const readersCountedUnguarded = plant(
  "readers-counted-unguarded",
  "the count of readers is changed by two at once, and one change is lost",
  (path) => {
    const session = readerCount(
      path,
      (body) => {
        const result = body();
        // The count that is written back is the one of before.
        if (Math.random() < 0.3)
          writeFileSync(`${path}.readers`, readFileSync(`${path}.readers`, "utf8").replace("1", "0"));
        return result;
      },
      () => {},
    );
    writeFileSync(`${path}.readers`, "0");
    return session;
  },
  MIXED,
);

export const firstReaderFreesAll = plant(
  "first-reader-frees-all",
  "the readers' common file is removed by the first that leaves",
  (path) => {
    const readers = `${path}.reading`;
    const writer = flockAnd(path, () => {});
    let held: LockMode | undefined;
    return {
      async tryOnce(mode) {
        if (!(await writer.tryOnce("exclusive"))) return false;
        const isFree = mode === "shared" || readIfThere(readers) === undefined;
        if (mode === "shared") {
          writeFileSync(readers, "");
          touch(readers);
        }
        if (mode === "shared" || !isFree) await writer.undo();
        if (isFree) held = mode;
        return isFree;
      },
      async undo() {
        if (held === "shared") unlinkIfThere(readers);
        if (held === "exclusive") await writer.undo();
        held = undefined;
      },
    };
  },
  MIXED,
);
