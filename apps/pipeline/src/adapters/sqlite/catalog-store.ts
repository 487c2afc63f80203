import { existsSync } from "node:fs";
import type { CatalogStore } from "../../ports/source-catalog.ts";
import { buildCalibratorCatalog, openCalibratorCatalog } from "./calibrator-catalog.ts";
import { kindOfCatalog } from "./catalog-file.ts";
import { buildMasterCatalog, openMasterCatalog } from "./master-catalog.ts";
import { buildSourceCatalog, openSourceCatalog } from "./source-catalog.ts";

/** Catalogues as SQLite files. */
export const catalogStore: CatalogStore = {
  exists: existsSync,
  openSurvey: openSourceCatalog,
  openMaster: openMasterCatalog,
  openCalibrators: openCalibratorCatalog,
  kindOf: kindOfCatalog,
  buildSurvey: buildSourceCatalog,
  buildMaster: buildMasterCatalog,
  buildCalibrators: buildCalibratorCatalog,
};
