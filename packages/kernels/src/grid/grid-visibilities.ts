/** Visibilities to an image. */
import type { Engine } from "../engine/engine.ts";
import { forParts, type Team } from "../engine/team.ts";
import { blockIndex, imageFactors } from "./image-factors.ts";
import { type GriddingPlan, RECORDS_TOGETHER, wSupportOf } from "./plan-gridding.ts";
import { imagePlane, type PlaneWork, planeWork } from "./plane-transforms.ts";
import type { SampleOrder } from "./sample-order.ts";
import { type SampleData, sampleRecords } from "./sample-records.ts";
import type { Samples } from "./samples.ts";
import { nMinusOne } from "./sky-geometry.ts";
import { bandParts, groupsByPlane, type PlaneGroups, recordArguments, turnFactor } from "./work-parts.ts";

/**
 * The sum over samples of weight · Re(V e^(−2πi (u l + v m + w (n − 1)))) at every pixel; divide it by the sum of weights for an
 * image in Jy per beam. Exact over the whole sky to the plan's accuracy; pixels at the horizon and beyond are 0.
 *
 * Every thread of the team calls it, with arrays that they share.
 *
 * @param image `[row][column]`, north up and east to the left (`sky-geometry`).
 * @throws RangeError when memory or arrays are too small.
 */
export function gridVisibilities(
  engine: Engine,
  plan: GriddingPlan,
  order: SampleOrder,
  samples: Samples,
  data: SampleData,
  image: Float32Array,
  team: Team,
): void {
  if (image.length < plan.widthPx * plan.heightPx) {
    throw new RangeError(`image: expected ${plan.widthPx * plan.heightPx} numbers, found ${image.length}`);
  }
  const work = planeWork(engine, plan, team);
  startImage(work, team);
  const records = sampleRecords(engine, plan, order, samples, work.scratchAt, RECORDS_TOGETHER, data);
  const filled = { count: 0 };
  const turn = turnFactor(plan);
  for (const groups of groupsByPlane(plan, order)) {
    const tail = recordArguments(engine, work, groups.plane);
    const flush = (): void => {
      if (turn !== 0) work.grid.turnRecords(work.scratchAt, filled.count, -turn, plan.planeBaseIndex);
      work.grid.gridRecords(work.scratchAt, filled.count, ...tail);
      filled.count = 0;
    };
    const gridGroup = (group: number): void => {
      for (let run = order.groupStarts[group]; run < order.groupStarts[group + 1]; run++) {
        for (let from = 0; from < order.runCounts[run]; ) {
          from += records.fill(run, from, filled);
          if (filled.count === RECORDS_TOGETHER) flush();
        }
      }
      if (filled.count > 0) flush();
    };
    for (const parity of [0, 1]) {
      const parts = bandParts(order, groups, parity);
      forParts(team, parts.length, (part) => gridGroup(parts[part] ?? 0));
    }
    finishPlane(work, order, groups, team);
  }
  takeImage(engine, plan, image, team);
}

/** A plane that no later sample touches goes into the image. */
function finishPlane(work: PlaneWork, order: SampleOrder, groups: PlaneGroups, team: Team): void {
  const last = groups.isLast ? groups.plane + wSupportOf(work.plan) : groups.nextPlane;
  for (let plane = groups.plane; plane < Math.min(last, groups.plane + wSupportOf(work.plan)); plane++) {
    imagePlane(work, plane, order.planeRowStarts[plane], order.planeRowEnds[plane], team);
  }
}

function startImage(work: PlaneWork, team: Team): void {
  const { plan, f32 } = work;
  const { places, blockWidthPx, heightPx } = plan;
  forParts(team, blockWidthPx / 4, (block) => {
    const start = places.imageAt / 4 + block * 4 * heightPx;
    f32.fill(0, start, start + 4 * heightPx);
  });
  forParts(team, 2 * plan.halfVCount * wSupportOf(plan), (part) => {
    const start = (places.planesAt + part * plan.rowStrideBytes) / 4;
    f32.fill(0, start, start + plan.rowStrideBytes / 4);
  });
}

function takeImage(engine: Engine, plan: GriddingPlan, image: Float32Array, team: Team): void {
  const { widthPx, heightPx, pixelRad } = plan;
  const factors = imageFactors(plan);
  const sums = new Float32Array(engine.buffer, plan.places.imageAt, plan.blockWidthPx * heightPx);
  forParts(team, heightPx, (row) => {
    const m = (row - Math.floor(heightPx / 2)) * pixelRad;
    for (let column = 0; column < widthPx; column++) {
      const l = (Math.floor(widthPx / 2) - column) * pixelRad;
      const nLess1 = nMinusOne(l, m);
      image[row * widthPx + column] =
        nLess1 <= -1
          ? 0
          : sums[blockIndex(plan, column, row)] * factors.ofColumn[column] * factors.ofRow[row] * factors.ofN(nLess1);
    }
  });
}
