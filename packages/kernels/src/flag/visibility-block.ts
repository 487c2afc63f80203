/**
 * How kernels see visibilities: rows of a Measurement Set as they lie, and planes of one baseline and correlation.
 *
 * A **block** is `[row][channel][correlation]`, with `re, im` side by side in `vis`: the bytes of a DATA column.
 * A **plane** is `[time][channel]` of one baseline and one correlation. Rows of a baseline lie far apart in a block; a list
 * of row numbers in order of time says which they are.
 */

/** Visibilities and their flags. The arrays are shared, never copied; kernels write `flags` alone. */
export interface VisibilityBlock {
  /** `[row][channel][correlation][re, im]`: 2 × rows × channels × correlations. */
  readonly vis: Float32Array;
  /** `[row][channel][correlation]`, 1 = flagged. Kernels set flags and never clear them. */
  readonly flags: Uint8Array;
  readonly rowCount: number;
  readonly channelCount: number;
  readonly correlationCount: number;
}

/** @throws RangeError when an array of a block has not the length its counts ask for. */
export function checkBlock(block: VisibilityBlock): void {
  const { vis, flags, rowCount, channelCount, correlationCount } = block;
  const sampleCount = rowCount * channelCount * correlationCount;
  if (vis.length !== 2 * sampleCount) {
    throw new RangeError(`vis: expected ${2 * sampleCount} numbers (re, im of each sample), found ${vis.length}`);
  }
  if (flags.length !== sampleCount) throw new RangeError(`flags: expected ${sampleCount}, found ${flags.length}`);
}

/**
 * Amplitudes and flags of one correlation of some rows, as a plane. A sample that is not finite is flagged in the plane
 * (not in the block), and a flagged one has amplitude 0.
 *
 * @param rows Row numbers within the block, one per time.
 * @param amplitudes Filled: `[time][channel]`; may be longer than needed.
 * @param planeFlags Filled likewise.
 * @returns How many samples of the plane are not flagged.
 */
export function gatherAmplitudes(
  block: VisibilityBlock,
  rows: Int32Array,
  correlation: number,
  amplitudes: Float32Array,
  planeFlags: Uint8Array,
): number {
  const { vis, flags, channelCount, correlationCount } = block;
  let goodCount = 0;
  let out = 0;
  for (let time = 0; time < rows.length; time++) {
    let at = rows[time] * channelCount * correlationCount + correlation;
    for (let channel = 0; channel < channelCount; channel++) {
      const re = vis[2 * at];
      const im = vis[2 * at + 1];
      const square = re * re + im * im;
      // Squares of float32 cannot overflow a double, so this asks just whether both parts are finite.
      const good = flags[at] === 0 && square < Infinity;
      amplitudes[out] = good ? Math.sqrt(square) : 0;
      planeFlags[out] = good ? 0 : 1;
      if (good) goodCount++;
      out++;
      at += correlationCount;
    }
  }
  return goodCount;
}

/** Flags of one correlation of some rows, as a plane. */
export function gatherFlags(
  block: VisibilityBlock,
  rows: Int32Array,
  correlation: number,
  planeFlags: Uint8Array,
): void {
  const { flags, channelCount, correlationCount } = block;
  let out = 0;
  for (let time = 0; time < rows.length; time++) {
    let at = rows[time] * channelCount * correlationCount + correlation;
    for (let channel = 0; channel < channelCount; channel++) {
      planeFlags[out++] = flags[at];
      at += correlationCount;
    }
  }
}

/**
 * Adds the flags of a plane to those of the block.
 *
 * @returns How many samples are newly flagged.
 */
export function scatterFlags(
  planeFlags: Uint8Array,
  block: VisibilityBlock,
  rows: Int32Array,
  correlation: number,
): number {
  const { flags, channelCount, correlationCount } = block;
  let newCount = 0;
  let from = 0;
  for (let time = 0; time < rows.length; time++) {
    let at = rows[time] * channelCount * correlationCount + correlation;
    for (let channel = 0; channel < channelCount; channel++) {
      if (planeFlags[from++] !== 0 && flags[at] === 0) {
        flags[at] = 1;
        newCount++;
      }
      at += correlationCount;
    }
  }
  return newCount;
}

/**
 * Rows of each baseline, in the order of the block (which is that of time in a Measurement Set sorted by time).
 * A baseline is an ordered pair as stored: (a, b) and (b, a) are two.
 */
export function rowsByBaseline(ant1: Int32Array, ant2: Int32Array): Map<string, Int32Array> {
  const lists = new Map<string, number[]>();
  for (let row = 0; row < ant1.length; row++) {
    const key = `${ant1[row]}-${ant2[row]}`;
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [row]);
    else list.push(row);
  }
  return new Map([...lists].map(([key, list]) => [key, Int32Array.from(list)]));
}
