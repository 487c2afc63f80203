/** Two-dimensional transforms in place. */
import type { Engine } from "../engine/engine.ts";
import type { Layout } from "../engine/layout.ts";
import { forParts, type Team } from "../engine/team.ts";
import { type FftKernels, fftKernels } from "./fft-kernels.ts";
import { batchStrideBytes, fillLineFft, type LineFft, placeLineFft } from "./line-fft.ts";

/** "forward" is Σ x e^(−2πi jk/n), "inverse" Σ x e^(+2πi jk/n); neither divides by n. */
export type FftDirection = "forward" | "inverse";

/** Where an image and what its transform needs lie in memory. */
export interface Fft2dPlan {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Begin of the image: rows of [re, im], float32. */
  readonly imageAt: number;
  readonly rowStrideBytes: number;
  readonly rowFft: LineFft;
  readonly columnFft: LineFft;
  /** Room for batches, one after another for each thread. */
  readonly scratchAt: number;
  readonly scratchBytes: number;
}

export interface Fft2dOptions {
  /** Both even, with factors 2, 3 and 5 only. */
  readonly widthPx: number;
  readonly heightPx: number;
  readonly threadCount?: number;
}

/** Columns of a row that a cache line holds: they are transformed together. */
export const COLUMNS_TOGETHER = 8;

/**
 * Bytes from one row to the next: whole cache lines, an odd number of them, so that a column does not compete for few places
 * of a cache, and room for the columns that are transformed together.
 */
export function rowStrideBytesOf(widthPx: number): number {
  const lines = Math.ceil(widthPx / COLUMNS_TOGETHER);
  return 64 * (lines % 2 === 0 ? lines + 1 : lines);
}

/**
 * Room for an image and its transform.
 *
 * @throws RangeError for a size that is odd or has other prime factors.
 */
export function planFft2d(layout: Layout, options: Fft2dOptions): Fft2dPlan {
  const { widthPx, heightPx, threadCount = 1 } = options;
  if (widthPx % 2 !== 0 || heightPx % 2 !== 0) {
    throw new RangeError(`size: expected even numbers, found ${widthPx} × ${heightPx}`);
  }
  const rowStrideBytes = rowStrideBytesOf(widthPx);
  const scratchBytes = scratchBytesOf(widthPx, heightPx);
  return {
    widthPx,
    heightPx,
    rowStrideBytes,
    rowFft: placeLineFft(layout, widthPx),
    columnFft: placeLineFft(layout, heightPx),
    scratchAt: layout.take(threadCount * scratchBytes),
    scratchBytes,
    imageAt: layout.take(heightPx * rowStrideBytes),
  };
}

/** Bytes of scratch of one thread: two batches, and a third for the transform to change with. */
export function scratchBytesOf(widthPx: number, heightPx: number): number {
  return 3 * batchStrideBytes(Math.max(widthPx, heightPx));
}

/** The image of a plan: rows of [re, im], `rowStrideBytes` apart (a quarter of that in numbers). */
export function imageOf(engine: Engine, plan: Fft2dPlan): Float32Array<SharedArrayBuffer> {
  return new Float32Array(engine.buffer, plan.imageAt, (plan.heightPx * plan.rowStrideBytes) / 4);
}

/** Writes the tables of a plan; one thread does, once, before any transforms. */
export function prepareFft2d(engine: Engine, plan: Fft2dPlan): void {
  fillLineFft(engine, plan.rowFft);
  fillLineFft(engine, plan.columnFft);
}

/** Rows that are transformed as one part. */
const ROWS_A_PART = 16;

/**
 * Transforms the plan's image in place. Every thread of the team calls it.
 *
 * Error, relative to the rms of the result: about 2e-7 in WebAssembly (float32 throughout), less in plain TypeScript.
 */
export function fft2d(engine: Engine, plan: Fft2dPlan, direction: FftDirection, team: Team): void {
  const kernels = fftKernels(engine);
  const swap = direction === "forward" ? 0 : 16;
  const scratchAt = plan.scratchAt + team.threadIndex * plan.scratchBytes;
  forParts(team, Math.ceil(plan.heightPx / ROWS_A_PART), (part) => {
    const rowEnd = Math.min(plan.heightPx, (part + 1) * ROWS_A_PART);
    for (let row = part * ROWS_A_PART; row < rowEnd; row += 4) {
      transformRows(kernels, plan, row, Math.min(4, rowEnd - row), scratchAt, swap);
    }
  });
  forParts(team, Math.ceil(plan.widthPx / COLUMNS_TOGETHER), (part) =>
    transformColumns(kernels, plan, part * COLUMNS_TOGETHER, scratchAt, swap),
  );
}

function transformRows(
  kernels: FftKernels,
  plan: Fft2dPlan,
  row: number,
  laneCount: number,
  scratchAt: number,
  swap: number,
): void {
  const { rowFft, rowStrideBytes } = plan;
  const rowAt = plan.imageAt + row * rowStrideBytes;
  const { length } = rowFft;
  kernels.loadRows(rowAt, rowStrideBytes, laneCount, 0, length, scratchAt, swap);
  const otherAt = scratchAt + batchStrideBytes(length);
  const doneAt = kernels.transform(scratchAt, otherAt, length, rowFft.passesAt, rowFft.twiddlesAt);
  kernels.storeRows(rowAt, rowStrideBytes, laneCount, 0, length, doneAt, swap);
}

/** Two batches of columns, a cache line wide; beyond the image's width lies room that nobody reads. */
function transformColumns(kernels: FftKernels, plan: Fft2dPlan, col: number, scratchAt: number, swap: number): void {
  const { columnFft, rowStrideBytes } = plan;
  const { length } = columnFft;
  const colAt = plan.imageAt + 8 * col;
  const stride = batchStrideBytes(length);
  kernels.loadColumns(colAt, rowStrideBytes, 0, length, scratchAt, stride, 2, swap);
  // The second batch is transformed first, into the third place; the first then has the second's for its change.
  let freeAt = scratchAt + 2 * stride;
  const doneAt: [number, number] = [0, 0];
  for (const index of [1, 0] as const) {
    const workAt = scratchAt + index * stride;
    doneAt[index] = kernels.transform(workAt, freeAt, length, columnFft.passesAt, columnFft.twiddlesAt);
    if (doneAt[index] !== workAt) freeAt = workAt;
  }
  for (const index of [0, 1] as const) {
    kernels.storeColumns(colAt + 32 * index, rowStrideBytes, 0, length, doneAt[index], stride, 1, swap);
  }
}
