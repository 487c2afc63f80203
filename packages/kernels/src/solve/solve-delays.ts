/** Delays of antennas from the slope of phase over frequency. */
import { type DelayPeak, findDelayPeak, refineDelayPeak } from "./delay-spectrum.ts";
import { createGainTable, type GainTable, gainIndex } from "./gain-table.ts";
import { baselineCountOf, baselineIndex, CELL_LENGTH_COUNT, type NormalCells } from "./normal-cells.ts";

export interface DelayOptions {
  /** Delays are relative to this antenna. Absent, or without data: the one with most signal. */
  readonly referenceAnt?: number;
  /** Searched on either side. Default: half a turn from channel to channel, 1 / (2 × least spacing). */
  readonly maxDelaySec?: number;
  /** Solutions below are flagged. Default 3. */
  readonly minSnr?: number;
  readonly maxIterationCount?: number;
}

/** What became of an interval and polarisation. */
export interface DelayOutcome {
  readonly verdict: "converged" | "limit" | "no-data";
  readonly iterationCount: number;
  readonly referenceAnt: number;
  /** Scatter of cells about the solution in units of 1/√weight. */
  readonly residualSigma: number;
}

/** All arrays are `[interval][antenna][pol]`. */
export interface DelaySolutions {
  readonly antennaCount: number;
  readonly intervalCount: number;
  readonly polCount: number;
  /** Of the reference antenna 0. A gain is e^{2πi τ (ν − ν₀)}. */
  readonly delaysSec: Float64Array;
  /** Phase at ν₀, relative to the reference antenna. */
  readonly phasesRad: Float64Array;
  /** ν₀. */
  readonly centreHz: number;
  readonly errorsSec: Float64Array;
  readonly snr: Float64Array;
  /** 1 = no solution; its delay is 0. */
  readonly flags: Uint8Array;
  /** `[interval][pol]`. */
  readonly outcomes: readonly DelayOutcome[];
}

/** A sweep that moves no delay by more of 1/bandwidth is the last. */
const TOLERANCE_RATIO = 1e-6;
/** Sweeps that search the whole range again, now against all antennas; later ones refine. */
const SEARCH_SWEEP_COUNT = 1;

/** Scratch and the unknowns of one interval and polarisation. */
interface DelayFit {
  readonly cells: NormalCells;
  readonly start: number;
  readonly offsetHz: Float64Array;
  readonly bandwidthHz: number;
  readonly delaysSec: Float64Array;
  readonly phasesRad: Float64Array;
  /** Length of each antenna's gain; 0 while it is unknown. */
  readonly lengths: Float64Array;
  /** `[antenna][bin][re, im]` of what is known. */
  readonly phasors: Float64Array;
  /** Σ w |M|² a_j² of the antenna at work, by bin. */
  readonly weights: Float64Array;
  readonly series: Float64Array;
  readonly scratch: Float64Array;
  readonly peak: DelayPeak;
}

/**
 * Fits gains a_i e^{i(φ_i + 2π τ_i (ν − ν₀))} to all baselines and bins by least squares, antenna by antenna.
 *
 * Antennas join in order of their signal on the reference antenna, each found as the highest peak of the delay spectrum of its
 * baselines to all that joined before, added in phase. Then every antenna is fitted again against all others until none moves.
 *
 * Agrees with the truth of noise-free data to 1e-6 of 1/bandwidth (solve-delays.test.ts).
 *
 * @param freqHz Centres of the bins of `cells`.
 * @throws RangeError when `freqHz` has not one entry for each bin, or there are fewer than 2.
 */
export function solveDelays(cells: NormalCells, freqHz: Float64Array, options: DelayOptions = {}): DelaySolutions {
  const { antennaCount, intervalCount, polCount, binCount } = cells;
  if (freqHz.length !== binCount || binCount < 2) {
    throw new RangeError(`freqHz: expected one for each of 2 or more bins (${binCount}), found ${freqHz.length}`);
  }
  const sorted = freqHz.toSorted();
  const bandwidthHz = sorted[binCount - 1] - sorted[0];
  let spacingHz = Infinity;
  for (let bin = 0; bin + 1 < binCount; bin++) spacingHz = Math.min(spacingHz, sorted[bin + 1] - sorted[bin]);
  if (!(spacingHz > 0)) throw new RangeError("freqHz: expected different frequencies, found the same twice");
  const centreHz = (sorted[0] + sorted[binCount - 1]) / 2;
  const maxDelaySec = options.maxDelaySec ?? 1 / (2 * spacingHz);
  const count = intervalCount * antennaCount * polCount;
  const outcomes: DelayOutcome[] = [];
  const solutions = {
    antennaCount,
    intervalCount,
    polCount,
    delaysSec: new Float64Array(count),
    phasesRad: new Float64Array(count),
    centreHz,
    errorsSec: new Float64Array(count),
    snr: new Float64Array(count),
    flags: new Uint8Array(count).fill(1),
    outcomes,
  };
  for (let interval = 0; interval < intervalCount; interval++) {
    for (let pol = 0; pol < polCount; pol++) {
      const fit: DelayFit = {
        cells,
        start: CELL_LENGTH_COUNT * (interval * polCount + pol) * baselineCountOf(antennaCount) * binCount,
        offsetHz: freqHz.map((hz) => hz - centreHz),
        bandwidthHz,
        delaysSec: new Float64Array(antennaCount),
        phasesRad: new Float64Array(antennaCount),
        lengths: new Float64Array(antennaCount),
        phasors: new Float64Array(2 * antennaCount * binCount),
        weights: new Float64Array(binCount),
        series: new Float64Array(2 * binCount),
        scratch: new Float64Array(4 * binCount),
        peak: { delaySec: 0, phaseRad: 0, height: 0 },
      };
      const outcome = fitDelays(fit, maxDelaySec, options);
      outcomes.push(outcome);
      if (outcome.verdict !== "no-data") storeDelays(solutions, fit, interval, pol, outcome, options.minSnr ?? 3);
    }
  }
  return solutions;
}

function fitDelays(fit: DelayFit, maxDelaySec: number, options: DelayOptions): DelayOutcome {
  const { antennaCount } = fit.cells;
  const order = joiningOrder(fit, options.referenceAnt);
  const reference = order[0];
  if (reference === undefined) {
    return { verdict: "no-data", iterationCount: 0, referenceAnt: -1, residualSigma: Number.NaN };
  }
  // The reference has length 1 until others give it one.
  fit.lengths[reference] = 1;
  fillPhasors(fit, reference);
  for (const antenna of order.slice(1)) fitAntenna(fit, antenna, maxDelaySec);
  const limit = options.maxIterationCount ?? 100;
  let moved = Infinity;
  let iterationCount = 0;
  while (iterationCount < limit && moved > TOLERANCE_RATIO) {
    moved = 0;
    for (const antenna of order) {
      const before = fit.delaysSec[antenna];
      fitAntenna(fit, antenna, iterationCount < SEARCH_SWEEP_COUNT ? maxDelaySec : 0);
      moved = Math.max(moved, Math.abs(fit.delaysSec[antenna] - before) * fit.bandwidthHz);
    }
    iterationCount++;
  }
  const verdict = moved <= TOLERANCE_RATIO ? "converged" : "limit";
  const sigma = residual(fit, order, antennaCount);
  const delay = fit.delaysSec[reference];
  const phase = fit.phasesRad[reference];
  for (const antenna of order) {
    fit.delaysSec[antenna] -= delay;
    fit.phasesRad[antenna] = wrap(fit.phasesRad[antenna] - phase);
  }
  return { verdict, iterationCount, referenceAnt: reference, residualSigma: sigma };
}

/** The reference, then antennas that baselines connect to those before, strongest first by signal on them. */
function joiningOrder(fit: DelayFit, wanted: number | undefined): number[] {
  const { cells, start } = fit;
  const { antennaCount, binCount, sums } = cells;
  const signals = new Float64Array(antennaCount * antennaCount);
  const totals = new Float64Array(antennaCount);
  let at = start;
  for (let i = 0; i < antennaCount; i++) {
    for (let j = i + 1; j < antennaCount; j++) {
      let signal = 0;
      for (let bin = 0; bin < binCount; bin++, at += CELL_LENGTH_COUNT) {
        if (sums[at + 2] > 0) signal += Math.hypot(sums[at], sums[at + 1]);
      }
      signals[i * antennaCount + j] = signals[j * antennaCount + i] = signal;
      totals[i] += signal;
      totals[j] += signal;
    }
  }
  const hasWanted = wanted !== undefined && totals[wanted] > 0;
  const first = hasWanted ? wanted : totals.indexOf(Math.max(...totals));
  if (!(totals[first] > 0)) return [];
  const order = [first];
  const known = new Float64Array(antennaCount);
  const joined = new Uint8Array(antennaCount);
  for (let last = first; last >= 0; ) {
    joined[last] = 1;
    let next = -1;
    for (let i = 0; i < antennaCount; i++) {
      known[i] += signals[last * antennaCount + i];
      if (joined[i] === 0 && known[i] > 0 && (next < 0 || known[i] > known[next])) next = i;
    }
    if (next >= 0) order.push(next);
    last = next;
  }
  return order;
}

/** Best length, phase and delay of one antenna for those of the others. `searchSec` of 0 only refines. */
function fitAntenna(fit: DelayFit, antenna: number, searchSec: number): void {
  const { offsetHz, bandwidthHz, series, scratch, peak, weights } = fit;
  stack(fit, antenna);
  if (searchSec > 0) findDelayPeak(series, offsetHz, bandwidthHz, searchSec, scratch, peak);
  else refineDelayPeak(series, offsetHz, fit.delaysSec[antenna], 0.25 / bandwidthHz, peak);
  let weight = 0;
  for (const value of weights) weight += value;
  if (!(weight > 0)) return;
  fit.delaysSec[antenna] = peak.delaySec;
  fit.phasesRad[antenna] = peak.phaseRad;
  fit.lengths[antenna] = peak.height / weight;
  fillPhasors(fit, antenna);
}

/** Sums baselines of an antenna to all others that are known, each turned by what is known of the other. */
function stack(fit: DelayFit, antenna: number): void {
  const { cells, start, phasors, lengths, series, weights } = fit;
  const { antennaCount, binCount, sums } = cells;
  series.fill(0);
  weights.fill(0);
  for (let other = 0; other < antennaCount; other++) {
    if (other === antenna || lengths[other] === 0) continue;
    const sign = antenna < other ? 1 : -1;
    const baseline = baselineIndex(Math.min(antenna, other), Math.max(antenna, other), antennaCount);
    let from = start + CELL_LENGTH_COUNT * baseline * binCount;
    let at = 2 * other * binCount;
    const power = lengths[other] ** 2;
    for (let bin = 0; bin < binCount; bin++, from += CELL_LENGTH_COUNT, at += 2) {
      const weight = sums[from + 2];
      if (!(weight > 0)) continue;
      const re = sums[from];
      const im = sign * sums[from + 1];
      series[2 * bin] += re * phasors[at] - im * phasors[at + 1];
      series[2 * bin + 1] += re * phasors[at + 1] + im * phasors[at];
      weights[bin] += weight * power;
    }
  }
}

function fillPhasors(fit: DelayFit, antenna: number): void {
  const { phasors, offsetHz, delaysSec, phasesRad, lengths } = fit;
  for (let bin = 0, at = 2 * antenna * offsetHz.length; bin < offsetHz.length; bin++, at += 2) {
    const angle = phasesRad[antenna] + 2 * Math.PI * delaysSec[antenna] * offsetHz[bin];
    phasors[at] = lengths[antenna] * Math.cos(angle);
    phasors[at + 1] = lengths[antenna] * Math.sin(angle);
  }
}

/** √(Σ w |V/M − g_i g_j*|² / freedom). */
function residual(fit: DelayFit, order: readonly number[], antennaCount: number): number {
  const { cells, start, phasors, lengths } = fit;
  const { binCount, sums } = cells;
  let sum = 0;
  let cellCount = 0;
  for (let i = 0; i < antennaCount; i++) {
    for (let j = i + 1; j < antennaCount; j++) {
      if (lengths[i] === 0 || lengths[j] === 0) continue;
      let from = start + CELL_LENGTH_COUNT * baselineIndex(i, j, antennaCount) * binCount;
      for (let bin = 0; bin < binCount; bin++, from += CELL_LENGTH_COUNT) {
        const weight = sums[from + 2];
        if (!(weight > 0)) continue;
        const a = 2 * (i * binCount + bin);
        const b = 2 * (j * binCount + bin);
        const re = sums[from] - weight * (phasors[a] * phasors[b] + phasors[a + 1] * phasors[b + 1]);
        const im = sums[from + 1] - weight * (phasors[a + 1] * phasors[b] - phasors[a] * phasors[b + 1]);
        sum += (re * re + im * im) / weight;
        cellCount++;
      }
    }
  }
  const freedomCount = 2 * cellCount - (3 * order.length - 2);
  return freedomCount > 0 ? Math.sqrt(sum / freedomCount) : Number.NaN;
}

function storeDelays(
  solutions: DelaySolutions,
  fit: DelayFit,
  interval: number,
  pol: number,
  outcome: DelayOutcome,
  minSnr: number,
): void {
  const { antennaCount, polCount } = solutions;
  const noise = outcome.residualSigma >= 0 ? outcome.residualSigma : 1;
  for (let antenna = 0; antenna < antennaCount; antenna++) {
    const length = fit.lengths[antenna];
    if (length === 0) continue;
    stack(fit, antenna);
    let sum = 0;
    let first = 0;
    let second = 0;
    for (const [bin, weight] of fit.weights.entries()) {
      sum += weight;
      first += weight * fit.offsetHz[bin];
      second += weight * fit.offsetHz[bin] ** 2;
    }
    const spread = second - first ** 2 / sum;
    if (!(sum > 0 && spread > 0)) continue;
    const at = (interval * antennaCount + antenna) * polCount + pol;
    solutions.delaysSec[at] = fit.delaysSec[antenna];
    solutions.phasesRad[at] = fit.phasesRad[antenna];
    solutions.errorsSec[at] = noise / (2 * Math.PI * length * Math.sqrt(spread));
    solutions.snr[at] = (length * Math.sqrt(sum)) / noise;
    solutions.flags[at] = solutions.snr[at] >= minSnr ? 0 : 1;
  }
}

/**
 * Gains e^{2πi τ (ν − ν_ref)} of delays.
 *
 * @param referenceHz Where delays have no phase, such as the reference frequency of a spectral window.
 */
export function delayGains(delays: DelaySolutions, freqHz: Float64Array, referenceHz: number): GainTable {
  const { antennaCount, intervalCount, polCount, delaysSec, flags } = delays;
  const table = createGainTable({ antennaCount, intervalCount, polCount, binCount: freqHz.length });
  for (let interval = 0; interval < intervalCount; interval++) {
    for (let antenna = 0; antenna < antennaCount; antenna++) {
      for (let pol = 0; pol < polCount; pol++) {
        const from = (interval * antennaCount + antenna) * polCount + pol;
        if (flags[from] !== 0) continue;
        for (let bin = 0; bin < freqHz.length; bin++) {
          const turns = delaysSec[from] * (freqHz[bin] - referenceHz);
          const at = gainIndex(table, interval, antenna, bin, pol);
          table.gains[2 * at] = Math.cos(2 * Math.PI * turns);
          table.gains[2 * at + 1] = Math.sin(2 * Math.PI * turns);
          table.flags[at] = 0;
        }
      }
    }
  }
  return table;
}

function wrap(angleRad: number): number {
  return angleRad - 2 * Math.PI * Math.round(angleRad / (2 * Math.PI));
}
