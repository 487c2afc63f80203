/** How the groups of an order are given to threads, and what the kernels are told of a plane. */
import type { Engine } from "../engine/engine.ts";
import { fillLineFft } from "../fft/line-fft.ts";
import { fillScreenSteps } from "./image-factors.ts";
import { kernelTable } from "./kernel-table.ts";
import { type GriddingPlan, RECORD_BYTES, RECORDS_TOGETHER, wSupportOf } from "./plan-gridding.ts";
import { type PlaneWork, planeAt } from "./plane-transforms.ts";
import type { SampleOrder } from "./sample-order.ts";

/** The groups of samples that have the same first plane. */
export interface PlaneGroups {
  readonly plane: number;
  readonly groupStart: number;
  readonly groupEnd: number;
  /** First plane of the groups that follow; without meaning for the last. */
  readonly nextPlane: number;
  readonly isLast: boolean;
}

/** Groups by their first plane, in order. */
export function groupsByPlane(plan: GriddingPlan, order: SampleOrder): readonly PlaneGroups[] {
  const { groupPlanes } = order;
  const all: PlaneGroups[] = [];
  for (let start = 0; start < groupPlanes.length; ) {
    const plane = groupPlanes[start];
    let end = start + 1;
    while (end < groupPlanes.length && groupPlanes[end] === plane) end += 1;
    const isLast = end === groupPlanes.length;
    all.push({
      plane,
      groupStart: start,
      groupEnd: end,
      nextPlane: isLast ? plan.planeCount : groupPlanes[end],
      isLast,
    });
    start = end;
  }
  return all;
}

/** Groups whose bands have a parity: none of them touches a row of another. */
export function bandParts(order: SampleOrder, groups: PlaneGroups, parity: number): readonly number[] {
  const parts: number[] = [];
  for (let group = groups.groupStart; group < groups.groupEnd; group++) {
    if (order.groupBands[group] % 2 === parity) parts.push(group);
  }
  return parts;
}

/** Turns of a record's phase for each plane of w: what n − 1 being counted from its centre takes away. */
export function turnFactor(plan: GriddingPlan): number {
  return plan.wKernel === undefined ? 0 : plan.planeStepLambda * plan.nCentreFactor;
}

/** The arguments of gridding and degridding after records and their number, for samples whose first plane this is. */
export function recordArguments(
  engine: Engine,
  work: PlaneWork,
  plane: number,
): readonly [number, number, number, number, number, number, number] {
  const { plan, scratchAt } = work;
  const wSupport = wSupportOf(plan);
  const tapsAt = scratchAt + (RECORDS_TOGETHER + 4) * RECORD_BYTES;
  const listAt = tapsAt + 64;
  const list = new Uint32Array(engine.buffer, listAt, wSupport);
  for (let index = 0; index < wSupport; index++) list[index] = planeAt(plan, plane + index);
  const { uvTableAt, wTableAt } = plan.places;
  return [listAt, plan.rowStrideBytes, uvTableAt, plan.uvKernel.supportCount, wTableAt, wSupport, tapsAt];
}

/** Writes the tables of a plan and the steps of its screens; one thread does, once, before any work. */
export function prepareGridding(engine: Engine, plan: GriddingPlan): void {
  fillLineFft(engine, plan.rowFft);
  fillLineFft(engine, plan.columnFft);
  fillScreenSteps(engine, plan);
  const { uvTableAt, wTableAt } = plan.places;
  for (const [at, kernel] of [
    [uvTableAt, plan.uvKernel],
    [wTableAt, plan.wKernel],
  ] as const) {
    const table = kernelTable(kernel);
    new Float32Array(engine.buffer, at, table.length).set(table);
  }
}
