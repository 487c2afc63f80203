/** What threads that image together share: plans, and arrays in memory that all of them see. */

import { createEngine, type EngineHandle } from "@contimg/kernels/engine";
import { type GriddingPlan, orderSamples, planGridding, type SampleOrder } from "@contimg/kernels/grid";
import { planResampling, prepareResampling, type ResamplingPlan } from "@contimg/kernels/resample";
import type { ImagingParameters } from "../../../domain/imaging.ts";
import type { ApplyMs } from "../ms-calibration/apply-ms.ts";
import type { GainFactors } from "../ms-calibration/gain-factors.ts";
import type { RowSet } from "./rows-to-image.ts";

export const RAD_PER_ARCSEC = Math.PI / 180 / 3600;
/** Nodes are more exact than gridding, so that its accuracy is that of the image. */
const NODE_TOLERANCE_RATIO = 0.3;
/** The first page belongs to the threads' counters. */
const DATA_AT = 65_536;

/** A set of rows, and what stands for it. */
export interface ImagingSet extends RowSet {
  /** [row, chan]: of the data, then of the image. */
  readonly weights: Float32Array;
  /** Where [row, chan, re, im] lies in the memory of gridding until it is compressed. */
  readonly visAt: number;
  readonly resampling: ResamplingPlan;
  readonly resamplingHandle: EngineHandle;
  readonly gridding: GriddingPlan;
  readonly order: SampleOrder;
  /** [node, re, im]: weighted data. */
  readonly dataNodes: Float32Array;
  readonly workNodes: Float32Array;
}

export interface ImagingJob {
  readonly ms: ApplyMs;
  readonly factors: GainFactors;
  readonly calibratesWeights: boolean;
  readonly parameters: ImagingParameters;
  readonly pixelRad: number;
  readonly sets: readonly ImagingSet[];
  /** Memory of gridding, one set at a time; before that it holds the visibilities. */
  readonly griddingHandle: EngineHandle;
  /** [row, column] from the south-east corner. */
  readonly psf: Float32Array;
  readonly dirty: Float32Array;
  readonly residual: Float32Array;
  readonly model: Float32Array;
  readonly restored: Float32Array;
  /** Of more than one set: the image of one. */
  readonly part: Float32Array | null;
  /** Not 0 where something may be found. */
  readonly mask: Uint8Array | null;
  /** Sums of weights of the cells of each part of the rows. */
  readonly density: Float64Array;
  readonly densityPartCount: number;
  /** Sums of weights of each unit. */
  readonly unitSums: Float64Array;
  /** Counters: done rows of reading, major cycles, and what the first thread decides for all. */
  readonly progress: Int32Array;
}

export interface JobPlan {
  readonly sets: readonly RowSet[];
  readonly resamplings: readonly ResamplingPlan[];
  readonly griddings: readonly GriddingPlan[];
  /** Of all shared arrays together. */
  readonly byteCount: number;
  readonly pixelRad: number;
}

const bytesOfVis = ({ rowCount, freqHz }: RowSet) => 8 * rowCount * freqHz.length;

/** Everything that can be decided before memory is taken. @throws RangeError for coordinates that are no numbers */
export function planJob(sets: readonly RowSet[], parameters: ImagingParameters, threadCount: number): JobPlan {
  const { widthPx, heightPx, scaleArcsec, accuracyRatio } = parameters;
  const pixelRad = scaleArcsec * RAD_PER_ARCSEC;
  const size = { widthPx, heightPx, pixelRad, threadCount };
  const toleranceRatio = Math.max(1e-6, NODE_TOLERANCE_RATIO * accuracyRatio);
  const resamplings = sets.map(({ uvwM, freqHz }) => planResampling(uvwM, freqHz, { ...size, toleranceRatio }));
  const griddings = resamplings.map(({ nodes }) => planGridding(nodes, { ...size, accuracyRatio }));
  const visBytes = sets.reduce((sum, set) => sum + bytesOfVis(set), 0);
  const griddingBytes = Math.max(DATA_AT + visBytes, ...griddings.map(({ byteCount }) => byteCount));
  const nodeBytes = resamplings.reduce((sum, { nodeCount, byteCount }) => sum + 16 * nodeCount + byteCount, 0);
  const imageBytes = 4 * widthPx * heightPx * (sets.length > 1 ? 6 : 5);
  return {
    sets,
    resamplings,
    griddings,
    pixelRad,
    byteCount: griddingBytes + visBytes / 2 + nodeBytes + imageBytes,
  };
}

const sharedF32 = (length: number) => new Float32Array(new SharedArrayBuffer(4 * length));

export interface JobInputs {
  readonly ms: ApplyMs;
  readonly factors: GainFactors;
  readonly calibratesWeights: boolean;
  readonly parameters: ImagingParameters;
  readonly mask: Uint8Array | null;
  /** Cells of the density of weights. */
  readonly densityCellCount: number;
  readonly densityPartCount: number;
}

function resamplingMemory(plan: ResamplingPlan): EngineHandle {
  const engine = createEngine(plan.byteCount);
  prepareResampling(engine, plan);
  return engine.handle;
}

/** Takes the memory. @throws RangeError when the machine does not give it */
export function createJob(plan: JobPlan, inputs: JobInputs): ImagingJob {
  const { widthPx, heightPx } = inputs.parameters;
  let visAt = DATA_AT;
  const sets = plan.sets.map((set, at): ImagingSet => {
    const resampling = plan.resamplings[at]!;
    const gridding = plan.griddings[at]!;
    const start = visAt;
    visAt += bytesOfVis(set);
    return {
      ...set,
      weights: sharedF32(set.rowCount * set.freqHz.length),
      visAt: start,
      resampling,
      resamplingHandle: resamplingMemory(resampling),
      gridding,
      order: orderSamples(gridding, resampling.nodes),
      dataNodes: sharedF32(2 * resampling.nodeCount),
      workNodes: sharedF32(2 * resampling.nodeCount),
    };
  });
  const griddingBytes = Math.max(visAt, ...plan.griddings.map(({ byteCount }) => byteCount));
  const image = () => sharedF32(widthPx * heightPx);
  const unitCount = sets.reduce((sum, { units }) => sum + units.length, 0);
  return {
    ...inputs,
    pixelRad: plan.pixelRad,
    sets,
    griddingHandle: createEngine(griddingBytes).handle,
    psf: image(),
    dirty: image(),
    residual: image(),
    model: image(),
    restored: image(),
    part: sets.length > 1 ? image() : null,
    density: new Float64Array(new SharedArrayBuffer(8 * inputs.densityCellCount * inputs.densityPartCount)),
    unitSums: new Float64Array(new SharedArrayBuffer(8 * unitCount)),
    progress: new Int32Array(new SharedArrayBuffer(16)),
  };
}
