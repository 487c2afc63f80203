/** Integers as text: zigzag base-128 numbers, least significant digit first, in base64. The form of the shipped tables. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * Reads back packed integers.
 *
 * @param text  standard base64 with or without padding
 * @param count  how many integers the text must hold
 * @returns integers up to 2^53, exact in float64
 * @throws RangeError when the text holds another number of integers or characters outside base64
 */
export function unpackIntegers(text: string, count: number): Float64Array {
  const digitOf = new Int8Array(128).fill(-1);
  for (let k = 0; k < 64; k++) digitOf[ALPHABET.charCodeAt(k)] = k;
  const out = new Float64Array(count);
  let filledCount = 0;
  let bits = 0;
  let bitCount = 0;
  let value = 0;
  let place = 1;
  for (let k = 0; k < text.length && text[k] !== "="; k++) {
    const digit = digitOf[text.charCodeAt(k)] ?? -1;
    if (digit < 0) throw new RangeError(`packed integers: character ${k}: expected base64, found "${text[k]}"`);
    bits = ((bits << 6) | digit) & 0xffff;
    bitCount += 6;
    if (bitCount < 8) continue;
    bitCount -= 8;
    const byte = (bits >> bitCount) & 0xff;
    value += (byte & 0x7f) * place;
    place *= 128;
    if (byte >= 128) continue;
    if (filledCount === count) throw new RangeError(`packed integers: expected ${count}, found more`);
    out[filledCount++] = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    value = 0;
    place = 1;
  }
  if (filledCount !== count) throw new RangeError(`packed integers: expected ${count}, found ${filledCount}`);
  return out;
}
