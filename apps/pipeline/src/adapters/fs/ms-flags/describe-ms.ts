/** What a Measurement Set says of itself that decides how it is flagged. */

import type { Column, Table } from "@contimg/casacore-tables";
import { openTable } from "@contimg/casacore-tables/node";
import { PipelineError } from "../../../domain/error-codes.ts";
import type { FlagAntenna, FlaggableMs, FlagWindow } from "../../../domain/flagging.ts";
import { corrTypeName, receptorsOfCorrType } from "../../../domain/polarization.ts";
import { openInspected } from "../inspect/open-inspected.ts";
import { asTableError } from "./table-errors.ts";

const NEEDED_COLUMNS = ["FLAG", "FLAG_ROW", "ANTENNA1", "ANTENNA2", "DATA_DESC_ID", "TIME"];
const NEEDED_SUBTABLES = ["ANTENNA", "SPECTRAL_WINDOW", "POLARIZATION", "DATA_DESCRIPTION", "HISTORY", "FLAG_CMD"];

export const unsuitable = (msPath: string, what: string, expected: string, found: string): PipelineError =>
  new PipelineError("MS_UNSUITABLE", `${msPath}: ${what}: expected ${expected}, found ${found}`, { subject: msPath });

/**
 * @param dataColumn  null: none is needed
 * @throws PipelineError INPUT_UNREADABLE, TABLE_UNREADABLE, MS_UNSUITABLE
 */
export function describeMs(msPath: string, dataColumn: string | null): FlaggableMs {
  openInspected(msPath).close();
  try {
    using main = openTable(msPath);
    return describe(main, msPath, dataColumn);
  } catch (error) {
    throw asTableError(error, msPath);
  }
}

function describe(main: Table, msPath: string, dataColumn: string | null): FlaggableMs {
  for (const name of dataColumn === null ? NEEDED_COLUMNS : [...NEEDED_COLUMNS, dataColumn]) {
    if (!main.hasColumn(name)) throw unsuitable(msPath, "columns of MAIN", name, main.columnNames.join(", "));
  }
  for (const name of NEEDED_SUBTABLES) {
    if (main.keywords.get(name)?.kind !== "table") throw unsuitable(msPath, "subtables", name, "none of this name");
  }
  if (main.kind !== "plain")
    throw unsuitable(msPath, "kind of table", "one with data of its own", `a ${main.kind} table`);
  if (dataColumn !== null && main.column(dataColumn).type !== "complex")
    throw unsuitable(msPath, dataColumn, "complex values", main.column(dataColumn).type);
  if (main.rowCount === 0) throw unsuitable(msPath, "rows of MAIN", "one at least", "none");
  const time = main.column("TIME").getScalarRange(0, main.rowCount) as Float64Array;
  const interval = main.hasColumn("INTERVAL") ? Number(main.column("INTERVAL").getScalar(0)) : 0;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const one of time) {
    if (one < first) first = one;
    if (one > last) last = one;
  }
  return {
    path: msPath,
    telescope: telescopeOf(main),
    rowCount: main.rowCount,
    antennas: antennasOf(main),
    windows: windowsOf(main, msPath),
    scanNumbers: main.hasColumn("SCAN_NUMBER") ? distinct(main.column("SCAN_NUMBER"), main.rowCount) : [],
    startMjdSec: first - interval / 2,
    endMjdSec: last + interval / 2,
  };
}

function telescopeOf(main: Table): string {
  if (main.keywords.get("OBSERVATION")?.kind !== "table") return "";
  using observation = main.subtable("OBSERVATION");
  return (observation.column("TELESCOPE_NAME").getScalarRange(0, observation.rowCount) as string[])[0] ?? "";
}

function distinct(column: Column, rowCount: number): readonly number[] {
  const values = new Set<number>();
  let last: number | undefined;
  for (const value of column.getScalarRange(0, rowCount) as Int32Array) {
    if (value !== last) values.add(value);
    last = value;
  }
  return [...values].toSorted((one, other) => one - other);
}

function antennasOf(main: Table): readonly FlagAntenna[] {
  using antennas = main.subtable("ANTENNA");
  const names = antennas.column("NAME").getScalarRange(0, antennas.rowCount) as string[];
  const stations = antennas.column("STATION").getScalarRange(0, antennas.rowCount) as string[];
  const diametersM = antennas.column("DISH_DIAMETER").getScalarRange(0, antennas.rowCount) as Float64Array;
  return names.map((name, at) => ({ name, station: stations[at]!, diameterM: diametersM[at]! }));
}

function windowsOf(main: Table, msPath: string): readonly FlagWindow[] {
  using spectral = main.subtable("SPECTRAL_WINDOW");
  using polarization = main.subtable("POLARIZATION");
  using description = main.subtable("DATA_DESCRIPTION");
  const spwIndices = description.column("SPECTRAL_WINDOW_ID").getScalarRange(0, description.rowCount) as Int32Array;
  const polIndices = description.column("POLARIZATION_ID").getScalarRange(0, description.rowCount) as Int32Array;
  return Array.from(spwIndices, (spwIndex, dataDescId) => {
    const polIndex = polIndices[dataDescId]!;
    if (!(spwIndex >= 0 && spwIndex < spectral.rowCount && polIndex >= 0 && polIndex < polarization.rowCount)) {
      throw unsuitable(
        msPath,
        `DATA_DESCRIPTION row ${dataDescId}`,
        `a window below ${spectral.rowCount} and a polarization below ${polarization.rowCount}`,
        `${spwIndex} and ${polIndex}`,
      );
    }
    const corrTypes = [...(polarization.column("CORR_TYPE").getArray(polIndex).data as Int32Array)];
    return {
      spwIndex,
      freqHz: spectral.column("CHAN_FREQ").getArray(spwIndex).data as Float64Array,
      corrs: corrTypes.map(corrTypeName),
      receptors: corrTypes.map(receptorsOfCorrType),
    };
  });
}
