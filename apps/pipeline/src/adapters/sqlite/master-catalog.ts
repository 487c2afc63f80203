/** `master_sources.sqlite3`: sources of NVSS with what other surveys say of them. */

import type { DatabaseSync } from "node:sqlite";
import type { MasterLimits, MasterSource } from "../../domain/master-source.ts";
import type { CatalogBuild, MasterCatalog, MasterSummary } from "../../ports/source-catalog.ts";
import { buildCatalog, findInRegion, inWindow, metaOf, openCatalog } from "./catalog-file.ts";
import { withCodedErrors } from "./coded-errors.ts";
import { masterTables } from "./migrations/0001-catalogs.sql.ts";
import { zoneOf } from "./zones.ts";

const COLUMNS = `name, zone, ra_deg, dec_deg, s_nvss, snr_nvss, s_vlass, s_first, alpha, resolved_flag, confusion_flag,
  s_racs, alpha_from, first_size_maj_arcsec, first_size_min_arcsec, first_size_pa_deg`;

/** @throws PipelineError CATALOG_UNUSABLE; so does every method */
export function openMasterCatalog(path: string): MasterCatalog {
  const database = openCatalog(path, "master");
  const searchIn = (table: string) => ({
    statement: database.prepare(`SELECT source_id, ${COLUMNS} FROM ${table} WHERE ${inWindow("s_nvss")}`),
    sourceOf,
  });
  const [all, references] = [searchIn("sources"), searchIn("final_references")];
  const byName = database.prepare(`SELECT source_id, ${COLUMNS} FROM sources WHERE name = ?`);
  const methods = withCodedErrors(
    {
      findName: (name: string) => byName.all(name).map((row) => ({ ...sourceOf(row), sepDeg: null })),
      find: ({ referencesOnly, ...query }: Parameters<MasterCatalog["find"]>[0]) =>
        findInRegion(referencesOnly ? references : all, query),
      close: () => database.close(),
    },
    path,
    "CATALOG_UNUSABLE",
  );
  return { limits: limitsOf(database), sourceCount: Number(metaOf(database).get("source_count")), ...methods };
}

function sourceOf(row: Record<string, unknown>): MasterSource & { readonly id: number } {
  const optional = (column: string) => row[column] as number | null;
  return {
    id: row["source_id"] as number,
    name: row["name"] as string,
    raDeg: row["ra_deg"] as number,
    decDeg: row["dec_deg"] as number,
    nvssJy: row["s_nvss"] as number,
    nvssSnr: optional("snr_nvss"),
    firstJy: optional("s_first"),
    racsJy: optional("s_racs"),
    vlassJy: optional("s_vlass"),
    spectralIndex: optional("alpha"),
    spectralIndexOf: row["alpha_from"] as MasterSource["spectralIndexOf"],
    isResolved: row["resolved_flag"] === 1,
    isConfused: row["confusion_flag"] === 1,
    firstMajorArcsec: optional("first_size_maj_arcsec"),
    firstMinorArcsec: optional("first_size_min_arcsec"),
    firstPaDeg: optional("first_size_pa_deg"),
  };
}

function limitsOf(database: DatabaseSync): MasterLimits {
  const meta = metaOf(database);
  const value = (key: string) => Number(meta.get(key));
  return {
    matchRadiusArcsec: value("match_radius_arcsec"),
    confusionRadiusArcsec: value("confusion_radius_arcsec"),
    resolvedArcsec: value("resolved_arcsec"),
    goodReferenceSnr: value("goodref_snr_min"),
    spectralIndexRange: [value("goodref_alpha_min"), value("goodref_alpha_max")],
    finalReferenceSnr: value("finalref_snr_min"),
  };
}

/** @throws PipelineError OUTPUT_NOT_WRITABLE, DISK_FULL, CATALOG_UNUSABLE; so does every method */
export function buildMasterCatalog(path: string): CatalogBuild<MasterSource, MasterSummary> {
  return buildCatalog(path, {
    kind: "master",
    schema: masterTables,
    table: "sources",
    inserter(database, arrivals) {
      const put = database.prepare(
        `INSERT INTO ${arrivals} (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      );
      return (source) =>
        put.run(
          source.name,
          zoneOf(source.decDeg),
          source.raDeg,
          source.decDeg,
          source.nvssJy,
          source.nvssSnr,
          source.vlassJy,
          source.firstJy,
          source.spectralIndex,
          Number(source.isResolved),
          Number(source.isConfused),
          source.racsJy,
          source.spectralIndexOf,
          source.firstMajorArcsec,
          source.firstMinorArcsec,
          source.firstPaDeg,
        );
    },
    metaOf: ({ limits, inputs, builtUnixSec, software }) => ({
      match_radius_arcsec: String(limits.matchRadiusArcsec),
      confusion_radius_arcsec: String(limits.confusionRadiusArcsec),
      resolved_arcsec: String(limits.resolvedArcsec),
      goodref_snr_min: String(limits.goodReferenceSnr),
      goodref_alpha_min: String(limits.spectralIndexRange[0]),
      goodref_alpha_max: String(limits.spectralIndexRange[1]),
      finalref_snr_min: String(limits.finalReferenceSnr),
      inputs: JSON.stringify(inputs),
      built_at: String(builtUnixSec),
      software,
    }),
  });
}
