/**
 * A catalogue as large as NVSS: how long it takes to build, in how much memory, and how fast cones of it are found.
 *
 *     node --conditions=@contimg/source apps/pipeline/bench/catalogs.ts [rows]
 */

import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { catalogFiles } from "../src/adapters/catalogs/catalog-files.ts";
import { systemClock } from "../src/adapters/fs/system-clock.ts";
import { catalogStore } from "../src/adapters/sqlite/catalog-store.ts";
import { defaultMasterLimits } from "../src/domain/master-source.ts";
import { buildMaster, buildSurvey, type CatalogServices } from "../src/services/build-catalogs.ts";
import { RandomStream } from "../src/simulate/random.ts";

const rowCount = Number(process.argv[2] ?? 1_800_000);
// Beside the sources and not in /tmp, which may be memory.
const folder = mkdtempSync(join(import.meta.dirname, ".catalogs-"));
const random = new RandomStream(1);
const DEG = Math.PI / 180;

const NAMES =
  "name ra dec lii bii ra_error dec_error flux_20_cm flux_20_cm_error limit_major_axis major_axis major_axis_error limit_minor_axis minor_axis minor_axis_error position_angle position_angle_error residual_code residual_flux pol_flux pol_flux_error pol_angle pol_angle_error field_name x_pixel y_pixel";

/** In order of right ascension, evenly over the sky north of −40°. */
async function writeTable(path: string): Promise<void> {
  const file = createWriteStream(path);
  let text = `<HEADER>\n# TOTAL ROWS: ${rowCount}\nline[1] = ${NAMES}\n<DATA>\n`;
  for (let at = 0; at < rowCount; at++) {
    const decDeg = Math.asin(random.uniform(Math.sin(-40 * DEG), 1)) / DEG;
    const [raDeg, milliJy] = [(360 * at) / rowCount, 2.5 / random.uniform(1e-4, 1)];
    text += `NVSS J${String(at).padStart(13, "0")}|${raDeg.toFixed(6)}|${decDeg.toFixed(6)}|97.2|-61.9|0.01|0.6|${milliJy.toFixed(1)}|0.5|<|44.1|1.2|<|20.1|1.1||||||0.4|||C2230P84|512.1|12.4|\n`;
    if (text.length > 1 << 20) {
      if (!file.write(text)) await once(file, "drain");
      text = "";
    }
  }
  file.end(`${text}<END>\n`);
  await once(file, "finish");
}

const row = (what: string, found: string) => console.log(`${what.padEnd(52)} ${found}`);
const peakMegabytes = () => `${(process.resourceUsage().maxRSS / 1000).toFixed(0)} MB at most`;

async function timed<Result>(what: string, act: () => Promise<Result>): Promise<Result> {
  const start = performance.now();
  const result = await act();
  row(what, `${((performance.now() - start) / 1000).toFixed(1)} s, ${peakMegabytes()}`);
  return result;
}

function cones(radiusDeg: number, find: (raDeg: number, decDeg: number) => number): void {
  const timesMs: number[] = [];
  let foundCount = 0;
  for (let query = 0; query < 1000; query++) {
    const [raDeg, decDeg] = [random.uniform(0, 360), random.uniform(-35, 88)];
    const start = performance.now();
    foundCount += find(raDeg, decDeg);
    timesMs.push(performance.now() - start);
  }
  const ordered = timesMs.toSorted((a, b) => a - b);
  const times = `p50 ${ordered[500]!.toFixed(2)} ms, p99 ${ordered[990]!.toFixed(2)} ms`;
  row(`cone of ${radiusDeg}°, ${(foundCount / 1000).toFixed(0)} sources in the mean`, times);
}

try {
  const table = join(folder, "nvss.tdat");
  await writeTable(table);
  row("table", `${rowCount} rows, ${(statSync(table).size / 1e6).toFixed(0)} MB`);
  const services: CatalogServices = { store: catalogStore, files: catalogFiles, clock: systemClock, software: "bench" };
  const outputPath = join(folder, "nvss.sqlite3");
  const survey = { inputs: [table], freqHz: null, isWanted: () => true };
  await timed("build", () => buildSurvey(services, { ...survey, survey: "nvss", outputPath }));
  row("catalogue", `${(statSync(outputPath).size / 1e6).toFixed(0)} MB`);
  const catalog = catalogStore.openSurvey(outputPath);
  for (const radiusDeg of [0.1, 1.5, 3])
    cones(radiusDeg, (raDeg, decDeg) => catalog.find({ region: { kind: "cone", raDeg, decDeg, radiusDeg } }).length);
  catalog.close();
  // The same sources as three more surveys: as many matches as there can be.
  const matchedPaths = { first: outputPath, racs: outputPath, vlass: outputPath };
  const masterPath = join(folder, "master_sources.sqlite3");
  await timed("master catalogue of four such", () =>
    buildMaster(services, { nvssPath: outputPath, matchedPaths, limits: defaultMasterLimits, outputPath: masterPath }),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
