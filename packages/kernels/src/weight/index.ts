/**
 * Weighting of visibilities for imaging: natural, uniform, Briggs; limits in uv; Gaussian taper.
 *
 * ```ts
 * const grid = createWeightGrid({ widthPx: 5760, heightPx: 5760, pixelRad }, samples);
 * addToWeightGrid(grid, { samples, weights, flags }, { uvLeastLambda: 1000 });
 * const weighting = createWeighting(grid, { kind: "briggs", robustFactor: 0.5 }, { uvLeastLambda: 1000 });
 * const weightSum = fillImagingWeights(weighting, { samples, weights, flags }, imagingWeights);
 * ```
 */
export { createWeighting, fillImagingWeights, type Weighting, type WeightingScheme } from "./imaging-weights.ts";
export type { UvSelection } from "./selection.ts";
export {
  addToWeightGrid,
  createWeightGrid,
  mergeWeightGrid,
  type WeightedSamples,
  type WeightGrid,
  type WeightGridSize,
} from "./weight-grid.ts";
