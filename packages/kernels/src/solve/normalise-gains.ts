/** Amplitudes of 1 on average, so that a bandpass leaves the flux scale to the gains. */
import { type GainTable, gainIndex } from "./gain-table.ts";

export interface NormaliseOptions {
  /** "antenna": each antenna by itself (a bandpass); "array": all antennas by one number. */
  readonly scope: "antenna" | "array";
  /** "rms", √⟨|g|²⟩, as tables written by CASA 6.6 have it (their `solnorm`); or the mean of |g|. Default "rms". */
  readonly statistic?: "rms" | "mean";
  /** Spectral window of each bin; bins of one number are normalised together. Absent: all are one. */
  readonly spwOfBin?: Int32Array;
}

/**
 * Divides gains by their rms or mean amplitude over unflagged bins of a spectral window, for each interval and polarisation.
 * In place.
 *
 * @returns The divisors: a table of one bin for each spectral window, real gains above 0; flagged where there was nothing to
 *   normalise. "array" repeats the one number for each antenna. Multiplied with what was divided, it gives the gains back.
 */
export function normaliseGains(table: GainTable, options: NormaliseOptions): GainTable {
  const { antennaCount, intervalCount, polCount, binCount, gains, flags } = table;
  const isMean = options.statistic === "mean";
  const spwOfBin = options.spwOfBin ?? new Int32Array(binCount);
  if (spwOfBin.length !== binCount) throw new RangeError(`spwOfBin: expected ${binCount}, found ${spwOfBin.length}`);
  const spwCount = 1 + spwOfBin.reduce((most, spw) => Math.max(most, spw), 0);
  const divisorCount = antennaCount * intervalCount * polCount * spwCount;
  const divisors: GainTable = {
    antennaCount,
    intervalCount,
    polCount,
    binCount: spwCount,
    gains: new Float64Array(2 * divisorCount),
    flags: new Uint8Array(divisorCount),
  };
  const sums = new Float64Array(divisorCount);
  const counts = new Int32Array(divisorCount);
  const groupOf = (interval: number, antenna: number, bin: number, pol: number): number =>
    gainIndex(divisors, interval, options.scope === "array" ? 0 : antenna, spwOfBin[bin], pol);
  const each = (visit: (at: number, group: number) => void): void => {
    for (let interval = 0; interval < intervalCount; interval++) {
      for (let antenna = 0; antenna < antennaCount; antenna++) {
        for (let bin = 0; bin < binCount; bin++) {
          for (let pol = 0; pol < polCount; pol++) {
            const at = gainIndex(table, interval, antenna, bin, pol);
            if (flags[at] === 0) visit(at, groupOf(interval, antenna, bin, pol));
          }
        }
      }
    }
  };
  each((at, group) => {
    const power = gains[2 * at] ** 2 + gains[2 * at + 1] ** 2;
    sums[group] += isMean ? Math.sqrt(power) : power;
    counts[group]++;
  });
  const divisorOf = (group: number): number => {
    const average = sums[group] / counts[group];
    return average > 0 ? (isMean ? average : Math.sqrt(average)) : Number.NaN;
  };
  each((at, group) => {
    const divisor = divisorOf(group);
    if (!(divisor > 0)) return;
    gains[2 * at] /= divisor;
    gains[2 * at + 1] /= divisor;
  });
  for (let interval = 0; interval < intervalCount; interval++) {
    for (let antenna = 0; antenna < antennaCount; antenna++) {
      for (let spw = 0; spw < spwCount; spw++) {
        for (let pol = 0; pol < polCount; pol++) {
          const at = gainIndex(divisors, interval, antenna, spw, pol);
          const group = gainIndex(divisors, interval, options.scope === "array" ? 0 : antenna, spw, pol);
          const divisor = divisorOf(group);
          divisors.gains[2 * at] = divisor > 0 ? divisor : 1;
          divisors.flags[at] = divisor > 0 ? 0 : 1;
        }
      }
    }
  }
  return divisors;
}
