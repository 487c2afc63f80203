/** Calibration tables with the antennas and windows of a Measurement Set, and gains as a test wants them. */

import type { CellInput, SubtableRow } from "@contimg/casacore-tables";
import { createCalTable, openTable } from "@contimg/casacore-tables/node";

export interface Gain {
  readonly re: number;
  readonly im: number;
  readonly isFlagged?: boolean;
}

export interface MadeTable {
  readonly kind: "B" | "G";
  readonly timesMjdSec: readonly number[];
  readonly reference?: number;
  gainOf(antenna: number, receptor: number, window: number, chan: number, interval: number): Gain;
  /** Changes of the rows of ANTENNA, one after the other. */
  antennaRow?(row: SubtableRow, antenna: number): SubtableRow;
}

export function subtableRows(path: string): SubtableRow[] {
  using table = openTable(path);
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

export async function makeCalTable(path: string, msPath: string, made: MadeTable): Promise<void> {
  const antennas = subtableRows(`${msPath}/ANTENNA`);
  const windows = subtableRows(`${msPath}/SPECTRAL_WINDOW`);
  const chanCount = made.kind === "B" ? (windows[0]!["NUM_CHAN"] as number) : 1;
  const keys = made.timesMjdSec.flatMap((timeMjdSec, interval) =>
    windows.flatMap((_, window) => antennas.map((__, antenna) => ({ timeMjdSec, interval, window, antenna }))),
  );
  const cells = keys.flatMap(({ interval, window, antenna }) =>
    Array.from({ length: 2 * chanCount }, (_, at) => made.gainOf(antenna, at & 1, window, at >> 1, interval)),
  );
  await createCalTable(path, {
    kind: made.kind,
    msName: "made.ms",
    subtables: {
      ANTENNA: antennas.map((row, antenna) => made.antennaRow?.(row, antenna) ?? row),
      SPECTRAL_WINDOW: windows.map((row) => (made.kind === "B" ? row : oneChannel(row))),
      FIELD: subtableRows(`${msPath}/FIELD`),
      OBSERVATION: subtableRows(`${msPath}/OBSERVATION`),
    },
    solutions: {
      rowCount: keys.length,
      cellShape: [2, chanCount],
      timeMjdSec: Float64Array.from(keys, ({ timeMjdSec }) => timeMjdSec),
      fieldIds: new Int32Array(keys.length),
      spectralWindowIds: Int32Array.from(keys, ({ window }) => window),
      antennaIds: Int32Array.from(keys, ({ antenna }) => antenna),
      refAntennaIds: new Int32Array(keys.length).fill(made.reference ?? 0),
      scanNumbers: new Int32Array(keys.length).fill(1),
      gains: Float32Array.from(cells.flatMap(({ re, im }) => [re, im])),
      paramErrorSigma: new Float32Array(cells.length),
      flags: Uint8Array.from(cells, ({ isFlagged }) => (isFlagged ? 1 : 0)),
      snrRatio: new Float32Array(cells.length).fill(10),
    },
  });
}

/** The middle of a window, as wide as all of it. */
function oneChannel(row: SubtableRow): SubtableRow {
  const { data } = row["CHAN_FREQ"] as unknown as { readonly data: Float64Array };
  const one = (value: number) => ({ shape: [1], data: Float64Array.of(value) });
  const widthHz = row["TOTAL_BANDWIDTH"] as number;
  return {
    ...row,
    NUM_CHAN: 1,
    CHAN_FREQ: one((data[0]! + data.at(-1)!) / 2),
    CHAN_WIDTH: one(widthHz),
    EFFECTIVE_BW: one(widthHz),
    RESOLUTION: one(widthHz),
  };
}
