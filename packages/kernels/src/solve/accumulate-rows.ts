/** From samples to normal sums. */
import { type GainTable, gainIndex } from "./gain-table.ts";
import { baselineIndex, CELL_LENGTH_COUNT, type NormalCells } from "./normal-cells.ts";

/** Rows of a Measurement Set and where they belong. */
export interface SolveRows {
  /** `[row][channel][correlation][re, im]`. */
  readonly vis: Float32Array;
  /** `[row][channel][correlation]`, 1 = flagged: such a sample has no influence at all, whatever its value. */
  readonly flags: Uint8Array;
  /** `[row][correlation]` (WEIGHT) or `[row][channel][correlation]` (WEIGHT_SPECTRUM); 1/σ² of real and imaginary part. */
  readonly weights: Float32Array;
  /** `[row][channel][re, im]`, one model for all polarisations, or `[row][channel][correlation][re, im]`. */
  readonly model: Float32Array;
  readonly rowCount: number;
  readonly channelCount: number;
  readonly correlationCount: number;
  /** Antennas per row, below the antenna count of the cells. Autocorrelations are left out. */
  readonly ant1: Int32Array;
  readonly ant2: Int32Array;
  /** Solution interval of each row, −1 to leave it out (other fields, uv range). */
  readonly intervalOfRow: Int32Array;
  /** Bin of each channel, −1 to leave it out. Equal numbers combine channels, or spectral windows. */
  readonly binOfChannel: Int32Array;
  /** Which correlation each polarisation of the cells is: `[0, 1]` of XX, YY; `[0, 3]` of four. */
  readonly correlations: readonly number[];
  /** Gains known from before, by which the model is corrupted: bins of the table are channels of the rows. */
  readonly prior?: PriorGains;
  /**
   * Rows to add, in this order; absent: all as they lie. Threads that share sums take parts of {@link orderByBaseline} that
   * share no baseline. On one thread the order made no difference: 0.97 s for a full group either way.
   */
  readonly order?: Int32Array;
}

/** Gains with an interval for each row. */
export interface PriorGains {
  readonly table: GainTable;
  readonly intervalOfRow: Int32Array;
}

/**
 * Adds rows to the sums. A sample counts when it is not flagged, its weight is above 0, and data and model are finite.
 *
 * @returns How many samples were added.
 * @throws RangeError when lengths, antennas, intervals or bins do not fit.
 */
export function accumulateRows(cells: NormalCells, rows: SolveRows): number {
  checkRows(cells, rows);
  const { channelCount, correlationCount, order, prior } = rows;
  const sampleCount = channelCount * correlationCount;
  const count = order?.length ?? rows.rowCount;
  const corrupted = prior === undefined ? undefined : new Float32Array(2 * sampleCount);
  const modelCorrelationCount = rows.model.length / (2 * rows.rowCount * channelCount);
  let added = 0;
  for (let turn = 0; turn < count; turn++) {
    const row = order === undefined ? turn : order[turn];
    const interval = rows.intervalOfRow[row];
    if (interval < 0 || rows.ant1[row] === rows.ant2[row]) continue;
    let model = rows.model;
    let modelAt = row * channelCount * modelCorrelationCount;
    let modelStep = modelCorrelationCount;
    if (prior !== undefined && corrupted !== undefined) {
      if (prior.intervalOfRow[row] < 0) continue;
      corruptModel(corrupted, rows, prior, row, modelAt, modelCorrelationCount);
      model = corrupted;
      modelAt = 0;
      modelStep = correlationCount;
    }
    for (let pol = 0; pol < rows.correlations.length; pol++) {
      const correlation = rows.correlations[pol];
      const modelOffset = modelStep === 1 ? 0 : correlation;
      added += addSpectrum(cells, rows, row, interval, pol, correlation, model, modelAt + modelOffset, modelStep);
    }
  }
  return added;
}

/** Adds one row and correlation. `modelAt` and `modelStep` count complex numbers. */
function addSpectrum(
  cells: NormalCells,
  rows: SolveRows,
  row: number,
  interval: number,
  pol: number,
  correlation: number,
  model: Float32Array,
  modelStart: number,
  modelStep: number,
): number {
  const { vis, flags, weights, channelCount, correlationCount, binOfChannel } = rows;
  const { sums, antennaCount, binCount, polCount } = cells;
  const reversed = rows.ant1[row] > rows.ant2[row];
  const baseline = reversed
    ? baselineIndex(rows.ant2[row], rows.ant1[row], antennaCount)
    : baselineIndex(rows.ant1[row], rows.ant2[row], antennaCount);
  const baselineCount = (antennaCount * (antennaCount - 1)) / 2;
  const start = CELL_LENGTH_COUNT * (((interval * polCount + pol) * baselineCount + baseline) * binCount);
  const sign = reversed ? -1 : 1;
  const perChannel = weights.length !== rows.rowCount * correlationCount;
  let weight = perChannel ? 0 : weights[row * correlationCount + correlation];
  let at = row * channelCount * correlationCount + correlation;
  let from = modelStart;
  let added = 0;
  let bin = -1;
  let sumRe = 0;
  let sumIm = 0;
  let sumWeight = 0;
  for (let chan = 0; chan < channelCount; chan++, at += correlationCount, from += modelStep) {
    const next = binOfChannel[chan];
    if (next !== bin) {
      if (bin >= 0) {
        const cell = start + CELL_LENGTH_COUNT * bin;
        sums[cell] += sumRe;
        sums[cell + 1] += sumIm;
        sums[cell + 2] += sumWeight;
      }
      bin = next;
      sumRe = 0;
      sumIm = 0;
      sumWeight = 0;
    }
    if (next < 0 || flags[at] !== 0) continue;
    if (perChannel) weight = weights[at];
    const re = vis[2 * at];
    const im = vis[2 * at + 1];
    const modelRe = model[2 * from];
    const modelIm = model[2 * from + 1];
    const power = modelRe * modelRe + modelIm * modelIm;
    // One question for all: not a number and infinity fail it, as do weights of 0 and of no number.
    if (!(weight > 0 && weight * (re * re + im * im + power) < Infinity)) continue;
    sumRe += weight * (re * modelRe + im * modelIm);
    sumIm += sign * weight * (im * modelRe - re * modelIm);
    sumWeight += weight * power;
    added++;
  }
  if (bin >= 0) {
    const cell = start + CELL_LENGTH_COUNT * bin;
    sums[cell] += sumRe;
    sums[cell + 1] += sumIm;
    sums[cell + 2] += sumWeight;
  }
  return added;
}

/** Model of a row as seen through known gains, `[channel][correlation]`; NaN, which is left out, where there is none. */
function corruptModel(
  corrupted: Float32Array,
  rows: SolveRows,
  prior: PriorGains,
  row: number,
  modelStart: number,
  modelCorrelationCount: number,
): void {
  const { channelCount, correlationCount, correlations, model } = rows;
  const { table } = prior;
  const { gains, flags, polCount } = table;
  const interval = prior.intervalOfRow[row];
  const first = gainIndex(table, interval, rows.ant1[row], 0, 0);
  const second = gainIndex(table, interval, rows.ant2[row], 0, 0);
  for (let pol = 0; pol < correlations.length; pol++) {
    const correlation = correlations[pol];
    let i = first + pol;
    let j = second + pol;
    let from = modelStart + (modelCorrelationCount === 1 ? 0 : correlation);
    let to = correlation;
    for (let chan = 0; chan < channelCount; chan++) {
      if (flags[i] !== 0 || flags[j] !== 0) {
        corrupted[2 * to] = Number.NaN;
      } else {
        const re = gains[2 * i] * gains[2 * j] + gains[2 * i + 1] * gains[2 * j + 1];
        const im = gains[2 * i + 1] * gains[2 * j] - gains[2 * i] * gains[2 * j + 1];
        corrupted[2 * to] = re * model[2 * from] - im * model[2 * from + 1];
        corrupted[2 * to + 1] = re * model[2 * from + 1] + im * model[2 * from];
      }
      i += polCount;
      j += polCount;
      from += modelCorrelationCount;
      to += correlationCount;
    }
  }
}

function checkRows(cells: NormalCells, rows: SolveRows): void {
  const { rowCount, channelCount, correlationCount, vis, flags, weights, model, correlations, prior } = rows;
  const sampleCount = rowCount * channelCount * correlationCount;
  const one = (name: string, found: number, ...expected: readonly number[]): void => {
    if (!expected.includes(found)) throw new RangeError(`${name}: expected ${expected.join(" or ")}, found ${found}`);
  };
  one("vis", vis.length, 2 * sampleCount);
  one("flags", flags.length, sampleCount);
  one("weights", weights.length, rowCount * correlationCount, sampleCount);
  one("model", model.length, 2 * rowCount * channelCount, 2 * sampleCount);
  for (const name of ["ant1", "ant2", "intervalOfRow"] as const) one(name, rows[name].length, rowCount);
  one("binOfChannel", rows.binOfChannel.length, channelCount);
  one("correlations", correlations.length, cells.polCount);
  const below = (name: string, values: Iterable<number>, limit: number, least: number): void => {
    for (const value of values) {
      if (!(value >= least && value < limit)) {
        throw new RangeError(`${name}: expected ${least} … ${limit - 1}, found ${value}`);
      }
    }
  };
  below("ant1", rows.ant1, cells.antennaCount, 0);
  below("ant2", rows.ant2, cells.antennaCount, 0);
  below("intervalOfRow", rows.intervalOfRow, cells.intervalCount, -1);
  below("binOfChannel", rows.binOfChannel, cells.binCount, -1);
  below("correlations", correlations, correlationCount, 0);
  if (rows.order !== undefined) below("order", rows.order, rowCount, 0);
  if (prior !== undefined) {
    one("prior.intervalOfRow", prior.intervalOfRow.length, rowCount);
    below("prior.intervalOfRow", prior.intervalOfRow, prior.table.intervalCount, -1);
    one("bins of prior gains", prior.table.binCount, channelCount);
    one("polarisations of prior gains", prior.table.polCount, correlations.length);
    one("antennas of prior gains", prior.table.antennaCount, cells.antennaCount);
  }
}

/**
 * Rows by baseline, and of each as they lie: see {@link SolveRows.order}. A pair counts as one in either order.
 */
export function orderByBaseline(ant1: Int32Array, ant2: Int32Array, antennaCount: number): Int32Array {
  const keyOf = (row: number): number => Math.min(ant1[row], ant2[row]) * antennaCount + Math.max(ant1[row], ant2[row]);
  const starts = new Int32Array(antennaCount * antennaCount + 1);
  for (let row = 0; row < ant1.length; row++) starts[keyOf(row) + 1]++;
  for (let key = 0; key + 1 < starts.length; key++) starts[key + 1] += starts[key];
  const order = new Int32Array(ant1.length);
  for (let row = 0; row < ant1.length; row++) order[starts[keyOf(row)]++] = row;
  return order;
}

/**
 * Leaves out rows whose projected length is outside a range: sets their interval to −1.
 *
 * @param uvwM `[row][3]`.
 * @param minM, maxM Kept: minM ≤ √(u² + v²) ≤ maxM. One kilolambda at 1.4 GHz is 214 m.
 * @returns How many rows were left out that were not before.
 */
export function leaveOutUvRange(intervalOfRow: Int32Array, uvwM: Float64Array, minM: number, maxM: number): number {
  let count = 0;
  for (let row = 0; row < intervalOfRow.length; row++) {
    const lengthM = Math.hypot(uvwM[3 * row], uvwM[3 * row + 1]);
    if (intervalOfRow[row] < 0 || (lengthM >= minM && lengthM <= maxM)) continue;
    intervalOfRow[row] = -1;
    count++;
  }
  return count;
}
