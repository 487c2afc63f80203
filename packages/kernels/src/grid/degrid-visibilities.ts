/** An image to visibilities. */
import type { Engine } from "../engine/engine.ts";
import { forParts, type Team } from "../engine/team.ts";
import { blockIndex, imageFactors } from "./image-factors.ts";
import { type GriddingPlan, RECORDS_TOGETHER, wSupportOf } from "./plan-gridding.ts";
import { planeWork, predictPlane } from "./plane-transforms.ts";
import type { SampleOrder } from "./sample-order.ts";
import { sampleRecords } from "./sample-records.ts";
import type { Samples } from "./samples.ts";
import { nMinusOne } from "./sky-geometry.ts";
import { groupsByPlane, recordArguments, turnFactor } from "./work-parts.ts";

/**
 * Visibilities of a model: Σ S e^(+2πi (u l + v m + w (n − 1))) over its pixels, the transpose of `gridVisibilities`. Pixels at
 * the horizon and beyond count as 0.
 *
 * Every thread of the team calls it, with arrays that they share.
 *
 * @param model `[row][column]`, Jy a pixel.
 * @param vis   `[sample][re, im]`: those of the order are set, the others left alone.
 * @throws RangeError when memory or arrays are too small.
 */
export function degridVisibilities(
  engine: Engine,
  plan: GriddingPlan,
  order: SampleOrder,
  samples: Samples,
  model: Float32Array,
  vis: Float32Array,
  team: Team,
): void {
  if (model.length < plan.widthPx * plan.heightPx) {
    throw new RangeError(`model: expected ${plan.widthPx * plan.heightPx} numbers, found ${model.length}`);
  }
  const work = planeWork(engine, plan, team);
  putModel(engine, plan, model, team);
  const records = sampleRecords(engine, plan, order, samples, work.scratchAt, RECORDS_TOGETHER, undefined);
  const filled = { count: 0 };
  const turn = turnFactor(plan);
  let planesDone = 0;
  for (const groups of groupsByPlane(plan, order)) {
    for (let plane = Math.max(planesDone, groups.plane); plane < groups.plane + wSupportOf(plan); plane++) {
      predictPlane(work, plane, order.planeRowStarts[plane], order.planeRowEnds[plane], team);
      planesDone = plane + 1;
    }
    const tail = recordArguments(engine, work, groups.plane);
    const flush = (): void => {
      work.grid.degridRecords(work.scratchAt, filled.count, ...tail);
      if (turn !== 0) work.grid.turnRecords(work.scratchAt, filled.count, turn, plan.planeBaseIndex);
      const first = work.scratchAt / 4 + 6;
      for (let index = 0; index < filled.count; index++) {
        const sample = records.recordSamples[index];
        vis[2 * sample] = work.f32[first + 8 * index];
        vis[2 * sample + 1] = records.recordSigns[index] * work.f32[first + 8 * index + 1];
      }
      filled.count = 0;
    };
    forParts(team, groups.groupEnd - groups.groupStart, (part) => {
      const group = groups.groupStart + part;
      for (let run = order.groupStarts[group]; run < order.groupStarts[group + 1]; run++) {
        for (let from = 0; from < order.runCounts[run]; ) {
          from += records.fill(run, from, filled);
          if (filled.count === RECORDS_TOGETHER) flush();
        }
      }
      if (filled.count > 0) flush();
    });
  }
}

function putModel(engine: Engine, plan: GriddingPlan, model: Float32Array, team: Team): void {
  const { widthPx, heightPx, pixelRad, blockWidthPx } = plan;
  const factors = imageFactors(plan);
  const blocks = new Float32Array(engine.buffer, plan.places.imageAt, blockWidthPx * heightPx);
  forParts(team, heightPx, (row) => {
    const m = (row - Math.floor(heightPx / 2)) * pixelRad;
    for (let block = 0; block < blockWidthPx / 4; block++)
      blocks.fill(0, 4 * (block * heightPx + row), 4 * (block * heightPx + row + 1));
    for (let column = 0; column < widthPx; column++) {
      const value = model[row * widthPx + column];
      if (value === 0) continue;
      const nLess1 = nMinusOne((Math.floor(widthPx / 2) - column) * pixelRad, m);
      if (nLess1 <= -1) continue;
      blocks[blockIndex(plan, column, row)] =
        value * factors.ofColumn[column] * factors.ofRow[row] * factors.ofN(nLess1);
    }
  });
}
