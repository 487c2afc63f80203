/** The steps of a solve, each on sums of the data as seen through what was solved before. */

import {
  type CellOutcome,
  type ClosurePhases,
  closurePhases,
  createGainTable,
  type DelayOutcome,
  fillGaps,
  fitAmplitudes,
  type GainMode,
  type GainSolutions,
  type GainTable,
  gainIndex,
  mergeCells,
  multiplyGains,
  type NormalCells,
  normaliseGains,
  rankReferences,
  referenceGains,
  smoothBandpass,
  solveCells,
  solveDelays,
  spreadGains,
} from "@contimg/kernels/solve";
import type { CalMode, CalSolveConfig, SolveType } from "../../../domain/cal-solve.ts";
import type { CalMs } from "./cal-ms.ts";
import type { PriorGains } from "./prior-gains.ts";
import { type CommonIntervals, intervalOfCommon, type SolveIntervals } from "./solve-intervals.ts";

/** What is solved: a type of table, or the phases before the bandpass. */
export type StepName = SolveType | "prebp";

/** In the order in which they are solved. */
export const stepNames: readonly StepName[] = ["K", "prebp", "BP", "GP", "2G"];
/** Of these every channel has a solution or counts by itself. */
export const isPerChannel = (name: StepName): boolean => name === "K" || name === "BP";

export interface SolvedStep {
  readonly name: StepName;
  readonly intervals: SolveIntervals;
  /** Bins: channels of all windows, or windows; of delays and of combined windows there is one. */
  readonly table: GainTable & Pick<GainSolutions, "snr" | "errors">;
  /** As `flags` of the table; of K. Errors of such a table are in seconds. */
  readonly delaysSec: Float64Array | null;
  readonly outcomes: readonly (CellOutcome | DelayOutcome)[];
  /** Of the phases. */
  readonly referenceAnt: number;
  /** Of the data about the model, which no gain changes; of GP. */
  readonly closure: ClosurePhases | null;
}

/** Sums of a pass over the data, and what the model in them was seen through. */
export interface PassSums {
  readonly cells: NormalCells;
  readonly common: CommonIntervals;
  readonly applied: readonly Known[];
  readonly isPerChannel: boolean;
}

/** Gains that are known, at the channels or windows of the Measurement Set. */
export interface Known {
  at(common: CommonIntervals, of: "channels" | "windows"): GainTable;
}

/** Channels of all windows, one behind the other. */
export interface Channels {
  readonly firstChan: readonly number[];
  readonly windowOfChan: Int32Array;
  readonly freqHz: Float64Array;
  /** Of each window. */
  readonly referenceHz: readonly number[];
}

const GAIN_MODE: Readonly<Record<CalMode, GainMode>> = { p: "phase", a: "amplitude", ap: "complex" };

export function channelsOf({ windows }: CalMs): Channels {
  const firstChan: number[] = [];
  let chanCount = 0;
  for (const { freqHz } of windows) {
    firstChan.push(chanCount);
    chanCount += freqHz.length;
  }
  return {
    firstChan,
    windowOfChan: Int32Array.from(windows.flatMap(({ freqHz }, window) => Array.from(freqHz, () => window))),
    freqHz: Float64Array.from(windows.flatMap(({ freqHz }) => Array.from(freqHz))),
    referenceHz: windows.map(({ referenceHz }) => referenceHz),
  };
}

/** A table that was solved before. */
export function knownPrior(prior: PriorGains): Known {
  return {
    at({ middleMjdSec }) {
      const tables = middleMjdSec.map((timeMjdSec) => prior.at(timeMjdSec));
      const { antennaCount, polCount, binCount } = tables[0]!;
      const joined = createGainTable({ antennaCount, polCount, binCount, intervalCount: tables.length });
      for (const [interval, { gains, flags }] of tables.entries()) {
        joined.gains.set(gains, interval * gains.length);
        joined.flags.set(flags, interval * flags.length);
      }
      return joined;
    },
  };
}

function product(knowns: readonly Known[], common: CommonIntervals, of: "channels" | "windows"): GainTable | undefined {
  const tables = knowns.map((known) => known.at(common, of));
  return tables.length === 0 ? undefined : tables.reduce(multiplyGains);
}

/** All that is known, at every interval and channel; null: nothing is. */
export const knownAtChannels = (knowns: readonly Known[], common: CommonIntervals): GainTable | null =>
  product(knowns, common, "channels") ?? null;

export class StepSolver {
  readonly #ms: CalMs;
  readonly #config: CalSolveConfig;
  readonly #channels: Channels;
  /** For the bandpass alone. */
  #beforeBandpass: Known[] = [];
  #knowns: Known[];
  #ranking: Int32Array | undefined;
  /** Sums by window, kept between steps on the same pass. */
  #byWindow: { readonly from: PassSums; readonly sums: PassSums } | undefined;

  constructor(ms: CalMs, config: CalSolveConfig, channels: Channels, priors: readonly PriorGains[]) {
    this.#ms = ms;
    this.#config = config;
    this.#channels = channels;
    this.#knowns = priors.map(knownPrior);
  }

  /** What the next step is solved on top of. */
  knownFor(name: StepName): readonly Known[] {
    return name === "BP" ? [...this.#knowns, ...this.#beforeBandpass] : this.#knowns;
  }

  solve(name: StepName, pass: PassSums, intervals: SolveIntervals): SolvedStep {
    const solved = this.#solve(name, pass, intervals);
    const known = this.#knownOf(solved);
    if (name === "prebp") this.#beforeBandpass.push(known);
    else this.#knowns = [...this.#knowns, known];
    return solved;
  }

  #solve(name: StepName, pass: PassSums, intervals: SolveIntervals): SolvedStep {
    const config = this.#config;
    const { minBaselineCount } = config;
    const robust = config.robust === null ? {} : { robust: config.robust };
    switch (name) {
      case "K":
        return this.#delays(pass, intervals);
      case "BP": {
        const cells = this.#merged(pass, name, intervals, this.#identityOfChan());
        const table = solveCells(cells, { minBaselineCount, minSnr: config.bandpassMinSnrRatio, ...robust });
        const referenceAnt = this.#reference(table, "frequency");
        this.#finishBandpass(table);
        return { name, intervals, table, delaysSec: null, outcomes: table.outcomes, referenceAnt, closure: null };
      }
      default: {
        const isCombined = name !== "2G" && config.combine.includes("spw");
        const binOfWindow = Int32Array.from(this.#ms.windows, (_, window) => (isCombined ? 0 : window));
        const cells = this.#mergedByWindow(pass, name, intervals, binOfWindow);
        const mode = name === "GP" ? GAIN_MODE[config.gainMode] : "phase";
        const table = solveCells(cells, { mode, minBaselineCount, minSnr: config.gainMinSnrRatio, ...robust });
        const referenceAnt = mode === "amplitude" ? -1 : this.#reference(table, "time");
        const closure = name === "GP" ? closurePhases(cells, table, Math.max(0, referenceAnt)) : null;
        return { name, intervals, table, delaysSec: null, outcomes: table.outcomes, referenceAnt, closure };
      }
    }
  }

  /** Refers phases, with the antenna that the first step chose. */
  #reference(table: GainTable, axis: "time" | "frequency"): number {
    this.#ranking ??= rankReferences(table, { positionsM: this.#ms.positionsM, preferredAnt: this.#preferred() });
    const { antennas } = referenceGains(table, this.#ranking, axis);
    return antennas.find((antenna) => antenna >= 0) ?? -1;
  }

  #preferred(): readonly number[] {
    return this.#config.refants.map((name) => this.#ms.antennaNames.indexOf(name)).filter((id) => id >= 0);
  }

  #finishBandpass(table: GainTable): void {
    const { fillGapsChanCount, bandpassSmoothing, bandpassDegreeCount, isBandpassNormalised } = this.#config;
    const { windowOfChan } = this.#channels;
    if (fillGapsChanCount > 0) fillGaps(table, fillGapsChanCount, windowOfChan);
    if (bandpassSmoothing !== null) smoothBandpass(table, bandpassSmoothing, windowOfChan);
    if (bandpassDegreeCount !== null) fitAmplitudes(table, bandpassDegreeCount, windowOfChan);
    if (isBandpassNormalised) normaliseGains(table, { scope: "antenna", spwOfBin: windowOfChan });
  }

  /** One delay over all windows: the slope is known so much better by all of the band. */
  #delays(pass: PassSums, intervals: SolveIntervals): SolvedStep {
    const cells = this.#merged(pass, "K", intervals, this.#identityOfChan());
    const delays = solveDelays(cells, this.#channels.freqHz, { minSnr: this.#config.delayMinSnrRatio });
    const { antennaCount, intervalCount, polCount, flags, snr, errorsSec, delaysSec, outcomes } = delays;
    const shape = createGainTable({ antennaCount, intervalCount, polCount, binCount: 1 });
    const table = { ...shape, flags, snr, errors: errorsSec };
    this.#ranking ??= rankReferences(table, { positionsM: this.#ms.positionsM, preferredAnt: this.#preferred() });
    const referenceAnt = referDelays(table, delaysSec, this.#ranking);
    return { name: "K", intervals, table, delaysSec, outcomes, referenceAnt, closure: null };
  }

  #knownOf({ name, table, delaysSec, intervals }: SolvedStep): Known {
    const { windowOfChan, freqHz, referenceHz } = this.#channels;
    const spread = (binOfBin: Int32Array) => (common: CommonIntervals) =>
      spreadGains(table, binOfBin, intervalOfCommon(common, intervals));
    if (delaysSec !== null) {
      const gains = createGainTable({ ...table, binCount: freqHz.length });
      delaysToGains(gains, table.flags, delaysSec, freqHz, (chan) => referenceHz[windowOfChan[chan]!]!);
      return { at: (common) => spreadGains(gains, this.#identityOfChan(), intervalOfCommon(common, intervals)) };
    }
    if (name === "BP") return { at: spread(this.#identityOfChan()) };
    const binOfWindow = Int32Array.from(this.#ms.windows, (_, window) => (table.binCount === 1 ? 0 : window));
    const atWindows = spread(binOfWindow);
    const atChannels = spread(windowOfChan.map((window) => binOfWindow[window]!));
    return { at: (common, of) => (of === "windows" ? atWindows(common) : atChannels(common)) };
  }

  #identityOfChan(): Int32Array {
    return Int32Array.from(this.#channels.windowOfChan, (_, chan) => chan);
  }

  #merged(pass: PassSums, name: StepName, intervals: SolveIntervals, binOfChan: Int32Array): NormalCells {
    const missing = this.knownFor(name).filter((known) => !pass.applied.includes(known));
    const known = product(missing, pass.common, "channels");
    return mergeCells(pass.cells, binOfChan, intervalOfCommon(pass.common, intervals), known);
  }

  /** Through sums by window that the steps on one pass share: gains of windows can be seen through there. */
  #mergedByWindow(pass: PassSums, name: StepName, intervals: SolveIntervals, binOfWindow: Int32Array): NormalCells {
    let sums = pass;
    if (pass.isPerChannel) {
      const isKept = this.#byWindow?.from === pass && name === "2G";
      if (!isKept) {
        const each = Int32Array.from({ length: pass.common.count }, (_, interval) => interval);
        const applied = this.knownFor(name);
        const known = product(
          applied.filter((known) => !pass.applied.includes(known)),
          pass.common,
          "channels",
        );
        const cells = mergeCells(pass.cells, this.#channels.windowOfChan, each, known);
        this.#byWindow = { from: pass, sums: { cells, common: pass.common, applied, isPerChannel: false } };
      }
      sums = this.#byWindow!.sums;
    }
    const missing = this.knownFor(name).filter((known) => !sums.applied.includes(known));
    const known = product(missing, sums.common, "windows");
    return mergeCells(sums.cells, binOfWindow, intervalOfCommon(sums.common, intervals), known);
  }
}

/** Makes delays relative to the best antenna that has one everywhere, in place; they were relative to one of each polarisation. */
function referDelays(table: GainTable, delaysSec: Float64Array, ranking: Int32Array): number {
  const { antennaCount, intervalCount, polCount, flags } = table;
  const cellCount = intervalCount * polCount;
  const placeOf = (cell: number, antenna: number) =>
    (Math.floor(cell / polCount) * antennaCount + antenna) * polCount + (cell % polCount);
  const cells = Array.from({ length: cellCount }, (_, cell) => cell);
  const reference =
    ranking.find((antenna) => cells.every((cell) => flags[placeOf(cell, antenna)] === 0)) ?? ranking[0]!;
  for (const cell of cells) {
    const delaySec = delaysSec[placeOf(cell, reference)]!;
    for (let antenna = 0; antenna < antennaCount; antenna++)
      if (flags[placeOf(cell, antenna)] === 0) delaysSec[placeOf(cell, antenna)]! -= delaySec;
  }
  return reference;
}

/** A delay has no phase at the reference frequency of each window, as CASA has it. */
function delaysToGains(
  gains: GainTable,
  flags: Uint8Array,
  delaysSec: Float64Array,
  freqHz: Float64Array,
  referenceHzOf: (chan: number) => number,
): void {
  const { antennaCount, intervalCount, polCount } = gains;
  for (let interval = 0; interval < intervalCount; interval++) {
    for (let antenna = 0; antenna < antennaCount; antenna++) {
      for (let pol = 0; pol < polCount; pol++) {
        const from = (interval * antennaCount + antenna) * polCount + pol;
        if (flags[from] !== 0) continue;
        for (const [chan, hz] of freqHz.entries()) {
          const turns = delaysSec[from]! * (hz - referenceHzOf(chan));
          const at = gainIndex(gains, interval, antenna, chan, pol);
          gains.gains[2 * at] = Math.cos(2 * Math.PI * turns);
          gains.gains[2 * at + 1] = Math.sin(2 * Math.PI * turns);
          gains.flags[at] = 0;
        }
      }
    }
  }
}
