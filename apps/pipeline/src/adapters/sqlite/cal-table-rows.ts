/** Calibration tables as rows of the registry. */

import type { DatabaseSync } from "node:sqlite";
import {
  type CalTable,
  type CalTableStatus,
  type CalTableType,
  guessReferenceMjd,
  type JsonObject,
  type NewCalTable,
  orderIndexOf,
  type RetirementCause,
} from "../../domain/cal-table.ts";

interface CalTableRow {
  readonly id: number;
  readonly set_name: string;
  readonly path: string;
  readonly table_type: CalTableType;
  readonly order_index: number;
  readonly cal_field: string | null;
  readonly refant: string | null;
  readonly created_at: number;
  readonly valid_start_mjd: number | null;
  readonly valid_end_mjd: number | null;
  readonly status: CalTableStatus;
  readonly notes: string | null;
  readonly source_ms_path: string | null;
  readonly solver_command: string | null;
  readonly solver_version: string | null;
  readonly solver_params: string | null;
  readonly quality_metrics: string | null;
  readonly reference_mjd: number | null;
  readonly ra_deg: number | null;
  readonly dec_deg: number | null;
  readonly solved_with: string;
  readonly content_digest: string | null;
  readonly retired_cause: RetirementCause | null;
}

/** Other programs may have written a list or a number. */
function objectOf(text: string | null): JsonObject {
  const value = JSON.parse(text ?? "{}") as JsonObject | null;
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : { value };
}

type ReferenceRow = Pick<CalTableRow, "path" | "reference_mjd" | "valid_start_mjd" | "valid_end_mjd" | "created_at">;

const referenceMjdOf = (row: ReferenceRow): number =>
  row.reference_mjd ?? guessReferenceMjd(row.path, row.valid_start_mjd, row.valid_end_mjd, row.created_at);

function tableOfRow(row: CalTableRow): CalTable {
  return {
    id: row.id,
    path: row.path,
    type: row.table_type,
    setName: row.set_name,
    referenceMjd: referenceMjdOf(row),
    validStartMjd: row.valid_start_mjd,
    validEndMjd: row.valid_end_mjd,
    orderIndex: row.order_index,
    calField: row.cal_field,
    refant: row.refant,
    sourceMsPath: row.source_ms_path,
    solvedWith: JSON.parse(row.solved_with) as NewCalTable["solvedWith"],
    parameters: objectOf(row.solver_params),
    softwareVersion: row.solver_version,
    solverCommand: row.solver_command,
    quality: objectOf(row.quality_metrics),
    phaseCentre: row.ra_deg === null || row.dec_deg === null ? null : { raDeg: row.ra_deg, decDeg: row.dec_deg },
    notes: row.notes,
    contentDigest: row.content_digest,
    createdUnixSec: row.created_at,
    status: row.status,
    retiredCause: row.retired_cause,
  };
}

/** @param condition of SQL, over the columns of `caltables` */
export function selectTables(
  database: DatabaseSync,
  condition: string,
  ...values: readonly (string | number | null)[]
): readonly CalTable[] {
  const rows = database.prepare(`SELECT * FROM caltables WHERE ${condition}`).all(...values);
  return (rows as unknown as readonly CalTableRow[]).map(tableOfRow);
}

/** The latest reference first. Of a large registry only what is returned is read whole. */
export function selectNewest(
  database: DatabaseSync,
  maxCount: number | undefined,
  condition: string,
  ...values: readonly (string | number | null)[]
): readonly CalTable[] {
  const rows = database
    .prepare(
      `SELECT id, path, reference_mjd, valid_start_mjd, valid_end_mjd, created_at FROM caltables WHERE ${condition}`,
    )
    .all(...values) as unknown as readonly (ReferenceRow & Pick<CalTableRow, "id">)[];
  const ids = rows
    .map((row) => ({ id: row.id, referenceMjd: referenceMjdOf(row) }))
    .toSorted((a, b) => b.referenceMjd - a.referenceMjd || b.id - a.id)
    .slice(0, maxCount)
    .map(({ id }) => id);
  const tables = selectTables(database, "id IN (SELECT value FROM json_each(?))", JSON.stringify(ids));
  const tableOfId = new Map(tables.map((table) => [table.id, table]));
  return ids.flatMap((id) => tableOfId.get(id) ?? []);
}

export function insertTable(
  database: DatabaseSync,
  table: NewCalTable,
  createdUnixSec: number,
  notes: string | null,
): CalTable {
  const { lastInsertRowid } = database
    .prepare(
      `INSERT INTO caltables (set_name, path, table_type, order_index, cal_field, refant, created_at, valid_start_mjd,
         valid_end_mjd, status, notes, source_ms_path, solver_command, solver_version, solver_params, quality_metrics,
         reference_mjd, ra_deg, dec_deg, solved_with, content_digest)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      table.setName,
      table.path,
      table.type,
      table.orderIndex ?? orderIndexOf(table.type),
      table.calField,
      table.refant,
      createdUnixSec,
      table.validStartMjd,
      table.validEndMjd,
      table.status ?? "active",
      notes,
      table.sourceMsPath,
      table.solverCommand,
      table.softwareVersion,
      JSON.stringify(table.parameters),
      JSON.stringify(table.quality),
      table.referenceMjd,
      table.phaseCentre?.raDeg ?? null,
      table.phaseCentre?.decDeg ?? null,
      JSON.stringify(table.solvedWith),
      table.contentDigest,
    );
  return selectTables(database, "id = ?", Number(lastInsertRowid))[0]!;
}
