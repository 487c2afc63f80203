/** `vla_calibrators.sqlite3`: the list of VLA calibrators. */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type CalibratorBand, lBandFluxJy, type VlaCalibrator } from "../../domain/calibrator.ts";
import type { CalibratorCatalog, CalibratorSummary, CatalogBuild } from "../../ports/source-catalog.ts";
import { buildCatalog, findInRegion, inWindow, metaOf, openCatalog } from "./catalog-file.ts";
import { withCodedErrors } from "./coded-errors.ts";
import { calibratorTables } from "./migrations/0001-catalogs.sql.ts";
import { zoneOf } from "./zones.ts";

const COLUMNS = "name, zone, ra_deg, dec_deg, position_code, b1950_name, alt_name, flux_jy";

/** @throws PipelineError CATALOG_UNUSABLE; so does every method */
export function openCalibratorCatalog(path: string): CalibratorCatalog {
  const database = openCatalog(path, "calibrators");
  const bands = database.prepare(
    `SELECT band, band_code, flux_jy, quality_codes, uvmin_kl, uvmax_kl FROM fluxes WHERE calibrator_id = ? ORDER BY line`,
  );
  const sourceOf = (row: Record<string, unknown>) => calibratorOf(row, bands);
  const select = `SELECT calibrator_id, ${COLUMNS} FROM calibrators`;
  const search = { statement: database.prepare(`${select} WHERE ${inWindow("flux_jy")}`), sourceOf };
  const byName = database.prepare(`${select} WHERE name = ?1 OR b1950_name = ?1 OR alt_name = ?1`);
  const methods = withCodedErrors(
    {
      find: (query: Parameters<CalibratorCatalog["find"]>[0]) => findInRegion(search, query),
      findName: (name: string) => byName.all(name).map((row) => ({ ...sourceOf(row), sepDeg: null })),
      close: () => database.close(),
    },
    path,
    "CATALOG_UNUSABLE",
  );
  return { calibratorCount: Number(metaOf(database).get("source_count")), ...methods };
}

function calibratorOf(row: Record<string, unknown>, bands: StatementSync): VlaCalibrator & { readonly id: number } {
  const id = row["calibrator_id"] as number;
  return {
    id,
    name: row["name"] as string,
    raDeg: row["ra_deg"] as number,
    decDeg: row["dec_deg"] as number,
    positionCode: row["position_code"] as string,
    b1950Name: row["b1950_name"] as string,
    altName: row["alt_name"] as string | null,
    bands: bands.all(id).map((band) => ({
      wavelength: band["band"] as string,
      bandCode: band["band_code"] as string,
      qualities: (band["quality_codes"] as string).split("") as unknown as CalibratorBand["qualities"],
      fluxJy: band["flux_jy"] as number | null,
      uvMinKLambda: band["uvmin_kl"] as number | null,
      uvMaxKLambda: band["uvmax_kl"] as number | null,
    })),
  };
}

/** @throws PipelineError OUTPUT_NOT_WRITABLE, DISK_FULL, CATALOG_UNUSABLE; so does every method */
export function buildCalibratorCatalog(path: string): CatalogBuild<VlaCalibrator, CalibratorSummary> {
  const calibrators: VlaCalibrator[] = [];
  return buildCatalog(path, {
    kind: "calibrators",
    schema: calibratorTables,
    table: "calibrators",
    inserter(database, arrivals) {
      const put = database.prepare(`INSERT INTO ${arrivals} (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
      return (calibrator) => {
        const { name, raDeg, decDeg, positionCode, b1950Name, altName } = calibrator;
        calibrators.push(calibrator);
        put.run(name, zoneOf(decDeg), raDeg, decDeg, positionCode, b1950Name, altName, lBandFluxJy(calibrator));
      };
    },
    metaOf: ({ inputs, builtUnixSec, software }) => ({
      inputs: JSON.stringify(inputs),
      built_at: String(builtUnixSec),
      software,
    }),
    afterwards: (database) => insertBands(database, calibrators),
  });
}

/** Numbers of calibrators are known only when they are in order. */
function insertBands(database: DatabaseSync, calibrators: readonly VlaCalibrator[]): void {
  const idOf = database.prepare("SELECT calibrator_id FROM calibrators WHERE name = ? AND ra_deg = ? AND dec_deg = ?");
  const put = database.prepare("INSERT INTO fluxes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const { name, raDeg, decDeg, bands } of calibrators) {
    const { calibrator_id: id } = idOf.get(name, raDeg, decDeg) as { calibrator_id: number };
    for (const [line, band] of bands.entries()) {
      const { wavelength, bandCode, fluxJy, qualities, uvMinKLambda, uvMaxKLambda } = band;
      put.run(id, line, name, wavelength, bandCode, fluxJy, qualities.join(""), uvMinKLambda, uvMaxKLambda);
    }
  }
}
