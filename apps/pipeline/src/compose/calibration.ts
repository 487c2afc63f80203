/** Calibration tables and their registry, for commands. */

import { existsSync } from "node:fs";
import { calTableFiles } from "../adapters/fs/cal-table-files.ts";
import { readEarthOrientation } from "../adapters/fs/earth-orientation.ts";
import { fileSystemMsApplication } from "../adapters/fs/ms-calibration/ms-application.ts";
import { fileSystemMsCalibration } from "../adapters/fs/ms-calibration/ms-calibration.ts";
import { writeReport } from "../adapters/fs/report-files.ts";
import { systemClock } from "../adapters/fs/system-clock.ts";
import { hostClock } from "../adapters/host/host-clock.ts";
import { msLockFiles } from "../adapters/locks/ms-lock-files.ts";
import { openCalRegistry } from "../adapters/sqlite/cal-registry.ts";
import { catalogStore } from "../adapters/sqlite/catalog-store.ts";
import { PipelineError } from "../domain/error-codes.ts";
import type { CalRegistry } from "../ports/cal-registry.ts";
import type { CalTableFiles } from "../ports/cal-table-files.ts";
import type { WriteReport } from "../ports/report-files.ts";
import { type ApplyServices, applyCalibration } from "../services/apply-calibration.ts";
import { type PredictServices, predictModel } from "../services/predict-model.ts";
import { type SolveServices, solveCalibration } from "../services/solve-calibration.ts";
import { software } from "../version.ts";

const application = fileSystemMsApplication(systemClock);

/** What commands do with calibration tables. */
export const calibration: {
  /** @throws PipelineError CAL_REGISTRY_UNUSABLE when there is no such file: looking must not make one */
  openExistingRegistry(path: string): CalRegistry;
  openRegistry(path: string): CalRegistry;
  readonly files: CalTableFiles;
  readonly writeReport: WriteReport;
} & SolveServices &
  PredictServices &
  ApplyServices = {
  openExistingRegistry(path) {
    if (existsSync(path)) return openCalRegistry({ path, clock: hostClock() });
    const message = `${path}: there is no such registry of calibration tables; contimg cal solve and register make one, --registry-db names another`;
    throw new PipelineError("CAL_REGISTRY_UNUSABLE", message, { subject: path });
  },
  openRegistry: (path) => openCalRegistry({ path, clock: hostClock() }),
  files: calTableFiles,
  writeReport,
  middleMjd: (msPath) => application.middleMjd(msPath),
  matchTables: (applied) => application.prepare(applied).plan,
  apply: (applied, options) => applyCalibration(applied, { application, locks: msLockFiles(null) }, options),
  async predict(msPath, catalogPath, options) {
    const catalog = catalogStore.openSurvey(catalogPath);
    try {
      const earthOrientation = readEarthOrientation({ finalsPath: null, leapSecondsPath: null });
      const ports = {
        calibration: fileSystemMsCalibration(systemClock, software, earthOrientation),
        locks: msLockFiles(null),
      };
      return await predictModel(msPath, catalog, ports, options);
    } finally {
      catalog.close();
    }
  },
  async solve(msPath, catalogPath, registryPath, options) {
    const catalog = catalogPath === null ? null : catalogStore.openSurvey(catalogPath);
    const registry = registryPath === null ? null : openCalRegistry({ path: registryPath, clock: hostClock() });
    try {
      const earthOrientation = readEarthOrientation({ finalsPath: null, leapSecondsPath: null });
      const ports = {
        calibration: fileSystemMsCalibration(systemClock, software, earthOrientation),
        locks: msLockFiles(null),
        files: calTableFiles,
      };
      return await solveCalibration(msPath, catalog, registry, ports, options);
    } finally {
      registry?.close();
      catalog?.close();
    }
  },
};
