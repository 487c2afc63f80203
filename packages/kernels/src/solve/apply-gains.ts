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
  const { antennaCount, intervalCount, polCount, binCount, gains, flags } = table;
  const inverse = new Float32Array(gains.length);
  const powers = new Float32Array(flags.length);
  for (let at = 0; at < flags.length; at++) {
    const re = gains[2 * at];
    const im = gains[2 * at + 1];
    const power = re * re + im * im;
    if (flags[at] !== 0 || !(power > 0 && power < Infinity)) continue;
    inverse[2 * at] = re / power;
    inverse[2 * at + 1] = -im / power;
    powers[at] = power;
  }
  return { antennaCount, intervalCount, polCount, channelCount: binCount, inverse, powers };
}

/** Rows to calibrate. */
export interface ApplyRows {
  /** `[row][channel][correlation][re, im]`; may be the output too. */
  readonly vis: Float32Array;
  /** `[row][channel][correlation]`; flags are added, never cleared. */
  readonly flags: Uint8Array;
  /** `[row][correlation]` or `[row][channel][correlation]`, changed in place; absent: left alone. */
  readonly weights?: Float32Array;
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
 * Weights are multiplied by |g_i g_j*|², as noise is divided by |g_i g_j*|: each sample's own, or for one weight per row and
 * correlation the mean over its unflagged channels (0 when none is left).
 *
 * @param out As `vis`; the same array calibrates in place.
 * @returns How many samples were newly flagged.
 * @throws RangeError when lengths, antennas, intervals or polarisations do not fit.
 */
export function applyGains(gains: InverseGains, rows: ApplyRows, out: Float32Array): number {
  check(gains, rows, out);
  let flaggedCount = 0;
  for (let row = 0; row < rows.rowCount; row++) {
    for (let correlation = 0; correlation < rows.correlationCount; correlation++) {
      flaggedCount += applySpectrum(gains, rows, out, row, correlation);
    }
  }
  return flaggedCount;
}

function applySpectrum(
  gains: InverseGains,
  rows: ApplyRows,
  out: Float32Array,
  row: number,
  correlation: number,
): number {
  const { inverse, powers, polCount, channelCount, antennaCount } = gains;
  const { vis, flags, weights, correlationCount } = rows;
  const interval = rows.intervalOfRow[row];
  const [pol1, pol2] = rows.polPairs[correlation];
  const first = Math.max(0, interval) * antennaCount;
  let i = (first + rows.ant1[row]) * channelCount * polCount + pol1;
  let j = (first + rows.ant2[row]) * channelCount * polCount + pol2;
  let at = row * channelCount * correlationCount + correlation;
  const perChannel = weights !== undefined && weights.length === rows.flags.length;
  let powerSum = 0;
  let goodCount = 0;
  let flaggedCount = 0;
  for (let chan = 0; chan < channelCount; chan++) {
    const power = powers[i] * powers[j];
    if (power > 0 && interval >= 0) {
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
      if (perChannel) weights[at] *= power;
    } else {
      out[2 * at] = 0;
      out[2 * at + 1] = 0;
      if (flags[at] === 0) {
        flags[at] = 1;
        flaggedCount++;
      }
      if (perChannel) weights[at] = 0;
    }
    i += polCount;
    j += polCount;
    at += correlationCount;
  }
  if (weights !== undefined && !perChannel) {
    weights[row * correlationCount + correlation] *= goodCount > 0 ? powerSum / goodCount : 0;
  }
  return flaggedCount;
}

function check(gains: InverseGains, rows: ApplyRows, out: Float32Array): void {
  const { rowCount, channelCount, correlationCount, vis, flags, weights, polPairs } = rows;
  const sampleCount = rowCount * channelCount * correlationCount;
  const one = (name: string, found: number, ...expected: readonly number[]): void => {
    if (!expected.includes(found)) throw new RangeError(`${name}: expected ${expected.join(" or ")}, found ${found}`);
  };
  one("channels of the gains", gains.channelCount, channelCount);
  one("vis", vis.length, 2 * sampleCount);
  one("out", out.length, 2 * sampleCount);
  one("flags", flags.length, sampleCount);
  if (weights !== undefined) one("weights", weights.length, rowCount * correlationCount, sampleCount);
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
