/** Flags, one byte each, to the bits in which casacore stores truth values: bit i of the stream is the i-th flag, lowest bit first. */

/**
 * Packs flags into bits.
 *
 * @param flags  one byte a flag, 0 or 1
 * @param into   where the bits go; ceil(flags.length / 8) bytes from `intoStartByte` on are overwritten, and unused bits of
 *               the last one are 0
 * @throws RangeError when `into` is too short
 *
 * Four flags in a 32-bit word move to the lowest bits by one multiplication: 0x01020408 shifts flag k of the word to bit
 * 24 + k, and no two products meet. 0.4 ns a flag. Flags other than 0 and 1 would spoil their neighbours.
 */
export function packFlags(flags: Uint8Array, into: Uint8Array, intoStartByte = 0): void {
  const byteCount = Math.ceil(flags.length / 8);
  if (intoStartByte < 0 || intoStartByte + byteCount > into.length) {
    throw new RangeError(`packed flags: expected ${byteCount} bytes from ${intoStartByte} on, found ${into.length}`);
  }
  const wholeBytes = flags.length >>> 3;
  if (flags.byteOffset % 4 === 0) {
    const words = new Uint32Array(flags.buffer, flags.byteOffset, wholeBytes * 2);
    for (let i = 0, at = intoStartByte; i < words.length; i += 2, at++) {
      into[at] = wordsToByte(words[i] as number, words[i + 1] as number);
    }
  } else {
    for (let i = 0, at = 0; i < wholeBytes; i++) {
      let byte = 0;
      for (let bit = 0; bit < 8; bit++) byte |= (flags[at++] as number) << bit;
      into[intoStartByte + i] = byte;
    }
  }
  if (wholeBytes < byteCount) {
    let byte = 0;
    for (let bit = 0, at = wholeBytes * 8; at < flags.length; bit++, at++) byte |= (flags[at] as number) << bit;
    into[intoStartByte + wholeBytes] = byte;
  }
}

const gatherBits = 0x01020408;
const lowWordFirst = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** Eight flags as two words in host order. */
function wordsToByte(first: number, second: number): number {
  if (lowWordFirst) return (Math.imul(first, gatherBits) >>> 24) | ((Math.imul(second, gatherBits) >>> 24) << 4);
  return bigEndianNibble(first) | (bigEndianNibble(second) << 4);
}

function bigEndianNibble(word: number): number {
  return ((word >>> 24) & 1) | ((word >>> 15) & 2) | ((word >>> 6) & 4) | ((word << 3) & 8);
}
