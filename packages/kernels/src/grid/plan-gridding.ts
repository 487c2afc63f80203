/** What gridding will do and take, decided before there is any memory. */
import { createLayout } from "../engine/layout.ts";
import { COLUMNS_TOGETHER } from "../fft/fft-2d.ts";
import { batchStrideBytes, fastLength, type LineFft, placeLineFft } from "../fft/line-fft.ts";
import { type FittedKernel, type KernelPair, kernelPairs } from "./choose-kernel.ts";
import { extentOf, type Samples, sampleCountOf, type UvwExtent } from "./samples.ts";
import { leastNMinusOne } from "./sky-geometry.ts";

export interface GriddingOptions {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Side of a pixel at the centre. */
  readonly pixelRad: number;
  /**
   * Error that is allowed, 1e-6 to 0.1: of an image relative to its rms, of a predicted visibility relative to the root of the
   * summed squares of the model. Default 1e-4.
   */
  readonly accuracyRatio?: number;
  /** Threads that will share the memory; default 1. The result does not depend on it. */
  readonly threadCount?: number;
}

/** Where things lie in memory. */
export interface GriddingPlaces {
  /** A ring of planes: plane p is in slot p mod the support in w. */
  readonly planesAt: number;
  readonly planeBytes: number;
  /** The image in blocks of four columns: f32 [block][row][4]. */
  readonly imageAt: number;
  /** Phase steps of the screens in the same order: i32, 2^-32 turns. */
  readonly stepsAt: number;
  readonly uvTableAt: number;
  readonly wTableAt: number;
  /** Rooms of the threads, one after another. */
  readonly scratchAt: number;
  readonly scratchBytes: number;
}

/** A plan: plain numbers, which may be posted to other threads. */
export interface GriddingPlan {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly pixelRad: number;
  readonly accuracyRatio: number;
  readonly threadCount: number;
  readonly uvKernel: FittedKernel;
  /** Absent where the sky is flat to the accuracy: one plane does. */
  readonly wKernel?: FittedKernel;
  /** Cells of the grid's period: pixels of the field that the transform knows. */
  readonly gridWidthCount: number;
  readonly gridHeightCount: number;
  /** Half of a plane's buffer; only cells that samples reach are kept. */
  readonly halfUCount: number;
  readonly halfVCount: number;
  readonly rowStrideBytes: number;
  /** Width of the image in whole blocks of four columns. */
  readonly blockWidthPx: number;
  readonly planeCount: number;
  /** Plane p is w = (planeBase + p) · planeStepLambda. */
  readonly planeBaseIndex: number;
  readonly planeStepLambda: number;
  /** n − 1 is counted from here, so that it is small on both sides. */
  readonly nCentreFactor: number;
  readonly rowFft: LineFft;
  readonly columnFft: LineFft;
  readonly places: GriddingPlaces;
  /** Memory that the engine must have. */
  readonly byteCount: number;
}

/** Samples that a thread puts together before it grids them. */
export const RECORDS_TOGETHER = 512;
export const RECORD_BYTES = 32;
/** Bytes of a kernel's table: 64 pieces of a cell, 4 coefficients, 8 taps. */
export const TABLE_BYTES = 64 * 4 * 8 * 4;

/**
 * Plans imaging of samples, in either direction: kernels and planes of least estimated time that keep the accuracy.
 *
 * @throws RangeError for a size, pixel or accuracy that is none, and for coordinates or frequencies that are no numbers.
 */
export function planGridding(samples: Samples, options: GriddingOptions): GriddingPlan {
  const { widthPx, heightPx, pixelRad, accuracyRatio = 1e-4, threadCount = 1 } = options;
  for (const [name, found] of Object.entries({ widthPx, heightPx, threadCount })) {
    if (!(Number.isInteger(found) && found >= 1)) throw new RangeError(`${name}: expected 1 or more, found ${found}`);
  }
  if (!(pixelRad > 0 && pixelRad < 1))
    throw new RangeError(`pixelRad: expected above 0 and below 1, found ${pixelRad}`);
  const extent = extentOf(samples);
  const size = { widthPx, heightPx, pixelRad, accuracyRatio, threadCount };
  const sampleCount = sampleCountOf(samples);
  const shapes = kernelPairs(accuracyRatio).map((pair) => shapeFor(size, extent, pair));
  const [best] = shapes.toSorted((a, b) => estimatedNs(a, sampleCount) - estimatedNs(b, sampleCount));
  return withPlaces(best as PlanShape);
}

type PlanShape = Omit<GriddingPlan, "rowFft" | "columnFft" | "places" | "byteCount">;
type PlanSize = Required<GriddingOptions>;

function shapeFor(size: PlanSize, extent: UvwExtent, pair: KernelPair): PlanShape {
  const { widthPx, heightPx, pixelRad } = size;
  const blockWidthPx = 4 * Math.ceil((widthPx + (widthPx % 2)) / 4);
  const { oversamplingFactor, supportCount } = pair.uv;
  const least = 2 * supportCount;
  const gridWidthCount = fastLength(Math.max(least, Math.ceil(blockWidthPx * oversamplingFactor)));
  const gridHeightCount = fastLength(Math.max(least, Math.ceil((heightPx + 1) * oversamplingFactor)));
  const halfUCount = halfCount(extent.uMostLambda * pixelRad * gridWidthCount, supportCount);
  const halfVCount = halfCount(extent.vMostLambda * pixelRad * gridHeightCount, supportCount);
  return {
    ...size,
    uvKernel: pair.uv,
    gridWidthCount,
    gridHeightCount,
    halfUCount,
    halfVCount,
    rowStrideBytes: strideBytes(Math.max(2 * halfUCount, blockWidthPx)),
    blockWidthPx,
    ...planesFor(size, extent, pair.w),
  };
}

/** Even, so that pairs of cells stay together. */
function halfCount(mostCells: number, supportCount: number): number {
  return 2 * Math.ceil((mostCells + supportCount / 2 + 1) / 2);
}

/** Whole cache lines, an odd number, as for images that are transformed. */
function strideBytes(columnCount: number): number {
  const lines = Math.ceil(columnCount / COLUMNS_TOGETHER);
  return 64 * (lines % 2 === 0 ? lines + 1 : lines);
}

type Planes = Pick<PlanShape, "planeCount" | "planeBaseIndex" | "planeStepLambda" | "nCentreFactor" | "wKernel">;

function planesFor(size: PlanSize, extent: UvwExtent, kernel: FittedKernel): Planes {
  const nLeast = leastNMinusOne(size.widthPx, size.heightPx, size.pixelRad);
  const nCentreFactor = nLeast / 2;
  const { wLeastLambda, wMostLambda } = extent;
  if (2 * Math.PI * wMostLambda * Math.abs(nCentreFactor) < 0.05 * size.accuracyRatio) {
    return { planeCount: 1, planeBaseIndex: 0, planeStepLambda: Infinity, nCentreFactor: 0 };
  }
  const { supportCount, oversamplingFactor } = kernel;
  const planeStepLambda = 1 / (2 * oversamplingFactor * Math.abs(nCentreFactor));
  const planeBaseIndex = Math.floor(wLeastLambda / planeStepLambda - supportCount / 2);
  const lastFirst = Math.ceil(wMostLambda / planeStepLambda - planeBaseIndex - supportCount / 2);
  // One more, should rounding of a sample's w pass a plane.
  const planeCount = lastFirst + supportCount + 1;
  return { planeCount, planeBaseIndex, planeStepLambda, nCentreFactor, wKernel: kernel };
}

/** Planes that a sample touches. */
export function wSupportOf(plan: Pick<GriddingPlan, "wKernel">): number {
  return plan.wKernel?.supportCount ?? 1;
}

/** Time of one thread, from measurements on an EPYC core (bench/grid.ts); only ratios matter. */
function estimatedNs(shape: PlanShape, sampleCount: number): number {
  const { uvKernel, gridWidthCount, gridHeightCount, halfUCount, halfVCount, blockWidthPx, heightPx } = shape;
  const wSupport = wSupportOf(shape);
  const sampleNs = 25 + 0.35 * uvKernel.supportCount ** 2 * wSupport;
  const rowCells = Math.min(2 * halfVCount, gridHeightCount) * gridWidthCount;
  const columnCells = blockWidthPx * gridHeightCount;
  const clearedCells = 4 * halfUCount * halfVCount;
  const planeNs = 3.5 * (rowCells + columnCells) + 4 * blockWidthPx * heightPx + 0.5 * clearedCells;
  return sampleCount * sampleNs + shape.planeCount * planeNs;
}

function withPlaces(shape: PlanShape): GriddingPlan {
  const layout = createLayout();
  const { gridWidthCount, gridHeightCount, blockWidthPx, heightPx, halfVCount, rowStrideBytes, threadCount } = shape;
  const rowFft = placeLineFft(layout, gridWidthCount);
  const columnFft = placeLineFft(layout, gridHeightCount);
  const scratchBytes = scratchBytesOf(gridWidthCount, gridHeightCount);
  const planeBytes = 2 * halfVCount * rowStrideBytes;
  const places = {
    uvTableAt: layout.take(TABLE_BYTES),
    wTableAt: layout.take(TABLE_BYTES),
    scratchBytes,
    scratchAt: layout.take(threadCount * scratchBytes),
    stepsAt: layout.take(4 * blockWidthPx * heightPx),
    imageAt: layout.take(4 * blockWidthPx * heightPx),
    planeBytes,
    planesAt: layout.take(wSupportOf(shape) * planeBytes),
  };
  return { ...shape, rowFft, columnFft, places, byteCount: layout.byteCount };
}

/** Three batches, or the records of visibilities with the taps and the list of planes. */
function scratchBytesOf(gridWidthCount: number, gridHeightCount: number): number {
  const batches = 3 * batchStrideBytes(Math.max(gridWidthCount, gridHeightCount));
  const records = (RECORDS_TOGETHER + 4) * RECORD_BYTES + 128;
  return 64 * Math.ceil(Math.max(batches, records) / 64);
}
