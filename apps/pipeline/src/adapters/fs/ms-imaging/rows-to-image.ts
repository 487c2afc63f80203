/** Which rows of a Measurement Set are imaged together: windows whose rows are the same are one set, with the channels of all. */

import { openTable } from "@contimg/casacore-tables/node";
import type { ApplyBlock, ApplyMs } from "../ms-calibration/apply-ms.ts";
import { unsuitable } from "../ms-calibration/cal-ms.ts";

/** Rows of one moment, of all windows of their set. */
export interface RowUnit {
  /** In the arrays of the set. */
  readonly rowStart: number;
  readonly rowEnd: number;
  /** By window of the set, in its order. */
  readonly blocks: readonly ApplyBlock[];
}

export interface RowSet {
  /** Indices of windows (DATA_DESC_ID), by frequency. */
  readonly windowIndices: readonly number[];
  /** First channel of each. */
  readonly firstChan: readonly number[];
  readonly freqHz: Float64Array;
  readonly rowCount: number;
  readonly units: readonly RowUnit[];
  /** [row, 3], m; shared by threads. */
  readonly uvwM: Float64Array;
}

/** Rows that follow each other in the table and share window, field and time. */
interface Moment extends ApplyBlock {
  readonly timeMjdSec: number;
}

/** @param spwIds  null: all. @throws PipelineError MS_UNSUITABLE when no row is left */
export function rowSetsOf(ms: ApplyMs, spwIds: readonly number[] | null): readonly RowSet[] {
  const wanted = ms.windows.map(({ spwId }) => spwIds === null || spwIds.includes(spwId));
  const moments = ms.windows.map((): Moment[] => []);
  for (const moment of momentsOf(ms)) if (wanted[moment.windowIndex]) moments[moment.windowIndex]!.push(moment);
  const groups: number[][] = [];
  for (const window of ms.windows.keys()) {
    if (moments[window]!.length === 0) continue;
    const group = groups.find(([first]) => haveSameRows(ms, moments[first!]!, moments[window]!));
    if (group) group.push(window);
    else groups.push([window]);
  }
  if (groups.length === 0) throw unsuitable(ms.path, "rows of the windows that are imaged", "some", "none");
  return groups.map((windows) => rowSet(ms, windows, moments));
}

function momentsOf({ dataDescIds, fieldIds, timesMjdSec, rowCount }: ApplyMs): readonly Moment[] {
  const moments: Moment[] = [];
  for (let rowStart = 0; rowStart < rowCount; ) {
    let rowEnd = rowStart + 1;
    while (
      rowEnd < rowCount &&
      dataDescIds[rowEnd] === dataDescIds[rowStart] &&
      fieldIds[rowEnd] === fieldIds[rowStart] &&
      timesMjdSec[rowEnd] === timesMjdSec[rowStart]
    )
      rowEnd++;
    moments.push({ rowStart, rowEnd, windowIndex: dataDescIds[rowStart]!, timeMjdSec: timesMjdSec[rowStart]! });
    rowStart = rowEnd;
  }
  return moments;
}

function haveSameRows({ ant1, ant2 }: ApplyMs, one: readonly Moment[], other: readonly Moment[]): boolean {
  if (one.length !== other.length) return false;
  return one.every((moment, at) => {
    const twin = other[at]!;
    const rowCount = moment.rowEnd - moment.rowStart;
    if (twin.rowEnd - twin.rowStart !== rowCount || twin.timeMjdSec !== moment.timeMjdSec) return false;
    for (let row = 0; row < rowCount; row++) {
      const [a, b] = [moment.rowStart + row, twin.rowStart + row];
      if (ant1[a] !== ant1[b] || ant2[a] !== ant2[b]) return false;
    }
    return true;
  });
}

function rowSet(ms: ApplyMs, windows: readonly number[], moments: readonly (readonly Moment[])[]): RowSet {
  const windowIndices = windows.toSorted((a, b) => ms.windows[a]!.freqHz[0]! - ms.windows[b]!.freqHz[0]!);
  const chanCounts = windowIndices.map((window) => ms.windows[window]!.freqHz.length);
  const firstChan = chanCounts.map((_, at) => chanCounts.slice(0, at).reduce((sum, count) => sum + count, 0));
  const freqHz = new Float64Array(new SharedArrayBuffer(8 * chanCounts.reduce((sum, count) => sum + count, 0)));
  for (const [at, window] of windowIndices.entries()) freqHz.set(ms.windows[window]!.freqHz, firstChan[at]);
  let rowCount = 0;
  const units = moments[windowIndices[0]!]!.map((moment, at): RowUnit => {
    const rowStart = rowCount;
    rowCount += moment.rowEnd - moment.rowStart;
    return { rowStart, rowEnd: rowCount, blocks: windowIndices.map((window) => moments[window]![at]!) };
  });
  const uvwM = new Float64Array(new SharedArrayBuffer(24 * rowCount));
  using main = openTable(ms.path);
  for (const { rowStart, rowEnd, blocks } of units)
    main.column("UVW").getCellsInto(blocks[0]!.rowStart, blocks[0]!.rowEnd, uvwM.subarray(3 * rowStart, 3 * rowEnd));
  return { windowIndices, firstChan, freqHz, rowCount, units, uvwM };
}
