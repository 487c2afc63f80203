/** How large a rate may be of which some were seen. */

/** Of the normal distribution, for 95 % on two sides. */
const Z95 = 1.959963984540054;

/**
 * Wilson's score interval for a proportion (E. B. Wilson, JASA 22, 209, 1927), 95 %.
 *
 * @returns fractions; [0, 1] where nothing was tried
 */
export function wilsonInterval(seenCount: number, triedCount: number): readonly [lower: number, upper: number] {
  if (triedCount === 0) return [0, 1];
  const p = seenCount / triedCount;
  const z2n = (Z95 * Z95) / triedCount;
  const centre = (p + z2n / 2) / (1 + z2n);
  const half = (Z95 / (1 + z2n)) * Math.sqrt((p * (1 - p)) / triedCount + z2n / (4 * triedCount));
  return [seenCount === 0 ? 0 : Math.max(0, centre - half), seenCount === triedCount ? 1 : Math.min(1, centre + half)];
}
