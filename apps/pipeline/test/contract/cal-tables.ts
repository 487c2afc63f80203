/** Calibration tables for tests of what chooses and keeps them. */

import { type CalTable, type NewCalTable, orderIndexOf, usualValidity } from "../../src/domain/cal-table.ts";

/** A table as somebody would register it: valid as its type is, unless told otherwise. */
export function newCalTable(change: Partial<NewCalTable> & Pick<NewCalTable, "type">): NewCalTable {
  const referenceMjd = change.referenceMjd ?? 60_976;
  const path = change.path ?? `/cal/${referenceMjd}_0~23_${change.type.toLowerCase()}cal`;
  return {
    path,
    setName: "set",
    referenceMjd,
    ...usualValidity(change.type, referenceMjd),
    calField: "0~23",
    refant: "103",
    sourceMsPath: "/ms/a.ms",
    solvedWith: [],
    parameters: { minsnr: 5, combine: ["scan", "field"] },
    softwareVersion: "contimg 0.1.0",
    solverCommand: "contimg cal solve /ms/a.ms",
    quality: { flaggedFraction: 0.277, medianSnr: 97.7 },
    phaseCentre: { raDeg: 343.49, decDeg: 16.15 },
    notes: null,
    contentDigest: `content of ${path}`,
    ...change,
  };
}

/** The same as an entry of the registry. */
export function calTable(id: number, change: Partial<CalTable> & Pick<CalTable, "type">): CalTable {
  const { status = "active", retiredCause = null, ...given } = change;
  const table = newCalTable({ path: `/cal/${id}`, ...given, contentDigest: String(id) });
  const orderIndex = change.orderIndex ?? orderIndexOf(change.type);
  return { ...table, id, orderIndex, createdUnixSec: 0, status, retiredCause };
}
