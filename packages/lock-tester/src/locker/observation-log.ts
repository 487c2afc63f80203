/** Where a locker writes what it saw: a buffer of records that is appended to a file when it is full. */

import { closeSync, openSync, writeSync } from "node:fs";
import { RECORD_LENGTH } from "../oracle/record.ts";

const BUFFERED_RECORDS = 4096;
const RECORD_BYTES = RECORD_LENGTH * Float64Array.BYTES_PER_ELEMENT;

export class ObservationLog {
  readonly #fd: number;
  readonly #buffer = new Float64Array(BUFFERED_RECORDS * RECORD_LENGTH);
  /** Records in the file. */
  #writtenCount = 0;
  #bufferedCount = 0;

  constructor(path: string) {
    this.#fd = openSync(path, "w");
  }

  /** The place for the next record, in {@link buffer}; the caller fills it before it calls again. */
  next(): number {
    if (this.#bufferedCount === BUFFERED_RECORDS) this.flush();
    return RECORD_LENGTH * this.#bufferedCount++;
  }

  get recordCount(): number {
    return this.#writtenCount + this.#bufferedCount;
  }

  get buffer(): Float64Array {
    return this.#buffer;
  }

  /**
   * Puts a record into the file at once, so that it is there if this process is killed, and leaves it open: `rewrite`
   * completes it.
   */
  writeThrough(record: Float64Array): number {
    this.flush();
    const place = this.#writtenCount++;
    this.#put(record, RECORD_LENGTH, place);
    return place;
  }

  rewrite(place: number, record: Float64Array): void {
    this.#put(record, RECORD_LENGTH, place);
  }

  flush(): void {
    if (this.#bufferedCount === 0) return;
    this.#put(this.#buffer, RECORD_LENGTH * this.#bufferedCount, this.#writtenCount);
    this.#writtenCount += this.#bufferedCount;
    this.#bufferedCount = 0;
  }

  #put(numbers: Float64Array, length: number, place: number): void {
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, length * Float64Array.BYTES_PER_ELEMENT);
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#fd, bytes, done, bytes.length - done, place * RECORD_BYTES + done);
  }

  close(): void {
    this.flush();
    closeSync(this.#fd);
  }
}
