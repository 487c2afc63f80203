/**
 * What the lock protects: a few numbers in a file beside it, a slot for each part of the lock file. Whoever is inside
 * exclusively has counted up and signed; whoever leaves must find that nobody else did. It is read and written with
 * pread and pwrite alone, so that it means the same on a network file system.
 */

import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { systemError } from "../errors.ts";

/** Numbers of a slot: counter, who is inside (locker + 1, or 0), the counter's last writer, and their sum. */
export const SLOT_LENGTH = 4;
const COUNTER = 0;
const INSIDE = 1;
const WRITER = 2;
const SUM = 3;
const SLOT_BYTES = SLOT_LENGTH * Float64Array.BYTES_PER_ELEMENT;

export class SharedState {
  readonly #path: string;
  readonly #fd: number;
  /** locker + 1 */
  readonly #me: number;
  readonly #now: Float64Array;
  readonly #bytes: Uint8Array;
  /** What was found or written at entry, to compare with at exit. */
  readonly #entry: Float64Array;
  readonly exclusiveCounts: number[];

  constructor(path: string, locker: number, slotCount: number) {
    this.#path = path;
    this.#me = locker + 1;
    this.#now = new Float64Array(SLOT_LENGTH * slotCount);
    this.#bytes = new Uint8Array(this.#now.buffer);
    this.#entry = new Float64Array(SLOT_LENGTH * slotCount);
    this.exclusiveCounts = new Array<number>(slotCount).fill(0);
    try {
      this.#fd = openSync(path, constants.O_RDWR);
    } catch (error) {
      throw systemError(path, error);
    }
  }

  /** The counter of the first slot after the last {@link enter}. */
  ticket = 0;
  isTorn = false;

  /** @returns who the state says was inside: locker + 1, or 0 */
  enter(firstSlot: number, endSlot: number, isExclusive: boolean): number {
    this.#read(firstSlot, endSlot);
    const now = this.#now;
    let inside = 0;
    this.isTorn = false;
    for (let slot = firstSlot; slot < endSlot; slot++) {
      const at = SLOT_LENGTH * slot;
      if (now[at + INSIDE] !== 0) inside = now[at + INSIDE]!;
      if (now[at + COUNTER]! + now[at + INSIDE]! + now[at + WRITER]! !== now[at + SUM]) this.isTorn = true;
      if (isExclusive) {
        now[at + COUNTER]! += 1;
        now[at + INSIDE] = this.#me;
        now[at + WRITER] = this.#me;
        now[at + SUM] = now[at + COUNTER]! + 2 * this.#me;
        this.exclusiveCounts[slot]! += 1;
      }
    }
    if (isExclusive) this.#write(firstSlot, endSlot);
    this.#entry.set(now.subarray(SLOT_LENGTH * firstSlot, SLOT_LENGTH * endSlot), SLOT_LENGTH * firstSlot);
    this.ticket = now[SLOT_LENGTH * firstSlot + COUNTER]!;
    return inside === this.#me ? 0 : inside;
  }

  /** @returns whether the state is as this locker left it, and nobody signed meanwhile */
  exit(firstSlot: number, endSlot: number, isExclusive: boolean): boolean {
    this.#read(firstSlot, endSlot);
    const now = this.#now;
    let isMine = true;
    for (let slot = firstSlot; slot < endSlot; slot++) {
      const at = SLOT_LENGTH * slot;
      if (now[at + COUNTER] !== this.#entry[at + COUNTER] || now[at + WRITER] !== this.#entry[at + WRITER])
        isMine = false;
      const inside = now[at + INSIDE]!;
      // A reader may find the sign of one that died inside before: it was there at entry.
      if (inside !== this.#entry[at + INSIDE]) isMine = false;
      if (isExclusive) {
        now[at + INSIDE] = 0;
        now[at + SUM] = now[at + COUNTER]! + now[at + WRITER]!;
      }
    }
    if (isExclusive) this.#write(firstSlot, endSlot);
    return isMine;
  }

  #read(firstSlot: number, endSlot: number): void {
    const start = SLOT_BYTES * firstSlot;
    const length = SLOT_BYTES * (endSlot - firstSlot);
    if (readSync(this.#fd, this.#bytes, start, length, start) !== length)
      throw new Error(`${this.#path}: the shared state became shorter`);
  }

  #write(firstSlot: number, endSlot: number): void {
    const start = SLOT_BYTES * firstSlot;
    writeSync(this.#fd, this.#bytes, start, SLOT_BYTES * (endSlot - firstSlot), start);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** @returns the counters of a state file's slots */
export function countersOf(bytes: Uint8Array): readonly number[] {
  const numbers = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return Array.from({ length: numbers.length / SLOT_LENGTH }, (_, slot) => numbers[SLOT_LENGTH * slot + COUNTER]!);
}
