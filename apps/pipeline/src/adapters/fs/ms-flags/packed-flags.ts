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

/** Flags, one byte each, and the same memory four at a time. */
export interface FlagBuffer {
  readonly flags: Uint8Array;
  readonly words: Uint32Array;
}

/** Room for at least `length` flags. */
export function createFlagBuffer(length: number): FlagBuffer {
  const flags = new Uint8Array(8 * Math.ceil(length / 8));
  return { flags, words: new Uint32Array(flags.buffer) };
}

/** Four bits as four bytes in a word, whatever order the machine has. */
const nibbleWords = new Uint32Array(Uint8Array.from({ length: 64 }, (_, i) => ((i >> 2) >> (i & 3)) & 1).buffer);

/** Sets `count` flags from `at` on to those of a row. */
export function unpackRow(packed: PackedFlags, row: number, { flags, words }: FlagBuffer, at: number, count: number) {
  const { bytes, rowBytes } = packed;
  let from = row * rowBytes;
  const wholeEnd = at + (count & ~7);
  if ((at & 3) === 0) {
    for (let word = at >> 2; word < wholeEnd >> 2; word += 2) {
      const byte = bytes[from++]!;
      words[word] = nibbleWords[byte & 15]!;
      words[word + 1] = nibbleWords[byte >>> 4]!;
    }
  } else {
    for (let i = at; i < wholeEnd; i += 8) {
      const byte = bytes[from++]!;
      for (let bit = 0; bit < 8; bit++) flags[i + bit] = (byte >>> bit) & 1;
    }
  }
  for (let bit = 0; wholeEnd + bit < at + count; bit++) flags[wholeEnd + bit] = (bytes[from]! >>> bit) & 1;
}

/** Moves the lowest bit of each byte of a word to the highest four bits; which way round depends on the machine. */
const GATHER_BITS = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0x01020408 : 0x08040201;

/** Makes a row that of `count` flags (0 or 1) from `at` on; bits behind them are 0. */
export function packRow(packed: PackedFlags, row: number, { flags, words }: FlagBuffer, at: number, count: number) {
  const { bytes, rowBytes } = packed;
  const end = (row + 1) * rowBytes;
  const wholeEnd = at + (count & ~7);
  let to = row * rowBytes;
  if ((at & 3) === 0) {
    for (let word = at >> 2; word < wholeEnd >> 2; word += 2) {
      const low = Math.imul(words[word]!, GATHER_BITS) >>> 24;
      const high = Math.imul(words[word + 1]!, GATHER_BITS) >>> 24;
      bytes[to++] = low | (high << 4);
    }
  } else {
    for (let i = at; i < wholeEnd; i += 8) {
      let byte = 0;
      for (let bit = 0; bit < 8; bit++) byte |= flags[i + bit]! << bit;
      bytes[to++] = byte;
    }
  }
  if (to === end) return;
  let byte = 0;
  for (let i = wholeEnd; i < at + count; i++) byte |= flags[i]! << (i - wholeEnd);
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
  const buffer = createFlagBuffer(flags.length);
  buffer.flags.set(flags);
  packRow(mask, 0, buffer, 0, flags.length);
  return mask.bytes;
}
