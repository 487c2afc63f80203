/**
 * Which inputs (antenna × correlation of parallel hands) are dead or noisy, with the figures that say so.
 *
 * Noise power of a baseline is n_a n_b (n = gain² × system temperature), its correlated power g_a² g_b² S². Medians over an
 * antenna's baselines compare it with the array; their ratio is free of gains and tells a deaf input from a low gain.
 */
import type { BaselineStatistics } from "./baseline-statistics.ts";

/** Figures of one baseline and correlation, measured after the search for interference. */
export interface BaselineFigures extends BaselineStatistics {
  readonly ant1: number;
  readonly ant2: number;
  readonly correlation: number;
}

/** Limits; start from {@link INPUT_LIMITS_DEFAULTS}. Ratios are to the median of the array in the same correlation. */
export interface InputLimits {
  /** Dead: flagged part of its cross-correlations above this. */
  readonly deadFlaggedRatio: number;
  /** Dead: noise power below this ratio (a gain below its square root). */
  readonly deadNoiseRatio: number;
  /** Dead: correlated per noise power below this ratio, where the array sees the sky at all. */
  readonly deadCorrelatedRatio: number;
  /** Noisy: noise per correlated power above this ratio (noise power, where the array does not see the sky)… */
  readonly noisyRatio: number;
  /** …and above the array by this many robust σ of its logarithm. */
  readonly noisySigmaRatio: number;
  /** The array sees the sky where the median of correlated per noise power is above this. */
  readonly visibleSkyRatio: number;
}

/** A gain of a tenth of the median is dead, and four times the noise is noisy. */
export const INPUT_LIMITS_DEFAULTS: InputLimits = {
  deadFlaggedRatio: 0.95,
  deadNoiseRatio: 0.01,
  deadCorrelatedRatio: 0.03,
  noisyRatio: 4,
  noisySigmaRatio: 5,
  visibleSkyRatio: 0.05,
};

export type InputReason =
  | "nearly all flagged"
  | "no power"
  | "no correlated power"
  | "noisy for what it correlates"
  | "noisy beside the array";

/** The judgement of one input. Ratios are NaN where nothing could be measured. */
export interface InputVerdict {
  readonly antenna: number;
  readonly correlation: number;
  readonly verdict: "good" | "dead" | "noisy";
  readonly reasons: readonly InputReason[];
  readonly flaggedRatio: number;
  /** Noise power to the array's median. */
  readonly noiseRatio: number;
  /** Noise per correlated power to the array's median: like system temperature. Infinity where nothing correlates. */
  readonly sensitivityRatio: number;
  /** Correlated per noise power to the array's median; NaN where the array does not see the sky. */
  readonly correlatedRatio: number;
  /** Root mean square amplitude of the autocorrelation to the array's median; NaN without autocorrelations. */
  readonly autoRatio: number;
}

interface InputSums {
  readonly logNoises: number[];
  readonly coherences: number[];
  autoAmplitude: number;
  flaggedCount: number;
  sampleCount: number;
}

interface InputLevels {
  readonly antenna: number;
  readonly flaggedRatio: number;
  readonly logNoise: number;
  readonly coherence: number;
  readonly autoAmplitude: number;
}

function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function robustSigma(values: readonly number[]): number {
  const centre = median(values);
  return 1.4826 * median(values.map((value) => Math.abs(value - centre)));
}

function levelsOf(baselines: readonly BaselineFigures[]): InputLevels[] {
  const inputs = new Map<number, InputSums>();
  const sumsOf = (antenna: number): InputSums => {
    let sums = inputs.get(antenna);
    if (sums === undefined) {
      sums = { logNoises: [], coherences: [], autoAmplitude: Number.NaN, flaggedCount: 0, sampleCount: 0 };
      inputs.set(antenna, sums);
    }
    return sums;
  };
  for (const { ant1, ant2, noisePower, totalPower, flaggedCount, sampleCount } of baselines) {
    if (ant1 === ant2) {
      sumsOf(ant1).autoAmplitude = Math.sqrt(totalPower);
      continue;
    }
    for (const antenna of [ant1, ant2]) {
      const sums = sumsOf(antenna);
      sums.flaggedCount += flaggedCount;
      sums.sampleCount += sampleCount;
      if (!Number.isFinite(noisePower)) continue;
      sums.logNoises.push(Math.log(noisePower));
      if (noisePower > 0) sums.coherences.push((totalPower - noisePower) / noisePower);
    }
  }
  return [...inputs]
    .map(([antenna, sums]) => ({
      antenna,
      flaggedRatio: sums.sampleCount === 0 ? Number.NaN : sums.flaggedCount / sums.sampleCount,
      logNoise: median(sums.logNoises),
      coherence: median(sums.coherences),
      autoAmplitude: sums.autoAmplitude,
    }))
    .sort((one, other) => one.antenna - other.antenna);
}

function judgeOne(levels: readonly InputLevels[], correlation: number, limits: InputLimits): InputVerdict[] {
  const arrayLogNoise = median(levels.map(({ logNoise }) => logNoise));
  const arrayCoherence = median(levels.map(({ coherence }) => coherence));
  const arrayAuto = median(levels.map(({ autoAmplitude }) => autoAmplitude));
  const seesSky = arrayCoherence > limits.visibleSkyRatio;
  const logNeed = (level: InputLevels): number =>
    seesSky ? -Math.log(Math.max(level.coherence, 0) / arrayCoherence) : level.logNoise - arrayLogNoise;
  const needs = levels.map(logNeed);
  const needLimit = Math.max(
    Math.log(limits.noisyRatio),
    median(needs) + limits.noisySigmaRatio * robustSigma(needs.filter(Number.isFinite)),
  );
  return levels.map((level, at) => {
    const noiseRatio = Math.exp(level.logNoise - arrayLogNoise);
    const correlatedRatio = seesSky ? level.coherence / arrayCoherence : Number.NaN;
    const dead: InputReason[] = [];
    if (level.flaggedRatio > limits.deadFlaggedRatio) dead.push("nearly all flagged");
    if (noiseRatio < limits.deadNoiseRatio) dead.push("no power");
    if (correlatedRatio < limits.deadCorrelatedRatio) dead.push("no correlated power");
    const noisy: InputReason[] = [];
    if (needs[at] > needLimit) noisy.push(seesSky ? "noisy for what it correlates" : "noisy beside the array");
    return {
      antenna: level.antenna,
      correlation,
      verdict: dead.length > 0 ? "dead" : noisy.length > 0 ? "noisy" : "good",
      reasons: dead.length > 0 ? dead : noisy,
      flaggedRatio: level.flaggedRatio,
      noiseRatio,
      sensitivityRatio: seesSky ? Math.exp(needs[at]) : Number.NaN,
      correlatedRatio,
      autoRatio: level.autoAmplitude / arrayAuto,
    };
  });
}

/**
 * Judges all inputs that occur in the baselines, sorted by correlation and antenna. Autocorrelations add a figure and no
 * verdict. An array of which more than half is dead cannot be judged against its own median.
 */
export function judgeInputs(baselines: readonly BaselineFigures[], limits = INPUT_LIMITS_DEFAULTS): InputVerdict[] {
  const correlations = [...new Set(baselines.map(({ correlation }) => correlation))].sort((one, other) => one - other);
  return correlations.flatMap((correlation) =>
    judgeOne(levelsOf(baselines.filter((baseline) => baseline.correlation === correlation)), correlation, limits),
  );
}
