/**
 * Sums of weights over cells of the uv plane: how densely it is sampled.
 *
 * Cells are those of an image of `widthPx` × `heightPx` pixels, 1/(width · pixel) wavelengths wide; a sample at u is in cell
 * ⌊u · width · pixel⌋. A sample and its conjugate are the same measurement: it is counted once, on the side where v ≥ 0. Two
 * programs agree on weights only when they agree on the image's size: WSClean takes 1.2 times that of its image, for all
 * channels and spectral windows of an output image together.
 */
import { extentOf, type Samples, sampleCountOf } from "../grid/samples.ts";
import { type UvSelection, uvFactor } from "./selection.ts";

/** The image whose uv cells count. */
export interface WeightGridSize {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly pixelRad: number;
}

/** Sums of weights, for the cells that samples reach. Sums of parts may be added to each other (`mergeWeightGrid`). */
export interface WeightGrid extends WeightGridSize {
  /** Cells on either side of u = 0, and of v from 0 on. */
  readonly uHalfCount: number;
  readonly vCount: number;
  /** `[v][u]`. */
  readonly weights: Float64Array;
}

/** Data weights of samples; flagged ones do not count. */
export interface WeightedSamples {
  readonly samples: Samples;
  readonly weights?: Float32Array;
  /** Left out where not 0. */
  readonly flags?: Uint8Array;
}

/**
 * An empty grid for samples that reach no further than these.
 *
 * @throws RangeError for a size that is none.
 */
export function createWeightGrid(size: WeightGridSize, samples: Samples): WeightGrid {
  const { widthPx, heightPx, pixelRad } = size;
  for (const [name, found] of Object.entries({ widthPx, heightPx, pixelRad })) {
    if (!(found > 0 && found < Infinity)) throw new RangeError(`${name}: expected above 0, found ${found}`);
  }
  const { uMostLambda, vMostLambda } = extentOf(samples);
  const uHalfCount = Math.floor(uMostLambda * widthPx * pixelRad) + 1;
  const vCount = Math.floor(vMostLambda * heightPx * pixelRad) + 1;
  return { widthPx, heightPx, pixelRad, uHalfCount, vCount, weights: new Float64Array(2 * uHalfCount * vCount) };
}

/** Place of a cell in the grid's weights. Rounding at its edge is kept inside. */
export function cellIndex(grid: WeightGrid, uLambda: number, vLambda: number): number {
  const sign = vLambda < 0 ? -1 : 1;
  const u = Math.floor(sign * uLambda * grid.widthPx * grid.pixelRad) + grid.uHalfCount;
  const v = Math.floor(sign * vLambda * grid.heightPx * grid.pixelRad);
  return Math.min(v, grid.vCount - 1) * 2 * grid.uHalfCount + Math.max(0, Math.min(u, 2 * grid.uHalfCount - 1));
}

/** Adds the weights of samples, within the limits; a taper does not count here, as it comes after the weighting. */
export function addToWeightGrid(grid: WeightGrid, data: WeightedSamples, selection: UvSelection = {}): void {
  const { taperFwhmRad: _, ...limits } = selection;
  forWeights(data, (_sample, uLambda, vLambda, weight) => {
    if (uvFactor(limits, uLambda, vLambda) !== 0) grid.weights[cellIndex(grid, uLambda, vLambda)] += weight;
  });
}

/**
 * Adds the sums of another grid of the same cells.
 *
 * @throws RangeError when the cells differ.
 */
export function mergeWeightGrid(grid: WeightGrid, other: WeightGrid): void {
  if (grid.uHalfCount !== other.uHalfCount || grid.vCount !== other.vCount) {
    throw new RangeError(
      `weight grids: expected ${grid.uHalfCount} × ${grid.vCount} cells, found ${other.uHalfCount} × ${other.vCount}`,
    );
  }
  for (let cell = 0; cell < grid.weights.length; cell++) grid.weights[cell] += other.weights[cell];
}

/** Calls `work` with every sample that is not flagged and whose weight is above 0. */
export function forWeights(
  data: WeightedSamples,
  work: (sample: number, uLambda: number, vLambda: number, weight: number) => void,
): void {
  const { samples, weights, flags } = data;
  const { uvwM, wavesPerM, rowStarts, waveStarts } = samples;
  const rowCount = uvwM.length / 3;
  const sampleCount = sampleCountOf(samples);
  for (let row = 0; row < rowCount; row++) {
    const first = rowStarts === undefined ? row * wavesPerM.length : rowStarts[row];
    const end = rowStarts === undefined ? Math.min(sampleCount, first + wavesPerM.length) : rowStarts[row + 1];
    const waveStart = waveStarts === undefined ? 0 : waveStarts[row];
    for (let sample = first; sample < end; sample++) {
      if (flags !== undefined && flags[sample] !== 0) continue;
      const weight = weights === undefined ? 1 : weights[sample];
      if (!(weight > 0)) continue;
      const waves = wavesPerM[waveStart + sample - first];
      work(sample, uvwM[3 * row] * waves, uvwM[3 * row + 1] * waves, weight);
    }
  }
}
