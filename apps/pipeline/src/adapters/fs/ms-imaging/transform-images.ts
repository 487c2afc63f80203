/** Images of nodes, and nodes of images, by threads together. */

import { attachEngine, type Engine, forParts, meet, type Team } from "@contimg/kernels/engine";
import { degridVisibilities, gridVisibilities, prepareGridding } from "@contimg/kernels/grid";
import { weightNodes } from "@contimg/kernels/resample";
import type { ImagingJob, ImagingSet } from "./imaging-job.ts";

/** Each thread has its own. */
export interface Transformer {
  /** The image of all sets' nodes, divided by the sum of weights. */
  image(nodesOf: (set: ImagingSet) => Float32Array, out: Float32Array): void;
  /** Data nodes minus those of the model, weighted alike, into `workNodes`. */
  subtractModel(model: Float32Array): void;
}

export function createTransformer(job: ImagingJob, gridding: Engine, weightSum: number, team: Team): Transformer {
  const { sets, part } = job;
  let prepared: ImagingSet | undefined;
  /** Kernels of one set have the memory at a time. */
  const prepare = (set: ImagingSet) => {
    if (prepared === set) return;
    prepared = set;
    meet(team);
    if (team.threadIndex === 0) prepareGridding(gridding, set.gridding);
    meet(team);
  };
  return {
    image(nodesOf, out) {
      for (const [at, set] of sets.entries()) {
        prepare(set);
        const target = at === 0 ? out : part!;
        gridVisibilities(gridding, set.gridding, set.order, set.resampling.nodes, { vis: nodesOf(set) }, target, team);
        if (at > 0) forRows(job, team, (start, end) => add(out, part!, start, end));
      }
      forRows(job, team, (start, end) => {
        for (let pixel = start; pixel < end; pixel++) out[pixel]! /= weightSum;
      });
    },
    subtractModel(model) {
      for (const set of sets) {
        prepare(set);
        const { resampling, workNodes, dataNodes, weights } = set;
        degridVisibilities(gridding, set.gridding, set.order, resampling.nodes, model, workNodes, team);
        weightNodes(attachEngine(set.resamplingHandle), resampling, workNodes, { weights }, workNodes, team);
        const length = workNodes.length;
        const partLength = 1 << 16;
        forParts(team, Math.ceil(length / partLength), (piece) => {
          const end = Math.min(length, (piece + 1) * partLength);
          for (let at = piece * partLength; at < end; at++) workNodes[at] = dataNodes[at]! - workNodes[at]!;
        });
      }
    },
  };
}

function add(out: Float32Array, other: Float32Array, start: number, end: number): void {
  for (let pixel = start; pixel < end; pixel++) out[pixel]! += other[pixel]!;
}

/** Pixels of rows of an image. */
export function forRows(
  { parameters }: ImagingJob,
  team: Team,
  work: (pixelStart: number, pixelEnd: number) => void,
): void {
  const { widthPx, heightPx } = parameters;
  const rowsAPart = 64;
  forParts(team, Math.ceil(heightPx / rowsAPart), (part) =>
    work(part * rowsAPart * widthPx, Math.min(heightPx, (part + 1) * rowsAPart) * widthPx),
  );
}
