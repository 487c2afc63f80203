/** The work of calibrating a whole Measurement Set, cut into pieces that threads take one by one. */

import {
  openTable,
  openTiledRows,
  type Table,
  type TiledColumnPlan,
  type TiledRowWriter,
} from "@contimg/casacore-tables/node";
import { type PackedFlags, packRow } from "../ms-flags/packed-flags.ts";
import { type ApplyBlock, type ApplyMs, applyBlocksOf } from "./apply-ms.ts";
import { CalibratedReader } from "./calibrated-reader.ts";
import type { GainFactors } from "./gain-factors.ts";

/** What every thread is given; large arrays are shared. */
export interface ApplyJob {
  readonly ms: ApplyMs;
  readonly factors: GainFactors;
  readonly calibratesWeights: boolean;
  readonly startFlags: PackedFlags;
  /** Where results go; null: they are only counted. */
  readonly corrected: TiledColumnPlan | null;
  readonly spectrum: TiledColumnPlan | null;
  /** [row, corr], of windows with equally many correlations. */
  readonly weights: Float32Array | null;
  readonly packed: PackedFlags | null;
}

/** Neighbouring blocks. */
export type ApplyTask = readonly ApplyBlock[];

export interface ApplyTaskResult {
  readonly rowCount: number;
  readonly newlyFlaggedCount: number;
  readonly unflaggedCount: number;
}

/** Neighbours keep tables of gains and buffers warm; 4 blocks of a full group are 14 MB. */
const BLOCKS_A_TASK = 4;

export function divideBlocks(ms: ApplyMs): ApplyTask[] {
  const blocks = applyBlocksOf(ms);
  const tasks: ApplyTask[] = [];
  for (let at = 0; at < blocks.length; at += BLOCKS_A_TASK) tasks.push(blocks.slice(at, at + BLOCKS_A_TASK));
  return tasks;
}

/** Calibrates blocks and writes what the job asks for. One for each thread. */
export class BlockCalibrator {
  readonly #job: ApplyJob;
  readonly #main: Table;
  readonly #reader: CalibratedReader;
  readonly #corrected: TiledRowWriter | undefined;
  readonly #spectrum: TiledRowWriter | undefined;

  constructor(job: ApplyJob) {
    const { ms, factors, calibratesWeights, startFlags } = job;
    this.#job = job;
    this.#main = openTable(ms.path);
    this.#reader = new CalibratedReader(this.#main, ms, { factors, calibratesWeights, startFlags });
    this.#corrected = job.corrected === null ? undefined : openTiledRows(job.corrected);
    this.#spectrum = job.spectrum === null ? undefined : openTiledRows(job.spectrum);
  }

  calibrate(task: ApplyTask): ApplyTaskResult {
    const result = { rowCount: 0, newlyFlaggedCount: 0, unflaggedCount: 0 };
    for (const block of task) {
      const { rowStart, rowEnd, windowIndex } = block;
      const { vis, weights, spectralWeights, newlyFlaggedCount, unflaggedCount } = this.#reader.read(block);
      this.#corrected?.writeRows(rowStart, vis);
      if (spectralWeights !== null) this.#spectrum?.writeRows(rowStart, spectralWeights);
      const { freqHz, corrCount } = this.#job.ms.windows[windowIndex]!;
      this.#job.weights?.set(weights, rowStart * corrCount);
      const perRow = freqHz.length * corrCount;
      if (this.#job.packed !== null)
        for (let row = rowStart; row < rowEnd; row++)
          packRow(this.#job.packed, row, this.#reader.flagBuffer, (row - rowStart) * perRow, perRow);
      result.rowCount += rowEnd - rowStart;
      result.newlyFlaggedCount += newlyFlaggedCount;
      result.unflaggedCount += unflaggedCount;
    }
    return result;
  }

  close(): void {
    this.#main.close();
    this.#corrected?.close();
    this.#spectrum?.close();
  }
}
