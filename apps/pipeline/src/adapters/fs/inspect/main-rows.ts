/** One pass over the rows of a main table: what was observed when, by which antennas, and how many rows of each. */

import type { NumericArray, Table } from "@contimg/casacore-tables/node";
import type { TimeRange } from "../../../ports/ms-inspector.ts";
import { rowPieces } from "./cells.ts";

export interface ScanRows {
  readonly observationId: number;
  readonly arrayId: number;
  readonly scanNumber: number;
  readonly fieldId: number;
  startMjdSec: number;
  endMjdSec: number;
  rowCount: number;
  intervalSumSec: number;
  readonly dataDescIds: Set<number>;
}

export interface MainRows {
  /** In the order in which they first appear. */
  readonly scans: readonly ScanRows[];
  readonly rowCountOfField: ReadonlyMap<number, number>;
  readonly rowCountOfDataDesc: ReadonlyMap<number, number>;
  readonly dataDescIdOfRow: Int32Array;
  /** Pairs of antennas, the first in the upper bits: `ant1 * 65536 + ant2`. */
  readonly antennaPairs: ReadonlySet<number>;
  readonly time: TimeRange | null;
  readonly integrationCount: number;
}

const PIECE_ROW_COUNT = 1 << 16;
const PAIR_BASE = 1 << 16;

export function pairOf(antenna1: number, antenna2: number): number {
  return antenna1 * PAIR_BASE + antenna2;
}

export function antennasOfPair(pair: number): readonly [number, number] {
  return [Math.floor(pair / PAIR_BASE), pair % PAIR_BASE];
}

/** Columns that are missing count as 0 in each row. */
export function readMainRows(table: Table): MainRows {
  const scans = new Map<string, ScanRows>();
  const rowCountOfField = new Map<number, number>();
  const rowCountOfDataDesc = new Map<number, number>();
  const dataDescIdOfRow = new Int32Array(table.rowCount);
  const antennaPairs = new Set<number>();
  const times = new Set<number>();
  let startMjdSec = Number.POSITIVE_INFINITY;
  let endMjdSec = Number.NEGATIVE_INFINITY;
  let scan: ScanRows | undefined;
  let lastTimeMjdSec = Number.NaN;
  for (const [start, end] of rowPieces(table.rowCount, PIECE_ROW_COUNT)) {
    const piece = (name: string): NumericArray => {
      const column = table.hasColumn(name) ? table.column(name) : undefined;
      return column === undefined ? new Int32Array(end - start) : (column.getScalarRange(start, end) as NumericArray);
    };
    const [time, interval] = [piece("TIME"), piece("INTERVAL")];
    const [scanNumber, fieldId, dataDescId] = [piece("SCAN_NUMBER"), piece("FIELD_ID"), piece("DATA_DESC_ID")];
    const [observationId, arrayId] = [piece("OBSERVATION_ID"), piece("ARRAY_ID")];
    const [antenna1, antenna2] = [piece("ANTENNA1"), piece("ANTENNA2")];
    for (let k = 0; k < end - start; k++) {
      const timeMjdSec = Number(time[k]);
      const intervalSec = Number(interval[k]);
      const dataDesc = Number(dataDescId[k]);
      if (
        scan === undefined ||
        scan.scanNumber !== scanNumber[k] ||
        scan.fieldId !== fieldId[k] ||
        scan.observationId !== observationId[k] ||
        scan.arrayId !== arrayId[k]
      ) {
        const key = `${observationId[k]}/${arrayId[k]}/${scanNumber[k]}/${fieldId[k]}`;
        scan = scans.get(key);
        if (scan === undefined) {
          scan = {
            observationId: Number(observationId[k]),
            arrayId: Number(arrayId[k]),
            scanNumber: Number(scanNumber[k]),
            fieldId: Number(fieldId[k]),
            startMjdSec: Number.POSITIVE_INFINITY,
            endMjdSec: Number.NEGATIVE_INFINITY,
            rowCount: 0,
            intervalSumSec: 0,
            dataDescIds: new Set(),
          };
          scans.set(key, scan);
        }
      }
      scan.rowCount++;
      scan.intervalSumSec += intervalSec;
      scan.startMjdSec = Math.min(scan.startMjdSec, timeMjdSec - intervalSec / 2);
      scan.endMjdSec = Math.max(scan.endMjdSec, timeMjdSec + intervalSec / 2);
      scan.dataDescIds.add(dataDesc);
      rowCountOfField.set(scan.fieldId, (rowCountOfField.get(scan.fieldId) ?? 0) + 1);
      rowCountOfDataDesc.set(dataDesc, (rowCountOfDataDesc.get(dataDesc) ?? 0) + 1);
      dataDescIdOfRow[start + k] = dataDesc;
      antennaPairs.add(pairOf(Number(antenna1[k]), Number(antenna2[k])));
      if (timeMjdSec !== lastTimeMjdSec) times.add(timeMjdSec);
      lastTimeMjdSec = timeMjdSec;
    }
  }
  for (const each of scans.values()) {
    startMjdSec = Math.min(startMjdSec, each.startMjdSec);
    endMjdSec = Math.max(endMjdSec, each.endMjdSec);
  }
  return {
    scans: [...scans.values()],
    rowCountOfField,
    rowCountOfDataDesc,
    dataDescIdOfRow,
    antennaPairs,
    time: table.rowCount === 0 ? null : { startMjdSec, endMjdSec },
    integrationCount: times.size,
  };
}
