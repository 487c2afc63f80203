/** Which rows of MAIN are of one baseline, and which rules take rows whole. */

import type { Table } from "@contimg/casacore-tables";
import {
  markAntennas,
  markAutocorrelations,
  markBaselines,
  markQuack,
  markShadowed,
  markTimes,
} from "@contimg/kernels/flag";
import { type FlagPlan, flagRules, type RowRule } from "../../../domain/flagging.ts";
import { unsuitable } from "./describe-ms.ts";

/** Longest stretch of time that is searched as one: memory of a thread is bounded by it. */
const SLOT_COUNT_MAX = 1024;

/** Rows of MAIN by baseline: a unit is a baseline in a scan (or a part of it) and a band. Shared between threads. */
export interface BandUnits {
  /** Rows unit by unit, ascending within each. */
  readonly unitRows: Uint32Array;
  /** First place of each unit in `unitRows`, and one past the last. */
  readonly unitStarts: Uint32Array;
}

/** Columns of MAIN and what follows from them, one value a row. Shared between threads. */
export interface RowIndex {
  readonly ant1: Int32Array;
  readonly ant2: Int32Array;
  readonly dataDescId: Int32Array;
  readonly timeSec: Float64Array;
  /** 0, or 1 + the place in `flagRules` of the first rule that takes the row whole. */
  readonly rule: Uint8Array;
  readonly bands: readonly BandUnits[];
}

const sharedInts = (length: number) => new Int32Array(new SharedArrayBuffer(4 * length));
const sharedCounts = (length: number) => new Uint32Array(new SharedArrayBuffer(4 * length));

export function indexRows(main: Table, plan: FlagPlan): RowIndex {
  const { rowCount } = main;
  const ints = (name: string) => main.column(name).getScalarRange(0, rowCount, sharedInts(rowCount));
  const index = {
    ant1: ints("ANTENNA1"),
    ant2: ints("ANTENNA2"),
    dataDescId: ints("DATA_DESC_ID"),
    timeSec: main.column("TIME").getScalarRange(0, rowCount, new Float64Array(new SharedArrayBuffer(8 * rowCount))),
  };
  assertIds(index, plan);
  const scan = numberScans(main);
  return {
    ...index,
    rule: markRows(main, plan, { ...index, scan }),
    bands: groupRows(index, plan, splitLong(scan, index.timeSec)),
  };
}

type Columns = Pick<RowIndex, "ant1" | "ant2" | "dataDescId" | "timeSec">;

function assertIds({ ant1, ant2, dataDescId }: Columns, { ms }: FlagPlan): void {
  const check = (name: string, values: Int32Array, end: number) => {
    const row = values.findIndex((value) => !(value >= 0 && value < end));
    if (row >= 0) throw unsuitable(ms.path, `${name} of row ${row}`, `0 to ${end - 1}`, `${values[row]}`);
  };
  check("ANTENNA1", ant1, ms.antennas.length);
  check("ANTENNA2", ant2, ms.antennas.length);
  check("DATA_DESC_ID", dataDescId, ms.windows.length);
}

/** A number for each scan of each observation and array. */
function numberScans(main: Table): Int32Array {
  const { rowCount } = main;
  const columns = ["SCAN_NUMBER", "ARRAY_ID", "OBSERVATION_ID"]
    .filter((name) => main.hasColumn(name))
    .map((name) => main.column(name).getScalarRange(0, rowCount) as Int32Array);
  const numbers = new Map<string, number>();
  const scan = new Int32Array(rowCount);
  let last = 0;
  for (let row = 0; row < rowCount; row++) {
    if (row === 0 || columns.some((values) => values[row] !== values[row - 1])) {
      const key = columns.map((values) => values[row]).join(" ");
      last = numbers.get(key) ?? numbers.size;
      numbers.set(key, last);
    }
    scan[row] = last;
  }
  return scan;
}

/** Scans of very many integrations are searched in parts. @returns a number for each part */
function splitLong(scan: Int32Array, timeSec: Float64Array): Int32Array {
  const timesOf: Set<number>[] = [];
  let lastScan = -1;
  let lastSec = Number.NaN;
  for (let row = 0; row < scan.length; row++) {
    if (scan[row] === lastScan && timeSec[row] === lastSec) continue;
    lastScan = scan[row]!;
    lastSec = timeSec[row]!;
    (timesOf[lastScan] ??= new Set()).add(lastSec);
  }
  if (timesOf.every((times) => times.size <= SLOT_COUNT_MAX)) return scan;
  let partCount = 0;
  const partOf = timesOf.map((times) => {
    const parts = new Map<number, number>();
    const sorted = Float64Array.from(times).sort();
    const evenly = Math.ceil(sorted.length / Math.ceil(sorted.length / SLOT_COUNT_MAX));
    for (const [at, time] of sorted.entries()) parts.set(time, partCount + Math.floor(at / evenly));
    partCount += Math.ceil(sorted.length / evenly);
    return parts;
  });
  return scan.map((number, row) => partOf[number]!.get(timeSec[row]!)!);
}

/** Units in the order in which they first turn up, so that neighbours lie side by side in the table. */
function groupRows({ ant1, ant2, dataDescId }: Columns, plan: FlagPlan, part: Int32Array): readonly BandUnits[] {
  const antennaCount = plan.ms.antennas.length;
  const bandOf = new Int32Array(plan.ms.windows.length);
  for (const [band, { dataDescIds }] of plan.bands.entries()) for (const id of dataDescIds) bandOf[id] = band;
  const tables: Int32Array[][] = plan.bands.map(() => []);
  const rowCounts: number[][] = plan.bands.map(() => []);
  const unitOf = new Int32Array(part.length);
  for (let row = 0; row < part.length; row++) {
    const band = bandOf[dataDescId[row]!]!;
    const table = (tables[band]![part[row]!] ??= new Int32Array(antennaCount * antennaCount).fill(-1));
    const pair = ant1[row]! * antennaCount + ant2[row]!;
    const counts = rowCounts[band]!;
    let unit = table[pair]!;
    if (unit < 0) {
      unit = counts.push(0) - 1;
      table[pair] = unit;
    }
    counts[unit]!++;
    unitOf[row] = unit;
  }
  const units = rowCounts.map((counts): BandUnits => {
    const unitStarts = sharedCounts(counts.length + 1);
    for (const [unit, count] of counts.entries()) unitStarts[unit + 1] = unitStarts[unit]! + count;
    return { unitRows: sharedCounts(unitStarts[counts.length]!), unitStarts };
  });
  const next = units.map(({ unitStarts }) => unitStarts.slice());
  for (let row = 0; row < part.length; row++) {
    const band = bandOf[dataDescId[row]!]!;
    const place = next[band]![unitOf[row]!]!++;
    units[band]!.unitRows[place] = row;
  }
  return units;
}

function markRows(main: Table, { rows, ms }: FlagPlan, index: Columns & { readonly scan: Int32Array }): Uint8Array {
  const { rowCount } = main;
  const rule = new Uint8Array(new SharedArrayBuffer(rowCount));
  const mark = (name: RowRule, work: (marks: Uint8Array) => void) => {
    const marks = new Uint8Array(rowCount);
    work(marks);
    const code = 1 + flagRules.indexOf(name);
    for (let row = 0; row < rowCount; row++) if (marks[row] !== 0 && rule[row] === 0) rule[row] = code;
  };
  const { ant1, ant2, timeSec, scan } = index;
  const doubles = (name: string) => main.column(name).getScalarRange(0, rowCount) as Float64Array;
  if (rows.autocorrelations) mark("autocorrelation", (marks) => markAutocorrelations(marks, ant1, ant2));
  if (rows.antennaIds.length > 0) mark("antenna", (marks) => markAntennas(marks, ant1, ant2, rows.antennaIds));
  if (rows.baselines.length > 0) mark("baseline", (marks) => markBaselines(marks, ant1, ant2, rows.baselines));
  if (rows.scanNumbers.length > 0) {
    const listed = new Set(rows.scanNumbers);
    const numbers = main.column("SCAN_NUMBER").getScalarRange(0, rowCount) as Int32Array;
    mark("scan", (marks) => {
      for (let row = 0; row < rowCount; row++) if (listed.has(numbers[row]!)) marks[row] = 1;
    });
  }
  if (rows.times.length > 0) mark("time", (marks) => markTimes(marks, timeSec, rows.times));
  const { quack, shadow } = rows;
  if (quack) {
    const exposureSec = doubles(main.hasColumn("INTERVAL") ? "INTERVAL" : "EXPOSURE");
    mark("quack", (marks) => markQuack(marks, timeSec, exposureSec, scan, quack));
  }
  if (shadow) {
    const diameterM = Float64Array.from(ms.antennas, (antenna) => antenna.diameterM);
    const uvwM = new Float64Array(3 * rowCount);
    main.column("UVW").getCellsInto(0, rowCount, uvwM);
    mark("shadow", (marks) => markShadowed(marks, ant1, ant2, timeSec, uvwM, { diameterM, ...shadow }));
  }
  return rule;
}
