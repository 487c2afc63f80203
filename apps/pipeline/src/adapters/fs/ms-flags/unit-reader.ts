/** Reads the data of a task: rows that follow each other in the table in one call each. */

import type { Column, Table } from "@contimg/casacore-tables";
import { unsuitable } from "./describe-ms.ts";
import type { FlagJob, FlagTask } from "./flag-job.ts";

/** What was read, until the next task. */
export interface RawRows {
  /** Cells one behind the other: bits of re, im of each sample. */
  readonly words: Int32Array;
  /** First number of each row of the task, in the order of `unitRows`. */
  readonly starts: Int32Array;
}

export class UnitReader {
  readonly #job: FlagJob;
  readonly #column: Column;
  #data = new Float32Array(0);
  #starts = new Int32Array(0);

  constructor(job: FlagJob, main: Table) {
    this.#job = job;
    this.#column = main.column(job.dataColumn);
  }

  read({ bandIndex, unitStart, unitEnd }: FlagTask): RawRows {
    const { index, windows } = this.#job;
    const { unitRows, unitStarts } = index.bands[bandIndex]!;
    const rowsFrom = unitStarts[unitStart]!;
    const rowsEnd = unitStarts[unitEnd]!;
    const lengthOf = (row: number) => {
      const { chanCount, corrCount } = windows[index.dataDescId[row]!]!;
      return 2 * chanCount * corrCount;
    };
    let length = 0;
    for (let at = rowsFrom; at < rowsEnd; at++) length += lengthOf(unitRows[at]!);
    if (this.#data.length < length) this.#data = new Float32Array(length);
    if (this.#starts.length < rowsEnd - rowsFrom) this.#starts = new Int32Array(rowsEnd - rowsFrom);
    const data = this.#data;
    const starts = this.#starts;
    // A table sorted by time has the baselines of an integration side by side, one sorted by baseline its integrations.
    const alongUnits = countRuns(unitRows, visitByUnit(rowsFrom, rowsEnd));
    const acrossUnits = countRuns(unitRows, visitByTurn(unitStarts, unitStart, unitEnd));
    const visit =
      alongUnits <= acrossUnits ? visitByUnit(rowsFrom, rowsEnd) : visitByTurn(unitStarts, unitStart, unitEnd);
    let runStart = 0;
    let runEnd = 0;
    let runLength = 0;
    let runAt = 0;
    let end = 0;
    const flush = () => {
      if (runEnd > runStart) this.#readRun(runStart, runEnd, data.subarray(runAt, end));
    };
    visit((at) => {
      const row = unitRows[at]!;
      const rowLength = lengthOf(row);
      if (row !== runEnd || rowLength !== runLength || runEnd === runStart) {
        flush();
        runStart = row;
        runLength = rowLength;
        runAt = end;
      }
      starts[at - rowsFrom] = end;
      runEnd = row + 1;
      end += rowLength;
    });
    flush();
    return { words: new Int32Array(data.buffer), starts };
  }

  #readRun(rowStart: number, rowEnd: number, into: Float32Array): void {
    const { msPath, dataColumn, index, windows } = this.#job;
    const { chanCount, corrCount } = windows[index.dataDescId[rowStart]!]!;
    const expected = `cells of [${corrCount}, ${chanCount}]`;
    const shape = this.#column.shapeOf(rowStart);
    if (shape === undefined) throw unsuitable(msPath, `${dataColumn} of row ${rowStart}`, expected, "no value");
    if (shape.length !== 2 || shape[0] !== corrCount || shape[1] !== chanCount)
      throw unsuitable(msPath, `${dataColumn} of row ${rowStart}`, expected, `[${shape.join(", ")}]`);
    this.#column.getCellsInto(rowStart, rowEnd, into);
  }
}

type Visit = (use: (at: number) => void) => void;

const visitByUnit =
  (from: number, end: number): Visit =>
  (use) => {
    for (let at = from; at < end; at++) use(at);
  };

/** The first rows of all units, then the second ones… */
const visitByTurn =
  (unitStarts: Uint32Array, unitStart: number, unitEnd: number): Visit =>
  (use) => {
    let isMore = true;
    for (let turn = 0; isMore; turn++) {
      isMore = false;
      for (let unit = unitStart; unit < unitEnd; unit++) {
        const at = unitStarts[unit]! + turn;
        if (at >= unitStarts[unit + 1]!) continue;
        isMore = true;
        use(at);
      }
    }
  };

function countRuns(unitRows: Uint32Array, visit: Visit): number {
  let count = 0;
  let next = -1;
  visit((at) => {
    const row = unitRows[at]!;
    if (row !== next) count++;
    next = row + 1;
  });
  return count;
}
