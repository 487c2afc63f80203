/** Broken locks that are a name in a directory. */

import {
  existsSync,
  linkSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { ageMs, createNew, readIfThere, slowly, touch, unless, unlinkIfThere } from "./files.ts";
import { type BrokenSession, plant } from "./plant.ts";

const me = String(process.pid);

/** A name that the session removes when it believes to hold. */
function name(path: string, tryOnce: () => boolean | Promise<boolean>): BrokenSession {
  let isHeld = false;
  return {
    async tryOnce() {
      isHeld = await tryOnce();
      return isHeld;
    },
    undo() {
      if (isHeld) rmSync(path, { recursive: true, force: true });
      isHeld = false;
    },
  };
}

export const checkThenCreate = plant("check-then-create", "looks whether the file is there, then makes it", (path) =>
  name(`${path}.lck`, async () => {
    if (existsSync(`${path}.lck`)) return false;
    await slowly();
    writeFileSync(`${path}.lck`, me);
    return true;
  }),
);

export const recursiveMkdir = plant("recursive-mkdir", "mkdir -p does not fail when the directory is there", (path) =>
  name(`${path}.dir`, () => {
    mkdirSync(`${path}.dir`, { recursive: true });
    return true;
  }),
);

export const existsIsMine = plant(
  "exists-is-mine",
  "a directory that exists is taken for one's own of an earlier run",
  (path) =>
    name(`${path}.dir`, () => {
      unless(["EEXIST"], () => mkdirSync(`${path}.dir`));
      return true;
    }),
);

export const linkUnchecked = plant(
  "link-unchecked",
  "the answer to link(2) is not looked at: EEXIST is passed over",
  (path) =>
    name(`${path}.lnk`, () => {
      const own = `${path}.${me}`;
      writeFileSync(own, me);
      unless(["EEXIST"], () => linkSync(own, `${path}.lnk`));
      unlinkSync(own);
      return true;
    }),
);

export const renameOver = plant("rename-over", "rename(2) replaces the other's lock file", (path) =>
  name(`${path}.lck`, async () => {
    if (existsSync(`${path}.lck`)) return false;
    writeFileSync(`${path}.${me}`, me);
    await slowly();
    renameSync(`${path}.${me}`, `${path}.lck`);
    return true;
  }),
);

export const writeThenReadBack = plant(
  "write-then-read-back",
  "whoever reads its own number after writing it believes to be alone",
  (path) =>
    name(`${path}.pid`, async () => {
      if (readIfThere(`${path}.pid`)) return false;
      await slowly();
      writeFileSync(`${path}.pid`, me);
      return readIfThere(`${path}.pid`) === me;
    }),
);

export const truncatesFirst = plant(
  "truncates-first",
  "opening the file for writing empties it before the holder's number is read",
  (path) =>
    name(`${path}.pid`, () => {
      writeFileSync(`${path}.pid`, "");
      if (readIfThere(`${path}.pid`)) return false;
      writeFileSync(`${path}.pid`, me);
      return true;
    }),
);

export const sameNumberElsewhere = plant(
  "same-number-elsewhere",
  "a process number is compared without its host: on two hosts, or after a restart, numbers are the same",
  (path) => {
    // Two hosts on which processes got the numbers 1 and 2.
    const number = String(1 + (process.pid % 2));
    return name(`${path}.pid`, () => createNew(`${path}.pid`, number) || readIfThere(`${path}.pid`) === number);
  },
  { run: { lockerCount: 6 } },
);

export const holderNotRecognised = plant(
  "holder-not-recognised",
  "a holder whose command is not the expected one counts as dead",
  (path) =>
    name(`${path}.pid`, () => {
      if (createNew(`${path}.pid`, me)) return true;
      const command = unless(["ENOENT", "ESRCH"], () => readIfThere(`/proc/${readIfThere(`${path}.pid`)}/cmdline`));
      if (!command?.includes("contimg stream")) unlinkIfThere(`${path}.pid`);
      return false;
    }),
);

function isRunning(processText: string | undefined): boolean {
  const number = Number(processText);
  if (!(number > 0)) return false;
  return unless(["ESRCH"], () => process.kill(number, 0)) ?? false;
}

export const deadHolderRemovedTwice = plant(
  "dead-holder-removed-twice",
  "two find the holder dead; the second removes the lock that the first has just made",
  (path) =>
    name(`${path}.pid`, async () => {
      if (createNew(`${path}.pid`, me)) return true;
      const isDead = !isRunning(readIfThere(`${path}.pid`));
      if (!isDead) return false;
      await slowly(5 + 20 * Math.random());
      unlinkIfThere(`${path}.pid`);
      return false;
    }),
  { run: { lockerCount: 6, disturbance: "kill", holdMs: 5, count: 60 } },
);

export const emptyIsDead = plant(
  "empty-is-dead",
  "the file is made first and signed later: in between it is taken for one that a crash left",
  (path) =>
    name(`${path}.pid`, async () => {
      if (createNew(`${path}.pid`)) {
        await slowly();
        writeFileSync(`${path}.pid`, me);
        return true;
      }
      if (readIfThere(`${path}.pid`) === "") unlinkIfThere(`${path}.pid`);
      return false;
    }),
);

export const timeToLive = plant(
  "time-to-live",
  "an old file may be taken over, and its holder does not know",
  (path) =>
    name(`${path}.lck`, () => {
      if (createNew(`${path}.lck`)) return true;
      if ((ageMs(`${path}.lck`) ?? 0) > 20) unlinkIfThere(`${path}.lck`);
      return false;
    }),
  { run: { holdMs: 40, count: 6 } },
);

export const heartbeatStops = plant(
  "heartbeat-stops",
  "a holder that is stopped does not touch its file; it goes on when it wakes up, without fencing",
  (path) => {
    let timer: NodeJS.Timeout | undefined;
    let isHeld = false;
    return {
      tryOnce() {
        isHeld = createNew(`${path}.lck`, me);
        if (isHeld) timer = setInterval(() => touch(`${path}.lck`), 10);
        else if ((ageMs(`${path}.lck`) ?? 0) > 100) unlinkIfThere(`${path}.lck`);
        return isHeld;
      },
      undo() {
        clearInterval(timer);
        if (isHeld) unlinkIfThere(`${path}.lck`);
        isHeld = false;
      },
    };
  },
  { run: { lockerCount: 3, holdMs: 20, count: 40, disturbance: "stop" } },
);

export const wallClockLease = plant(
  "wall-clock-lease",
  "the end of a lease is a time of day: a host whose clock is ahead takes it over",
  (path) =>
    name(`${path}.lease`, () => {
      const text = () => String(Date.now() + 60_000);
      if (createNew(`${path}.lease`, text())) return true;
      const end = Number(readIfThere(`${path}.lease`));
      if (end > 0 && end < Date.now()) unlinkIfThere(`${path}.lease`);
      return false;
    }),
  { run: { holdMs: 5, disturbance: "clock-step" } },
);

export const leaseInSeconds = plant(
  "lease-in-seconds",
  "the lease is written in seconds and read in milliseconds: it has always ended",
  (path) =>
    name(`${path}.lease`, () => {
      if (createNew(`${path}.lease`, String(Math.round(Date.now() / 1000) + 60))) return true;
      const end = Number(readIfThere(`${path}.lease`));
      if (end > 0 && end < Date.now()) unlinkIfThere(`${path}.lease`);
      return false;
    }),
);

export const impatient = plant(
  "impatient",
  "after five tries the lock is taken for one that was forgotten",
  (path) => {
    let tries = 0;
    return name(`${path}.lck`, () => {
      if (createNew(`${path}.lck`)) return true;
      if (++tries % 5 === 0) unlinkIfThere(`${path}.lck`);
      return false;
    });
  },
  { run: { holdMs: 10, count: 15 } },
);

export const cleansUpOthers = plant(
  "cleans-up-others",
  "who gives up removes the lock file, which is somebody else's",
  (path) => {
    const lock = `${path}.lck`;
    return {
      tryOnce: () => createNew(lock),
      undo: () => unlinkIfThere(lock),
      async acquire(_mode, { timeoutMs }) {
        for (const endMs = performance.now() + timeoutMs; performance.now() < endMs; await slowly(1))
          if (createNew(lock)) return {};
        unlinkIfThere(lock);
        return null;
      },
    };
  },
  { run: { timeoutMs: 10, holdMs: 5 } },
);

export const countOfHolders = plant(
  "count-of-holders",
  "the number of holders is read, compared and written in three steps",
  (path) => {
    const count = () => Number(readIfThere(`${path}.count`) ?? 0);
    let isHeld = false;
    return {
      async tryOnce() {
        if (count() > 0) return false;
        await slowly(1);
        writeFileSync(`${path}.count`, String(count() + 1));
        isHeld = true;
        return true;
      },
      undo() {
        if (isHeld) writeFileSync(`${path}.count`, String(Math.max(0, count() - 1)));
        isHeld = false;
      },
    };
  },
);

export const symlinkTakenOver = plant(
  "symlink-taken-over",
  "a symbolic link that points to nothing is taken for stale, and locks always point to nothing",
  (path) =>
    name(`${path}.sym`, () => {
      const made = unless(["EEXIST"], () => {
        symlinkSync(`host:${me}`, `${path}.sym`);
        return true;
      });
      if (made) return true;
      const target = unless(["ENOENT", "EINVAL"], () => readlinkSync(`${path}.sym`));
      if (target !== undefined && !existsSync(`${path}.sym`)) unlinkIfThere(`${path}.sym`);
      return false;
    }),
);
