/** What gridding multiplied the image by and must be undone, in float64, and the steps of the screens. */
import type { Engine } from "../engine/engine.ts";
import { type EsKernel, kernelCorrection, kernelTransform } from "./es-kernel.ts";
import type { GriddingPlan } from "./plan-gridding.ts";
import { leastNMinusOne, nMinusOne } from "./sky-geometry.ts";

/** Corrections of a plan: they multiply a summed image, or a model before it is predicted. */
export interface ImageFactors {
  readonly ofColumn: Float64Array;
  readonly ofRow: Float64Array;
  /** Correction of the kernel across planes at n − 1. */
  ofN(nLess1: number): number;
}

/** The correction across planes is interpolated in a table: cubic, of a smooth and even function, to 1e-11. */
const TABLE_STEPS = 1024;

const known = new WeakMap<GriddingPlan, ImageFactors>();

/** Corrections for all columns, rows and n of a plan; found once for each. */
export function imageFactors(plan: GriddingPlan): ImageFactors {
  const found = known.get(plan);
  if (found !== undefined) return found;
  const factors = {
    ofColumn: axisFactors(plan.uvKernel, plan.widthPx, plan.gridWidthCount),
    ofRow: axisFactors(plan.uvKernel, plan.heightPx, plan.gridHeightCount),
    ofN: plan.wKernel === undefined ? () => 1 : nFactor(plan, plan.wKernel),
  };
  known.set(plan, factors);
  return factors;
}

function axisFactors(kernel: EsKernel, countPx: number, periodCount: number): Float64Array {
  const transform = kernelTransform(kernel);
  const centre = Math.floor(countPx / 2);
  const factors = new Float64Array(countPx);
  for (let offset = 0; offset <= centre; offset++) {
    factors[centre - offset] = kernelCorrection(transform, offset / periodCount);
    if (centre + offset < countPx) factors[centre + offset] = factors[centre - offset];
  }
  return factors;
}

function nFactor(plan: GriddingPlan, kernel: EsKernel): (nLess1: number) => number {
  const { widthPx, heightPx, pixelRad, nCentreFactor, planeStepLambda } = plan;
  const transform = kernelTransform(kernel);
  const nLeast = leastNMinusOne(widthPx, heightPx, pixelRad);
  const step = -nLeast / TABLE_STEPS;
  // One entry more on the left, two on the right, for the cubic at the ends.
  const table = Float64Array.from({ length: TABLE_STEPS + 4 }, (_, index) =>
    kernelCorrection(transform, (nLeast + (index - 1) * step - nCentreFactor) * planeStepLambda),
  );
  return (nLess1) => {
    const place = (nLess1 - nLeast) / step;
    const index = Math.max(0, Math.min(TABLE_STEPS, Math.floor(place)));
    const t = place - index;
    const [a, b, c, d] = [table[index], table[index + 1], table[index + 2], table[index + 3]];
    // Lagrange's cubic through −1, 0, 1, 2.
    return (
      (-a * t * (t - 1) * (t - 2)) / 6 +
      (b * (t + 1) * (t - 1) * (t - 2)) / 2 -
      (c * (t + 1) * t * (t - 2)) / 2 +
      (d * (t + 1) * t * (t - 1)) / 6
    );
  };
}

/** Place of a pixel's number in the blocks of four columns. */
export function blockIndex(plan: GriddingPlan, column: number, row: number): number {
  const inBlocks = column - Math.floor(plan.widthPx / 2) + plan.blockWidthPx / 2;
  return (Math.floor(inBlocks / 4) * plan.heightPx + row) * 4 + (inBlocks % 4);
}

/** Writes the steps of the screens: turns of a pixel from one plane to the next. Beyond the horizon they do not matter. */
export function fillScreenSteps(engine: Engine, plan: GriddingPlan): void {
  const { blockWidthPx, heightPx, pixelRad, planeStepLambda, nCentreFactor, wKernel } = plan;
  const steps = new Int32Array(engine.buffer, plan.places.stepsAt, blockWidthPx * heightPx);
  if (wKernel === undefined) return void steps.fill(0);
  const centre = Math.floor(heightPx / 2);
  for (let column = 0; column < blockWidthPx; column++) {
    const l = (blockWidthPx / 2 - column) * pixelRad;
    const first = (column >> 2) * heightPx * 4 + (column & 3);
    for (let offset = 0; offset <= centre; offset++) {
      const turns = planeStepLambda * (nMinusOne(l, offset * pixelRad) - nCentreFactor);
      const step = Math.floor(turns * 4294967296 + 0.5) | 0;
      steps[first + 4 * (centre - offset)] = step;
      if (centre + offset < heightPx) steps[first + 4 * (centre + offset)] = step;
    }
  }
}
