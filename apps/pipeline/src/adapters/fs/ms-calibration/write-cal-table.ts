/** Writes solutions as a table that CASA reads: staged, brought to disk, then given its name. */

import { rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { CellInput, SubtableRow, Table } from "@contimg/casacore-tables";
import { type CalSubtable, createCalTable, openTable, publishTable } from "@contimg/casacore-tables/node";
import { type GainSolutions, type GainTable, gainIndex } from "@contimg/kernels/solve";
import type { JudgedSolutions } from "../../../domain/cal-quality.ts";
import { asWriteError, clearedUp } from "../../../domain/write-error.ts";
import { hostInNames } from "../work-directories.ts";
import type { CalMs } from "./cal-ms.ts";
import type { SolveIntervals } from "./solve-intervals.ts";

export interface CalTableContent {
  readonly kind: "B" | "G" | "K";
  /** Bins: channels of all windows one behind the other, or windows, or one for all windows. */
  readonly table: GainTable & Pick<GainSolutions, "snr" | "errors">;
  /** As the flags of `table`; of K alone. */
  readonly delaysSec: Float64Array | null;
  readonly intervals: SolveIntervals;
  /** -1: none. */
  readonly reference: number;
  /** About the solve, for HISTORY. */
  readonly message: string;
  readonly isDoubtful: boolean;
  readonly chanCount: number;
  readonly software: string;
}

const JUDGED_KIND = { B: "bandpass", G: "gain", K: "delay" } as const;
const NS_PER_SEC = 1e9;

/** @returns what the table holds, as it is judged */
export async function writeCalTable(path: string, ms: CalMs, content: CalTableContent): Promise<JudgedSolutions> {
  const solutions = rowsOf(ms, content);
  const staging = join(dirname(path), `.staging~${hostInNames}~${process.pid}~${basename(path)}`);
  try {
    rmSync(staging, { recursive: true, force: true });
    await createCalTable(
      staging,
      {
        kind: content.kind,
        msName: basename(ms.path),
        polBasis: "unknown",
        solutions,
        subtables: subtablesOf(ms, content),
      },
      { isDurable: true },
    );
    await publishTable(staging, path);
  } catch (error) {
    throw clearedUp(asWriteError(error, path), () => rmSync(staging, { recursive: true, force: true }));
  }
  return {
    kind: JUDGED_KIND[content.kind],
    rowCount: solutions.rowCount,
    cellShape: solutions.cellShape,
    antennaNames: ms.antennaNames,
    antennaIds: solutions.antennaIds,
    spectralWindowIds: solutions.spectralWindowIds,
    timesMjdSec: solutions.timeMjdSec,
    gains: solutions.gains ?? null,
    delaysNs: solutions.delaysNs ?? null,
    flags: solutions.flags,
    snrRatio: solutions.snrRatio,
  };
}

/** Interval by interval, window by window, antenna by antenna, as CASA has them; two receptors, also of one polarisation. */
function rowsOf(ms: CalMs, { table, delaysSec, intervals, reference, chanCount }: CalTableContent) {
  const windowCount = ms.windows.length;
  const { antennaCount, polCount, binCount } = table;
  const rowCount = intervals.middleMjdSec.length * windowCount * antennaCount;
  const size = rowCount * chanCount * 2;
  const gains = delaysSec === null ? new Float32Array(2 * size) : undefined;
  const delaysNs = delaysSec === null ? undefined : new Float32Array(size);
  const rows = {
    rowCount,
    cellShape: [2, chanCount] as const,
    timeMjdSec: new Float64Array(rowCount),
    intervalSec: new Float64Array(rowCount),
    fieldIds: new Int32Array(rowCount),
    spectralWindowIds: new Int32Array(rowCount),
    antennaIds: new Int32Array(rowCount),
    refAntennaIds: new Int32Array(rowCount).fill(reference),
    scanNumbers: new Int32Array(rowCount),
    paramErrorSigma: new Float32Array(size),
    flags: new Uint8Array(size).fill(1),
    snrRatio: new Float32Array(size),
  };
  for (let row = 0; row < rowCount; row++) {
    const antenna = row % antennaCount;
    const window = Math.floor(row / antennaCount) % windowCount;
    const interval = Math.floor(row / antennaCount / windowCount);
    rows.timeMjdSec[row] = intervals.middleMjdSec[interval]!;
    rows.intervalSec[row] = intervals.lengthSec[interval]!;
    rows.fieldIds[row] = intervals.fieldIds[interval]!;
    rows.scanNumbers[row] = intervals.scans[interval]!;
    rows.spectralWindowIds[row] = ms.windows[window]!.spwId;
    rows.antennaIds[row] = antenna;
    for (let chan = 0; chan < chanCount; chan++) {
      for (let receptor = 0; receptor < 2; receptor++) {
        const to = (row * chanCount + chan) * 2 + receptor;
        if (gains) gains[2 * to] = 1;
        if (receptor >= polCount) continue;
        const bin = binCount === 1 ? 0 : window * chanCount + chan;
        const from = gainIndex(table, interval, antenna, bin, receptor);
        if (gains) {
          gains[2 * to] = table.gains[2 * from]!;
          gains[2 * to + 1] = table.gains[2 * from + 1]!;
        } else delaysNs![to] = delaysSec![from]! * NS_PER_SEC;
        rows.paramErrorSigma[to] = table.errors[from]! * (delaysSec === null ? 1 : NS_PER_SEC);
        rows.flags[to] = table.flags[from]!;
        rows.snrRatio[to] = table.snr[from]!;
      }
    }
  }
  return { ...rows, ...(gains ? { gains } : {}), ...(delaysNs ? { delaysNs } : {}) };
}

/** Those of the Measurement Set; of gains and delays, each window has its middle as its one channel. */
function subtablesOf(
  ms: CalMs,
  { kind, software, message, isDoubtful }: CalTableContent,
): Partial<Record<CalSubtable, readonly SubtableRow[]>> {
  const copied = (name: string) => {
    using table = openTable(`${ms.path}/${name}`);
    return subtableRows(table);
  };
  const windows = copied("SPECTRAL_WINDOW").map((row, spwId) => {
    if (kind === "B") return row;
    const freqHz = ms.windows.find((window) => window.spwId === spwId)?.freqHz;
    if (!freqHz) return row;
    const middleHz = (freqHz[0]! + freqHz.at(-1)!) / 2;
    const one = (value: number): CellInput => ({ shape: [1], data: Float64Array.of(value) });
    const widthHz = row["TOTAL_BANDWIDTH"] as number;
    return {
      ...row,
      NUM_CHAN: 1,
      CHAN_FREQ: one(middleHz),
      CHAN_WIDTH: one(widthHz),
      EFFECTIVE_BW: one(widthHz),
      RESOLUTION: one(widthHz),
    };
  });
  return {
    OBSERVATION: copied("OBSERVATION"),
    ANTENNA: copied("ANTENNA"),
    FIELD: copied("FIELD"),
    SPECTRAL_WINDOW: windows,
    HISTORY: [
      {
        TIME: ms.endMjdSec,
        OBSERVATION_ID: 0,
        MESSAGE: `solved on ${ms.path}: ${message}`,
        PRIORITY: isDoubtful ? "WARN" : "INFO",
        ORIGIN: software,
        OBJECT_ID: 0,
        APPLICATION: "contimg",
        CLI_COMMAND: { shape: [1], data: [""] },
        APP_PARAMS: { shape: [1], data: [""] },
      },
    ],
  };
}

function subtableRows(table: Table): SubtableRow[] {
  return Array.from({ length: table.rowCount }, (_, row) =>
    Object.fromEntries(
      table.columnNames.flatMap((name): readonly (readonly [string, CellInput])[] => {
        const column = table.column(name);
        if (column.form === "scalar") return [[name, column.getScalar(row)]];
        return column.isDefined(row) ? [[name, column.getArray(row)]] : [];
      }),
    ),
  );
}
