/** The chunk shape that h5py chooses for a dataset that may grow, so that files have the layout of the on-site writer. */

const BASE_BYTES = 16 << 10;
const LEAST_BYTES = 8 << 10;
const MOST_BYTES = 1 << 20;

/**
 * @param shape         shape at creation; 0 counts as 1024
 * @param elementBytes  size of one element
 *
 * The aim is 16 KiB × 2^log10(size in MiB), between 8 KiB and 1 MiB. Beginning with the first, dimensions are
 * halved in turn until the chunk is below the aim or within half of it.
 */
export function guessChunkShape(shape: readonly number[], elementBytes: number): number[] {
  const chunk = shape.map((size) => (size === 0 ? 1024 : size));
  const bytesOf = (): number => chunk.reduce((product, size) => product * size, elementBytes);
  const aim = Math.min(MOST_BYTES, Math.max(LEAST_BYTES, BASE_BYTES * 2 ** Math.log10(bytesOf() / 2 ** 20)));
  for (let d = 0; ; d = (d + 1) % chunk.length) {
    const bytes = bytesOf();
    const isNear = bytes < aim || Math.abs(bytes - aim) / aim < 0.5;
    if ((isNear && bytes < MOST_BYTES) || chunk.every((size) => size === 1)) return chunk;
    chunk[d] = Math.ceil((chunk[d] as number) / 2);
  }
}
