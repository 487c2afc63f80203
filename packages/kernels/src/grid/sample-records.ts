/** Samples as records, and records as samples. */
import type { Engine } from "../engine/engine.ts";
import type { GriddingPlan } from "./plan-gridding.ts";
import { cellFactors, type SampleOrder } from "./sample-order.ts";
import type { Samples } from "./samples.ts";

/** What is gridded. Arrays are over all samples; flagged ones and those of weight 0 are left out whatever they hold. */
export interface SampleData {
  /** `[sample][re, im]`. Absent: 1 everywhere, which gives the point spread function. */
  readonly vis?: Float32Array;
  readonly weights?: Float32Array;
  /** Left out where not 0. */
  readonly flags?: Uint8Array;
}

/** Numbers of a record. */
const EIGHT = 8;

/** Moves samples of runs into the records of a thread and back. */
export interface SampleRecords {
  /** Sample of each record, and whether it was conjugated. */
  readonly recordSamples: Uint32Array;
  readonly recordSigns: Int8Array;
  /**
   * Fills records from a run, from its sample `from` on, until they are full. Where there are data, records hold them with their
   * weight; else they hold places only.
   *
   * @returns How many of the run's samples were taken; `filled.count` is how many records there are then.
   */
  fill(run: number, from: number, filled: { count: number }): number;
}

/** Prepares a thread for the samples of a plan. */
export function sampleRecords(
  engine: Engine,
  plan: GriddingPlan,
  order: SampleOrder,
  samples: Samples,
  recordsAt: number,
  capacityCount: number,
  data: SampleData | undefined,
): SampleRecords {
  const f32 = new Float32Array(engine.buffer, recordsAt, capacityCount * EIGHT);
  const f64 = new Float64Array(engine.buffer, recordsAt, (capacityCount * EIGHT) / 2);
  const recordSamples = new Uint32Array(capacityCount);
  const recordSigns = new Int8Array(capacityCount);
  const { uvwM, wavesPerM, rowStarts, waveStarts } = samples;
  const { runRows, runFirsts, runCounts } = order;
  const { uFactor, vFactor, wFactor } = cellFactors(plan);
  const { halfUCount, halfVCount, planeBaseIndex } = plan;
  const vis = data?.vis;
  const weights = data?.weights;
  const flags = data?.flags;
  return {
    recordSamples,
    recordSigns,
    fill(run, from, filled) {
      const row = runRows[run];
      const sign = uvwM[3 * row + 2] < 0 ? -1 : 1;
      const u = sign * uFactor * uvwM[3 * row];
      const v = sign * vFactor * uvwM[3 * row + 1];
      const w = sign * wFactor * uvwM[3 * row + 2];
      const rowStart = rowStarts === undefined ? row * wavesPerM.length : rowStarts[row];
      const first = rowStart + runFirsts[run];
      const wave = (waveStarts === undefined ? 0 : waveStarts[row]) + runFirsts[run];
      const runCount = runCounts[run];
      let count = filled.count;
      let index = from;
      for (; index < runCount && count < capacityCount; index++) {
        const sample = first + index;
        if (flags !== undefined && flags[sample] !== 0) continue;
        const weight = weights === undefined ? 1 : weights[sample];
        if (weight === 0) continue;
        const waves = wavesPerM[wave + index];
        f64[4 * count] = u * waves + halfUCount;
        f64[4 * count + 1] = v * waves + halfVCount;
        f64[4 * count + 2] = w * waves - planeBaseIndex;
        if (vis === undefined) {
          f32[EIGHT * count + 6] = weight;
          f32[EIGHT * count + 7] = 0;
        } else {
          f32[EIGHT * count + 6] = weight * vis[2 * sample];
          f32[EIGHT * count + 7] = sign * weight * vis[2 * sample + 1];
        }
        recordSamples[count] = sample;
        recordSigns[count] = sign;
        count += 1;
      }
      filled.count = count;
      return index - from;
    },
  };
}
