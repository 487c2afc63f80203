/** From the table to weighted nodes, by threads together: read, calibrate, weight, compress. */

import { openTable } from "@contimg/casacore-tables/node";
import { attachEngine, type Engine, forParts, meet, type Team } from "@contimg/kernels/engine";
import { channelSamples } from "@contimg/kernels/grid";
import { compressVisibilities } from "@contimg/kernels/resample";
import {
  addToWeightGrid,
  createWeightGrid,
  createWeighting,
  fillImagingWeights,
  type UvSelection,
  type WeightGrid,
  type Weighting,
} from "@contimg/kernels/weight";
import type { ImagingParameters, Weighting as WeightingChoice } from "../../../domain/imaging.ts";
import { unsuitable } from "../ms-calibration/cal-ms.ts";
import { CalibratedReader } from "../ms-calibration/calibrated-reader.ts";
import { type ImagingJob, type ImagingSet, RAD_PER_ARCSEC } from "./imaging-job.ts";
import { putStokes } from "./read-stokes.ts";
import type { RowSet } from "./rows-to-image.ts";

/** WSClean counts the density of weights on its padded grid. */
const WEIGHT_PADDING_RATIO = 1.2;
/** UVW of windows differ by rounding only. */
const SAME_UVW_M = 1e-6;

const uvSelection = ({ minUvLambda, maxUvLambda, taperArcsec }: ImagingParameters): UvSelection => ({
  ...(minUvLambda === null ? {} : { uvLeastLambda: minUvLambda }),
  ...(maxUvLambda === null ? {} : { uvMostLambda: maxUvLambda }),
  ...(taperArcsec === null ? {} : { taperFwhmRad: taperArcsec * RAD_PER_ARCSEC }),
});

const schemeOf = (weighting: WeightingChoice) => weighting;

/** An empty grid that all sets fit into. */
export function emptyDensity(sets: readonly RowSet[], parameters: ImagingParameters): WeightGrid {
  const { widthPx, heightPx, scaleArcsec } = parameters;
  const size = {
    widthPx: WEIGHT_PADDING_RATIO * widthPx,
    heightPx: WEIGHT_PADDING_RATIO * heightPx,
    pixelRad: scaleArcsec * RAD_PER_ARCSEC,
  };
  const grids = sets.map(({ uvwM, freqHz }) => createWeightGrid(size, channelSamples(uvwM, freqHz)));
  const uHalfCount = Math.max(...grids.map((grid) => grid.uHalfCount));
  const vCount = Math.max(...grids.map((grid) => grid.vCount));
  return { ...size, uHalfCount, vCount, weights: new Float64Array(2 * uHalfCount * vCount) };
}

/** Visibilities and weights of the data of all sets. @throws PipelineError MS_UNSUITABLE; of reading */
export function readSamples(job: ImagingJob, gridding: Engine, team: Team): void {
  const { ms, factors, calibratesWeights, sets } = job;
  using main = openTable(ms.path);
  const reader = new CalibratedReader(main, ms, { factors, calibratesWeights });
  for (const set of sets) {
    const chanCount = set.freqHz.length;
    const vis = new Float32Array(gridding.buffer, set.visAt, 2 * set.rowCount * chanCount);
    forParts(team, set.units.length, (part) => {
      const unit = set.units[part]!;
      for (const [at, block] of unit.blocks.entries()) {
        const { freqHz, corrCount, parallelCorrs } = ms.windows[block.windowIndex]!;
        const rowCount = block.rowEnd - block.rowStart;
        const data = reader.read(block);
        putStokes(
          data,
          rowCount,
          freqHz.length,
          corrCount,
          parallelCorrs,
          ms.ant1.subarray(block.rowStart, block.rowEnd),
          ms.ant2.subarray(block.rowStart, block.rowEnd),
          { vis, weights: set.weights, chanCount, chanStart: set.firstChan[at]!, rowStart: unit.rowStart },
        );
        if (at > 0) assertSameUvw(reader.readUvw(block), set, unit.rowStart, ms.path);
        Atomics.add(job.progress, 0, rowCount);
      }
    });
  }
}

function assertSameUvw(uvwM: Float64Array, set: RowSet, rowStart: number, path: string): void {
  for (let at = 0; at < uvwM.length; at++) {
    const first = set.uvwM[3 * rowStart + at]!;
    if (Math.abs(uvwM[at]! - first) > SAME_UVW_M)
      throw unsuitable(path, "UVW of one baseline in two windows", `${first} m`, `${uvwM[at]} m`);
  }
}

/**
 * Makes the weights of the data those of the image.
 *
 * @returns their sum, the same to the bit however many threads there are
 */
export function weightSamples(job: ImagingJob, team: Team): number {
  const { sets, parameters, density, densityPartCount, unitSums } = job;
  const selection = uvSelection(parameters);
  const empty = emptyDensity(sets, parameters);
  const cellCount = empty.weights.length;
  forParts(team, densityPartCount, (part) => {
    const grid = { ...empty, weights: density.subarray(part * cellCount, (part + 1) * cellCount) };
    for (const set of sets) {
      const rowStart = Math.floor((part * set.rowCount) / densityPartCount);
      const rowEnd = Math.floor(((part + 1) * set.rowCount) / densityPartCount);
      // As WSClean: baselines that limits leave out count in the density.
      addToWeightGrid(grid, rowsOf(set, rowStart, rowEnd));
    }
  });
  for (let part = 0; part < densityPartCount; part++)
    for (let cell = 0; cell < cellCount; cell++) empty.weights[cell]! += density[part * cellCount + cell]!;
  const weighting: Weighting = createWeighting(empty, schemeOf(parameters.weighting), selection);
  let firstUnit = 0;
  for (const set of sets) {
    const start = firstUnit;
    forParts(team, set.units.length, (part) => {
      const { rowStart, rowEnd } = set.units[part]!;
      const rows = rowsOf(set, rowStart, rowEnd);
      unitSums[start + part] = fillImagingWeights(weighting, rows, rows.weights);
    });
    firstUnit += set.units.length;
  }
  meet(team);
  return unitSums.reduce((sum, one) => sum + one, 0);
}

function rowsOf(set: ImagingSet, rowStart: number, rowEnd: number) {
  const chanCount = set.freqHz.length;
  return {
    samples: channelSamples(set.uvwM.subarray(3 * rowStart, 3 * rowEnd), set.freqHz),
    weights: set.weights.subarray(rowStart * chanCount, rowEnd * chanCount),
  };
}

/** Nodes of the data, into `dataNodes`, and of the point spread function, into `workNodes`. */
export function compressSamples(job: ImagingJob, gridding: Engine, team: Team): void {
  for (const set of job.sets) {
    const engine = attachEngine(set.resamplingHandle);
    const vis = new Float32Array(gridding.buffer, set.visAt, 2 * set.rowCount * set.freqHz.length);
    compressVisibilities(engine, set.resampling, { vis, weights: set.weights }, set.dataNodes, team);
    compressVisibilities(engine, set.resampling, { weights: set.weights }, set.workNodes, team);
  }
  meet(team);
}
