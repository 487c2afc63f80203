/**
 * From a plane to its part of the image and back. Rows that no sample touches and columns that the image does not show are
 * not transformed.
 */
import type { Engine } from "../engine/engine.ts";
import { forParts, type Team } from "../engine/team.ts";
import { COLUMNS_TOGETHER } from "../fft/fft-2d.ts";
import { type FftKernels, fftKernels } from "../fft/fft-kernels.ts";
import { BATCH_ELEMENT_BYTES, batchStrideBytes, type LineFft } from "../fft/line-fft.ts";
import { type GridKernels, gridKernels } from "./grid-kernels.ts";
import { type GriddingPlan, wSupportOf } from "./plan-gridding.ts";

/** A plan, the kernels of an engine, and the memory. */
export interface PlaneWork {
  readonly plan: GriddingPlan;
  readonly fft: FftKernels;
  readonly grid: GridKernels;
  readonly f32: Float32Array<SharedArrayBuffer>;
  /** Scratch of this thread. */
  readonly scratchAt: number;
}

/** What a thread needs to work on planes. */
export function planeWork(engine: Engine, plan: GriddingPlan, team: Team): PlaneWork {
  if (engine.buffer.byteLength < plan.byteCount) {
    throw new RangeError(`memory: expected at least ${plan.byteCount} bytes, found ${engine.buffer.byteLength}`);
  }
  if (team.threadCount > plan.threadCount) {
    throw new RangeError(`threads: planned for ${plan.threadCount}, found ${team.threadCount}`);
  }
  return {
    plan,
    fft: fftKernels(engine),
    grid: gridKernels(engine),
    f32: new Float32Array(engine.buffer),
    scratchAt: plan.places.scratchAt + team.threadIndex * plan.places.scratchBytes,
  };
}

/** Begin of a plane's slot. */
export function planeAt(plan: GriddingPlan, plane: number): number {
  return plan.places.planesAt + (plane % wSupportOf(plan)) * plan.places.planeBytes;
}

const ROWS_A_PART = 16;

/** Adds a plane to the image and clears its rows. Every thread of the team calls it. */
export function imagePlane(work: PlaneWork, plane: number, rowStart: number, rowEnd: number, team: Team): void {
  if (rowEnd <= rowStart) return;
  const { plan } = work;
  if (2 * plan.halfUCount > plan.gridWidthCount) foldColumns(work, plane, rowStart, rowEnd, team);
  forParts(team, Math.ceil((rowEnd - rowStart) / ROWS_A_PART), (part) => {
    const start = rowStart + part * ROWS_A_PART;
    for (let row = start; row < Math.min(rowEnd, start + ROWS_A_PART); row += 4) {
      rowsToColumns(work, plane, row, Math.min(4, rowEnd - row, start + ROWS_A_PART - row));
    }
  });
  forParts(team, Math.ceil(plan.blockWidthPx / COLUMNS_TOGETHER), (part) =>
    columnsToImage(work, plane, part * COLUMNS_TOGETHER, rowStart, rowEnd),
  );
  forParts(team, Math.ceil((rowEnd - rowStart) / ROWS_A_PART), (part) => {
    const start = rowStart + part * ROWS_A_PART;
    clearRows(work, plane, start, Math.min(rowEnd, start + ROWS_A_PART));
  });
}

/** Makes a plane from the image: only the rows that samples touch. Every thread of the team calls it. */
export function predictPlane(work: PlaneWork, plane: number, rowStart: number, rowEnd: number, team: Team): void {
  if (rowEnd <= rowStart) return;
  const { plan } = work;
  forParts(team, Math.ceil(plan.blockWidthPx / COLUMNS_TOGETHER), (part) =>
    imageToColumns(work, plane, part * COLUMNS_TOGETHER, rowStart, rowEnd),
  );
  forParts(team, Math.ceil((rowEnd - rowStart) / ROWS_A_PART), (part) => {
    const start = rowStart + part * ROWS_A_PART;
    for (let row = start; row < Math.min(rowEnd, start + ROWS_A_PART); row += 4) {
      columnsToRows(work, plane, row, Math.min(4, rowEnd - row, start + ROWS_A_PART - row));
    }
  });
}

/** Sets rows of a plane to 0. */
export function clearRows(work: PlaneWork, plane: number, rowStart: number, rowEnd: number): void {
  const { rowStrideBytes } = work.plan;
  const start = planeAt(work.plan, plane) / 4;
  work.f32.fill(0, start + (rowStart * rowStrideBytes) / 4, start + (rowEnd * rowStrideBytes) / 4);
}

/**
 * Pieces of a line of cells `start` to `end`, counted from the middle, that follow each other in the transform's order, where
 * cell k has the place k mod n.
 */
export function forPieces(
  start: number,
  end: number,
  periodCount: number,
  work: (cellStart: number, cellEnd: number, place: number) => void,
): void {
  for (let cell = start; cell < end; ) {
    const place = ((cell % periodCount) + periodCount) % periodCount;
    const next = Math.min(end, cell + periodCount - place);
    work(cell, next, place);
    cell = next;
  }
}

/** Columns that the grid's period does not have are added to those that they are the same as. Rare: pixels too large. */
function foldColumns(work: PlaneWork, plane: number, rowStart: number, rowEnd: number, team: Team): void {
  const { plan, f32 } = work;
  const { halfUCount, gridWidthCount, rowStrideBytes } = plan;
  const half = keptHalf(plan);
  forParts(team, rowEnd - rowStart, (part) => {
    const row = planeAt(plan, plane) / 4 + ((rowStart + part) * rowStrideBytes) / 4;
    for (let cell = -halfUCount; cell < halfUCount; cell++) {
      const kept = cell - gridWidthCount * Math.floor((cell + half) / gridWidthCount);
      if (kept === cell) continue;
      f32[row + 2 * (kept + halfUCount)] += f32[row + 2 * (cell + halfUCount)];
      f32[row + 2 * (kept + halfUCount) + 1] += f32[row + 2 * (cell + halfUCount) + 1];
    }
  });
}

/** Cells left of the middle that are transformed: all, or half a period in whole pairs. */
function keptHalf({ halfUCount, gridWidthCount }: GriddingPlan): number {
  return Math.min(halfUCount, 2 * Math.ceil(gridWidthCount / 4));
}

function rowsToColumns(work: PlaneWork, plane: number, row: number, laneCount: number): void {
  const { plan, fft, scratchAt, f32 } = work;
  const { rowFft, rowStrideBytes, halfUCount, gridWidthCount, blockWidthPx } = plan;
  const rowAt = planeAt(plan, plane) + row * rowStrideBytes;
  const half = keptHalf(plan);
  const end = Math.min(half, gridWidthCount - half);
  zeroBatch(f32, scratchAt, end, gridWidthCount - half);
  forPieces(-half, end, gridWidthCount, (start, pieceEnd, place) => {
    const sourceAt = rowAt + 8 * (start + halfUCount - place);
    fft.loadRows(sourceAt, rowStrideBytes, laneCount, place, place + pieceEnd - start, scratchAt, 0);
  });
  const doneAt = transformBatch(fft, rowFft, scratchAt, scratchAt + batchStrideBytes(gridWidthCount));
  forPieces(-blockWidthPx / 2, blockWidthPx / 2, gridWidthCount, (start, pieceEnd, place) => {
    const targetAt = rowAt + 8 * (start + blockWidthPx / 2 - place);
    fft.storeRows(targetAt, rowStrideBytes, laneCount, place, place + pieceEnd - start, doneAt, 0);
  });
}

function columnsToRows(work: PlaneWork, plane: number, row: number, laneCount: number): void {
  const { plan, fft, scratchAt, f32 } = work;
  const { rowFft, rowStrideBytes, halfUCount, gridWidthCount, blockWidthPx } = plan;
  const rowAt = planeAt(plan, plane) + row * rowStrideBytes;
  zeroBatch(f32, scratchAt, blockWidthPx / 2, gridWidthCount - blockWidthPx / 2);
  forPieces(-blockWidthPx / 2, blockWidthPx / 2, gridWidthCount, (start, end, place) => {
    const sourceAt = rowAt + 8 * (start + blockWidthPx / 2 - place);
    fft.loadRows(sourceAt, rowStrideBytes, laneCount, place, place + end - start, scratchAt, 16);
  });
  const doneAt = transformBatch(fft, rowFft, scratchAt, scratchAt + batchStrideBytes(gridWidthCount));
  forPieces(-halfUCount, halfUCount, gridWidthCount, (start, end, place) => {
    const targetAt = rowAt + 8 * (start + halfUCount - place);
    fft.storeRows(targetAt, rowStrideBytes, laneCount, place, place + end - start, doneAt, 16);
  });
}

function columnsToImage(work: PlaneWork, plane: number, column: number, rowStart: number, rowEnd: number): void {
  const { plan, fft, grid, scratchAt, f32 } = work;
  const { columnFft, gridHeightCount, rowStrideBytes, halfVCount, blockWidthPx, heightPx, places } = plan;
  const columnAt = planeAt(plan, plane) + 8 * column;
  const stride = batchStrideBytes(gridHeightCount);
  const batchCount = Math.min(2, (blockWidthPx - column) / 4);
  // Cells beyond a period come to the places of others: these are added, the first of each place is not.
  const wraps = rowEnd - rowStart > gridHeightCount;
  const gapEnd = wraps ? rowEnd : rowStart + gridHeightCount;
  forPieces((wraps ? rowStart : rowEnd) - halfVCount, gapEnd - halfVCount, gridHeightCount, (start, end, place) => {
    for (let b = 0; b < batchCount; b++) zeroBatch(f32, scratchAt + b * stride, place, place + end - start);
  });
  if (wraps) addWrappedColumns(work, columnAt, rowStart, rowEnd, batchCount);
  else {
    forPieces(rowStart - halfVCount, rowEnd - halfVCount, gridHeightCount, (start, end, place) => {
      const sourceAt = columnAt + (start + halfVCount - place) * rowStrideBytes;
      fft.loadColumns(sourceAt, rowStrideBytes, place, place + end - start, scratchAt, stride, batchCount, 0);
    });
  }
  let freeAt = scratchAt + 2 * stride;
  for (let b = batchCount - 1; b >= 0; b--) {
    const batchAt = scratchAt + b * stride;
    const doneAt = transformBatch(fft, columnFft, batchAt, freeAt);
    const block = (column / 4 + b) * heightPx;
    forPieces(-Math.floor(heightPx / 2), Math.ceil(heightPx / 2), gridHeightCount, (start, end, place) => {
      const first = 16 * (block + start + Math.floor(heightPx / 2));
      grid.addScreened(
        doneAt + place * BATCH_ELEMENT_BYTES,
        end - start,
        plan.planeBaseIndex + plane,
        places.stepsAt + first,
        places.imageAt + first,
      );
    });
    if (doneAt !== batchAt) freeAt = batchAt;
  }
}

function addWrappedColumns(
  work: PlaneWork,
  columnAt: number,
  rowStart: number,
  rowEnd: number,
  batchCount: number,
): void {
  const { plan, scratchAt, f32 } = work;
  const { gridHeightCount, halfVCount, rowStrideBytes } = plan;
  for (let row = rowStart; row < rowEnd; row++) {
    const place = (((row - halfVCount) % gridHeightCount) + gridHeightCount) % gridHeightCount;
    for (let column = 0; column < 4 * batchCount; column++) {
      const from = columnAt / 4 + (row * rowStrideBytes) / 4 + 2 * column;
      const batchAt = scratchAt + (column >> 2) * batchStrideBytes(gridHeightCount);
      const to = batchAt / 4 + (place * BATCH_ELEMENT_BYTES) / 4 + (column & 3);
      f32[to] += f32[from];
      f32[to + 4] += f32[from + 1];
    }
  }
}

function imageToColumns(work: PlaneWork, plane: number, column: number, rowStart: number, rowEnd: number): void {
  const { plan, fft, grid, scratchAt, f32 } = work;
  const { columnFft, gridHeightCount, rowStrideBytes, halfVCount, blockWidthPx, heightPx, places } = plan;
  const columnAt = planeAt(plan, plane) + 8 * column;
  const stride = batchStrideBytes(gridHeightCount);
  for (let b = 0; b < Math.min(2, (blockWidthPx - column) / 4); b++) {
    const block = (column / 4 + b) * heightPx;
    zeroBatch(f32, scratchAt, Math.ceil(heightPx / 2), gridHeightCount - Math.floor(heightPx / 2));
    forPieces(-Math.floor(heightPx / 2), Math.ceil(heightPx / 2), gridHeightCount, (start, end, place) => {
      const first = 16 * (block + start + Math.floor(heightPx / 2));
      grid.setScreened(
        scratchAt + place * BATCH_ELEMENT_BYTES,
        end - start,
        plan.planeBaseIndex + plane,
        places.stepsAt + first,
        places.imageAt + first,
      );
    });
    const doneAt = transformBatch(fft, columnFft, scratchAt, scratchAt + stride);
    forPieces(rowStart - halfVCount, rowEnd - halfVCount, gridHeightCount, (start, end, place) => {
      const targetAt = columnAt + 32 * b + (start + halfVCount - place) * rowStrideBytes;
      fft.storeColumns(targetAt, rowStrideBytes, place, place + end - start, doneAt, stride, 1, 16);
    });
  }
}

function transformBatch(fft: FftKernels, line: LineFft, batchAt: number, otherAt: number): number {
  return fft.transform(batchAt, otherAt, line.length, line.passesAt, line.twiddlesAt);
}

function zeroBatch(f32: Float32Array, batchAt: number, start: number, end: number): void {
  const first = batchAt / 4;
  f32.fill(0, first + start * (BATCH_ELEMENT_BYTES / 4), first + end * (BATCH_ELEMENT_BYTES / 4));
}
