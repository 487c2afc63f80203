/** From the rows of a Measurement Set to the sums that solves need: what each thread does of it. */

import { openTable, type Table } from "@contimg/casacore-tables/node";
import { accumulateRows, type GainTable, type NormalCells } from "@contimg/kernels/solve";
import { PipelineError } from "../../../domain/error-codes.ts";
import type { TaskRunner } from "../task-pool.ts";
import type { Band } from "./bands.ts";
import { type BlockData, BlockReader, type CalMs, type RowBlock } from "./cal-ms.ts";
import { type ModelOptions, ModelPredictor } from "./model-sky.ts";

export interface UvRange {
  readonly minUvM: number;
  readonly maxUvM: number;
  readonly minUvLambda: number;
  readonly maxUvLambda: number;
}

/** What every thread is given; arrays are shared. */
export interface AccumulateJob {
  readonly ms: CalMs;
  readonly dataColumn: string;
  /** A column, or sources. */
  readonly model: string | ModelOptions;
  readonly bands: readonly Band[];
  readonly uvRange: UvRange;
  readonly cells: NormalCells;
  /** First channel of each window among those of all. */
  readonly firstChan: readonly number[];
  /** Bin of each channel of all windows. */
  readonly binOfChan: Int32Array;
  /** By interval of the cells, with a bin for each channel of all windows; null: nothing is known. */
  readonly known: GainTable | null;
  /** Rows done, for progress. */
  readonly doneRows: Int32Array;
}

/** Blocks of one band and interval, in order of time and then of window: no other unit adds to the same cells, so threads need not wait for each other. */
export interface AccumulateUnit {
  readonly interval: number;
  readonly blocks: readonly RowBlock[];
}

export interface AccumulateResult {
  /** Visibilities between different antennas, and how many of them counted. */
  readonly crossCount: number;
  readonly usedCount: number;
  readonly cpuSec: { readonly read: number; readonly predict: number; readonly accumulate: number };
}

const SPEED_OF_LIGHT_M_PER_SEC = 299_792_458;

/** Of this thread. */
const cpuNowSec = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
};

export function openAccumulator(job: AccumulateJob): TaskRunner<AccumulateUnit, AccumulateResult> {
  return new UnitAccumulator(job);
}

class UnitAccumulator implements TaskRunner<AccumulateUnit, AccumulateResult> {
  readonly #job: AccumulateJob;
  readonly #main: Table;
  readonly #reader: BlockReader;
  readonly #predictor: ModelPredictor | null;

  constructor(job: AccumulateJob) {
    this.#job = job;
    this.#main = openTable(job.ms.path);
    const isColumn = typeof job.model === "string";
    this.#reader = new BlockReader(this.#main, job.ms, job.dataColumn, isColumn ? (job.model as string) : null);
    this.#predictor = isColumn ? null : new ModelPredictor(job.ms, job.model as ModelOptions, job.bands);
  }

  run({ interval, blocks }: AccumulateUnit): AccumulateResult {
    const { ms, cells, firstChan, binOfChan, known, doneRows } = this.#job;
    const cpuSec = { read: 0, predict: 0, accumulate: 0 };
    let [usedCount, crossCount] = [0, 0];
    for (const block of blocks) {
      const window = ms.windows[block.windowIndex]!;
      const chanCount = window.freqHz.length;
      const polCount = window.parallelCorrs.length;
      const startSec = cpuNowSec();
      const data = this.#reader.read(block);
      const readSec = cpuNowSec();
      const model = this.#predictor ? this.#predictor.predict(block, data.uvwM) : data.model!;
      if (!this.#predictor) this.#assertModel(block, data);
      const predictedSec = cpuNowSec();
      const rowCount = block.rowEnd - block.rowStart;
      const ant1 = ms.ant1.subarray(block.rowStart, block.rowEnd);
      const ant2 = ms.ant2.subarray(block.rowStart, block.rowEnd);
      const intervalOfRow = new Int32Array(rowCount).fill(interval);
      this.#leaveOut(block, data.uvwM, intervalOfRow);
      for (let row = 0; row < rowCount; row++) if (ant1[row] !== ant2[row]) crossCount += chanCount * polCount;
      const chanStart = firstChan[block.windowIndex]!;
      usedCount += accumulateRows(cells, {
        vis: data.vis,
        flags: data.flags,
        weights: data.weights,
        model,
        rowCount,
        channelCount: chanCount,
        correlationCount: window.corrCount,
        ant1,
        ant2,
        intervalOfRow,
        binOfChannel: binOfChan.subarray(chanStart, chanStart + chanCount),
        correlations: window.parallelCorrs,
        ...(known === null
          ? {}
          : {
              prior: {
                table: windowOf(known, interval, chanStart, chanCount),
                intervalOfRow: new Int32Array(rowCount),
              },
            }),
      });
      const endSec = cpuNowSec();
      cpuSec.read += readSec - startSec;
      cpuSec.predict += predictedSec - readSec;
      cpuSec.accumulate += endSec - predictedSec;
      Atomics.add(doneRows, 0, rowCount);
    }
    return { usedCount, crossCount, cpuSec };
  }

  close(): void {
    this.#main.close();
  }

  #leaveOut({ windowIndex }: RowBlock, uvwM: Float64Array, intervalOfRow: Int32Array): void {
    const { uvRange, ms } = this.#job;
    const { freqHz } = ms.windows[windowIndex]!;
    const lambdaM = SPEED_OF_LIGHT_M_PER_SEC / freqHz[freqHz.length >> 1]!;
    const minM = Math.max(uvRange.minUvM, uvRange.minUvLambda * lambdaM);
    const maxM = Math.min(uvRange.maxUvM, uvRange.maxUvLambda * lambdaM);
    for (let row = 0; row < intervalOfRow.length; row++) {
      const lengthM = Math.hypot(uvwM[3 * row]!, uvwM[3 * row + 1]!);
      if (lengthM < minM || lengthM > maxM) intervalOfRow[row] = -1;
    }
  }

  /** Of samples that would count; a sum would leave out what is not a number, and solve on with less. */
  #assertModel({ rowStart, windowIndex }: RowBlock, { model, flags }: BlockData): void {
    const { ms, model: column } = this.#job;
    const perRow = flags.length === 0 ? 1 : ms.windows[windowIndex]!.freqHz.length * ms.windows[windowIndex]!.corrCount;
    for (let at = 0; at < flags.length; at++) {
      if (flags[at] === 1 || Number.isFinite(model![2 * at]! + model![2 * at + 1]!)) continue;
      const row = rowStart + Math.floor(at / perRow);
      if (ms.ant1[row] === ms.ant2[row]) continue;
      throw new PipelineError(
        "MODEL_UNUSABLE",
        `${ms.path}: ${column as string} of row ${row}: expected finite numbers, found ${model![2 * at]}, ${model![2 * at + 1]}; predict the model again, or flag what has none`,
        { subject: ms.path },
      );
    }
  }
}

/** One interval and the channels of one window. */
function windowOf(table: GainTable, interval: number, chanStart: number, chanCount: number): GainTable {
  const { antennaCount, polCount, binCount } = table;
  const gains = new Float64Array(2 * antennaCount * chanCount * polCount);
  const flags = new Uint8Array(antennaCount * chanCount * polCount);
  const size = chanCount * polCount;
  for (let antenna = 0; antenna < antennaCount; antenna++) {
    const from = ((interval * antennaCount + antenna) * binCount + chanStart) * polCount;
    gains.set(table.gains.subarray(2 * from, 2 * (from + size)), 2 * antenna * size);
    flags.set(table.flags.subarray(from, from + size), antenna * size);
  }
  return { antennaCount, intervalCount: 1, polCount, binCount: chanCount, gains, flags };
}
