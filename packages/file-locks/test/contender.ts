/**
 * A process that takes a lock again and again and, while it has it, makes sure that nobody else has.
 *
 *   contender.ts FOLDER LOCK COUNT HOLD_MS
 *
 * The file `owner` holds the process that is inside. Whoever enters must find it empty, or find a process that has died
 * inside; whoever leaves must find itself. Prints one JSON line: acquisitions, violations, first violation, waits in ms.
 */
import { closeSync, constants, ftruncateSync, openSync, readSync, statSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { acquireFileLock, openFlockDoor } from "../src/node.ts";

const [folder = "", kind = "", count = "0", holdMs = "0"] = process.argv.slice(2);
const path = join(folder, "some.ms.lock");
const me = String(process.pid);
const ownerFd = openSync(join(folder, "owner"), constants.O_RDWR | constants.O_CREAT);
const buffer = Buffer.alloc(64);
const owner = () => buffer.toString("latin1", 0, readSync(ownerFd, buffer, 0, buffer.length, 0));
const setOwner = (text: string) => {
  writeSync(ownerFd, text, 0);
  ftruncateSync(ownerFd, text.length);
};

function isRunning(pid: string): boolean {
  // Two that write at once leave something that is no process: nobody was alone.
  if (!/^[1-9]\d*$/.test(pid)) return true;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    return false;
  }
}

const flockDoor = openFlockDoor()!;
const programDoor = openFlockDoor(() => {
  throw new Error("not installed");
})!;
const openLock = () => openSync(path, constants.O_RDWR | constants.O_CREAT);

/** One try of plain flock, without looking whether the name still means this file. */
async function plainFlock(): Promise<number> {
  for (;;) {
    const fd = openLock();
    if (flockDoor.tryLock(fd, "exclusive")) return fd;
    closeSync(fd);
    await sleep(1);
  }
}

/** Ways to lock, each gives how to release. All but the first two are broken. */
const locks: Readonly<Record<string, () => Promise<() => void>>> = {
  async ours() {
    const lock = await acquireFileLock(path, { mode: "exclusive", timeoutMs: 60_000 });
    return () => lock.release();
  },
  async "flock-program"() {
    const lock = await acquireFileLock(path, { mode: "exclusive", timeoutMs: 60_000, door: programDoor });
    return () => lock.release();
  },
  /** What the Python pipeline did: a lock file that looks old is removed, whoever has it. */
  async "stale-unlink"() {
    const file = statSync(path, { throwIfNoEntry: false });
    if (file && Date.now() - file.mtimeMs > 2) unlinkIfThere();
    const fd = await plainFlock();
    return () => closeSync(fd);
  },
  async "unlink-on-release"() {
    const fd = await plainFlock();
    return () => {
      unlinkIfThere();
      closeSync(fd);
    };
  },
  /** Takes "busy" for "mine". */
  async "ignores-busy"() {
    const fd = openLock();
    flockDoor.tryLock(fd, "exclusive");
    return () => closeSync(fd);
  },
  /** A file that may be taken over when it is old. */
  async "time-to-live"() {
    for (;;) {
      try {
        const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL);
        closeSync(fd);
        return unlinkIfThere;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        const file = statSync(path, { throwIfNoEntry: false });
        if (file && Date.now() - file.mtimeMs > 2) unlinkIfThere();
        else await sleep(1);
      }
    }
  },
  async shared() {
    const lock = await acquireFileLock(path, { mode: "shared", timeoutMs: 60_000 });
    return () => lock.release();
  },
};

function unlinkIfThere(): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

const take = locks[kind];
if (!take) throw new Error(`no lock called ${kind}`);
let violationCount = 0;
let firstViolation: string | null = null;
const violated = (text: string) => {
  violationCount++;
  firstViolation ??= text;
};
const waitsMs: number[] = [];
const spans: [enteredMs: number, leftMs: number][] = [];
let done = 0;
let isEnding = false;
process.on("SIGTERM", () => {
  isEnding = true;
});
while (done < Number(count) && !isEnding) {
  const askedMs = performance.now();
  const release = await take();
  // Of one clock that all processes of the machine share.
  const enteredMs = Number(process.hrtime.bigint()) / 1e6;
  waitsMs.push(performance.now() - askedMs);
  const before = owner();
  if (before !== "" && before !== me && isRunning(before)) violated(`${before} was inside when ${me} entered`);
  setOwner(me);
  if (Number(holdMs) > 0) await sleep(Number(holdMs));
  const after = owner();
  if (after !== me) violated(`${after} entered while ${me} was inside`);
  setOwner("");
  spans.push([enteredMs, Number(process.hrtime.bigint()) / 1e6]);
  release();
  done++;
  // Others run too: without this a loop of one process would never yield its event loop.
  if (done % 64 === 0) await sleep(0);
}
process.stdout.write(`${JSON.stringify({ acquisitionCount: done, violationCount, firstViolation, waitsMs, spans })}\n`);
