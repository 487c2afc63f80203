/** The LZF compression that h5py offers as filter 32000. */

/**
 * Decodes one LZF block.
 *
 * The format is a row of control bytes: below 32, that many bytes plus one follow as they are; otherwise the
 * upper 3 bits give a length less 2 (7: one more byte is added to it) and the lower 5 bits with the next byte
 * a distance less 1 to copy from.
 *
 * @param into  as long as the decoded block must be
 * @returns whether the input was sound and filled `into` exactly
 */
export function decodeLzf(input: Uint8Array, into: Uint8Array): boolean {
  const inputEnd = input.length;
  const end = into.length;
  let at = 0;
  let out = 0;
  while (at < inputEnd) {
    const control = input[at++] as number;
    if (control < 32) {
      const count = control + 1;
      if (at + count > inputEnd || out + count > end) return false;
      for (let i = 0; i < count; i++) into[out++] = input[at++] as number;
      continue;
    }
    let count = (control >> 5) + 2;
    if (count === 9) {
      if (at >= inputEnd) return false;
      count += input[at++] as number;
    }
    if (at >= inputEnd) return false;
    const distance = (((control & 31) << 8) | (input[at++] as number)) + 1;
    let from = out - distance;
    if (from < 0 || out + count > end) return false;
    if (distance === 1) {
      into.fill(into[from] as number, out, out + count);
      out += count;
    } else {
      for (let i = 0; i < count; i++) into[out++] = into[from++] as number;
    }
  }
  return out === end;
}
