/** Which bytes of the file each structure claims. In a sound file no two structures share a byte. */
import type { Hdf5Bytes } from "./byte-source.ts";

/**
 * HDF5's older structures carry no checksum: an address with one flipped bit is a valid address of
 * something else. Claiming the bytes of every structure that is followed, and refusing overlaps, finds
 * such damage, because a damaged address nearly always lands on bytes that belong to another structure.
 */
export class Extents {
  #starts: Float64Array = new Float64Array(1024);
  #ends: Float64Array = new Float64Array(1024);
  #count = 0;
  readonly #once = new Set<number>();

  /** Claims the bytes [startByte, endByte) (exclusive). */
  claim(startByte: number, endByte: number): void {
    if (endByte <= startByte) return;
    if (this.#count === this.#starts.length) {
      const starts = new Float64Array(2 * this.#count);
      const ends = new Float64Array(2 * this.#count);
      starts.set(this.#starts);
      ends.set(this.#ends);
      this.#starts = starts;
      this.#ends = ends;
    }
    this.#starts[this.#count] = startByte;
    this.#ends[this.#count++] = endByte;
  }

  /** Claims bytes that several structures may refer to (a global heap): counted once. */
  claimShared(startByte: number, endByte: number): void {
    if (this.#once.has(startByte)) return;
    this.#once.add(startByte);
    this.claim(startByte, endByte);
  }

  /** The claims in the order of their starts, as pairs [startByte, endByte). */
  intervals(): [startByte: number, endByte: number][] {
    const pairs: [number, number][] = [];
    for (let i = 0; i < this.#count; i++) pairs.push([this.#starts[i] as number, this.#ends[i] as number]);
    return pairs.sort(([a], [b]) => a - b);
  }

  /** Throws when two claims overlap. */
  check(hdf5: Hdf5Bytes): void {
    const starts = this.#starts.slice(0, this.#count).sort();
    const ends = this.#ends.slice(0, this.#count).sort();
    // Sorted starts and sorted ends interleave one to one exactly when no two intervals overlap.
    for (let i = 1; i < starts.length; i++) {
      if ((starts[i] as number) < (ends[i - 1] as number)) {
        hdf5.corrupt("file", "structures that share no byte", `two structures claim the bytes at ${starts[i]}`);
      }
    }
  }
}
