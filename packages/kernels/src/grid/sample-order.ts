/**
 * The order in which samples are gridded: by their first plane, by bands of rows, by tiles of columns. Samples of a band
 * touch its rows and those of the next, so that bands of one parity can be gridded at the same time; and the order within a
 * band, and with it the result, does not depend on who grids it.
 */
import { type GriddingPlan, wSupportOf } from "./plan-gridding.ts";
import type { Samples } from "./samples.ts";

/** Rows of a band and columns of a tile; a support must not be larger. */
export const BAND_ROWS = 16;
const TILE_BITS = 4;

/** Neighbouring samples of a row with the same first plane, band and tile make a run. All arrays may be shared by threads. */
export interface SampleOrder {
  readonly runCount: number;
  readonly runRows: Uint32Array;
  /** First sample of a run, counted from that of its row. */
  readonly runFirsts: Uint32Array;
  readonly runCounts: Uint16Array;
  /** First plane and band of groups of runs, in order. */
  readonly groupPlanes: Uint32Array;
  readonly groupBands: Uint32Array;
  /** First run of each group and, last, the number of runs. */
  readonly groupStarts: Uint32Array;
  /** Rows of each plane that samples touch: begin and end, equal where there are none. */
  readonly planeRowStarts: Uint32Array;
  readonly planeRowEnds: Uint32Array;
}

interface Runs {
  count: number;
  rows: Uint32Array;
  firsts: Uint32Array;
  counts: Uint16Array;
  keys: Float64Array;
}

const MOST_OF_RUN = 65535;

/**
 * Sorts the samples of a plan. Takes about 10 ns a sample and 60 ns a run.
 *
 * @param flags    Samples left out where not 0.
 * @param weights  Samples left out where 0.
 */
export function orderSamples(
  plan: GriddingPlan,
  samples: Samples,
  flags?: Uint8Array,
  weights?: Float32Array,
): SampleOrder {
  const bandCount = Math.ceil((2 * plan.halfVCount) / BAND_ROWS);
  const tileCount = ((2 * plan.halfUCount) >> TILE_BITS) + 1;
  const runs = findRuns(plan, samples, bandCount, tileCount, flags, weights);
  const order = sortedIndices(runs.keys, runs.count, plan.planeCount * bandCount * tileCount);
  const runRows = shared32(runs.count);
  const runFirsts = shared32(runs.count);
  const runCounts = shared16(runs.count);
  const groupPlanes: number[] = [];
  const groupBands: number[] = [];
  const groupStarts: number[] = [];
  let lastGroup = -1;
  for (let index = 0; index < runs.count; index++) {
    const run = order[index];
    runRows[index] = runs.rows[run];
    runFirsts[index] = runs.firsts[run];
    runCounts[index] = runs.counts[run];
    const group = Math.floor(runs.keys[run] / tileCount);
    if (group === lastGroup) continue;
    lastGroup = group;
    groupPlanes.push(Math.floor(group / bandCount));
    groupBands.push(group % bandCount);
    groupStarts.push(index);
  }
  groupStarts.push(runs.count);
  return {
    runCount: runs.count,
    runRows,
    runFirsts,
    runCounts,
    groupPlanes: sharedOf(groupPlanes),
    groupBands: sharedOf(groupBands),
    groupStarts: sharedOf(groupStarts),
    ...planeRows(plan, groupPlanes, groupBands),
  };
}

function findRuns(
  plan: GriddingPlan,
  samples: Samples,
  bandCount: number,
  tileCount: number,
  flags: Uint8Array | undefined,
  weights: Float32Array | undefined,
): Runs {
  const { uvwM, wavesPerM, rowStarts, waveStarts } = samples;
  const rowCount = uvwM.length / 3;
  let capacity = Math.max(1024, 8 * rowCount);
  const runs = emptyRuns(capacity);
  const { uFactor, vFactor, wFactor } = cellFactors(plan);
  const uvHalf = plan.uvKernel.supportCount / 2;
  const wHalf = wSupportOf(plan) / 2;
  for (let row = 0; row < rowCount; row++) {
    const sign = uvwM[3 * row + 2] < 0 ? -1 : 1;
    const u = sign * uFactor * uvwM[3 * row];
    const v = sign * vFactor * uvwM[3 * row + 1];
    const w = sign * wFactor * uvwM[3 * row + 2];
    const first = rowStarts === undefined ? row * wavesPerM.length : rowStarts[row];
    const count = rowStarts === undefined ? wavesPerM.length : rowStarts[row + 1] - first;
    const waveStart = waveStarts === undefined ? 0 : waveStarts[row];
    let keyBefore = -1;
    for (let index = 0; index < count; index++) {
      if (
        (flags !== undefined && flags[first + index] !== 0) ||
        (weights !== undefined && weights[first + index] === 0)
      ) {
        continue;
      }
      const waves = wavesPerM[waveStart + index];
      const plane = Math.ceil(w * waves - plan.planeBaseIndex - wHalf);
      const band = Math.ceil(v * waves + plan.halfVCount - uvHalf) >> TILE_BITS;
      const tile = Math.ceil(u * waves + plan.halfUCount - uvHalf) >> TILE_BITS;
      const key = (plane * bandCount + band) * tileCount + tile;
      if (key === keyBefore) {
        const last = runs.count - 1;
        const length = index - runs.firsts[last] + 1;
        if (length <= MOST_OF_RUN) {
          runs.counts[last] = length;
          continue;
        }
      }
      if (runs.count === capacity) grow(runs, (capacity *= 2));
      runs.rows[runs.count] = row;
      runs.firsts[runs.count] = index;
      runs.counts[runs.count] = 1;
      runs.keys[runs.count] = key;
      runs.count += 1;
      keyBefore = key;
    }
  }
  return runs;
}

/** Cells a metre and wave of a plan's buffers: east is to the left, so that columns count against u. */
export function cellFactors(plan: GriddingPlan): { uFactor: number; vFactor: number; wFactor: number } {
  return {
    uFactor: -plan.pixelRad * plan.gridWidthCount,
    vFactor: plan.pixelRad * plan.gridHeightCount,
    wFactor: 1 / plan.planeStepLambda,
  };
}

function emptyRuns(capacity: number): Runs {
  return {
    count: 0,
    rows: new Uint32Array(capacity),
    firsts: new Uint32Array(capacity),
    counts: new Uint16Array(capacity),
    keys: new Float64Array(capacity),
  };
}

function grow(runs: Runs, capacity: number): void {
  const { rows, firsts, counts, keys } = runs;
  Object.assign(runs, emptyRuns(capacity), { count: runs.count });
  runs.rows.set(rows);
  runs.firsts.set(firsts);
  runs.counts.set(counts);
  runs.keys.set(keys);
}

/** Indices in the order of keys, equal ones in the order they have: by digits of 11 bits, least first. */
function sortedIndices(keys: Float64Array, count: number, keyCount: number): Uint32Array {
  let from = new Uint32Array(count);
  let to = new Uint32Array(count);
  for (let index = 0; index < count; index++) from[index] = index;
  const places = new Uint32Array(2049);
  for (let unit = 1; unit < keyCount; unit *= 2048) {
    places.fill(0);
    for (let index = 0; index < count; index++) places[(Math.floor(keys[index] / unit) % 2048) + 1] += 1;
    for (let digit = 0; digit < 2048; digit++) places[digit + 1] += places[digit];
    for (let index = 0; index < count; index++) {
      const run = from[index];
      to[places[Math.floor(keys[run] / unit) % 2048]++] = run;
    }
    [from, to] = [to, from];
  }
  return from;
}

function planeRows(
  plan: GriddingPlan,
  groupPlanes: readonly number[],
  groupBands: readonly number[],
): Pick<SampleOrder, "planeRowStarts" | "planeRowEnds"> {
  const planeRowStarts = shared32(plan.planeCount).fill(2 * plan.halfVCount);
  const planeRowEnds = shared32(plan.planeCount);
  const wSupport = wSupportOf(plan);
  for (let group = 0; group < groupPlanes.length; group++) {
    const start = BAND_ROWS * (groupBands[group] ?? 0);
    const end = Math.min(2 * plan.halfVCount, start + BAND_ROWS + plan.uvKernel.supportCount - 1);
    const first = groupPlanes[group] ?? 0;
    for (let plane = first; plane < first + wSupport; plane++) {
      planeRowStarts[plane] = Math.min(planeRowStarts[plane], start);
      planeRowEnds[plane] = Math.max(planeRowEnds[plane], end);
    }
  }
  for (let plane = 0; plane < plan.planeCount; plane++) {
    if (planeRowEnds[plane] === 0) planeRowStarts[plane] = 0;
  }
  return { planeRowStarts, planeRowEnds };
}

function shared16(length: number): Uint16Array {
  return new Uint16Array(new SharedArrayBuffer(2 * length));
}

function shared32(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(4 * length));
}

function sharedOf(values: readonly number[]): Uint32Array {
  const array = shared32(values.length);
  array.set(values);
  return array;
}
