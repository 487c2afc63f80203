/** Where bytes come from, and how metadata is fetched from there in pages. */
import { NotHdf5Error, Uvh5CorruptError, Uvh5LimitError, Uvh5UnsupportedError } from "../errors.ts";

/** Random access to the bytes of one file. Synchronous, so that a worker thread needs no event loop. */
export interface ByteSource {
  /** Path or another name, for messages. */
  readonly name: string;
  readonly sizeBytes: number;
  /**
   * Fills `target` with the bytes from `offsetBytes` on. `target` may lie on a SharedArrayBuffer.
   *
   * @throws when fewer bytes are there than `target` takes (the file shrank) or the device fails
   */
  readInto(target: Uint8Array, offsetBytes: number): void;
}

/** A byte source over memory. */
export function bytesInMemory(bytes: Uint8Array, name = "memory"): ByteSource {
  return {
    name,
    sizeBytes: bytes.length,
    readInto(target, offsetBytes) {
      if (offsetBytes + target.length > bytes.length) throw new RangeError(`${name}: read past the end`);
      target.set(bytes.subarray(offsetBytes, offsetBytes + target.length));
    },
  };
}

/** The address that HDF5 calls undefined (all bits set). */
export const UNDEFINED_ADDRESS = -1;

/** Pages kept at most, so that a file cannot make the cache grow without bound. */
const PAGE_CACHE_BYTES = 16 << 20;

/**
 * The file as the format modules see it: checked reads of metadata, the limits, and the errors.
 * One object per open file; nothing is shared between files.
 */
export class Hdf5Bytes {
  readonly source: ByteSource;
  readonly maxArrayBytes: number;
  /** Whether data that was never stored is given as the fill value; otherwise it is refused. */
  readonly fillMissing: boolean;
  /** Added to every address of the file (a user block may precede the superblock). */
  baseAddress = 0;
  /** Entries of a symbol node and children of a group's tree node, from the superblock; these are HDF5's defaults. */
  groupLeafEntries = 8;
  groupNodeChildren = 32;
  readonly #pageBytes: number;
  readonly #pages = new Map<number, Uint8Array<ArrayBuffer>>();

  constructor(source: ByteSource, pageBytes: number, maxArrayBytes: number, fillMissing: boolean) {
    this.source = source;
    this.fillMissing = fillMissing;
    this.maxArrayBytes = maxArrayBytes;
    this.#pageBytes = pageBytes;
  }

  /** A cursor over `lengthBytes` of metadata at the absolute position `offsetBytes`. */
  cursor(offsetBytes: number, lengthBytes: number, field: string): Cursor {
    this.checkExtent(offsetBytes, lengthBytes, field);
    const page = Math.floor(offsetBytes / this.#pageBytes);
    const last = Math.floor((offsetBytes + lengthBytes - 1) / this.#pageBytes);
    if (page === last || lengthBytes === 0) {
      return new Cursor(this, this.#page(page), offsetBytes - page * this.#pageBytes, lengthBytes, field, offsetBytes);
    }
    const joined = new Uint8Array(lengthBytes);
    this.source.readInto(joined, offsetBytes);
    return new Cursor(this, joined, 0, lengthBytes, field, offsetBytes);
  }

  #page(index: number): Uint8Array<ArrayBuffer> {
    let page = this.#pages.get(index);
    if (page === undefined) {
      if ((this.#pages.size + 1) * this.#pageBytes > PAGE_CACHE_BYTES) this.#pages.clear();
      const start = index * this.#pageBytes;
      page = new Uint8Array(Math.min(this.#pageBytes, this.source.sizeBytes - start));
      this.source.readInto(page, start);
      this.#pages.set(index, page);
    }
    return page;
  }

  /** Throws unless the bytes [offset, offset + length) lie inside the file. */
  checkExtent(offsetBytes: number, lengthBytes: number, field: string): void {
    if (!(offsetBytes >= 0 && lengthBytes >= 0 && offsetBytes + lengthBytes <= this.source.sizeBytes)) {
      this.corrupt(
        field,
        `bytes inside the file of ${this.source.sizeBytes}`,
        `bytes ${offsetBytes} to ${offsetBytes + lengthBytes}`,
      );
    }
  }

  /** Throws when an array of this many bytes is over the caller's limit. */
  checkArrayBytes(bytes: number, field: string): void {
    if (bytes > this.maxArrayBytes) {
      throw new Uvh5LimitError({
        file: this.source.name,
        field,
        expected: `at most ${this.maxArrayBytes} bytes`,
        found: `${bytes} bytes`,
      });
    }
  }

  /** Throws unless data that was never stored may be filled. */
  checkMissing(field: string): void {
    if (!this.fillMissing) this.corrupt(field, "stored bytes", "none: it was never written");
  }

  corrupt(field: string, expected: string, found: string | number): never {
    throw new Uvh5CorruptError({ file: this.source.name, field, expected, found: String(found) });
  }

  unsupported(field: string, expected: string, found: string | number): never {
    throw new Uvh5UnsupportedError({ file: this.source.name, field, expected, found: String(found) });
  }

  notHdf5(expected: string, found: string): never {
    throw new NotHdf5Error({ file: this.source.name, field: "superblock", expected, found });
  }
}

/** Reads little-endian items one after another; running past the end is damage of `field`. */
export class Cursor {
  readonly hdf5: Hdf5Bytes;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly field: string;
  /** Absolute position of the first byte in the file. */
  readonly origin: number;
  readonly length: number;
  /** Next byte, relative to the start. */
  at = 0;
  readonly #start: number;
  readonly #view: DataView;

  constructor(
    hdf5: Hdf5Bytes,
    bytes: Uint8Array<ArrayBuffer>,
    start: number,
    length: number,
    field: string,
    origin: number,
  ) {
    this.hdf5 = hdf5;
    this.bytes = bytes;
    this.field = field;
    this.origin = origin;
    this.length = length;
    this.#start = start;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset + start, length);
  }

  #take(count: number): number {
    const at = this.at;
    if (at + count > this.length)
      this.hdf5.corrupt(
        this.field,
        `${count} more bytes at ${this.origin + at}`,
        `end at ${this.origin + this.length}`,
      );
    this.at = at + count;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** A 64-bit length. Anything from 2⁵³ on is damage: no file is that long. */
  u64(): number {
    const at = this.#take(8);
    const high = this.#view.getUint32(at + 4, true);
    const value = high * 2 ** 32 + this.#view.getUint32(at, true);
    if (high >= 2 ** 21) this.hdf5.corrupt(this.field, "a number below 2^53", value);
    return value;
  }

  /** A 64-bit file address, made absolute; `UNDEFINED_ADDRESS` for the undefined one. */
  address(): number {
    const at = this.#take(8);
    const high = this.#view.getUint32(at + 4, true);
    const low = this.#view.getUint32(at, true);
    if (high === 0xffffffff && low === 0xffffffff) return UNDEFINED_ADDRESS;
    const value = high * 2 ** 32 + low + this.hdf5.baseAddress;
    if (high >= 2 ** 21) this.hdf5.corrupt(this.field, "an address below 2^53", value);
    return value;
  }

  /** An unsigned number of 1, 2, 4 or 8 bytes. */
  unsigned(widthBytes: number): number {
    if (widthBytes === 1) return this.u8();
    if (widthBytes === 2) return this.u16();
    if (widthBytes === 4) return this.u32();
    return this.u64();
  }

  skip(count: number): void {
    this.#take(count);
  }

  /** The next bytes, not copied. */
  take(count: number): Uint8Array<ArrayBuffer> {
    const at = this.#start + this.#take(count);
    return this.bytes.subarray(at, at + count);
  }

  /** Four characters of a signature. */
  signature(expected: string): void {
    const found = String.fromCharCode(...this.take(expected.length));
    if (found !== expected) this.hdf5.corrupt(this.field, `signature ${expected}`, JSON.stringify(found));
  }

  /** A part of this cursor's bytes as a cursor of its own; this one moves past it. */
  sub(length: number): Cursor {
    const at = this.#take(length);
    return new Cursor(this.hdf5, this.bytes, this.#start + at, length, this.field, this.origin + at);
  }

  /** Whether all bytes that are left are zero; moves to the end. */
  restIsZero(): boolean {
    return this.take(this.remaining).every((byte) => byte === 0);
  }

  get remaining(): number {
    return this.length - this.at;
  }
}
