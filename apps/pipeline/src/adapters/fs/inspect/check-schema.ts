/** What a Measurement Set (version 2) and a calibration table must have. */

import { basename } from "node:path";
import type { Table } from "@contimg/casacore-tables/node";
import type { TableKind } from "../../../ports/ms-inspector.ts";
import { stringsOf, subtableOf } from "./cells.ts";
import type { Findings } from "./findings.ts";

const MS_COLUMNS = (
  "UVW FLAG FLAG_CATEGORY WEIGHT SIGMA ANTENNA1 ANTENNA2 ARRAY_ID DATA_DESC_ID EXPOSURE FEED1 FEED2 FIELD_ID FLAG_ROW " +
  "INTERVAL OBSERVATION_ID PROCESSOR_ID SCAN_NUMBER STATE_ID TIME TIME_CENTROID"
).split(" ");
const MS_SUBTABLES =
  "ANTENNA DATA_DESCRIPTION FEED FIELD FLAG_CMD HISTORY OBSERVATION POINTING POLARIZATION PROCESSOR SPECTRAL_WINDOW STATE".split(
    " ",
  );
const CAL_COLUMNS =
  "TIME FIELD_ID SPECTRAL_WINDOW_ID ANTENNA1 ANTENNA2 INTERVAL SCAN_NUMBER OBSERVATION_ID PARAMERR FLAG SNR WEIGHT".split(
    " ",
  );
const CAL_SUBTABLES = "OBSERVATION ANTENNA FIELD SPECTRAL_WINDOW HISTORY".split(" ");
const CAL_KEYWORDS = "ParType MSName VisCal PolBasis".split(" ");

/** Columns of visibilities; a Measurement Set without any is metadata alone. */
export const DATA_COLUMNS = ["DATA", "CORRECTED_DATA", "MODEL_DATA", "FLOAT_DATA", "LAG_DATA"] as const;

export function checkSchema(table: Table, kind: TableKind, findings: Findings): void {
  if (kind === "other-table") return;
  const isMs = kind === "measurement-set";
  findings.run("schema", () => {
    const columns = isMs ? MS_COLUMNS : CAL_COLUMNS;
    const subtables = isMs ? MS_SUBTABLES : CAL_SUBTABLES;
    const lacks = (what: string, names: readonly string[], has: (name: string) => boolean) => {
      const missing = names.filter((name) => !has(name));
      if (missing.length > 0)
        findings.add("error", "schema", `required ${what} that are missing: ${missing.join(", ")}`);
    };
    lacks("columns", columns, (name) => table.hasColumn(name));
    lacks("subtables", subtables, (name) => table.keywords.get(name)?.kind === "table");
    if (isMs) {
      lacks("keywords", ["MS_VERSION"], (name) => table.keywords.has(name));
      if (!DATA_COLUMNS.some((name) => table.hasColumn(name)))
        findings.add("warning", "schema", `no column of visibilities: expected one of ${DATA_COLUMNS.join(", ")}`);
    } else {
      lacks("keywords", CAL_KEYWORDS, (name) => table.keywords.has(name));
      if (!table.hasColumn("CPARAM") && !table.hasColumn("FPARAM"))
        findings.add("error", "schema", "no column of solutions: expected CPARAM or FPARAM");
    }
    if (table.rowCount === 0) findings.add("warning", "schema", `${basename(table.path)} has no rows`);
    return `all ${columns.length} required columns and ${subtables.length} subtables are there`;
  });
}

/** Names of the Observatories table of casacore and CASA that arrays are found under, in capitals. */
const OBSERVATORIES = new Set(
  (
    "ACA ALMA APEX ARECIBO ASKAP ATA ATCA ATF BIMA CARMA CHIME DRAO EFFELSBERG EVLA FAST GBT GMRT HERA IRAM_PDB JCMT KAT-7 KVN " +
    "LOFAR LWA1 LWA2 MEERKAT MERLIN2 E-MERLIN MOPRA MOST MWA NOEMA NRAO12M NRAO_GBT OVRO_MMA PAPER_GB PAPER_SA PKS SKA SMA SRT " +
    "UTR-2 VLA VLBA WSRT"
  ).split(" "),
);

/** CASA refuses to work out coordinates for a telescope whose name it does not know. */
export function checkTelescope(table: Table, findings: Findings): void {
  findings.run("telescope", () => {
    using observations = subtableOf(table, "OBSERVATION");
    if (observations === undefined) return undefined;
    const names = [...new Set(stringsOf(observations, "TELESCOPE_NAME"))];
    const unknown = names.filter((name) => !OBSERVATORIES.has(name.toUpperCase()));
    if (names.length === 0) findings.add("warning", "telescope", "OBSERVATION has no row: the telescope has no name");
    if (unknown.length > 0) {
      findings.add(
        "warning",
        "telescope",
        `TELESCOPE_NAME ${unknown.map((name) => `"${name}"`).join(", ")} is in no Observatories table known here; CASA may refuse it`,
      );
    }
    return `TELESCOPE_NAME ${names.join(", ")} is known to CASA`;
  });
}
