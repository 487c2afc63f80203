/** The sums that DATASUM and CHECKSUM hold: FITS standard 4.0, 4.4.2.7 and appendix J. */

/** Ones' complement sum of big-endian 32-bit words, over bytes as they come. What is not a whole word waits. */
export class WordSum {
  #total = 0;
  #rest: number[] = [];

  add(bytes: Uint8Array): void {
    let start = 0;
    while (this.#rest.length > 0 && start < bytes.length) this.#addByte(bytes[start++]!);
    const wholeEnd = start + ((bytes.length - start) & ~3);
    this.#total = folded(this.#total + sumOfWords(bytes.subarray(start, wholeEnd)));
    for (let at = wholeEnd; at < bytes.length; at++) this.#addByte(bytes[at]!);
  }

  /** The sum so far, with zeros for what a last word lacks: 0 to 2^32 - 1. */
  get sum(): number {
    return folded(this.#total + wordOf(this.#rest));
  }

  #addByte(byte: number): void {
    this.#rest.push(byte);
    if (this.#rest.length < 4) return;
    this.#total = folded(this.#total + wordOf(this.#rest));
    this.#rest = [];
  }
}

function wordOf(bytes: readonly number[]): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

/** Carries go around to the lowest bit. */
function folded(total: number): number {
  let sum = total;
  while (sum > 0xffffffff) sum = Math.floor(sum / 0x100000000) + (sum % 0x100000000);
  return sum;
}

/** Below 2^53 for pieces up to 8 MB. */
const MAX_PIECE_BYTES = 1 << 23;

function sumOfWords(bytes: Uint8Array): number {
  if (bytes.length > MAX_PIECE_BYTES) {
    return folded(sumOfWords(bytes.subarray(0, MAX_PIECE_BYTES)) + sumOfWords(bytes.subarray(MAX_PIECE_BYTES)));
  }
  let sum = 0;
  if (bytes.byteOffset % 4 !== 0) {
    for (let at = 0; at < bytes.length; at += 4) {
      sum += ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
    }
    return folded(sum);
  }
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1) {
    for (let i = 0; i < words.length; i++) {
      const x = words[i]!;
      sum += ((x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24)) >>> 0;
    }
  } else {
    for (let i = 0; i < words.length; i++) sum += words[i]! >>> 0;
  }
  return folded(sum);
}

/** Adds two sums. */
export function addSums(first: number, second: number): number {
  return folded(first + second);
}

/** The value of a CHECKSUM keyword before its sum is known. */
export const UNKNOWN_CHECKSUM = "0000000000000000";

/**
 * Sixteen letters and digits for CHECKSUM that bring the sum of the whole HDU to all ones.
 *
 * @param sum  of header and data with `UNKNOWN_CHECKSUM` in the header
 */
export function encodeChecksum(sum: number): string {
  const complement = (0xffffffff - sum) >>> 0;
  const characters = new Uint8Array(16);
  for (let place = 0; place < 4; place++) {
    const byte = (complement >>> (24 - 8 * place)) & 0xff;
    // The byte in four parts, each a character from '0' up.
    const parts = [0, 1, 2, 3].map((part) => (byte >> 2) + 0x30 + (part === 0 ? byte % 4 : 0));
    // Punctuation between digits, capitals and small letters is avoided by moving ones within pairs.
    for (let pair = 0; pair < 4; pair += 2) {
      while (isPunctuation(parts[pair]!) || isPunctuation(parts[pair + 1]!)) {
        parts[pair]!++;
        parts[pair + 1]!--;
      }
    }
    for (const [part, character] of parts.entries()) characters[4 * part + place] = character;
  }
  // The string begins one byte behind a word in its card.
  return String.fromCharCode(characters[15]!, ...characters.subarray(0, 15));
}

function isPunctuation(character: number): boolean {
  return (character >= 0x3a && character <= 0x40) || (character >= 0x5b && character <= 0x60);
}
