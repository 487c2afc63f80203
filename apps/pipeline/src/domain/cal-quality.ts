/** How good calibration solutions are: figures of a table and of each antenna, and a verdict with its reasons. */

import type { CalSolutions } from "./cal-solutions.ts";

export type JudgedSolutions = Pick<
  CalSolutions,
  | "rowCount"
  | "cellShape"
  | "antennaNames"
  | "antennaIds"
  | "spectralWindowIds"
  | "timesMjdSec"
  | "gains"
  | "delaysNs"
  | "flags"
  | "snrRatio"
> & { readonly kind: "bandpass" | "gain" | "delay" };

/** Figures of some solutions; null where nothing can be said. */
export interface QualityFigures {
  readonly solutionCount: number;
  readonly flaggedFraction: number;
  /** Of the moduli of gains; of a table of delays, of their absolute values in ns. Low and high: 16 % and 84 %. */
  readonly medianGain: number | null;
  readonly lowGain: number | null;
  readonly highGain: number | null;
  /**
   * Circular standard deviation about the mean of each antenna, receptor and spectral window: over channels for a
   * bandpass, over times for gains. Null with one solution each: what the phase of an antenna is says nothing.
   */
  readonly phaseScatterDeg: number | null;
  readonly medianSnr: number | null;
}

export interface AntennaQuality extends QualityFigures {
  readonly antennaName: string;
}

export interface SolutionQuality {
  readonly kind: JudgedSolutions["kind"];
  /** Of antennas that have any solution: antennas that are not there do not make a table bad. */
  readonly present: QualityFigures;
  readonly antennas: readonly AntennaQuality[];
  /** Without any solution, by name. */
  readonly absent: readonly string[];
  /** Solutions that are not flagged and no numbers. They are in none of the figures. */
  readonly brokenCount: number;
}

export interface QualityLimits {
  /** Above it the table is bad. */
  readonly maxFlaggedFraction: number;
  readonly warnFlaggedFraction: number;
  /** Medians of an antenna outside of these are bad. Gains of the DSA-110 are 0.03 to 0.3, a normalised bandpass is 1. */
  readonly minGain: number;
  readonly maxGain: number;
  readonly maxPhaseScatterDeg: number;
  readonly minSnrRatio: number;
  readonly warnSnrRatio: number;
  /** Amplitudes need a closed quadrangle. */
  readonly minAntennaCount: number;
  readonly warnAntennaCount: number;
  readonly maxDelayNs: number;
}

/**
 * Limits that real tables of the telescope meet. The lower limit of amplitudes is far below the old pipeline's 0.1,
 * which refused every gain table of 0.07.
 */
export const defaultQualityLimits: QualityLimits = {
  maxFlaggedFraction: 0.3,
  warnFlaggedFraction: 0.2,
  minGain: 0.005,
  maxGain: 10,
  maxPhaseScatterDeg: 90,
  minSnrRatio: 3,
  warnSnrRatio: 10,
  minAntennaCount: 4,
  warnAntennaCount: 10,
  maxDelayNs: 500,
};

export interface QualityReason {
  readonly severity: "warning" | "bad";
  readonly text: string;
}

export interface QualityVerdict {
  readonly verdict: "good" | "usable" | "bad";
  readonly reasons: readonly QualityReason[];
}

export function measureQuality(solutions: JudgedSolutions): SolutionQuality {
  // Some tables leave names blank.
  const nameOf = (id: number) => solutions.antennaNames[id]!.trim() || `number ${id}`;
  const antennas = solutions.antennaNames.map((_, antennaId) => ({
    antennaName: nameOf(antennaId),
    ...figuresOf(solutions, (row) => solutions.antennaIds[row] === antennaId),
  }));
  const hasSolution = antennas.map(({ flaggedFraction, solutionCount }) => solutionCount > 0 && flaggedFraction < 1);
  return {
    kind: solutions.kind,
    present: figuresOf(solutions, (row) => hasSolution[solutions.antennaIds[row]!] === true),
    antennas: antennas.filter((_, id) => hasSolution[id]),
    brokenCount: countBroken(solutions),
    absent: [...hasSolution.keys()].filter((id) => !hasSolution[id]).map(nameOf),
  };
}

/** Modulus of a gain, or absolute delay. */
const sizeOf = ({ gains, delaysNs }: JudgedSolutions, at: number): number =>
  gains ? Math.hypot(gains[2 * at]!, gains[2 * at + 1]!) : Math.abs(delaysNs![at]!);

function countBroken(solutions: JudgedSolutions): number {
  let count = 0;
  for (const [at, flag] of solutions.flags.entries())
    if (flag !== 1 && !Number.isFinite(sizeOf(solutions, at))) count++;
  return count;
}

function figuresOf(solutions: JudgedSolutions, isChosen: (row: number) => boolean): QualityFigures {
  const { rowCount, cellShape, flags, snrRatio } = solutions;
  const perRow = cellShape[0] * cellShape[1];
  const sizes: number[] = [];
  const snr: number[] = [];
  let solutionCount = 0;
  for (let row = 0; row < rowCount; row++) {
    if (!isChosen(row)) continue;
    solutionCount += perRow;
    for (let at = row * perRow; at < (row + 1) * perRow; at++) {
      const size = sizeOf(solutions, at);
      if (flags[at] === 1 || !Number.isFinite(size)) continue;
      sizes.push(size);
      if (snrRatio && Number.isFinite(snrRatio[at]!)) snr.push(snrRatio[at]!);
    }
  }
  const sorted = Float64Array.from(sizes).sort();
  return {
    solutionCount,
    flaggedFraction: solutionCount === 0 ? 1 : 1 - sizes.length / solutionCount,
    medianGain: quantile(sorted, 0.5),
    lowGain: quantile(sorted, 0.16),
    highGain: quantile(sorted, 0.84),
    phaseScatterDeg: phaseScatterDeg(solutions, isChosen),
    medianSnr: quantile(Float64Array.from(snr).sort(), 0.5),
  };
}

/** Linear between neighbours, as numpy has it. @param values  ascending */
export function quantile(values: Float64Array, fraction: number): number | null {
  if (values.length === 0) return null;
  const place = fraction * (values.length - 1);
  const below = Math.floor(place);
  const low = values[below]!;
  return low + (place - below) * ((values[below + 1] ?? low) - low);
}

/** Circular standard deviation, √(−2 ln R) (Mardia 1972, Statistics of Directional Data, § 2.3), pooled over series. */
function phaseScatterDeg(solutions: JudgedSolutions, isChosen: (row: number) => boolean): number | null {
  const { rowCount, cellShape, gains, flags } = solutions;
  if (!gains) return null;
  const [receptorCount, chanCount] = cellShape;
  const series = new Map<string, { re: number; im: number; count: number }>();
  for (let row = 0; row < rowCount; row++) {
    if (!isChosen(row)) continue;
    // A bandpass is a series over channels in each interval, gains are one over all intervals.
    const interval = solutions.kind === "bandpass" ? solutions.timesMjdSec[row]! : 0;
    const rowKey = `${solutions.antennaIds[row]} ${solutions.spectralWindowIds[row]} ${interval}`;
    for (let chan = 0; chan < chanCount; chan++) {
      for (let receptor = 0; receptor < receptorCount; receptor++) {
        const at = (row * chanCount + chan) * receptorCount + receptor;
        const [re, im] = [gains[2 * at]!, gains[2 * at + 1]!];
        const modulus = Math.hypot(re, im);
        if (flags[at] === 1 || !(modulus > 0 && modulus < Infinity)) continue;
        const key = `${rowKey} ${receptor}`;
        const sum = series.get(key) ?? { re: 0, im: 0, count: 0 };
        series.set(key, { re: sum.re + re / modulus, im: sum.im + im / modulus, count: sum.count + 1 });
      }
    }
  }
  let variance = 0;
  let weight = 0;
  for (const { re, im, count } of series.values()) {
    if (count < 2) continue;
    variance += count * -2 * Math.log(Math.min(1, Math.hypot(re, im) / count));
    weight += count;
  }
  return weight === 0 ? null : (Math.sqrt(variance / weight) * 180) / Math.PI;
}

const percent = (fraction: number) => `${(100 * fraction).toFixed(1)} %`;
const names = (all: readonly string[]) => (all.length > 8 ? `${all.slice(0, 8).join(", ")} …` : all.join(", "));

/** A table that is bad is not applied; one that is usable is, and says what is wrong with it. */
export function judgeQuality(quality: SolutionQuality, limits: QualityLimits = defaultQualityLimits): QualityVerdict {
  const reasons: QualityReason[] = [];
  const say = (severity: QualityReason["severity"], text: string) => reasons.push({ severity, text });
  const { present, antennas, absent, brokenCount } = quality;
  if (brokenCount > 0) say("bad", `${brokenCount} solutions are no numbers and are not flagged`);
  if (antennas.length < limits.minAntennaCount)
    say("bad", `${antennas.length} antennas have solutions, expected ${limits.minAntennaCount} at least`);
  else if (antennas.length < limits.warnAntennaCount) say("warning", `only ${antennas.length} antennas have solutions`);
  if (antennas.length > 0) {
    judgeTable(present, limits, say);
    judgeAntennas(quality, limits, say);
  }
  if (absent.length > 0) say("warning", `${absent.length} antennas have no solution: ${names(absent)}`);
  if (antennas.length === 0 || reasons.some(({ severity }) => severity === "bad")) return { verdict: "bad", reasons };
  return { verdict: reasons.length > 0 ? "usable" : "good", reasons };
}

type Say = (severity: QualityReason["severity"], text: string) => void;

function judgeTable(present: QualityFigures, limits: QualityLimits, say: Say): void {
  const { flaggedFraction, phaseScatterDeg: scatterDeg, medianSnr } = present;
  if (flaggedFraction > limits.maxFlaggedFraction)
    say("bad", `${percent(flaggedFraction)} flagged, expected ${percent(limits.maxFlaggedFraction)} at most`);
  else if (flaggedFraction > limits.warnFlaggedFraction) say("warning", `${percent(flaggedFraction)} flagged`);
  if (scatterDeg !== null && scatterDeg > limits.maxPhaseScatterDeg)
    say("bad", `phases scatter by ${scatterDeg.toFixed(1)}°, expected ${limits.maxPhaseScatterDeg}° at most`);
  if (medianSnr !== null && medianSnr < limits.minSnrRatio)
    say("bad", `SNR ${medianSnr.toFixed(1)} in the median, expected ${limits.minSnrRatio} at least`);
  else if (medianSnr !== null && medianSnr < limits.warnSnrRatio)
    say("warning", `SNR ${medianSnr.toFixed(1)} in the median`);
}

/** One antenna out of range is told; the table is bad when it is more than the fraction that may be flagged. */
function judgeAntennas({ kind, antennas }: SolutionQuality, limits: QualityLimits, say: Say): void {
  const [low, high] = kind === "delay" ? [0, limits.maxDelayNs] : [limits.minGain, limits.maxGain];
  const outside = antennas.filter(({ medianGain }) => medianGain !== null && (medianGain < low || medianGain > high));
  if (outside.length === 0) return;
  const what = kind === "delay" ? `delays above ${high} ns` : `amplitudes outside ${low} to ${high}`;
  const isMost = outside.length > limits.maxFlaggedFraction * antennas.length;
  say(
    isMost ? "bad" : "warning",
    `${outside.length} of ${antennas.length} antennas have ${what}: ${names(outside.map(({ antennaName }) => antennaName))}`,
  );
}
