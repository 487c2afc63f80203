/** Gains as every kernel of calibration holds them: solutions, what is made of them, and what is applied. */

/**
 * Complex gains of one or more intervals. An interval is one solution in time or, when gains are about to be applied, one
 * moment for which they were interpolated. V_observed(i, j) = g_i g_j* V_true, with V stored for antenna1 = i, antenna2 = j.
 */
export interface GainTable {
  readonly antennaCount: number;
  readonly intervalCount: number;
  readonly polCount: number;
  /** Channels, spectral windows or whatever a solution was made for. */
  readonly binCount: number;
  /** `[interval][antenna][bin][pol][re, im]`: a row of a CASA table is one interval and antenna. */
  readonly gains: Float64Array;
  /** `[interval][antenna][bin][pol]`, 1 = no gain. Its value is then 1 + 0i, unless a solution of low SNR was flagged. */
  readonly flags: Uint8Array;
}

/** Place of a gain in `flags`; twice that in `gains`. */
export function gainIndex(table: GainTable, interval: number, antenna: number, bin: number, pol: number): number {
  return ((interval * table.antennaCount + antenna) * table.binCount + bin) * table.polCount + pol;
}

/** Gains of 1, all flagged. */
export function createGainTable(shape: Omit<GainTable, "gains" | "flags">): GainTable {
  const { antennaCount, intervalCount, polCount, binCount } = shape;
  const count = antennaCount * intervalCount * polCount * binCount;
  const gains = new Float64Array(2 * count);
  for (let at = 0; at < gains.length; at += 2) gains[at] = 1;
  return { antennaCount, intervalCount, polCount, binCount, gains, flags: new Uint8Array(count).fill(1) };
}

/** @throws RangeError when the arrays of a table have not the lengths its counts ask for. */
export function checkGainTable(table: GainTable): void {
  const { antennaCount, intervalCount, polCount, binCount, gains, flags } = table;
  const count = antennaCount * intervalCount * polCount * binCount;
  if (gains.length !== 2 * count) throw new RangeError(`gains: expected ${2 * count} numbers, found ${gains.length}`);
  if (flags.length !== count) throw new RangeError(`flags: expected ${count}, found ${flags.length}`);
}
