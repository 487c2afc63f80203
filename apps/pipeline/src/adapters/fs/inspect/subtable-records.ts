/** The subtables that a summary shows, as plain records. A subtable that is missing gives an empty list. */

import type { Table } from "@contimg/casacore-tables/node";
import { geocentricToGeodetic } from "@contimg/sky";
import type { AntennaSummary, FieldSummary, ObservationSummary, SpwSummary } from "../../../ports/ms-inspector.ts";
import { arrayOf, columnOf, frameOf, numbersOf, stringsOf, subtableOf } from "./cells.ts";

/** Names of MEAS_FREQ_REF codes. */
const FREQUENCY_FRAMES = ["REST", "LSRK", "LSRD", "BARY", "GEO", "TOPO", "GALACTO", "LGROUP", "CMB"];

/** Names of the correlations that codes of CORR_TYPE stand for. */
const CORRELATIONS: ReadonlyMap<number, string> = new Map([
  ...["I", "Q", "U", "V", "RR", "RL", "LR", "LL", "XX", "XY", "YX", "YY"].map((name, k) => [k + 1, name] as const),
  ...["RX", "RY", "LX", "LY", "XR", "XL", "YR", "YL"].map((name, k) => [k + 13, name] as const),
]);

export function readObservations(table: Table): readonly ObservationSummary[] {
  using observations = subtableOf(table, "OBSERVATION");
  if (observations === undefined) return [];
  const [telescope, observer, project] = ["TELESCOPE_NAME", "OBSERVER", "PROJECT"].map((name) =>
    stringsOf(observations, name),
  );
  return telescope!.map((name, row) => ({ telescope: name, observer: observer![row]!, project: project![row]! }));
}

/** @param rowCountOfField rows of the main table by FIELD_ID */
export function readFields(table: Table, rowCountOfField: ReadonlyMap<number, number>): readonly FieldSummary[] {
  using fields = subtableOf(table, "FIELD");
  if (fields === undefined) return [];
  const [names, codes] = [stringsOf(fields, "NAME"), stringsOf(fields, "CODE")];
  const sourceIds = numbersOf(fields, "SOURCE_ID", -1);
  return names.map((name, fieldIndex) => {
    // A polynomial in time: its constant term is the direction at the field's own time.
    const direction = arrayOf(fields, "PHASE_DIR", fieldIndex);
    return {
      fieldIndex,
      name,
      code: codes[fieldIndex]!,
      raRad: direction?.[0] ?? Number.NaN,
      decRad: direction?.[1] ?? Number.NaN,
      frame: frameOf(fields, "PHASE_DIR", fieldIndex),
      sourceIndex: sourceIds[fieldIndex]!,
      rowCount: rowCountOfField.get(fieldIndex) ?? 0,
    };
  });
}

export interface DataDescription {
  readonly spwId: number;
  readonly polarizationId: number;
}

export function readDataDescriptions(table: Table): readonly DataDescription[] {
  using descriptions = subtableOf(table, "DATA_DESCRIPTION");
  if (descriptions === undefined) return [];
  const polarizationIds = numbersOf(descriptions, "POLARIZATION_ID", -1);
  return Array.from(numbersOf(descriptions, "SPECTRAL_WINDOW_ID", -1), (spwId, row) => ({
    spwId,
    polarizationId: polarizationIds[row]!,
  }));
}

/** Names of the correlations of each row of POLARIZATION. */
export function readCorrelations(table: Table): readonly (readonly string[])[] {
  using polarizations = subtableOf(table, "POLARIZATION");
  if (polarizations === undefined) return [];
  return Array.from({ length: polarizations.rowCount }, (_, row) =>
    Array.from(arrayOf(polarizations, "CORR_TYPE", row) ?? [], (code) => CORRELATIONS.get(code) ?? `code ${code}`),
  );
}

/** Spectral windows without what only the main table knows. */
export function readSpws(table: Table): readonly SpwSummary[] {
  using windows = subtableOf(table, "SPECTRAL_WINDOW");
  if (windows === undefined) return [];
  const names = stringsOf(windows, "NAME");
  const frames = numbersOf(windows, "MEAS_FREQ_REF", -1);
  const chanCounts = numbersOf(windows, "NUM_CHAN", 0);
  return names.map((name, spwIndex) => {
    const freqHz = arrayOf(windows, "CHAN_FREQ", spwIndex) ?? new Float64Array(0);
    const widthHz = arrayOf(windows, "CHAN_WIDTH", spwIndex);
    const frame = frames[spwIndex]!;
    return {
      spwIndex,
      name,
      chanCount: freqHz.length > 0 ? freqHz.length : chanCounts[spwIndex]!,
      frame: FREQUENCY_FRAMES[frame] ?? `code ${frame}`,
      firstChanHz: freqHz[0] ?? Number.NaN,
      chanWidthHz: widthHz?.[0] ?? Number.NaN,
      // Some writers fill TOTAL_BANDWIDTH with something else.
      totalHz: widthHz?.reduce((sum, each) => sum + Math.abs(each), 0) ?? Number.NaN,
      centreHz: freqHz.length > 0 ? (freqHz[0]! + freqHz.at(-1)!) / 2 : Number.NaN,
      corrs: [],
      rowCount: 0,
      flags: null,
    };
  });
}

/** @param isUsed whether the main table names the antenna */
export function readAntennas(table: Table, isUsed: (antenna: number) => boolean): readonly AntennaSummary[] {
  using antennas = subtableOf(table, "ANTENNA");
  if (antennas === undefined) return [];
  const [names, stations] = [stringsOf(antennas, "NAME"), stringsOf(antennas, "STATION")];
  const diametersM = numbersOf(antennas, "DISH_DIAMETER", Number.NaN);
  return names.map((name, antennaIndex) => {
    const positionM = [...(arrayOf(antennas, "POSITION", antennaIndex) ?? [])];
    const [xM = Number.NaN, yM = Number.NaN, zM = Number.NaN] = positionM;
    const { longitudeRad, latitudeRad, altitudeM } = geocentricToGeodetic(xM, yM, zM);
    return {
      antennaIndex,
      name,
      station: stations[antennaIndex]!,
      diameterM: diametersM[antennaIndex]!,
      positionM,
      longitudeRad,
      latitudeRad,
      altitudeM,
      isUsed: isUsed(antennaIndex),
    };
  });
}

/** The time scale of a column TIME: UTC unless the table says another. */
export function timeScaleOf(table: Table): string {
  const column = columnOf(table, "TIME");
  return (column === undefined || table.rowCount === 0 ? "" : frameOf(table, "TIME", 0)) || "UTC";
}
