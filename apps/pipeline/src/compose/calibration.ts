/** Calibration tables and their registry, for commands. */

import { existsSync } from "node:fs";
import { calTableFiles } from "../adapters/fs/cal-table-files.ts";
import { writeReport } from "../adapters/fs/report-files.ts";
import { hostClock } from "../adapters/host/host-clock.ts";
import { openCalRegistry } from "../adapters/sqlite/cal-registry.ts";
import { PipelineError } from "../domain/error-codes.ts";
import type { CalRegistry } from "../ports/cal-registry.ts";
import type { CalTableFiles } from "../ports/cal-table-files.ts";
import type { WriteReport } from "../ports/report-files.ts";

/** What commands do with calibration tables. */
export const calibration: {
  /** @throws PipelineError CAL_REGISTRY_UNUSABLE when there is no such file: looking must not make one */
  openExistingRegistry(path: string): CalRegistry;
  openRegistry(path: string): CalRegistry;
  readonly files: CalTableFiles;
  readonly writeReport: WriteReport;
} = {
  openExistingRegistry(path) {
    if (existsSync(path)) return openCalRegistry({ path, clock: hostClock() });
    const message = `${path}: there is no such registry of calibration tables; --registry-db names another`;
    throw new PipelineError("CAL_REGISTRY_UNUSABLE", message, { subject: path });
  },
  openRegistry: (path) => openCalRegistry({ path, clock: hostClock() }),
  files: calTableFiles,
  writeReport,
};
