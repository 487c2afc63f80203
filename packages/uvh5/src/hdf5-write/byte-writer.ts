/** Composes little-endian structures of HDF5 in memory. */

/** Bytes that grow as items are appended. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Makes room, which may replace the buffer and its view: they must be fetched after this. */
  #room(count: number): number {
    const at = this.#length;
    const end = at + count;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = end;
    return at;
  }

  u8(...values: readonly number[]): this {
    for (const value of values) {
      const at = this.#room(1);
      this.#view.setUint8(at, value);
    }
    return this;
  }

  u16(...values: readonly number[]): this {
    for (const value of values) {
      const at = this.#room(2);
      this.#view.setUint16(at, value, true);
    }
    return this;
  }

  u32(...values: readonly number[]): this {
    for (const value of values) {
      const at = this.#room(4);
      this.#view.setUint32(at, value, true);
    }
    return this;
  }

  u64(...values: readonly number[]): this {
    for (const value of values) {
      const at = this.#room(8);
      this.#view.setUint32(at, value % 2 ** 32, true);
      this.#view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
    }
    return this;
  }

  /** The undefined address, or "unlimited" for a dimension. */
  undefined64(): this {
    return this.u32(0xffffffff, 0xffffffff);
  }

  put(bytes: Uint8Array): this {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  ascii(text: string): this {
    return this.put(new TextEncoder().encode(text));
  }

  zeros(count: number): this {
    this.#room(count);
    return this;
  }

  /** Zeros up to a multiple of `unit`. */
  align(unit: number): this {
    return this.zeros((unit - (this.#length % unit)) % unit);
  }

  /** What was written; the writer may go on, but not change it. */
  done(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }
}
