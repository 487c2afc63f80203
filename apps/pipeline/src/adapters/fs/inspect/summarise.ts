/** What a table is and holds: Measurement Sets as observations, calibration tables as solutions, others by their shape. */

import { isCasacoreTableError, type Table } from "@contimg/casacore-tables/node";
import type {
  AntennaSummary,
  BaselineSummary,
  CalTableSummary,
  MsSummary,
  SolutionSummary,
  SpwSummary,
  TableIdentity,
  TableSummary,
} from "../../../ports/ms-inspector.ts";
import { columnOf, numbersOf, subtableOf, textKeyword } from "./cells.ts";
import { type CountedFlags, countFlags, sumOf } from "./flag-stream.ts";
import { antennasOfPair, type MainRows, readMainRows } from "./main-rows.ts";
import { identityOf, openInspected, withTableErrors } from "./open-inspected.ts";
import {
  readAntennas,
  readCorrelations,
  readDataDescriptions,
  readFields,
  readObservations,
  readSpws,
  timeScaleOf,
} from "./subtable-records.ts";

export function summarise(path: string, countsFlags: boolean): TableSummary {
  using table = openInspected(path);
  return withTableErrors(path, () => {
    const identity = identityOf(table);
    switch (identity.kind) {
      case "measurement-set":
        return summariseMs(table, { ...identity, kind: identity.kind }, countsFlags);
      case "calibration-table":
        return summariseCalTable(table, { ...identity, kind: identity.kind }, countsFlags);
      case "other-table":
        return { ...identity, kind: identity.kind };
    }
  });
}

function summariseMs(
  table: Table,
  identity: TableIdentity & { readonly kind: "measurement-set" },
  countsFlags: boolean,
): MsSummary {
  const rows = readMainRows(table);
  const descriptions = readDataDescriptions(table);
  const notes = missingSubtables(table);
  const flags = countsFlags ? tryCountFlags(table, rows.dataDescIdOfRow, notes) : undefined;
  const fields = readFields(table, rows.rowCountOfField);
  const used = new Set([...rows.antennaPairs].flatMap(antennasOfPair));
  const antennas = readAntennas(table, (antenna) => used.has(antenna));
  return {
    ...identity,
    notes,
    msVersionText: textKeyword(table.keywords, "MS_VERSION"),
    observations: readObservations(table),
    time: rows.time,
    timeScale: timeScaleOf(table),
    integrationCount: rows.integrationCount,
    scans: rows.scans.map((scan) => ({
      observationIndex: scan.observationId,
      arrayIndex: scan.arrayId,
      scanIndex: scan.scanNumber,
      fieldIndex: scan.fieldId,
      fieldName: fields[scan.fieldId]?.name ?? "",
      time: { startMjdSec: scan.startMjdSec, endMjdSec: scan.endMjdSec },
      rowCount: scan.rowCount,
      spwIndices: [...new Set([...scan.dataDescIds].map((id) => descriptions[id]?.spwId ?? id))].toSorted(
        (a, b) => a - b,
      ),
      intervalSec: scan.intervalSumSec / scan.rowCount,
    })),
    fields,
    spws: spwsOfRows(table, rows, flags),
    antennas,
    baselines: baselinesOf(rows, antennas),
    flags: flags?.all ?? null,
  };
}

function spwsOfRows(table: Table, rows: MainRows, flags: CountedFlags | undefined): readonly SpwSummary[] {
  const descriptions = readDataDescriptions(table);
  const correlations = readCorrelations(table);
  return readSpws(table).map((spw) => {
    const ids = descriptions.flatMap(({ spwId }, id) => (spwId === spw.spwIndex ? [id] : []));
    const corrs = ids.flatMap((id) => correlations[descriptions[id]!.polarizationId] ?? []);
    const counts = ids.flatMap((id) => flags?.ofGroup.get(id) ?? []);
    return {
      ...spw,
      corrs: [...new Set(corrs)],
      rowCount: ids.reduce((sum, id) => sum + (rows.rowCountOfDataDesc.get(id) ?? 0), 0),
      flags: flags === undefined ? null : sumOf(counts),
    };
  });
}

/** A flag column in storage that is not supported is a note, damage is an error. */
function tryCountFlags(table: Table, groupOfRow: Int32Array, notes: string[]): CountedFlags | undefined {
  try {
    const flags = countFlags(table, groupOfRow);
    if (flags === undefined) notes.push("flags not counted: no column FLAG of booleans");
    return flags;
  } catch (error) {
    if (!isCasacoreTableError(error, "UnknownDataManager")) throw error;
    notes.push(`flags not counted: ${error.message}`);
    return undefined;
  }
}

function missingSubtables(table: Table): string[] {
  return [...table.keywords].flatMap(([name, keyword]) => {
    if (keyword.kind !== "table") return [];
    using subtable = subtableOf(table, name);
    return subtable === undefined ? [`subtable ${name} is not there: expected it at ${keyword.value.table}`] : [];
  });
}

function baselinesOf(rows: MainRows, antennas: readonly AntennaSummary[]): BaselineSummary {
  let shortestM = Number.POSITIVE_INFINITY;
  let longestM = 0;
  let autoCount = 0;
  const crossPairs = new Set<string>();
  for (const pair of rows.antennaPairs) {
    const [first, second] = antennasOfPair(pair);
    if (first === second) {
      autoCount++;
      continue;
    }
    crossPairs.add(first < second ? `${first}/${second}` : `${second}/${first}`);
    const [a, b] = [antennas[first]?.positionM, antennas[second]?.positionM];
    if (a?.length !== 3 || b?.length !== 3) continue;
    const lengthM = Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!, a[2]! - b[2]!);
    shortestM = Math.min(shortestM, lengthM);
    longestM = Math.max(longestM, lengthM);
  }
  const isKnown = Number.isFinite(shortestM);
  return {
    crossCount: crossPairs.size,
    autoCount,
    shortestM: isKnown ? shortestM : null,
    longestM: isKnown ? longestM : null,
  };
}

function summariseCalTable(
  table: Table,
  identity: TableIdentity & { readonly kind: "calibration-table" },
  countsFlags: boolean,
): CalTableSummary {
  const notes = missingSubtables(table);
  const [timesMjdSec, intervalsSec] = [numbersOf(table, "TIME", 0), numbersOf(table, "INTERVAL", 0)];
  const [fieldIds, spwIds] = [numbersOf(table, "FIELD_ID", 0), numbersOf(table, "SPECTRAL_WINDOW_ID", 0)];
  const used = new Set(numbersOf(table, "ANTENNA1", -1));
  const keys: { readonly fieldId: number; readonly spwId: number; readonly rows: number[] }[] = [];
  const groupOfRow = Int32Array.from(fieldIds, (fieldId, row) => {
    let group = keys.findIndex((key) => key.fieldId === fieldId && key.spwId === spwIds[row]);
    if (group < 0) group = keys.push({ fieldId, spwId: spwIds[row]!, rows: [] }) - 1;
    keys[group]!.rows.push(row);
    return group;
  });
  const flags = countsFlags ? tryCountFlags(table, groupOfRow, notes) : undefined;
  const rangeOf = (rows: readonly number[]) =>
    rows.reduce(
      ({ startMjdSec, endMjdSec }, row) => ({
        startMjdSec: Math.min(startMjdSec, timesMjdSec[row]! - intervalsSec[row]! / 2),
        endMjdSec: Math.max(endMjdSec, timesMjdSec[row]! + intervalsSec[row]! / 2),
      }),
      { startMjdSec: Number.POSITIVE_INFINITY, endMjdSec: Number.NEGATIVE_INFINITY },
    );
  const rowCountOfField = new Map<number, number>();
  for (const fieldId of fieldIds) rowCountOfField.set(fieldId, (rowCountOfField.get(fieldId) ?? 0) + 1);
  const fields = readFields(table, rowCountOfField);
  const solutions = keys.map(
    ({ fieldId, spwId, rows }, group): SolutionSummary => ({
      fieldIndex: fieldId,
      fieldName: fields[fieldId]?.name ?? "",
      spwIndex: spwId,
      rowCount: rows.length,
      time: rangeOf(rows),
      solutionTimeCount: new Set(rows.map((row) => timesMjdSec[row])).size,
      flags: flags?.ofGroup.get(group) ?? null,
    }),
  );
  const parameterColumn = ["CPARAM", "FPARAM"].find((name) => table.hasColumn(name)) ?? "";
  const parameters = columnOf(table, parameterColumn);
  return {
    ...identity,
    notes,
    visCal: textKeyword(table.keywords, "VisCal") || identity.infoSubType,
    parType: textKeyword(table.keywords, "ParType"),
    polBasis: textKeyword(table.keywords, "PolBasis"),
    msName: textKeyword(table.keywords, "MSName"),
    casaVersionText: textKeyword(table.keywords, "CASA_Version"),
    parameterColumn,
    parameterShape: (table.rowCount > 0 ? parameters?.shapeOf(0)?.toReversed() : undefined) ?? null,
    observations: readObservations(table),
    time: table.rowCount === 0 ? null : rangeOf(Array.from(timesMjdSec.keys())),
    timeScale: timeScaleOf(table),
    solutionTimeCount: new Set(timesMjdSec).size,
    solutions,
    fields,
    spws: readSpws(table).map((spw) => ({
      ...spw,
      rowCount: spwIds.filter((id) => id === spw.spwIndex).length,
      flags:
        flags === undefined
          ? null
          : sumOf(solutions.flatMap((each) => (each.spwIndex === spw.spwIndex && each.flags ? [each.flags] : []))),
    })),
    antennas: readAntennas(table, (antenna) => used.has(antenna)),
    referenceAntennaIndices: [...new Set(numbersOf(table, "ANTENNA2", -1))].filter((antenna) => antenna >= 0),
    flags: flags?.all ?? null,
  };
}
