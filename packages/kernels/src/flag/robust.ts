/** Robust statistics in place, without allocating: order statistics by Hoare's selection. */

/**
 * The k-th smallest of the first `count` values. Reorders them.
 *
 * @param k 0 … count − 1.
 */
export function selectInPlace(values: Float32Array, count: number, k: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = values[(low + high) >>> 1];
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const swap = values[i];
      values[i] = values[j];
      values[j] = swap;
      i++;
      j--;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else return values[k];
  }
  return values[k];
}

/** Median of the first `count` values (the upper one of two in the middle); NaN of none. Reorders them; no NaN among them. */
export function medianInPlace(values: Float32Array, count: number): number {
  return count === 0 ? Number.NaN : selectInPlace(values, count, count >>> 1);
}

/** σ of a normal distribution in units of its median absolute deviation. */
export const SIGMA_PER_MAD_RATIO = 1.4826022185056018;

/**
 * Standard deviation from the median absolute deviation about `centre`, as if values were normal. Overwrites the values.
 * NaN of none.
 */
export function madSigmaInPlace(values: Float32Array, count: number, centre: number): number {
  for (let i = 0; i < count; i++) values[i] = Math.abs(values[i] - centre);
  return SIGMA_PER_MAD_RATIO * medianInPlace(values, count);
}
