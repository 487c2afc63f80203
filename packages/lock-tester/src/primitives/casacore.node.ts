/**
 * casacore's protocol on `table.lock`, by which CASA and every program with casacore keep apart.
 *
 * The file begins with a list of requests: 65 big-endian 32-bit numbers, a count and 32 pairs of process and host. Byte 0
 * is locked for reading or writing by POSIX record locks; a read lock on byte 1 says that the table is open. Who does not
 * get the lock puts itself into the list, without holding any lock, so that a holder may see that it is waited for, and
 * tries again each second. ENOLCK counts as success: a file system that cannot lock looks as one that does.
 *
 * Layout and rules after the description and behaviour of casacore 3 (casa/IO/LockFile, casa/IO/FileLocker).
 */

import { closeSync, fstatSync, fsyncSync, readSync, writeSync } from "node:fs";
import { type KernelLockDoor, openKernelLockDoor } from "@contimg/file-locks/node";
import { LockTesterError, systemError } from "../errors.ts";
import type { AcquireOptions, Grant, LockMode, LockPrimitive, LockSession, OpenOptions } from "../primitive.ts";
import { openLockFile } from "./kernel-lock.node.ts";
import { pollForLock } from "./waiting.ts";

const POLL_MS = 1000;
const TABLE_BYTE = { startByte: 0, endByte: 1 };
const IN_USE_BYTE = { startByte: 1, endByte: 2 };
const REQUEST_COUNT = 32;
const LIST_BYTES = 4 * (1 + 2 * REQUEST_COUNT);
/** casacore knows no host numbers. */
const HOST_NUMBER = 0;

export const casacore: LockPrimitive = {
  name: "casacore",
  summary: "casacore's protocol of table.lock: request list, a try each second, ENOLCK taken as success",
  supports: { shared: true, ranges: false, blocking: false, upgrade: true },
  owner: "process",
  procLocksKind: "POSIX",
  async unavailable() {
    return openKernelLockDoor() ? undefined : "koffi is not installed, or this is not 64-bit Linux";
  },
  async open(path, options) {
    const door = openKernelLockDoor();
    if (!door) throw new LockTesterError("unusable", "casacore: koffi is not installed, or this is not 64-bit Linux");
    return new CasacoreSession(path, door, options);
  },
};

export class CasacoreSession implements LockSession {
  readonly #path: string;
  readonly #fd: number;
  readonly #door: KernelLockDoor;
  readonly #pollMs: number;
  #isWriteLocked = false;

  constructor(path: string, door: KernelLockDoor, { pollMs = POLL_MS }: OpenOptions) {
    this.#path = path;
    this.#door = door;
    this.#pollMs = pollMs;
    this.#fd = openLockFile(path);
    // As a table that is made: an empty list, nobody waits.
    if (fstatSync(this.#fd).size === 0) writeRequests(this.#fd, []);
    this.#lock("shared", IN_USE_BYTE);
  }

  async acquire(mode: LockMode, options: AcquireOptions): Promise<Grant | null> {
    // To lock for reading would turn a write lock into one for reading, which casacore avoids.
    if (this.#try(this.#isWriteLocked ? "exclusive" : mode)) return {};
    if (options.timeoutMs <= 0) return null;
    writeRequests(this.#fd, [...readRequests(this.#fd), process.pid]);
    const grant = await pollForLock(() => (this.#try(mode) ? {} : null), options, this.#pollMs);
    const requests = readRequests(this.#fd);
    const own = requests.indexOf(process.pid);
    // Those before it are of processes that died while they waited.
    if (own >= 0) writeRequests(this.#fd, requests.slice(own + 1));
    return grant;
  }

  #try(mode: LockMode): boolean {
    const isHad = this.#lock(mode, TABLE_BYTE);
    if (isHad && mode === "exclusive") this.#isWriteLocked = true;
    return isHad;
  }

  #lock(mode: LockMode, byte: typeof TABLE_BYTE): boolean {
    try {
      return this.#door.tryLock("posix", this.#fd, mode, byte);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOLCK") return true;
      throw systemError(this.#path, error);
    }
  }

  async release(): Promise<void> {
    this.#isWriteLocked = false;
    try {
      this.#door.unlock("posix", this.#fd, TABLE_BYTE);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOLCK") throw systemError(this.#path, error);
    }
  }

  async close(): Promise<void> {
    closeSync(this.#fd);
  }
}

/** Processes that wait, in the order of their requests. */
export function readRequests(fileNumber: number): readonly number[] {
  const list = Buffer.alloc(LIST_BYTES);
  if (readSync(fileNumber, list, 0, LIST_BYTES, 0) < LIST_BYTES) return [];
  const count = Math.max(0, Math.min(REQUEST_COUNT, list.readInt32BE(0)));
  return Array.from({ length: count }, (_, i) => list.readInt32BE(4 + 8 * i));
}

/** Of more than 32 the last keep their place: the newest request is always seen. */
function writeRequests(fileNumber: number, processNumbers: readonly number[]): void {
  const kept =
    processNumbers.length > REQUEST_COUNT
      ? [...processNumbers.slice(0, REQUEST_COUNT - 1), processNumbers.at(-1)!]
      : processNumbers;
  const list = Buffer.alloc(LIST_BYTES);
  list.writeInt32BE(kept.length, 0);
  for (const [i, processNumber] of kept.entries()) {
    list.writeInt32BE(processNumber, 4 + 8 * i);
    list.writeInt32BE(HOST_NUMBER, 8 + 8 * i);
  }
  writeSync(fileNumber, list, 0, LIST_BYTES, 0);
  fsyncSync(fileNumber);
}
