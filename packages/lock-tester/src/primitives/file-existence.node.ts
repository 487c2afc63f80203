/**
 * Locks that are a name in a directory: whoever makes it has the lock. They need no locks of the file system, only that
 * making a name is atomic. A holder that dies leaves its name: nobody gets the lock after it until a person removes it.
 */

import { randomUUID } from "node:crypto";
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { LockTesterError, systemError } from "../errors.ts";
import type { AcquireOptions, Grant, LockMode, LockPrimitive, LockSession, OpenOptions } from "../primitive.ts";
import { pollForLock } from "./waiting.ts";

const DEFAULT_POLL_MS = 5;

/** How a name is made and taken away. */
interface NameLock {
  /** @returns false: the name is there already */
  make(path: string, ownName: string): boolean;
  remove(path: string, ownName: string): void;
}

/** Whether the call made it; false when the system says one of `taken`. */
function made(call: () => void, ...taken: readonly string[]): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (taken.includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

const exclusiveCreation: NameLock = {
  make: (path) => made(() => closeSync(openSync(path, "wx")), "EEXIST"),
  remove: (path) => unlinkSync(path),
};

const directory: NameLock = {
  make: (path) => made(() => mkdirSync(path), "EEXIST"),
  remove: (path) => rmSync(path, { recursive: true }),
};

/**
 * A file of one's own gets the lock's name as its second. The number of names is asked for afterwards, since over NFS the
 * answer to link(2) can be lost and the call repeated: link(2) itself says "exists" then.
 */
const hardLink: NameLock = {
  make(path, ownName) {
    writeFileSync(ownName, "");
    try {
      made(() => linkSync(ownName, path), "EEXIST");
      return statSync(ownName).nlink === 2;
    } finally {
      unlinkSync(ownName);
    }
  },
  remove: (path) => unlinkSync(path),
};

/** A directory that is not empty cannot be replaced by rename(2). */
const rename: NameLock = {
  make(path, ownName) {
    mkdirSync(ownName);
    writeFileSync(join(ownName, "holder"), String(process.pid));
    const isMade = made(() => renameSync(ownName, path), "ENOTEMPTY", "EEXIST");
    if (!isMade) rmSync(ownName, { recursive: true });
    return isMade;
  },
  remove(path, ownName) {
    // Out of the way first: removing takes two steps, and between them the name would be an empty directory.
    renameSync(path, ownName);
    rmSync(ownName, { recursive: true });
  },
};

function nameLockPrimitive(name: string, summary: string, lock: NameLock): LockPrimitive {
  return {
    name,
    summary,
    supports: { shared: false, ranges: false, blocking: false, upgrade: false },
    owner: "file",
    async unavailable() {
      return undefined;
    },
    async open(path, options) {
      return new NameLockSession(`${path}.${name}`, name, lock, options);
    },
  };
}

class NameLockSession implements LockSession {
  readonly #path: string;
  readonly #ownName: string;
  readonly #name: string;
  readonly #lock: NameLock;
  readonly #pollMs: number;
  readonly sync: NonNullable<LockSession["sync"]>;
  #isHeld = false;

  constructor(path: string, name: string, lock: NameLock, { pollMs = DEFAULT_POLL_MS }: OpenOptions) {
    this.#path = path;
    this.#ownName = `${path}.${randomUUID()}`;
    this.#name = name;
    this.#lock = lock;
    this.#pollMs = pollMs;
    this.sync = { tryAcquire: (mode) => this.#try(mode), release: () => this.#release() };
  }

  acquire(mode: LockMode, options: AcquireOptions): Promise<Grant | null> {
    return pollForLock(() => (this.#try(mode) ? {} : null), options, this.#pollMs);
  }

  #try(mode: LockMode): boolean {
    if (mode !== "exclusive") throw new LockTesterError("usage", `${this.#name}: has exclusive locks only`);
    if (this.#isHeld) return true;
    try {
      this.#isHeld = this.#lock.make(this.#path, this.#ownName);
      return this.#isHeld;
    } catch (error) {
      throw systemError(this.#path, error);
    }
  }

  #release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    try {
      this.#lock.remove(this.#path, this.#ownName);
    } catch (error) {
      throw systemError(this.#path, error);
    }
  }

  async release(): Promise<void> {
    this.#release();
  }

  async close(): Promise<void> {
    this.#release();
  }
}

export const exclusiveFile = nameLockPrimitive(
  "o-excl",
  "a file made with O_EXCL (FILE.o-excl); a holder that dies leaves it locked",
  exclusiveCreation,
);
export const mkdirLock = nameLockPrimitive(
  "mkdir",
  "a directory made by mkdir(2) (FILE.mkdir); a holder that dies leaves it locked",
  directory,
);
export const linkLock = nameLockPrimitive(
  "link",
  "a hard link to a file of one's own (FILE.link); a holder that dies leaves it locked",
  hardLink,
);
export const renameLock = nameLockPrimitive(
  "rename",
  "a directory renamed to FILE.rename; a holder that dies leaves it locked",
  rename,
);
