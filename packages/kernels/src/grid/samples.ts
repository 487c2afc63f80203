/** Which visibilities there are and where in the uvw space they lie. */

const SPEED_OF_LIGHT_M_PER_SEC = 299_792_458;

/**
 * Rows of samples at frequencies of their own. Visibilities, weights and flags are arrays over all samples, rows one after
 * another.
 */
export interface Samples {
  /** `[row][3]`, metres, antenna 2 minus antenna 1, as for prediction. */
  readonly uvwM: Float64Array;
  /** ν/c: wavelengths a metre. */
  readonly wavesPerM: Float64Array;
  /** First sample of each row and, last, the number of all. Absent: each row has all of `wavesPerM`. */
  readonly rowStarts?: Uint32Array;
  /** Place in `wavesPerM` of the first sample of each row. Absent: 0. */
  readonly waveStarts?: Uint32Array;
}

/** Samples of rows that all have the same channels: arrays are `[row][channel]`. */
export function channelSamples(uvwM: Float64Array, freqHz: Float64Array): Samples {
  return { uvwM, wavesPerM: freqHz.map((hz) => hz / SPEED_OF_LIGHT_M_PER_SEC) };
}

/** Number of samples of all rows. */
export function sampleCountOf(samples: Samples): number {
  const rowCount = samples.uvwM.length / 3;
  return samples.rowStarts?.[rowCount] ?? rowCount * samples.wavesPerM.length;
}

/** How far samples reach, in wavelengths. */
export interface UvwExtent {
  readonly uMostLambda: number;
  readonly vMostLambda: number;
  readonly wLeastLambda: number;
  readonly wMostLambda: number;
}

/**
 * Largest |u| and |v|, least and largest |w|.
 *
 * @throws RangeError when a coordinate or a frequency is no number, or a frequency not above 0.
 */
export function extentOf(samples: Samples): UvwExtent {
  const { uvwM, wavesPerM, rowStarts, waveStarts } = samples;
  for (const waves of wavesPerM) {
    if (!(waves > 0 && waves < Infinity))
      throw new RangeError(`frequency: expected above 0, found ${waves} waves per m`);
  }
  let [uMostLambda, vMostLambda, wLeastLambda, wMostLambda] = [0, 0, Infinity, 0];
  const all = rowStarts === undefined ? rangeOf(wavesPerM, 0, wavesPerM.length) : undefined;
  for (let row = 0; row < uvwM.length / 3; row++) {
    const start = waveStarts?.[row] ?? 0;
    const count = rowStarts === undefined ? wavesPerM.length : rowStarts[row + 1] - rowStarts[row];
    if (count === 0) continue;
    const [least, most] = all ?? rangeOf(wavesPerM, start, start + count);
    uMostLambda = Math.max(uMostLambda, Math.abs(uvwM[3 * row]) * most);
    vMostLambda = Math.max(vMostLambda, Math.abs(uvwM[3 * row + 1]) * most);
    wLeastLambda = Math.min(wLeastLambda, Math.abs(uvwM[3 * row + 2]) * least);
    wMostLambda = Math.max(wMostLambda, Math.abs(uvwM[3 * row + 2]) * most);
  }
  for (const [name, found] of Object.entries({ u: uMostLambda, v: vMostLambda, w: wMostLambda })) {
    if (!(found < Infinity)) throw new RangeError(`uvw: ${name} is not a number in some row`);
  }
  return { uMostLambda, vMostLambda, wLeastLambda: Math.min(wLeastLambda, wMostLambda), wMostLambda };
}

function rangeOf(wavesPerM: Float64Array, start: number, end: number): readonly [number, number] {
  let [least, most] = [Infinity, 0];
  for (let index = start; index < end; index++) {
    least = Math.min(least, wavesPerM[index]);
    most = Math.max(most, wavesPerM[index]);
  }
  return [least, most];
}
