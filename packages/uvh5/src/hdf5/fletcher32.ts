/** The Fletcher-32 checksum of HDF5's filter 3. */

/**
 * Checksum over 16-bit big-endian words; an odd last byte counts as the upper half of a word.
 *
 * @returns an unsigned 32-bit number
 */
export function fletcher32(bytes: Uint8Array): number {
  let low = 0;
  let high = 0;
  const words = bytes.length >> 1;
  // 360 words are the most whose sums stay below 2^32 before they are folded.
  for (let start = 0; start < words; start += 360) {
    const stop = Math.min(start + 360, words);
    for (let i = start; i < stop; i++) {
      low += ((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number);
      high += low;
    }
    low = (low & 0xffff) + (low >>> 16);
    high = (high & 0xffff) + (high >>> 16);
  }
  if (bytes.length & 1) {
    low += (bytes[bytes.length - 1] as number) << 8;
    high += low;
    low = (low & 0xffff) + (low >>> 16);
    high = (high & 0xffff) + (high >>> 16);
  }
  low = (low & 0xffff) + (low >>> 16);
  high = (high & 0xffff) + (high >>> 16);
  return ((high << 16) | low) >>> 0;
}
