/** Local heaps (names of a symbol table) and global heaps (variable-length values); specification III.D and III.E. */
import type { Hdf5Bytes } from "./byte-source.ts";
import type { Extents } from "./extents.ts";

/** A symbol table's names: NUL-terminated strings in one segment. */
export class LocalHeap {
  readonly #segment: Uint8Array;
  readonly #hdf5: Hdf5Bytes;
  readonly #field: string;

  constructor(hdf5: Hdf5Bytes, extents: Extents, address: number, path: string) {
    this.#hdf5 = hdf5;
    this.#field = `local heap of ${path}`;
    const head = hdf5.cursor(address, 32, this.#field);
    head.signature("HEAP");
    if (head.u8() !== 0) hdf5.corrupt(this.#field, "version 0", "another");
    head.skip(3);
    const size = head.u64();
    head.skip(8); // free list
    const start = head.address();
    hdf5.checkArrayBytes(size, this.#field);
    this.#segment = hdf5.cursor(start, size, this.#field).take(size);
    extents.claim(address, address + 32);
    extents.claim(start, start + size);
  }

  name(offset: number): string {
    const end = this.#segment.indexOf(0, offset);
    // A name follows the NUL of another, or the empty one at the start.
    const isStart = this.#segment[offset - 1] === 0;
    if (offset >= this.#segment.length || end < 0 || end === offset || !isStart) {
      this.#hdf5.corrupt(this.#field, "a name", `offset ${offset} in ${this.#segment.length} bytes`);
    }
    return new TextDecoder().decode(this.#segment.subarray(offset, end));
  }
}

/** Size of the global heap collection at `address`. */
export function globalHeapBytes(hdf5: Hdf5Bytes, address: number): number {
  const field = "global heap";
  const head = hdf5.cursor(address, 16, field);
  head.signature("GCOL");
  if (head.u8() !== 1) hdf5.corrupt(field, "version 1", "another");
  head.skip(3);
  const size = head.u64();
  if (size < 16) hdf5.corrupt(field, "a size of at least 16 bytes", size);
  hdf5.checkArrayBytes(size, field);
  hdf5.checkExtent(address, size, field);
  return size;
}

/** Objects of the global heap collection at `address`, by index. */
export function readGlobalHeap(hdf5: Hdf5Bytes, address: number): Map<number, Uint8Array> {
  const field = "global heap";
  const size = globalHeapBytes(hdf5, address);
  const body = hdf5.cursor(address, size, field);
  body.skip(16);
  const objects = new Map<number, Uint8Array>();
  while (body.remaining >= 16) {
    const index = body.u16();
    body.skip(6); // reference count, reserved
    const bytes = body.u64();
    if (index === 0) break; // the free space, which ends the collection
    if (objects.has(index)) hdf5.corrupt(field, "each object once", `object ${index} twice`);
    objects.set(index, body.take(bytes));
    body.skip(Math.min((8 - (bytes % 8)) % 8, body.remaining));
  }
  return objects;
}
