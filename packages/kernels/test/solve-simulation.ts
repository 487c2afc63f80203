/** Rows of a Measurement Set seen through known gains, for tests of calibration. */
import { createGainTable, type GainTable, gainIndex, type SolveRows } from "../src/solve/index.ts";
import { normalFrom, uniformFrom } from "./uniform-from.ts";

export interface SimulationOptions {
  readonly antennaCount: number;
  readonly timeCount: number;
  readonly channelCount: number;
  readonly seed: number;
  /** σ of real and imaginary part of a sample. */
  readonly noise: number;
  /** Gains of each interval (integration) and bin (channel), two polarisations. */
  readonly gains: GainTable;
  /** Every second row is stored as (j, i). */
  readonly mixesOrder?: boolean;
}

export type SimulatedRows = Required<Omit<SolveRows, "prior" | "order">>;

/** Gains of length about 0.25 and any phase, with a delay of some ns and a slow turn in time. */
export function simulatedGains(
  antennaCount: number,
  intervalCount: number,
  binCount: number,
  seed: number,
  spread = 0.3,
): GainTable {
  const uniform = uniformFrom(seed);
  const normal = normalFrom(uniform);
  const table = createGainTable({ antennaCount, intervalCount, polCount: 2, binCount });
  table.flags.fill(0);
  for (let antenna = 0; antenna < antennaCount; antenna++) {
    for (let pol = 0; pol < 2; pol++) {
      const amplitude = 0.25 * Math.exp(spread * normal());
      const phase = 2 * Math.PI * uniform();
      const [slope, drift, ripple] = [0.02 * normal(), 0.01 * normal(), 7 * uniform()];
      for (let interval = 0; interval < intervalCount; interval++) {
        for (let bin = 0; bin < binCount; bin++) {
          const at = 2 * gainIndex(table, interval, antenna, bin, pol);
          const length = amplitude * (1 + 0.1 * Math.sin(bin / 9 + ripple));
          const angle = phase + slope * bin + drift * interval;
          table.gains[at] = length * Math.cos(angle);
          table.gains[at + 1] = length * Math.sin(angle);
        }
      }
    }
  }
  return table;
}

/** One interval, bins as channels; the model is a source of 2 with some structure. */
export function simulateRows(options: SimulationOptions): SimulatedRows {
  const { antennaCount, timeCount, channelCount, gains, noise, mixesOrder = false } = options;
  const uniform = uniformFrom(options.seed);
  const normal = normalFrom(uniform);
  const pairs: [number, number][] = [];
  for (let i = 0; i < antennaCount; i++) for (let j = i; j < antennaCount; j++) pairs.push([i, j]);
  const rowCount = timeCount * pairs.length;
  const vis = new Float32Array(4 * rowCount * channelCount);
  const model = new Float32Array(2 * rowCount * channelCount);
  const ant1 = new Int32Array(rowCount);
  const ant2 = new Int32Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    const time = Math.floor(row / pairs.length);
    const [i, j] = pairs[row % pairs.length] as [number, number];
    const swapped = mixesOrder && row % 2 === 1;
    ant1[row] = swapped ? j : i;
    ant2[row] = swapped ? i : j;
    const structure = uniform();
    for (let chan = 0; chan < channelCount; chan++) {
      const angle = 0.2 * Math.sin(structure * (chan + 3 * time));
      const at = row * channelCount + chan;
      model[2 * at] = 2 * Math.cos(angle);
      model[2 * at + 1] = 2 * Math.sin(angle);
      for (let pol = 0; pol < 2; pol++) {
        const interval = gains.intervalCount === 1 ? 0 : time;
        const a = 2 * gainIndex(gains, interval, ant1[row] as number, chan, pol);
        const b = 2 * gainIndex(gains, interval, ant2[row] as number, chan, pol);
        const g = gains.gains;
        const re = (g[a] as number) * (g[b] as number) + (g[a + 1] as number) * (g[b + 1] as number);
        const im = (g[a + 1] as number) * (g[b] as number) - (g[a] as number) * (g[b + 1] as number);
        const [mRe, mIm] = [model[2 * at] as number, model[2 * at + 1] as number];
        vis[2 * (2 * at + pol)] = re * mRe - im * mIm + noise * normal();
        vis[2 * (2 * at + pol) + 1] = re * mIm + im * mRe + noise * normal();
      }
    }
  }
  return {
    vis,
    model,
    flags: new Uint8Array(vis.length / 2),
    weights: new Float32Array(2 * rowCount).fill(noise > 0 ? 1 / noise ** 2 : 1),
    rowCount,
    channelCount,
    correlationCount: 2,
    ant1,
    ant2,
    intervalOfRow: new Int32Array(rowCount),
    binOfChannel: Int32Array.from({ length: channelCount }, (_, chan) => chan),
    correlations: [0, 1],
  };
}

/**
 * Largest |ĝ e^{iφ} − g| of one cell over antennas that are not flagged, for the phase φ that fits best.
 *
 * @param squares Receives |ĝ e^{iφ} − g|² per antenna, when given.
 */
export function gainError(
  found: GainTable,
  truth: GainTable,
  interval: number,
  bin: number,
  pol: number,
  squares?: Float64Array,
): number {
  let re = 0;
  let im = 0;
  const each = (visit: (antenna: number, found: [number, number], truth: [number, number]) => void): void => {
    for (let antenna = 0; antenna < found.antennaCount; antenna++) {
      const a = gainIndex(found, interval, antenna, bin, pol);
      const b = gainIndex(truth, Math.min(interval, truth.intervalCount - 1), antenna, bin, pol);
      if (found.flags[a] === 1 || truth.flags[b] === 1) continue;
      visit(
        antenna,
        [found.gains[2 * a] as number, found.gains[2 * a + 1] as number],
        [truth.gains[2 * b] as number, truth.gains[2 * b + 1] as number],
      );
    }
  };
  each((_, f, t) => {
    re += f[0] * t[0] + f[1] * t[1];
    im += f[0] * t[1] - f[1] * t[0];
  });
  const length = Math.hypot(re, im);
  const [cos, sin] = [re / length, im / length];
  let worst = 0;
  each((antenna, f, t) => {
    const off = Math.hypot(f[0] * cos - f[1] * sin - t[0], f[0] * sin + f[1] * cos - t[1]);
    if (squares !== undefined) squares[antenna] = off * off;
    worst = Math.max(worst, off);
  });
  return worst;
}
