/** MODEL_DATA of the rows of a Measurement Set: what each thread writes of it. */

import { openTable, openTiledRows, type Table, type TiledColumnPlan } from "@contimg/casacore-tables/node";
import type { TaskRunner } from "../task-pool.ts";
import type { Band } from "./bands.ts";
import type { CalMs, RowBlock } from "./cal-ms.ts";
import { type ModelOptions, ModelPredictor } from "./model-sky.ts";

/** What every thread is given; arrays are shared. */
export interface PredictJob {
  readonly ms: CalMs;
  readonly model: ModelOptions;
  readonly bands: readonly Band[];
  readonly plan: TiledColumnPlan;
  /** Rows done, for progress. */
  readonly doneRows: Int32Array;
}

/** Blocks of one band, in order of time and then of window. */
export type PredictUnit = readonly RowBlock[];

/** Largest modulus of what was written, Jy. */
export interface PredictResult {
  readonly peakJy: number;
  readonly isFinite: boolean;
}

export function openPredictor(job: PredictJob): TaskRunner<PredictUnit, PredictResult> {
  return new UnitPredictor(job);
}

class UnitPredictor implements TaskRunner<PredictUnit, PredictResult> {
  readonly #job: PredictJob;
  readonly #main: Table;
  readonly #rows: ReturnType<typeof openTiledRows>;
  readonly #predictor: ModelPredictor;

  constructor(job: PredictJob) {
    this.#job = job;
    this.#main = openTable(job.ms.path);
    this.#rows = openTiledRows(job.plan);
    this.#predictor = new ModelPredictor(job.ms, job.model, job.bands);
  }

  run(blocks: PredictUnit): PredictResult {
    const { ms, doneRows } = this.#job;
    let peakSquare = 0;
    let isFinite = true;
    for (const block of blocks) {
      const { rowStart, rowEnd } = block;
      const { corrCount, parallelCorrs, freqHz } = ms.windows[block.windowIndex]!;
      const uvwM = new Float64Array(3 * (rowEnd - rowStart));
      this.#main.column("UVW").getCellsInto(rowStart, rowEnd, uvwM);
      const model = this.#predictor.predict(block, uvwM);
      // An unpolarised sky: receptors see all of it with themselves, and nothing with each other.
      const values = new Float32Array(2 * (rowEnd - rowStart) * freqHz.length * corrCount);
      for (let from = 0, to = 0; from < model.length; from += 2, to += 2 * corrCount) {
        const [re, im] = [model[from]!, model[from + 1]!];
        const square = re * re + im * im;
        if (!(square < Number.POSITIVE_INFINITY)) isFinite = false;
        peakSquare = Math.max(peakSquare, square);
        for (const corr of parallelCorrs) {
          values[to + 2 * corr] = re;
          values[to + 2 * corr + 1] = im;
        }
      }
      this.#rows.writeRows(rowStart, values);
      Atomics.add(doneRows, 0, rowEnd - rowStart);
    }
    return { peakJy: Math.sqrt(peakSquare), isFinite };
  }

  close(): void {
    this.#rows.close();
    this.#main.close();
  }
}
