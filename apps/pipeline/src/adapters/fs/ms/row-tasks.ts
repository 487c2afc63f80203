/** The work of a conversion, cut into pieces that threads take one by one. */

import type { TiledColumnPlan } from "@contimg/casacore-tables";
import type { ConversionPlan } from "../../../domain/conversion-plan.ts";

/** Some rows of one spectral window. */
export interface RowTask {
  readonly spwIndex: number;
  readonly rowStart: number;
  /** exclusive */
  readonly rowEnd: number;
}

/** What every thread is given: the plan, where the columns lie, and arrays that all write to. */
export interface ConversionJob {
  readonly plan: ConversionPlan;
  /** DATA first, then the columns that start as its copy. */
  readonly dataColumns: readonly TiledColumnPlan[];
  readonly modelColumn: TiledColumnPlan | null;
  readonly flagColumn: TiledColumnPlan;
  readonly weightSpectrumColumn: TiledColumnPlan;
  /** [row of MAIN, corr]: what weights each row has, where it is not the same for a whole task. */
  readonly weights: Float32Array;
  /** [row of MAIN]: 1 when all values of the row are flagged. */
  readonly flagRows: Uint8Array;
  /** Input bytes done, for progress. */
  readonly doneBytes: BigInt64Array;
}

/** Rows of MAIN whose nsamples are all equal and of which WEIGHT_SPECTRUM was therefore not written. */
export interface UniformRows {
  readonly mainRowStart: number;
  readonly mainRowEnd: number;
  readonly nsamples: number;
}

/** A row that was written, to be compared when it is read back. */
export interface RowSample {
  readonly mainRow: number;
  /** CRC-32 of the DATA bytes of the row, little endian. */
  readonly dataCrc32: number;
  /** CRC-32 of the flags of the row, one byte a value. */
  readonly flagCrc32: number;
}

export interface TaskResult {
  readonly flaggedCount: number;
  readonly unusableCount: number;
  readonly uniformRows: readonly UniformRows[];
  readonly samples: readonly RowSample[];
  readonly anyFlaggedRow: boolean;
  readonly loadMs: number;
  readonly phaseMs: number;
  readonly writeMs: number;
}

/** Chunks of UVH5 files are powers of two rows: pieces that start at multiples of this share none. */
const ROW_GRAIN = 1024;

/** One window a task where there are enough of them for all threads; else windows are cut by rows. */
export function divideRows(plan: ConversionPlan, workerCount: number): readonly RowTask[] {
  const { rowCount } = plan.rows;
  const cutsPerSpw = Math.max(1, Math.ceil((4 * workerCount) / plan.spws.length / 2));
  const taskRowCount =
    plan.spws.length >= 2 * workerCount
      ? rowCount
      : Math.max(ROW_GRAIN, Math.ceil(rowCount / cutsPerSpw / ROW_GRAIN) * ROW_GRAIN);
  return plan.spws.flatMap((_spw, spwIndex) => {
    const tasks: RowTask[] = [];
    for (let rowStart = 0; rowStart < rowCount; rowStart += taskRowCount) {
      tasks.push({ spwIndex, rowStart, rowEnd: Math.min(rowStart + taskRowCount, rowCount) });
    }
    return tasks;
  });
}
