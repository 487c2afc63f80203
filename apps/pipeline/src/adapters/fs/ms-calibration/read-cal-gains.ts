/** Calibration tables as what they say of themselves and as gains, window by window. */

import { isCasacoreTableError, openTable, stringKeyword, type Table } from "@contimg/casacore-tables/node";
import { createGainTable, type GainTable, gainIndex } from "@contimg/kernels/solve";
import { type CalTableOutline, termKindOf } from "../../../domain/cal-apply.ts";
import { PipelineError } from "../../../domain/error-codes.ts";

/** Solutions of one spectral window. Both receptors, also of tables that have one for both. */
export interface WindowSolutions {
  /** Middles of the solution intervals, ascending, UTC. */
  readonly timesMjdSec: Float64Array;
  /** Antennas and bins are those of the table. Of delays, the real part is the delay in ns. */
  readonly table: GainTable;
  readonly freqHz: Float64Array;
  /** The frequency at which delays turn nothing. */
  readonly refFreqHz: number;
}

export interface CalGains {
  readonly outline: CalTableOutline;
  /** By id of the spectral window. */
  readonly windows: ReadonlyMap<number, WindowSolutions>;
  /** Antenna that phases are referred to; −1: none, or several. */
  readonly reference: number;
}

/** Rows whose times differ by less are of one solution interval. */
const SAME_TIME_SEC = 1e-3;

/** @throws PipelineError INPUT_UNREADABLE, TABLE_UNREADABLE, CAL_NOT_APPLICABLE */
export function readCalGains(path: string): CalGains {
  try {
    using table = openTable(path);
    return read(path, table);
  } catch (error) {
    if (!isCasacoreTableError(error)) throw error;
    const code = isCasacoreTableError(error, "TableNotFound", "TableIo") ? "INPUT_UNREADABLE" : "TABLE_UNREADABLE";
    throw new PipelineError(code, error.message, { subject: path, cause: error });
  }
}

function read(path: string, table: Table): CalGains {
  const { rowCount } = table;
  const visCal = stringKeyword(table.keywords, "VisCal", path);
  termKindOf({ path, visCal });
  const spwIds = table.column("SPECTRAL_WINDOW_ID").getScalarRange(0, rowCount, new Int32Array(rowCount));
  const referenceIds = new Set(table.column("ANTENNA2").getScalarRange(0, rowCount, new Int32Array(rowCount)));
  const antennas = antennasOf(path);
  const described = windowsOf(path);
  const windows = new Map<number, WindowSolutions>();
  for (const spwId of new Set(spwIds)) {
    const { freqHz, refFreqHz } = described[spwId] ?? { freqHz: new Float64Array(0), refFreqHz: 0 };
    const rows = Array.from(spwIds.keys()).filter((row) => spwIds[row] === spwId);
    windows.set(spwId, { ...solutionsOf(table, rows, antennas.antennaNames.length), freqHz, refFreqHz });
  }
  return {
    outline: {
      path,
      visCal,
      ...antennas,
      windows: described.map(({ freqHz, chanWidthHz }, spwId) => ({
        spwId,
        freqHz,
        chanWidthHz,
        hasSolutions: windows.has(spwId),
      })),
    },
    windows,
    reference: referenceIds.size === 1 ? [...referenceIds][0]! : -1,
  };
}

function antennasOf(path: string): Pick<CalTableOutline, "antennaNames" | "positionsM"> {
  using table = openTable(`${path}/ANTENNA`);
  const positionsM = new Float64Array(3 * table.rowCount);
  table.column("POSITION").getCellsInto(0, table.rowCount, positionsM);
  return {
    antennaNames: Array.from(table.column("NAME").getScalarRange(0, table.rowCount) as ArrayLike<string>),
    positionsM,
  };
}

function windowsOf(path: string) {
  using table = openTable(`${path}/SPECTRAL_WINDOW`);
  const doubles = (name: string, row: number) =>
    table.column(name).isDefined(row)
      ? Float64Array.from(table.column(name).getArray(row).data as Float64Array)
      : new Float64Array(0);
  return Array.from({ length: table.rowCount }, (_, row) => ({
    freqHz: doubles("CHAN_FREQ", row),
    chanWidthHz: doubles("CHAN_WIDTH", row),
    refFreqHz: table.column("REF_FREQUENCY").getScalar(row) as number,
  }));
}

/** Rows of one window, sorted into intervals. A solution that is not finite is none. */
function solutionsOf(
  main: Table,
  rows: readonly number[],
  antennaCount: number,
): Pick<WindowSolutions, "timesMjdSec" | "table"> {
  const isDelay = main.hasColumn("FPARAM");
  const values = main.column(isDelay ? "FPARAM" : "CPARAM");
  const flags = main.column("FLAG");
  const antennas = main.column("ANTENNA1");
  const timeOf = new Map(rows.map((row) => [row, main.column("TIME").getScalar(row) as number]));
  const timesMjdSec: number[] = [];
  for (const time of [...timeOf.values()].sort((a, b) => a - b))
    if (timesMjdSec.length === 0 || time - timesMjdSec.at(-1)! > SAME_TIME_SEC) timesMjdSec.push(time);
  const [receptorCount = 1, binCount = 1] = values.shapeOf(rows[0]!) ?? [];
  const table = createGainTable({ antennaCount, intervalCount: timesMjdSec.length, polCount: 2, binCount });
  for (const row of rows) {
    const antenna = antennas.getScalar(row) as number;
    const interval = timesMjdSec.findLastIndex((time) => time <= timeOf.get(row)!);
    const cell = values.getArray(row).data as Float32Array;
    const flagged = flags.getArray(row).data as Uint8Array;
    if (cell.length !== receptorCount * binCount * (isDelay ? 1 : 2) || antenna < 0 || antenna >= antennaCount) {
      const found = `antenna ${antenna}, ${cell.length} numbers`;
      throw new PipelineError(
        "TABLE_UNREADABLE",
        `${main.path}: row ${row}: expected an antenna below ${antennaCount} and ${receptorCount} receptors of ${binCount} channels, found ${found}`,
        { subject: main.path },
      );
    }
    for (let bin = 0; bin < binCount; bin++) {
      for (let pol = 0; pol < 2; pol++) {
        const from = bin * receptorCount + Math.min(pol, receptorCount - 1);
        const to = gainIndex(table, interval, antenna, bin, pol);
        const re = isDelay ? cell[from]! : cell[2 * from]!;
        const im = isDelay ? 0 : cell[2 * from + 1]!;
        const isGood = flagged[from] === 0 && Number.isFinite(re) && Number.isFinite(im);
        if (!isGood || (!isDelay && re === 0 && im === 0)) continue;
        table.gains[2 * to] = re;
        table.gains[2 * to + 1] = im;
        table.flags[to] = 0;
      }
    }
  }
  return { timesMjdSec: Float64Array.from(timesMjdSec), table };
}
