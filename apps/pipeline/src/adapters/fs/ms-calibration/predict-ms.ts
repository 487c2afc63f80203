/** Writes the model of the sky into MODEL_DATA, all of it or nothing. */

import { mainColumnDesc, openTable, openTableForUpdate } from "@contimg/casacore-tables/node";
import type { PredictReport } from "../../../domain/cal-solve.ts";
import { PipelineError } from "../../../domain/error-codes.ts";
import { recoverFlags } from "../ms-flags/flag-journal.ts";
import { runOnThreads } from "../task-pool.ts";
import { bandsOf } from "./bands.ts";
import { blocksOf, type CalMs, describeCalMs, unsuitable } from "./cal-ms.ts";
import { assertSources, type ModelOptions } from "./model-sky.ts";
import { openPredictor, type PredictJob, type PredictResult, type PredictUnit } from "./predict-units.ts";

export const MODEL_COLUMN = "MODEL_DATA";

export interface PredictMsOptions {
  readonly model: (ms: CalMs) => ModelOptions;
  readonly workerCount: number;
  readonly signal: AbortSignal;
  onProgress(doneCount: number, totalCount: number): void;
}

/**
 * The column is made beside what is there, and appears with one rename of the table's description when it is whole and on
 * disk; one of that name gives way then. Killed before, the Measurement Set is as it was.
 *
 * @throws PipelineError MS_UNSUITABLE, MODEL_UNUSABLE, MS_IN_USE, INTERRUPTED, DISK_FULL, …
 */
export async function predictMs(msPath: string, options: PredictMsOptions): Promise<PredictReport> {
  // What another change left half done may bring back a description without the new column.
  await recoverFlags(msPath);
  const { ms, isThere } = describe(msPath);
  const model = options.model(ms);
  assertSources(msPath, model.sources);
  const blocks = blocksOf(ms);
  const bands = bandsOf(ms, blocks);
  const [first] = ms.windows;
  const update = openTableForUpdate(msPath);
  try {
    if (isThere) update.removeColumn(MODEL_COLUMN);
    const cellShape = [first!.corrCount, first!.freqHz.length];
    const plan = update.addTiledColumn({ ...mainColumnDesc(MODEL_COLUMN), type: "complex" }, { cellShape });
    const doneRows = new Int32Array(new SharedArrayBuffer(4));
    const isSource = import.meta.url.endsWith(".ts");
    const results = await runOnThreads<PredictJob, PredictUnit, PredictResult>(
      new URL(isSource ? "./predict-units.worker.ts" : "./predict-units.worker.js", import.meta.url),
      { ms, model, bands, plan, doneRows },
      unitsOf(blocks, bands),
      openPredictor,
      {
        workerCount: options.workerCount,
        signal: options.signal,
        subject: msPath,
        what: "the prediction; MODEL_DATA is as it was",
        onTick: () => options.onProgress(Atomics.load(doneRows, 0), ms.rowCount),
      },
    );
    if (results.some(({ isFinite }) => !isFinite))
      throw new PipelineError(
        "MODEL_UNUSABLE",
        `${msPath}: the model: expected finite numbers, found some that are not`,
        {
          subject: msPath,
        },
      );
    await update.finish({ isDurable: true });
    return {
      msPath,
      column: MODEL_COLUMN,
      isReplaced: isThere,
      sourceCount: model.sources.length,
      peakJy: results.reduce((peak, result) => Math.max(peak, result.peakJy), 0),
    };
  } finally {
    update.abandon();
  }
}

function describe(msPath: string): { readonly ms: CalMs; readonly isThere: boolean } {
  using main = openTable(msPath);
  const ms = describeCalMs(msPath, main);
  const [first] = ms.windows;
  for (const { dataDescId, freqHz, corrCount } of ms.windows) {
    if (freqHz.length !== first!.freqHz.length || corrCount !== first!.corrCount)
      throw unsuitable(
        msPath,
        `DATA_DESCRIPTION row ${dataDescId}`,
        `${first!.freqHz.length} channels and ${first!.corrCount} correlations as in the first`,
        `${freqHz.length} and ${corrCount}`,
      );
  }
  return { ms, isThere: main.hasColumn(MODEL_COLUMN) };
}

/** Of one band and moment: enough for any number of threads. */
function unitsOf(blocks: ReturnType<typeof blocksOf>, bands: ReturnType<typeof bandsOf>): readonly PredictUnit[] {
  const units = new Map<string, (typeof blocks)[number][]>();
  for (const block of blocks) {
    const band = bands.findIndex((windows) => windows.includes(block.windowIndex));
    const key = `${band} ${block.timeMjdSec} ${block.fieldId} ${block.scan}`;
    const unit = units.get(key) ?? [];
    units.set(key, unit);
    unit.push(block);
  }
  return [...units.values()];
}
