/** What gridding multiplied the image by and must be undone, in float64, and the steps of the screens. */
import type { Engine } from "../engine/engine.ts";
import { forParts, type Team } from "../engine/team.ts";
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

/** Corrections for all columns, rows and n of a plan. */
export function imageFactors(plan: GriddingPlan): ImageFactors {
  return {
    ofColumn: axisFactors(plan.uvKernel, plan.widthPx, plan.gridWidthCount),
    ofRow: axisFactors(plan.uvKernel, plan.heightPx, plan.gridHeightCount),
    ofN: plan.wKernel === undefined ? () => 1 : nFactor(plan, plan.wKernel),
  };
}

function axisFactors(kernel: EsKernel, countPx: number, periodCount: number): Float64Array {
  const transform = kernelTransform(kernel);
  const centre = Math.floor(countPx / 2);
  return Float64Array.from({ length: countPx }, (_, index) =>
    kernelCorrection(transform, (index - centre) / periodCount),
  );
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
export function fillScreenSteps(engine: Engine, plan: GriddingPlan, team: Team): void {
  const { blockWidthPx, heightPx, pixelRad, planeStepLambda, nCentreFactor, wKernel } = plan;
  const steps = new Int32Array(engine.buffer, plan.places.stepsAt, blockWidthPx * heightPx);
  forParts(team, blockWidthPx / 4, (block) => {
    for (let row = 0; row < heightPx; row++) {
      const m = (row - Math.floor(heightPx / 2)) * pixelRad;
      for (let lane = 0; lane < 4; lane++) {
        const l = (blockWidthPx / 2 - 4 * block - lane) * pixelRad;
        const turns = wKernel === undefined ? 0 : planeStepLambda * (nMinusOne(l, m) - nCentreFactor);
        steps[(block * heightPx + row) * 4 + lane] = Math.round(turns * 2 ** 32) | 0;
      }
    }
  });
}
