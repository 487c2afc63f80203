/** Sums over a Measurement Set, on threads; the same to the bit however many there are. */

import type { GainTable, NormalCells } from "@contimg/kernels/solve";
import { baselineCountOf, CELL_LENGTH_COUNT } from "@contimg/kernels/solve";
import { runOnThreads } from "../task-pool.ts";
import {
  type AccumulateJob,
  type AccumulateResult,
  type AccumulateUnit,
  openAccumulator,
  type UvRange,
} from "./accumulate-units.ts";
import { type Band, bandsOf } from "./bands.ts";
import type { CalMs, RowBlock } from "./cal-ms.ts";
import type { ModelOptions } from "./model-sky.ts";
import type { CommonIntervals } from "./solve-intervals.ts";

/** Below so many rows starting threads costs more than it saves. */
const WORTH_THREADS_ROWS = 50_000;

export interface AccumulateOptions {
  readonly dataColumn: string;
  /** A column, or sources. */
  readonly model: string | ModelOptions;
  readonly uvRange: UvRange;
  /** null: as many as are worth their start, 4 at most. */
  readonly workerCount: number | null;
  readonly signal: AbortSignal;
  onProgress(doneCount: number, totalCount: number): void;
}

/** Channels of all windows one behind the other, and the bin of each. */
export interface ChannelBins {
  readonly firstChan: readonly number[];
  readonly binOfChan: Int32Array;
  readonly binCount: number;
}

export const sumsBytes = (antennaCount: number, polCount: number, intervalCount: number, binCount: number): number =>
  4 * CELL_LENGTH_COUNT * intervalCount * polCount * baselineCountOf(antennaCount) * binCount;

/**
 * Reads the rows of some blocks once and predicts their model once.
 *
 * @param momentOfBlock  place of each block among the moments of `intervals`
 * @param known  gains of every interval and channel, or null
 * @throws PipelineError INTERRUPTED, MODEL_UNUSABLE, TABLE_UNREADABLE, WORKER_CRASHED
 */
export async function accumulate(
  ms: CalMs,
  blocks: readonly RowBlock[],
  momentOfBlock: readonly number[],
  intervals: CommonIntervals,
  { firstChan, binOfChan, binCount }: ChannelBins,
  known: GainTable | null,
  options: AccumulateOptions,
): Promise<{ readonly cells: NormalCells } & AccumulateResult> {
  const antennaCount = ms.antennaNames.length;
  const polCount = ms.windows[0]!.parallelCorrs.length;
  const bytes = sumsBytes(antennaCount, polCount, intervals.count, binCount);
  const cells = {
    antennaCount,
    polCount,
    intervalCount: intervals.count,
    binCount,
    sums: new Float32Array(new SharedArrayBuffer(bytes)),
  };
  const bands = bandsOf(ms, blocks);
  const job: AccumulateJob = {
    ms,
    dataColumn: options.dataColumn,
    model: options.model,
    bands,
    uvRange: options.uvRange,
    cells,
    firstChan,
    binOfChan,
    known,
    doneRows: new Int32Array(new SharedArrayBuffer(4)),
  };
  const rowCount = blocks.reduce((sum, { rowStart, rowEnd }) => sum + rowEnd - rowStart, 0);
  const results = await runOnThreads(
    new URL(
      import.meta.url.endsWith(".ts") ? "./accumulate-units.worker.ts" : "./accumulate-units.worker.js",
      import.meta.url,
    ),
    job,
    unitsOf(blocks, momentOfBlock, intervals, bands),
    openAccumulator,
    {
      workerCount: options.workerCount ?? (rowCount < WORTH_THREADS_ROWS ? 1 : 4),
      signal: options.signal,
      subject: ms.path,
      what: "the solve",
      onTick: () => options.onProgress(Atomics.load(job.doneRows, 0), rowCount),
    },
  );
  const sum = (valueOf: (result: AccumulateResult) => number) =>
    results.reduce((total, result) => total + valueOf(result), 0);
  return {
    cells,
    crossCount: sum(({ crossCount }) => crossCount),
    usedCount: sum(({ usedCount }) => usedCount),
    cpuSec: {
      read: sum(({ cpuSec }) => cpuSec.read),
      predict: sum(({ cpuSec }) => cpuSec.predict),
      accumulate: sum(({ cpuSec }) => cpuSec.accumulate),
    },
  };
}

function unitsOf(
  blocks: readonly RowBlock[],
  momentOfBlock: readonly number[],
  { ofMoment }: CommonIntervals,
  bands: readonly Band[],
): readonly AccumulateUnit[] {
  const units = new Map<string, { readonly interval: number; readonly blocks: RowBlock[] }>();
  // Windows of a band follow each other at each moment, so that what is predicted of one serves the next.
  const order = [...blocks.keys()].sort((a, b) => momentOfBlock[a]! - momentOfBlock[b]! || a - b);
  for (const at of order) {
    const block = blocks[at]!;
    const interval = ofMoment[momentOfBlock[at]!]!;
    const key = `${bands.findIndex((band) => band.includes(block.windowIndex))} ${interval}`;
    const unit = units.get(key) ?? { interval, blocks: [] };
    units.set(key, unit);
    unit.blocks.push(block);
  }
  return [...units.values()];
}
