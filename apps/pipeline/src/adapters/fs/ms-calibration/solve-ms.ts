/** Solves for bandpass and gains of a Measurement Set, and writes the tables. */

import { existsSync } from "node:fs";
import { openTable, type Table } from "@contimg/casacore-tables/node";
import {
  accumulateRows,
  createNormalCells,
  type GainSolutions,
  type GainTable,
  gainIndex,
  type NormalCells,
  normaliseGains,
  rankReferences,
  referenceGains,
  solveCells,
} from "@contimg/kernels/solve";
import type { EarthOrientation } from "@contimg/sky";
import { judgeQuality, measureQuality } from "../../../domain/cal-quality.ts";
import type { CalSolveConfig, CalSolveReport, SkySource, SolvedTable } from "../../../domain/cal-solve.ts";
import type { CalTableType } from "../../../domain/cal-table.ts";
import { PipelineError } from "../../../domain/error-codes.ts";
import type { Clock } from "../../../ports/clock.ts";
import { BlockReader, blocksOf, type CalMs, describeCalMs, type RowBlock, unsuitable } from "./cal-ms.ts";
import { ModelPredictor } from "./model-sky.ts";
import { writeCalTable } from "./write-cal-table.ts";

export interface SolveMsOptions {
  readonly sources: readonly SkySource[];
  readonly config: CalSolveConfig;
  readonly dataColumn: string;
  /** Tables become `<prefix>_bpcal`, `<prefix>_gpcal`, `<prefix>_2gcal`. */
  readonly outputPrefix: string;
  readonly software: string;
  readonly earthOrientation: EarthOrientation;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  onProgress(step: string, doneCount: number, totalCount: number): void;
}

/** Bins of a solve: channels of all windows one behind the other, or the windows. */
interface Bins {
  readonly chanCount: number;
  /** First channel of each window. */
  readonly firstChan: readonly number[];
  readonly windowOfChan: Int32Array;
}

const SEC_PER_DAY = 86_400;

/** @throws PipelineError MS_UNSUITABLE, SOLVE_FAILED, INTERRUPTED, … */
export async function solveMs(msPath: string, options: SolveMsOptions): Promise<CalSolveReport> {
  const startedMs = options.clock.monotonicMs();
  const sinceSec = (fromMs: number) => (options.clock.monotonicMs() - fromMs) / 1000;
  using main = openTable(msPath);
  const ms = describeCalMs(msPath, main);
  assertSolvable(ms, options, (name) => main.hasColumn(name));
  const solve = new MsSolve(main, ms, options);
  const bandpassMs = options.clock.monotonicMs();
  const bandpass = await solve.bandpass();
  const bandpassSec = sinceSec(bandpassMs);
  const gainsMs = options.clock.monotonicMs();
  const gains = await solve.gains(bandpass);
  const gainsSec = sinceSec(gainsMs);
  const writeMs = options.clock.monotonicMs();
  const tables: SolvedTable[] = [];
  for (const each of [bandpass, ...gains]) tables.push(await solve.write(each));
  const fluxesJy = solve.model.fluxesJy();
  return {
    msPath,
    fieldName: ms.fields[ms.fieldIds[0]!]!.name,
    refant: ms.antennaNames[solve.reference]!,
    sourceCount: options.sources.length,
    modelFluxJy: fluxesJy.reduce((sum, fluxJy) => sum + fluxJy, 0),
    usedFraction: solve.usedFraction,
    tables,
    startMjd: ms.startMjdSec / SEC_PER_DAY,
    endMjd: ms.endMjdSec / SEC_PER_DAY,
    timingsSec: { bandpass: bandpassSec, gains: gainsSec, write: sinceSec(writeMs), total: sinceSec(startedMs) },
  };
}

function assertSolvable(
  ms: CalMs,
  { sources, dataColumn, outputPrefix }: SolveMsOptions,
  hasColumn: (name: string) => boolean,
): void {
  if (sources.length === 0) throw solveFailed(ms.path, "the model has no source in the beam");
  const bad = sources.find(({ raDeg, decDeg, fluxJy, refFreqHz, spectralIndexRatio }) =>
    [raDeg, decDeg, fluxJy, refFreqHz, spectralIndexRatio].some((value) => !Number.isFinite(value)),
  );
  if (bad)
    throw solveFailed(
      ms.path,
      `source ${bad.name} of the model: expected finite numbers, found ${JSON.stringify(bad)}`,
    );
  const [first] = ms.windows;
  for (const { dataDescId, freqHz, parallelCorrs } of ms.windows) {
    if (freqHz.length !== first!.freqHz.length || parallelCorrs.length !== first!.parallelCorrs.length)
      throw unsuitable(
        ms.path,
        `DATA_DESCRIPTION row ${dataDescId}`,
        `${first!.freqHz.length} channels and ${first!.parallelCorrs.length} polarisations as in the first`,
        `${freqHz.length} and ${parallelCorrs.length}`,
      );
  }
  if (!hasColumn(dataColumn)) throw unsuitable(ms.path, "columns of MAIN", dataColumn, "none of that name");
  for (const suffix of ["_bpcal", "_gpcal", "_2gcal"]) {
    const path = `${outputPrefix}${suffix}`;
    if (existsSync(path)) {
      const message = `${path}: is there already; move it away, or give another --output-prefix`;
      throw new PipelineError("OUTPUT_EXISTS", message, { subject: path });
    }
  }
}

const solveFailed = (path: string, message: string) =>
  new PipelineError("SOLVE_FAILED", `${path}: ${message}`, { subject: path });

/** What one solve gave, before it is written. */
interface Solved {
  readonly type: CalTableType;
  readonly suffix: string;
  readonly table: GainTable & Pick<GainSolutions, "snr" | "errors">;
  readonly outcomes: GainSolutions["outcomes"];
  /** Middle of each solution interval, and its length. */
  readonly intervals: Intervals;
  readonly isPerChannel: boolean;
}

interface Intervals {
  readonly middleMjdSec: readonly number[];
  readonly lengthSec: readonly number[];
  intervalOf(timeMjdSec: number): number;
}

const COUNT_OF_VERDICT = {
  converged: "convergedCount",
  limit: "limitCount",
  "no-data": "noDataCount",
} as const;

class MsSolve {
  readonly model: ModelPredictor;
  reference = -1;
  usedFraction = 0;
  readonly #ms: CalMs;
  readonly #options: SolveMsOptions;
  readonly #reader: BlockReader;
  readonly #blocks: readonly RowBlock[];
  readonly #bins: Bins;
  #ranking: Int32Array = new Int32Array(0);

  constructor(main: Table, ms: CalMs, options: SolveMsOptions) {
    this.#ms = ms;
    this.#options = options;
    this.#reader = new BlockReader(main, ms, options.dataColumn);
    this.#blocks = blocksOf(ms);
    const chanCount = ms.windows[0]!.freqHz.length;
    this.#bins = {
      chanCount: chanCount * ms.windows.length,
      firstChan: ms.windows.map((_, at) => at * chanCount),
      windowOfChan: Int32Array.from({ length: chanCount * ms.windows.length }, (_, chan) =>
        Math.floor(chan / chanCount),
      ),
    };
    this.model = new ModelPredictor(ms, {
      sources: options.sources,
      beam: options.config.beam,
      dishDiameterM: options.config.dishDiameterM ?? medianOf(ms.diametersM),
      earthOrientation: options.earthOrientation,
    });
  }

  async bandpass(): Promise<Solved> {
    const { config } = this.#options;
    const intervals = this.#intervals(null);
    const cells = await this.#accumulate("bandpass", intervals, this.#bins.chanCount, (window) => {
      const first = this.#bins.firstChan[window]!;
      return (chan) => first + chan;
    });
    const solutions = solveCells(cells, {
      minBaselineCount: config.minBaselineCount,
      minSnr: config.bandpassMinSnrRatio,
    });
    if (solutions.flags.every((flag) => flag === 1)) throw this.#nothingSolved("bandpass", solutions);
    this.#ranking = rankReferences(solutions, {
      positionsM: this.#ms.positionsM,
      preferredAnt: config.refants.map((name) => this.#ms.antennaNames.indexOf(name)).filter((id) => id >= 0),
    });
    this.reference = referenceGains(solutions, this.#ranking, "frequency").antennas[0]!;
    normaliseGains(solutions, { scope: "antenna", spwOfBin: this.#bins.windowOfChan });
    const { outcomes } = solutions;
    return { type: "BP", suffix: "_bpcal", table: solutions, outcomes, intervals, isPerChannel: true };
  }

  /** Gains on top of the bandpass, and phases of short intervals on top of both. */
  async gains(bandpass: Solved): Promise<readonly Solved[]> {
    const { config } = this.#options;
    const first = await this.#gainsOn([bandpass], "GP", "_gpcal", config.gainIntervalSec, "complex");
    if (config.phaseIntervalSec === null) return [first];
    return [first, await this.#gainsOn([bandpass, first], "2G", "_2gcal", config.phaseIntervalSec, "phase")];
  }

  async #gainsOn(
    priors: readonly Solved[],
    type: CalTableType,
    suffix: string,
    intervalSec: number | null,
    mode: "complex" | "phase",
  ): Promise<Solved> {
    const { config } = this.#options;
    const intervals = this.#intervals(intervalSec);
    const windowCount = this.#ms.windows.length;
    const cells = await this.#accumulate(suffix, intervals, windowCount, (window) => () => window, priors);
    const solutions = solveCells(cells, {
      mode,
      minBaselineCount: config.minBaselineCount,
      minSnr: config.gainMinSnrRatio,
    });
    if (solutions.flags.every((flag) => flag === 1)) throw this.#nothingSolved(suffix, solutions);
    referenceGains(solutions, this.#ranking, "time");
    return { type, suffix, table: solutions, outcomes: solutions.outcomes, intervals, isPerChannel: false };
  }

  #nothingSolved(what: string, { outcomes }: GainSolutions) {
    const noDataCount = outcomes.filter(({ verdict }) => verdict === "no-data").length;
    return solveFailed(
      this.#ms.path,
      `${what}: no solution in any of ${outcomes.length} cells, ${noDataCount} of them without data; is everything flagged, is the source in the model in the beam?`,
    );
  }

  #intervals(intervalSec: number | null): Intervals {
    const { startMjdSec, endMjdSec } = this.#ms;
    const spanSec = endMjdSec - startMjdSec;
    const count = intervalSec === null ? 1 : Math.max(1, Math.round(spanSec / intervalSec));
    const lengthSec = spanSec / count;
    return {
      middleMjdSec: Array.from({ length: count }, (_, at) => startMjdSec + (at + 0.5) * lengthSec),
      lengthSec: Array.from({ length: count }, () => lengthSec),
      intervalOf: (timeMjdSec) => Math.min(count - 1, Math.floor((timeMjdSec - startMjdSec) / lengthSec)),
    };
  }

  /** Reads the data once. @param binOf  of a window: the bin of each of its channels */
  async #accumulate(
    step: string,
    intervals: Intervals,
    binCount: number,
    binOf: (window: number) => (chan: number) => number,
    priors: readonly Solved[] = [],
  ): Promise<NormalCells> {
    const ms = this.#ms;
    const { signal, onProgress, config } = this.#options;
    const polCount = ms.windows[0]!.parallelCorrs.length;
    const antennaCount = ms.antennaNames.length;
    const cells = createNormalCells({ antennaCount, intervalCount: intervals.middleMjdSec.length, polCount, binCount });
    let usedCount = 0;
    let crossCount = 0;
    for (const [done, block] of this.#blocks.entries()) {
      if (signal.aborted) throw new PipelineError("INTERRUPTED", `${ms.path}: stopped`, { subject: ms.path });
      const window = ms.windows[block.windowIndex]!;
      const data = this.#reader.read(block);
      const rowCount = block.rowEnd - block.rowStart;
      const ant1 = ms.ant1.subarray(block.rowStart, block.rowEnd);
      const ant2 = ms.ant2.subarray(block.rowStart, block.rowEnd);
      const interval = intervals.intervalOf(block.timeMjdSec);
      const intervalOfRow = new Int32Array(rowCount).fill(interval);
      for (let row = 0; row < rowCount; row++) {
        const lengthM = Math.hypot(data.uvwM[3 * row]!, data.uvwM[3 * row + 1]!);
        if (lengthM < config.minUvM || lengthM > config.maxUvM) intervalOfRow[row] = -1;
        if (ant1[row] !== ant2[row]) crossCount += window.freqHz.length * polCount;
      }
      usedCount += accumulateRows(cells, {
        vis: data.vis,
        flags: data.flags,
        weights: data.weights,
        model: this.model.predict(block, data.uvwM),
        rowCount,
        channelCount: window.freqHz.length,
        correlationCount: window.corrCount,
        ant1,
        ant2,
        intervalOfRow,
        binOfChannel: Int32Array.from({ length: window.freqHz.length }, (_, chan) => binOf(block.windowIndex)(chan)),
        correlations: window.parallelCorrs,
        ...(priors.length > 0 ? { prior: this.#priorOf(priors, block) } : {}),
      });
      onProgress(step, done + 1, this.#blocks.length);
      // The signal and the terminal get their turn.
      if (done % 8 === 7) await new Promise((resume) => setImmediate(resume));
    }
    if (priors.length === 0) this.usedFraction = crossCount === 0 ? 0 : usedCount / crossCount;
    return cells;
  }

  /** What is known already of the block's window at its time, one value a channel. */
  #priorOf(priors: readonly Solved[], { windowIndex, timeMjdSec, rowStart, rowEnd }: RowBlock) {
    const { antennaCount, polCount } = priors[0]!.table;
    const chanCount = this.#ms.windows[windowIndex]!.freqHz.length;
    const size = antennaCount * chanCount * polCount;
    const table: GainTable = {
      antennaCount,
      intervalCount: 1,
      polCount,
      binCount: chanCount,
      gains: new Float64Array(2 * size),
      flags: new Uint8Array(size),
    };
    for (let at = 0; at < size; at++) table.gains[2 * at] = 1;
    for (const { table: prior, intervals, isPerChannel } of priors) {
      const interval = intervals.intervalOf(timeMjdSec);
      for (let antenna = 0; antenna < antennaCount; antenna++) {
        for (let chan = 0; chan < chanCount; chan++) {
          const bin = isPerChannel ? this.#bins.firstChan[windowIndex]! + chan : windowIndex;
          for (let pol = 0; pol < polCount; pol++) {
            const from = gainIndex(prior, interval, antenna, bin, pol);
            const to = gainIndex(table, 0, antenna, chan, pol);
            const [re, im] = [table.gains[2 * to]!, table.gains[2 * to + 1]!];
            const [gRe, gIm] = [prior.gains[2 * from]!, prior.gains[2 * from + 1]!];
            table.gains[2 * to] = re * gRe - im * gIm;
            table.gains[2 * to + 1] = re * gIm + im * gRe;
            if (prior.flags[from] === 1) table.flags[to] = 1;
          }
        }
      }
    }
    return { table, intervalOfRow: new Int32Array(rowEnd - rowStart) };
  }

  async write({ type, suffix, table, outcomes, intervals, isPerChannel }: Solved): Promise<SolvedTable> {
    const ms = this.#ms;
    const path = `${this.#options.outputPrefix}${suffix}`;
    const solutions = await writeCalTable(path, ms, {
      kind: isPerChannel ? "B" : "G",
      table,
      intervals,
      reference: this.reference,
      chanCount: isPerChannel ? ms.windows[0]!.freqHz.length : 1,
      software: this.#options.software,
    });
    const quality = measureQuality(solutions);
    const counts = { convergedCount: 0, limitCount: 0, noDataCount: 0 };
    for (const { verdict } of outcomes) counts[COUNT_OF_VERDICT[verdict]]++;
    const sigmas = outcomes.map(({ residualSigma }) => residualSigma).filter((sigma) => Number.isFinite(sigma));
    return {
      type,
      path,
      quality,
      verdict: judgeQuality(quality),
      outcomeCounts: counts,
      residualSigma: sigmas.length === 0 ? null : medianOf(Float64Array.from(sigmas)),
    };
  }
}

const medianOf = (values: Float64Array) => values.slice().sort()[values.length >> 1]!;
