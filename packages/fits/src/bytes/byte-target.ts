/** Where written bytes go. */

/** A place to write to at any position: positions ahead of the end are written later, headers again at the end. */
export interface ByteTarget {
  /** Path or name, for errors. */
  readonly name: string;
  write(bytes: Uint8Array, startByte: number): void | Promise<void>;
}

/** A target in memory that grows. `bytes()` are those written so far. */
export function memoryTarget(name = "memory"): ByteTarget & { bytes(): Uint8Array } {
  let held = new Uint8Array(1 << 16);
  let byteLength = 0;
  return {
    name,
    write(bytes, startByte) {
      const endByte = startByte + bytes.length;
      if (endByte > held.length) {
        const grown = new Uint8Array(Math.max(endByte, 2 * held.length));
        grown.set(held.subarray(0, byteLength));
        held = grown;
      }
      held.set(bytes, startByte);
      byteLength = Math.max(byteLength, endByte);
    },
    bytes: () => held.subarray(0, byteLength),
  };
}
