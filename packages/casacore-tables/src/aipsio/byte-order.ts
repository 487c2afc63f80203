/** Byte order of numbers and packing of bits: what differs between a file and memory. */

/** True on the machines in use today; a big-endian host only swaps where this one does not. */
export const hostIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * Reverses the bytes of each `partBytes`-long group, in place.
 *
 * @param bytes     whole groups only; views that start on a multiple of 4 bytes are swapped four bytes at a time
 * @param partBytes 1 (nothing to do), 2, 4 or 8
 */
export function swapBytes(bytes: Uint8Array, partBytes: number): void {
  if (partBytes === 1) return;
  const aligned = bytes.byteOffset % 4 === 0;
  if (partBytes === 4 && aligned) {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
    for (let i = 0; i < words.length; i++) words[i] = swapWord(words[i] as number);
    return;
  }
  if (partBytes === 8 && aligned) {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
    for (let i = 0; i + 1 < words.length; i += 2) {
      const first = words[i] as number;
      words[i] = swapWord(words[i + 1] as number);
      words[i + 1] = swapWord(first);
    }
    return;
  }
  for (let start = 0; start + partBytes <= bytes.length; start += partBytes) {
    for (let low = start, high = start + partBytes - 1; low < high; low++, high--) {
      const byte = bytes[low] as number;
      bytes[low] = bytes[high] as number;
      bytes[high] = byte;
    }
  }
}

function swapWord(word: number): number {
  return ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** Eight bits as eight bytes, lowest bit first, as two 32-bit words for each byte value (in host order). */
const unpackWords = buildUnpackWords();

function buildUnpackWords(): Uint32Array {
  const bytes = new Uint8Array(256 * 8);
  for (let value = 0; value < 256; value++) {
    for (let bit = 0; bit < 8; bit++) bytes[value * 8 + bit] = (value >> bit) & 1;
  }
  return new Uint32Array(bytes.buffer);
}

/**
 * Unpacks bits, lowest bit of each byte first, to one byte (0 or 1) each.
 *
 * @param packed   source bytes
 * @param bitStart first bit to take
 * @param bitCount number of bits
 * @param into     target; elements [intoStart, intoStart + bitCount) are written
 */
export function unpackBits(
  packed: Uint8Array,
  bitStart: number,
  bitCount: number,
  into: Uint8Array,
  intoStart: number,
): void {
  let bit = bitStart;
  let at = intoStart;
  const end = intoStart + bitCount;
  while (at < end && bit % 8 !== 0) {
    into[at++] = ((packed[Math.floor(bit / 8)] as number) >> (bit % 8)) & 1;
    bit++;
  }
  let source = bit / 8;
  const wholeBytes = (end - at) >>> 3;
  if ((into.byteOffset + at) % 4 === 0) {
    const words = new Uint32Array(into.buffer, into.byteOffset + at, wholeBytes * 2);
    for (let i = 0; i < wholeBytes; i++) {
      const value = packed[source + i] as number;
      words[2 * i] = unpackWords[2 * value] as number;
      words[2 * i + 1] = unpackWords[2 * value + 1] as number;
    }
    at += wholeBytes * 8;
  } else {
    for (let i = 0; i < wholeBytes; i++) {
      const value = packed[source + i] as number;
      for (let k = 0; k < 8; k++) into[at++] = (value >> k) & 1;
    }
  }
  source += wholeBytes;
  for (let k = 0; at < end; k++) into[at++] = ((packed[source] as number) >> k) & 1;
}

/**
 * Packs flags to bits, lowest bit of each byte first; unused bits of the last byte are 0. Any byte other than 0 counts as set.
 *
 * @param flags one byte a flag
 * @returns ceil(flags.length / 8) bytes
 */
export function packBits(flags: Uint8Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil(flags.length / 8));
  for (let i = 0; i < flags.length; i++) {
    if (flags[i] !== 0) packed[i >>> 3] = (packed[i >>> 3] as number) | (1 << (i & 7));
  }
  return packed;
}
