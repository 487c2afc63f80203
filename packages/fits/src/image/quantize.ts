/** Values to the integers that are stored for them. */
import type { StoredArray } from "../bytes/big-endian.ts";
import { FitsWriteError } from "../errors.ts";
import type { Scaling } from "./scale.ts";

const RANGES = {
  1: [0, 255],
  2: [-32768, 32767],
  4: [-2147483648, 2147483647],
  8: [-(2 ** 63), 2 ** 63],
} as const;

/**
 * Rounds (value - bzero) / bscale to the nearest integer, halves up; NaN becomes the blank.
 *
 * @param place  what is written, for errors
 * @throws FitsWriteError when a value has no stored integer, or NaN has no blank
 */
export function quantizeInto(
  values: ArrayLike<number>,
  scaling: Scaling,
  out: Exclude<StoredArray, Float32Array | Float64Array>,
  file: string,
  place: string,
): void {
  const { bscale, blank } = scaling;
  const bzero = Number(scaling.bzero);
  const [low, high] = RANGES[out.BYTES_PER_ELEMENT as 1 | 2 | 4 | 8];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const stored = Math.round((value - bzero) / bscale);
    if (stored >= low && stored <= high && !(out instanceof BigInt64Array && stored === high)) {
      if (out instanceof BigInt64Array) out[i] = BigInt(stored);
      else out[i] = stored;
      continue;
    }
    if (!Number.isNaN(value) || blank === undefined) {
      const expected = blank === undefined ? "a value that can be stored" : "NaN or a value that can be stored";
      throw new FitsWriteError({ file, place, expected, found: `${value}` });
    }
    if (out instanceof BigInt64Array) out[i] = BigInt(blank);
    else out[i] = Number(blank);
  }
}
