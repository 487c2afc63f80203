/**
 * Taking a lock, with a timeout and in fair turns.
 *
 * A process that releases a lock and wants it again at once would always win over those that wait: they must first wake
 * up. So whoever cannot have the lock at once first takes a second one, the turnstile (`<path>.queue`), and only its
 * holder tries for the lock itself; and once there is a turnstile, everybody passes through it. Programs that know only
 * flock(path) take part as equals of the one that has the turnstile.
 *
 * Waiting, measured with 10 processes that hold the lock for 5 ms: polling each millisecond by everybody, 1.1 ms between
 * release and next holder but no order; a blocking child alone, in order, 3 to 6 ms for starting it. So: the holder of the
 * turnstile polls, others poll for a moment and then wait in the kernel's queue, where hours cost nothing.
 */

import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  realpathSync,
  statSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  FileLockAbortedError,
  FileLockNotPermittedError,
  FileLockTimeoutError,
  FileLockUnusableError,
} from "./errors.ts";
import { type FlockDoor, hasFlockProgram, openFlockDoor, waitInKernel } from "./flock-door.node.ts";
import { describeHolders } from "./holders.node.ts";
import type { FileLockMode } from "./index.ts";

export interface AcquireOptions {
  readonly mode: FileLockMode;
  /** 0: one try. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Called when the wait begins and then every five seconds. */
  onWait?(wait: { readonly waitedMs: number; readonly holders: string }): void;
  /** How to lock; by default the best way that this machine has. */
  readonly door?: FlockDoor;
}

export interface FileLock {
  /** Without symbolic links in its folder. */
  readonly path: string;
  readonly mode: FileLockMode;
  /** Lets others have it; the file stays. A second call does nothing. */
  release(): void;
}

/** Group members of an observatory share lock files. */
const FILE_MODE = 0o664;
const SHORTEST_POLL_MS = 1;
const LONGEST_POLL_MS = 4;
/** Polls become rarer with the wait: by this share of it. */
const POLL_FRACTION = 0.001;
/** Whoever waits longer for the turnstile does so in the kernel. */
const POLLING_MS = 50;
const SAY_EVERY_MS = 5_000;
const UNUSABLE_CODES = new Set(["ENOLCK", "ENOSYS", "EOPNOTSUPP", "ENOTSUP"]);

let ownDoor: FlockDoor | undefined;
let canWaitInKernel: boolean | undefined;

/** The lock file's path without symbolic links, `..` and trailing dots, so that one file has one name. */
export function canonicalPath(path: string): string {
  const absolute = resolve(path);
  const folder = dirname(absolute);
  return join(existsSync(folder) ? realpathSync(folder) : folder, basename(absolute));
}

/**
 * Takes the lock on `path`, which is made when it is not there.
 *
 * @throws FileLockTimeoutError, FileLockAbortedError; FileLockNotPermittedError when the file cannot be opened;
 *   FileLockUnusableError when the system cannot lock it
 */
export async function acquireFileLock(path: string, options: AcquireOptions): Promise<FileLock> {
  const door = options.door ?? (ownDoor ??= openFlockDoor());
  if (!door) throw new FileLockUnusableError(`${path}: neither koffi nor flock(1) is installed`, path);
  const canonical = canonicalPath(path);
  const wait = new Wait(canonical, options);
  const turnstilePath = `${canonical}.queue`;
  let fd: number | undefined;
  if (!existsSync(turnstilePath)) fd = lockOnce(canonical, options.mode, door);
  if (fd === undefined) {
    const turnstile = await lock(turnstilePath, "exclusive", door, wait, "turnstile");
    try {
      fd = await lock(canonical, options.mode, door, wait, "lock");
    } finally {
      closeSync(turnstile);
    }
  }
  const taken = held(canonical, options.mode, fd, door);
  try {
    if (options.mode === "exclusive") signHolder(fd);
    return taken;
  } catch (error) {
    taken.release();
    throw error;
  }
}

function held(path: string, mode: FileLockMode, fd: number, door: FlockDoor): FileLock {
  let isHeld = true;
  return {
    path,
    mode,
    release() {
      if (!isHeld) return;
      isHeld = false;
      // Explicitly, since a child that was started meanwhile may still have the file open.
      door.unlock(fd);
      closeSync(fd);
    },
  };
}

/** How long the caller waits, and what is said meanwhile. */
class Wait {
  readonly #path: string;
  readonly #options: AcquireOptions;
  readonly #startMs = performance.now();
  #saidMs = Number.NEGATIVE_INFINITY;

  constructor(path: string, options: AcquireOptions) {
    this.#path = path;
    this.#options = options;
  }

  get waitedMs(): number {
    return performance.now() - this.#startMs;
  }

  get remainingMs(): number {
    return this.#options.timeoutMs - this.waitedMs;
  }

  /** @throws when it has been long enough */
  check(): void {
    if (this.#options.signal?.aborted) throw new FileLockAbortedError(this.#path);
    if (this.remainingMs <= 0) throw new FileLockTimeoutError(this.#path, this.waitedMs, describeHolders(this.#path));
  }

  say(): void {
    if (!this.#options.onWait || performance.now() - this.#saidMs < SAY_EVERY_MS) return;
    this.#saidMs = performance.now();
    this.#options.onWait({ waitedMs: this.waitedMs, holders: describeHolders(this.#path) });
  }

  /** @returns whether `promise` was fulfilled with true before it was time to say or check something */
  async orUntilDue(promise: Promise<boolean>): Promise<boolean | undefined> {
    const due = new AbortController();
    const dueMs = Math.max(1, Math.min(SAY_EVERY_MS, this.remainingMs));
    const signals = this.#options.signal ? [due.signal, this.#options.signal] : [due.signal];
    try {
      const timer = sleep(dueMs, undefined, { signal: AbortSignal.any(signals) }).catch(() => undefined);
      return await Promise.race([promise, timer]);
    } finally {
      due.abort();
    }
  }
}

async function lock(
  path: string,
  mode: FileLockMode,
  door: FlockDoor,
  wait: Wait,
  role: "turnstile" | "lock",
): Promise<number> {
  for (;;) {
    const fd = lockOnce(path, mode, door);
    if (fd !== undefined) return fd;
    wait.check();
    wait.say();
    const isLong = door.kind !== "koffi" || (role === "turnstile" && wait.waitedMs > POLLING_MS);
    if (isLong && (canWaitInKernel ??= hasFlockProgram())) {
      const inherited = await lockInKernel(path, mode, door, wait);
      if (inherited !== undefined) return inherited;
      continue;
    }
    const pollMs = Math.min(LONGEST_POLL_MS, Math.max(SHORTEST_POLL_MS, POLL_FRACTION * wait.waitedMs));
    await sleep(pollMs * (0.75 + 0.5 * Math.random()));
  }
}

/** One try. @returns the open, locked file; undefined: another has it */
function lockOnce(path: string, mode: FileLockMode, door: FlockDoor): number | undefined {
  for (;;) {
    const fd = open(path);
    let isKept = false;
    try {
      if (!tryLock(door, fd, mode, path)) return undefined;
      // Whoever cleans up may have removed the file between opening and locking: then this lock excludes nobody.
      if (!isCurrent(fd, path)) continue;
      isKept = true;
      return fd;
    } finally {
      if (!isKept) closeSync(fd);
    }
  }
}

async function lockInKernel(
  path: string,
  mode: FileLockMode,
  door: FlockDoor,
  wait: Wait,
): Promise<number | undefined> {
  const fd = open(path);
  const blocked = waitInKernel(fd, mode);
  let isKept = false;
  try {
    for (;;) {
      const taken = await wait.orUntilDue(blocked.taken);
      if (taken === true) {
        isKept = isCurrent(fd, path);
        return isKept ? fd : undefined;
      }
      if (taken === false) throw new FileLockUnusableError(`${path}: flock(1) could not lock it`, path);
      wait.check();
      wait.say();
    }
  } finally {
    if (!isKept) {
      blocked.end();
      // It may have been taken in this very moment.
      await blocked.taken;
      door.unlock(fd);
      closeSync(fd);
    }
  }
}

function isCurrent(fd: number, path: string): boolean {
  const named = statSync(path, { bigint: true, throwIfNoEntry: false });
  const opened = fstatSync(fd, { bigint: true });
  return named !== undefined && named.ino === opened.ino && named.dev === opened.dev;
}

function tryLock(door: FlockDoor, fd: number, mode: FileLockMode, path: string): boolean {
  try {
    return door.tryLock(fd, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = UNUSABLE_CODES.has(code ?? "") ? "this file system has no locks" : "cannot be locked";
    throw new FileLockUnusableError(`${path}: ${why} (${code})`, path, error);
  }
}

function open(path: string): number {
  try {
    // Node opens with O_CLOEXEC: no child holds a lock that it does not know of.
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, FILE_MODE);
    if (fstatSync(fd).uid === process.getuid?.() && fstatSync(fd).size === 0) fchmodSync(fd, FILE_MODE);
    return fd;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new FileLockNotPermittedError(`${path}: the lock file cannot be opened (${code})`, path, error);
  }
}

/** Who has it, for people; the kernel knows better. */
function signHolder(fd: number): void {
  const text = `${JSON.stringify({
    pid: process.pid,
    host: hostname(),
    command: process.argv.slice(1, 4).join(" "),
    since: new Date().toISOString(),
  })}\n`;
  ftruncateSync(fd, 0);
  writeSync(fd, text, 0);
}
