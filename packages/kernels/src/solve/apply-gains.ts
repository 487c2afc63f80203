/** Calibration of samples: V' = V / (g_i g_j*). */
import { checkGainTable, type GainTable } from "./gain-table.ts";

/** Gains made ready to be applied; shared by threads. */
export interface InverseGains {
  readonly antennaCount: number;
  readonly intervalCount: number;
  readonly polCount: number;
  readonly channelCount: number;
  /** 1/g as `[interval][antenna][channel][pol][re, im]`; 0 where there is no gain. */
  readonly inverse: Float32Array;
  /** |g|², likewise without re, im. */
  readonly powers: Float32Array;
}

/**
 * Inverts gains once, for many rows. Bins of the table are channels of the rows. A gain that is flagged, 0 or not finite has no
 * inverse.
 *
 * @throws RangeError when the arrays of the table have the wrong length.
 */
export function invertGains(table: GainTable): InverseGains {
  checkGainTable(table);
  const { antennaCount, intervalCount, polCount, binCount } = table;
  const out = createInverseGains({ antennaCount, intervalCount, polCount, channelCount: binCount });
  composeGains([table], out);
  return out;
}

/** No gain for anything. */
export function createInverseGains(shape: Omit<InverseGains, "inverse" | "powers">): InverseGains {
  const { antennaCount, intervalCount, polCount, channelCount } = shape;
  const count = antennaCount * intervalCount * polCount * channelCount;
  return { ...shape, inverse: new Float32Array(2 * count), powers: new Float32Array(count) };
}

/**
 * Inverts the product of several gains: tables that were solved one on top of the other. There is no gain where one of them
 * has none.
 *
 * @param factors Each with as many intervals as `out`, or one that holds for all; likewise bins for channels.
 * @param out Overwritten, but for antennas that are left out.
 * @param isWanted `[antenna]`, 0: leave it out. Default: none is.
 * @throws RangeError when the shapes do not fit.
 */
export function composeGains(factors: readonly GainTable[], out: InverseGains, isWanted?: Uint8Array): void {
  const { antennaCount, intervalCount, polCount, channelCount, inverse, powers } = out;
  const one = (name: string, found: number, ...expected: readonly number[]): void => {
    if (!expected.includes(found)) throw new RangeError(`${name}: expected ${expected.join(" or ")}, found ${found}`);
  };
  for (const factor of factors) {
    checkGainTable(factor);
    one("antennas of a factor", factor.antennaCount, antennaCount);
    one("polarisations of a factor", factor.polCount, polCount);
    one("intervals of a factor", factor.intervalCount, intervalCount, 1);
    one("bins of a factor", factor.binCount, channelCount, 1);
  }
  const product = new Float64Array(2 * channelCount * polCount);
  for (let interval = 0; interval < intervalCount; interval++) {
    for (let antenna = 0; antenna < antennaCount; antenna++) {
      if (isWanted !== undefined && isWanted[antenna] === 0) continue;
      for (let k = 0; k < product.length; k += 2) {
        product[k] = 1;
        product[k + 1] = 0;
      }
      for (const factor of factors) {
        const row = (factor.intervalCount === 1 ? 0 : interval) * antennaCount + antenna;
        multiplyRow(product, factor, row, channelCount);
      }
      const first = (interval * antennaCount + antenna) * channelCount * polCount;
      for (let k = 0; k < channelCount * polCount; k++) {
        const re = product[2 * k];
        const im = product[2 * k + 1];
        const power = re * re + im * im;
        const isGain = power > 0 && power < Infinity;
        inverse[2 * (first + k)] = isGain ? re / power : 0;
        inverse[2 * (first + k) + 1] = isGain ? -im / power : 0;
        powers[first + k] = isGain ? power : 0;
      }
    }
  }
}

/** Multiplies `[channel][pol]` by one row of a table; by 0 where that has no gain. */
function multiplyRow(product: Float64Array, factor: GainTable, row: number, channelCount: number): void {
  const { polCount, binCount, gains, flags } = factor;
  for (let chan = 0; chan < channelCount; chan++) {
    const bin = row * binCount + (binCount === 1 ? 0 : chan);
    for (let pol = 0; pol < polCount; pol++) {
      const from = bin * polCount + pol;
      const to = 2 * (chan * polCount + pol);
      if (flags[from] !== 0) {
        product[to] = 0;
        product[to + 1] = 0;
        continue;
      }
      const re = product[to];
      const im = product[to + 1];
      const gRe = gains[2 * from];
      const gIm = gains[2 * from + 1];
      product[to] = re * gRe - im * gIm;
      product[to + 1] = re * gIm + im * gRe;
    }
  }
}

/** Rows to calibrate. */
export interface ApplyRows {
  /** `[row][channel][correlation][re, im]`; may be the output too. */
  readonly vis: Float32Array;
  /** `[row][channel][correlation]`; flags are added, never cleared. */
  readonly flags: Uint8Array;
  /** `[row][correlation]`, changed in place; absent: left alone. */
  readonly weights?: Float32Array;
  /** `[row][channel][correlation]`, likewise. */
  readonly spectralWeights?: Float32Array;
  readonly rowCount: number;
  readonly channelCount: number;
  readonly correlationCount: number;
  readonly ant1: Int32Array;
  readonly ant2: Int32Array;
  /** Interval of the gains for each row; −1: no gain, the row is flagged. */
  readonly intervalOfRow: Int32Array;
  /** Polarisations of antenna 1 and 2 for each correlation: `[[0, 0], [1, 1]]` of XX, YY. */
  readonly polPairs: readonly (readonly [number, number])[];
}

/**
 * Divides samples by gains. A sample without gains of both antennas becomes 0 and is flagged. Samples flagged before are
 * calibrated like others.
 *
 * Weights are multiplied by |g_i g_j*|², as noise is divided by |g_i g_j*|: `spectralWeights` each by its own, `weights` by the
 * mean over the channels that are not flagged (0 when none is left).
 *
 * @param out As `vis`; the same array calibrates in place.
 * @returns How many samples were newly flagged.
 * @throws RangeError when lengths, antennas, intervals or polarisations do not fit.
 */
export function applyGains(gains: InverseGains, rows: ApplyRows, out: Float32Array): number {
  check(gains, rows, out);
  const { inverse, powers, polCount, channelCount, antennaCount } = gains;
  const { vis, flags, weights, spectralWeights, correlationCount, polPairs } = rows;
  const hasSpectrum = spectralWeights !== undefined;
  let flaggedCount = 0;
  for (let row = 0; row < rows.rowCount; row++) {
    const interval = rows.intervalOfRow[row];
    const first = Math.max(0, interval) * antennaCount;
    const hasGains = interval >= 0;
    const rowOf1 = (first + rows.ant1[row]) * channelCount * polCount;
    const rowOf2 = (first + rows.ant2[row]) * channelCount * polCount;
    for (let correlation = 0; correlation < correlationCount; correlation++) {
      let i = rowOf1 + polPairs[correlation][0];
      let j = rowOf2 + polPairs[correlation][1];
      let at = row * channelCount * correlationCount + correlation;
      let powerSum = 0;
      let goodCount = 0;
      for (let chan = 0; chan < channelCount; chan++) {
        const power = powers[i] * powers[j];
        if (power > 0 && hasGains) {
          const re = vis[2 * at];
          const im = vis[2 * at + 1];
          const iRe = inverse[2 * i];
          const iIm = inverse[2 * i + 1];
          const jRe = inverse[2 * j];
          const jIm = inverse[2 * j + 1];
          const gRe = iRe * jRe + iIm * jIm;
          const gIm = iIm * jRe - iRe * jIm;
          out[2 * at] = re * gRe - im * gIm;
          out[2 * at + 1] = re * gIm + im * gRe;
          if (flags[at] === 0) {
            powerSum += power;
            goodCount++;
          }
          if (hasSpectrum) spectralWeights[at] *= power;
        } else {
          out[2 * at] = 0;
          out[2 * at + 1] = 0;
          if (flags[at] === 0) {
            flags[at] = 1;
            flaggedCount++;
          }
          if (hasSpectrum) spectralWeights[at] = 0;
        }
        i += polCount;
        j += polCount;
        at += correlationCount;
      }
      if (weights !== undefined) {
        weights[row * correlationCount + correlation] *= goodCount > 0 ? powerSum / goodCount : 0;
      }
    }
  }
  return flaggedCount;
}

function check(gains: InverseGains, rows: ApplyRows, out: Float32Array): void {
  const { rowCount, channelCount, correlationCount, vis, flags, weights, spectralWeights, polPairs } = rows;
  const sampleCount = rowCount * channelCount * correlationCount;
  const one = (name: string, found: number, ...expected: readonly number[]): void => {
    if (!expected.includes(found)) throw new RangeError(`${name}: expected ${expected.join(" or ")}, found ${found}`);
  };
  one("channels of the gains", gains.channelCount, channelCount);
  one("vis", vis.length, 2 * sampleCount);
  one("out", out.length, 2 * sampleCount);
  one("flags", flags.length, sampleCount);
  if (weights !== undefined) one("weights", weights.length, rowCount * correlationCount);
  if (spectralWeights !== undefined) one("spectralWeights", spectralWeights.length, sampleCount);
  for (const name of ["ant1", "ant2", "intervalOfRow"] as const) one(name, rows[name].length, rowCount);
  one("polPairs", polPairs.length, correlationCount);
  const below = (name: string, values: Iterable<number>, limit: number, least: number): void => {
    for (const value of values) {
      if (!(value >= least && value < limit)) {
        throw new RangeError(`${name}: expected ${least} … ${limit - 1}, found ${value}`);
      }
    }
  };
  below("ant1", rows.ant1, gains.antennaCount, 0);
  below("ant2", rows.ant2, gains.antennaCount, 0);
  below("intervalOfRow", rows.intervalOfRow, gains.intervalCount, -1);
  below("polPairs", polPairs.flat(), gains.polCount, 0);
}
