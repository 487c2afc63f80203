/** The catalogue of one survey. */

import type { DatabaseSync } from "node:sqlite";
import type { CatalogInfo, CatalogSource, SurveyName } from "../../domain/catalog-source.ts";
import type { CatalogBuild, SourceCatalog, SurveySummary } from "../../ports/source-catalog.ts";
import { buildCatalog, findInRegion, inWindow, metaOf, openCatalog } from "./catalog-file.ts";
import { withCodedErrors } from "./coded-errors.ts";
import { surveyTables } from "./migrations/0001-catalogs.sql.ts";
import { zoneOf } from "./zones.ts";

const COLUMNS =
  "name, zone, ra_deg, dec_deg, flux_jy, flux_err_jy, peak_jy_per_beam, major_arcsec, minor_arcsec, pa_deg, alpha";

/** @throws PipelineError CATALOG_UNUSABLE; so does every method */
export function openSourceCatalog(path: string): SourceCatalog {
  const database = openCatalog(path, "survey");
  const search = {
    statement: database.prepare(`SELECT source_id, ${COLUMNS} FROM sources WHERE ${inWindow("flux_jy")}`),
    sourceOf,
  };
  const byName = database.prepare(`SELECT source_id, ${COLUMNS} FROM sources WHERE name = ?`);
  const methods = withCodedErrors(
    {
      find: (query: Parameters<SourceCatalog["find"]>[0]) => findInRegion(search, query),
      findName: (name: string) => byName.all(name).map((row) => ({ ...sourceOf(row), sepDeg: null })),
      close: () => database.close(),
    },
    path,
    "CATALOG_UNUSABLE",
  );
  return { info: infoOf(database), ...methods };
}

function sourceOf(row: Record<string, unknown>): CatalogSource & { readonly id: number } {
  const real = (column: string) => row[column] as number;
  const optional = (column: string) => row[column] as number | null;
  return {
    id: real("source_id"),
    name: row["name"] as string,
    raDeg: real("ra_deg"),
    decDeg: real("dec_deg"),
    fluxJy: real("flux_jy"),
    fluxErrJy: optional("flux_err_jy"),
    peakJyPerBeam: optional("peak_jy_per_beam"),
    majorArcsec: optional("major_arcsec"),
    minorArcsec: optional("minor_arcsec"),
    paDeg: optional("pa_deg"),
    spectralIndex: optional("alpha"),
  };
}

function infoOf(database: DatabaseSync): CatalogInfo {
  const meta = metaOf(database);
  const text = (key: string) => meta.get(key) ?? "";
  return {
    survey: text("survey") as SurveyName,
    freqHz: Number(text("freq_hz")),
    sourceCount: Number(text("source_count")),
    skippedCounts: JSON.parse(text("skipped")) as Record<string, number>,
    inputs: JSON.parse(text("inputs")) as CatalogInfo["inputs"],
    builtUnixSec: Number(text("built_at")),
    software: text("software"),
  };
}

/** @throws PipelineError OUTPUT_NOT_WRITABLE, DISK_FULL, CATALOG_UNUSABLE; so does every method */
export function buildSourceCatalog(path: string): CatalogBuild<CatalogSource, SurveySummary> {
  return buildCatalog(path, {
    kind: "survey",
    schema: surveyTables,
    table: "sources",
    inserter(database, arrivals) {
      const put = database.prepare(`INSERT INTO ${arrivals} (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
      return (source) =>
        put.run(
          source.name,
          zoneOf(source.decDeg),
          source.raDeg,
          source.decDeg,
          source.fluxJy,
          source.fluxErrJy,
          source.peakJyPerBeam,
          source.majorArcsec,
          source.minorArcsec,
          source.paDeg,
          source.spectralIndex,
        );
    },
    metaOf: ({ survey, freqHz, skippedCounts, inputs, builtUnixSec, software }) => ({
      survey,
      freq_hz: String(freqHz),
      skipped: JSON.stringify(skippedCounts),
      inputs: JSON.stringify(inputs),
      built_at: String(builtUnixSec),
      software,
    }),
  });
}
