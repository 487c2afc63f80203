const SPEED_OF_LIGHT_M_PER_SEC = 299_792_458;

/**
 * Multiplies visibilities with exp(−2πi ν/c · path), in place: the plain form, one sine and cosine a sample. It is the
 * reference of `rotateRows`, which is made for large blocks.
 *
 * @param vis  complex, interleaved re, im; row-major [row, chan, pol]
 * @param pathM  [row]; path to the new centre minus path to the old one
 * @param freqHz  [chan]
 * @param polCount  polarisations of each channel
 * @throws RangeError when `vis` does not hold row × chan × pol samples
 */
export function rotateVisibilities(
  vis: Float32Array | Float64Array,
  pathM: Float64Array,
  freqHz: Float64Array,
  polCount: number,
): void {
  const expectedCount = 2 * pathM.length * freqHz.length * polCount;
  if (vis.length !== expectedCount) {
    throw new RangeError(`vis holds ${vis.length} elements, expected ${expectedCount}`);
  }
  let at = 0;
  for (const path of pathM) {
    for (const freq of freqHz) {
      const phaseRad = ((-2 * Math.PI) / SPEED_OF_LIGHT_M_PER_SEC) * freq * path;
      const cos = Math.cos(phaseRad);
      const sin = Math.sin(phaseRad);
      for (let pol = 0; pol < polCount; pol++, at += 2) {
        const re = vis[at]!;
        const im = vis[at + 1]!;
        vis[at] = re * cos - im * sin;
        vis[at + 1] = re * sin + im * cos;
      }
    }
  }
}
