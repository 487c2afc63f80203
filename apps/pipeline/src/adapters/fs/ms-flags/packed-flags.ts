/** Flags of a whole table in memory, a bit each: lowest bit first, every row from a byte of its own, so that threads write side by side. */

export interface PackedFlags {
  /** Shared between threads. */
  readonly bytes: Uint8Array;
  readonly rowBytes: number;
  readonly rowCount: number;
}

export function createPackedFlags(rowCount: number, rowSampleCountMax: number): PackedFlags {
  const rowBytes = Math.ceil(rowSampleCountMax / 8);
  return { bytes: new Uint8Array(new SharedArrayBuffer(rowCount * rowBytes)), rowBytes, rowCount };
}

export function copyPackedFlags({ bytes, rowBytes, rowCount }: PackedFlags): PackedFlags {
  return { bytes: bytes.slice(), rowBytes, rowCount };
}

/** Four bits as four bytes in a word, whatever order the machine has. */
const nibbleWords = new Uint32Array(Uint8Array.from({ length: 64 }, (_, i) => ((i >> 2) >> (i & 3)) & 1).buffer);

/** Sets `count` flags from `at` on to those of a row. */
export function unpackRow(packed: PackedFlags, row: number, flags: Uint8Array, at: number, count: number): void {
  const { bytes, rowBytes } = packed;
  let from = row * rowBytes;
  const wholeBytes = count >>> 3;
  if ((flags.byteOffset + at) % 4 === 0) {
    const words = new Uint32Array(flags.buffer, flags.byteOffset + at, 2 * wholeBytes);
    for (let i = 0; i < words.length; i += 2) {
      const byte = bytes[from++]!;
      words[i] = nibbleWords[byte & 15]!;
      words[i + 1] = nibbleWords[byte >>> 4]!;
    }
  } else {
    for (let i = at; i < at + 8 * wholeBytes; i += 8) {
      const byte = bytes[from++]!;
      for (let bit = 0; bit < 8; bit++) flags[i + bit] = (byte >>> bit) & 1;
    }
  }
  for (let bit = 0; bit < count - 8 * wholeBytes; bit++) flags[at + 8 * wholeBytes + bit] = (bytes[from]! >>> bit) & 1;
}

/** Makes a row that of `count` flags (0 or 1) from `at` on; bits behind them are 0. */
export function packRow(packed: PackedFlags, row: number, flags: Uint8Array, at: number, count: number): void {
  const { bytes, rowBytes } = packed;
  let to = row * rowBytes;
  let from = at;
  for (let i = 0; i < count >>> 3; i++, from += 8) {
    bytes[to++] =
      flags[from]! |
      (flags[from + 1]! << 1) |
      (flags[from + 2]! << 2) |
      (flags[from + 3]! << 3) |
      (flags[from + 4]! << 4) |
      (flags[from + 5]! << 5) |
      (flags[from + 6]! << 6) |
      (flags[from + 7]! << 7);
  }
  const end = (row + 1) * rowBytes;
  if (to === end) return;
  let byte = 0;
  for (let bit = 0; from < at + count; bit++, from++) byte |= flags[from]! << bit;
  bytes[to++] = byte;
  bytes.fill(0, to, end);
}

const bitCounts = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>>= 1) count += rest & 1;
  return count;
});

/** How many bits of a row are set. */
export function countRow({ bytes, rowBytes }: PackedFlags, row: number): number {
  let count = 0;
  for (let at = row * rowBytes; at < (row + 1) * rowBytes; at++) count += bitCounts[bytes[at]!]!;
  return count;
}

/** Sets the bits of a row that a mask of the same length has. @returns how many were not set */
export function orRow({ bytes, rowBytes }: PackedFlags, row: number, mask: Uint8Array): number {
  let newCount = 0;
  for (let i = 0, at = row * rowBytes; i < rowBytes; i++, at++) {
    const fresh = mask[i]! & ~bytes[at]!;
    if (fresh === 0) continue;
    newCount += bitCounts[fresh]!;
    bytes[at] = bytes[at]! | fresh;
  }
  return newCount;
}

/** A mask of a row, from one byte a flag. */
export function maskOf(rowBytes: number, flags: Uint8Array): Uint8Array {
  const mask = { bytes: new Uint8Array(rowBytes), rowBytes, rowCount: 1 };
  packRow(mask, 0, flags, 0, flags.length);
  return mask.bytes;
}
