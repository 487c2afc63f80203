/** A Measurement Set as applying sees it: what does not change from row to row, blocks of rows, and where its weights come from. */

import { openTable, type Table } from "@contimg/casacore-tables/node";
import type { ApplyTarget } from "../../../domain/cal-apply.ts";
import { openInspected } from "../inspect/open-inspected.ts";
import { asTableError } from "../ms-flags/table-errors.ts";
import { type CalMs, describeCalMs, unsuitable } from "./cal-ms.ts";

/** Under these names stay the weights that belong to DATA when WEIGHT and WEIGHT_SPECTRUM become those of CORRECTED_DATA. */
export const KEPT_WEIGHT = "WEIGHT_OF_DATA";
export const KEPT_SPECTRUM = "WEIGHT_SPECTRUM_OF_DATA";

/** Weights of DATA, whatever was applied before. */
export interface WeightSources {
  /** When weights are not calibrated. */
  readonly weightColumn: string;
  /** One weight a channel, or its σ; null: the Measurement Set has none. */
  readonly spectrum: { readonly column: string; readonly isSigma: boolean } | null;
}

/** Rows that follow each other in the table and share a window; few enough for their data and gains to be held at once. */
export interface ApplyBlock {
  readonly rowStart: number;
  readonly rowEnd: number;
  readonly windowIndex: number;
}

/** Plain values and shared arrays, which threads can be sent. */
export interface ApplyMs extends CalMs {
  readonly dataColumn: string;
  readonly weights: WeightSources;
}

const BLOCK_SAMPLE_COUNT = 1 << 19;
const BLOCK_GAIN_COUNT = 1 << 21;

/** @throws PipelineError INPUT_UNREADABLE, TABLE_UNREADABLE, MS_UNSUITABLE */
export function describeApplyMs(msPath: string, dataColumn: string): ApplyMs {
  openInspected(msPath).close();
  try {
    using main = openTable(msPath);
    for (const name of [dataColumn, "FLAG", "FLAG_ROW", "SIGMA", "WEIGHT", "UVW"])
      if (!main.hasColumn(name)) throw unsuitable(msPath, "columns of MAIN", name, main.columnNames.join(", "));
    if (main.column(dataColumn).type !== "complex")
      throw unsuitable(msPath, dataColumn, "complex values", main.column(dataColumn).type);
    const ms = describeCalMs(msPath, main);
    assertIds(ms);
    return {
      ...ms,
      ant1: sharedInts(ms.ant1),
      ant2: sharedInts(ms.ant2),
      dataDescIds: sharedInts(ms.dataDescIds),
      fieldIds: sharedInts(ms.fieldIds),
      timesMjdSec: sharedDoubles(ms.timesMjdSec),
      dataColumn,
      weights: weightSources(main),
    };
  } catch (error) {
    throw asTableError(error, msPath);
  }
}

function sharedInts(values: Int32Array): Int32Array {
  const shared = new Int32Array(new SharedArrayBuffer(values.byteLength));
  shared.set(values);
  return shared;
}

function sharedDoubles(values: Float64Array): Float64Array {
  const shared = new Float64Array(new SharedArrayBuffer(values.byteLength));
  shared.set(values);
  return shared;
}

function assertIds({ path, ant1, ant2, dataDescIds, antennaNames, windows }: CalMs): void {
  const check = (name: string, values: Int32Array, end: number) => {
    const row = values.findIndex((value) => !(value >= 0 && value < end));
    if (row >= 0) throw unsuitable(path, `${name} of row ${row}`, `0 to ${end - 1}`, `${values[row]}`);
  };
  check("ANTENNA1", ant1, antennaNames.length);
  check("ANTENNA2", ant2, antennaNames.length);
  check("DATA_DESC_ID", dataDescIds, windows.length);
}

const holds = (main: Table, name: string) => main.hasColumn(name) && main.column(name).isDefined(0);

function weightSources(main: Table): WeightSources {
  const spectrum = holds(main, "SIGMA_SPECTRUM")
    ? { column: "SIGMA_SPECTRUM", isSigma: true }
    : { column: main.hasColumn(KEPT_SPECTRUM) ? KEPT_SPECTRUM : "WEIGHT_SPECTRUM", isSigma: false };
  return {
    weightColumn: main.hasColumn(KEPT_WEIGHT) ? KEPT_WEIGHT : "WEIGHT",
    spectrum: holds(main, "WEIGHT_SPECTRUM") ? spectrum : null,
  };
}

export function applyTargetOf({ path, antennaNames, positionsM, windows, ant1, ant2 }: ApplyMs): ApplyTarget {
  const isUsed = new Uint8Array(antennaNames.length);
  for (const ids of [ant1, ant2]) for (const id of ids) isUsed[id] = 1;
  return { path, antennaNames, positionsM, isUsed, windows };
}

/** All rows, in the order in which they lie. */
export function applyBlocksOf({ windows, dataDescIds, timesMjdSec, antennaNames, rowCount }: ApplyMs): ApplyBlock[] {
  const blocks: ApplyBlock[] = [];
  for (let rowStart = 0; rowStart < rowCount; ) {
    const windowIndex = dataDescIds[rowStart]!;
    const { freqHz, corrCount } = windows[windowIndex]!;
    const end = Math.min(rowCount, rowStart + Math.max(1, Math.floor(BLOCK_SAMPLE_COUNT / freqHz.length / corrCount)));
    const maxTimeCount = Math.max(1, Math.floor(BLOCK_GAIN_COUNT / antennaNames.length / freqHz.length / 2));
    const times = new Set([timesMjdSec[rowStart]!]);
    let rowEnd = rowStart + 1;
    while (rowEnd < end && dataDescIds[rowEnd] === windowIndex) {
      if (timesMjdSec[rowEnd] !== timesMjdSec[rowEnd - 1]) times.add(timesMjdSec[rowEnd]!);
      if (times.size > maxTimeCount) break;
      rowEnd++;
    }
    blocks.push({ rowStart, rowEnd, windowIndex });
    rowStart = rowEnd;
  }
  return blocks;
}
