/** What surrounds a service: its log, and whether the machine is fit for it. */

import { createSystemEnvironment } from "../adapters/environment/system-environment.ts";
import { readEarthOrientation } from "../adapters/fs/earth-orientation.ts";
import { systemClock } from "../adapters/fs/system-clock.ts";
import { hostClock } from "../adapters/host/host-clock.ts";
import { tryMsLocks } from "../adapters/locks/lock-trial.ts";
import { createPinoLog, type PinoLog } from "../adapters/log/pino-log.ts";
import { catalogStore } from "../adapters/sqlite/catalog-store.ts";
import { probeWriteAheadLog } from "../adapters/sqlite/probe-wal.ts";
import type { Config } from "../config/settings.ts";
import type { Finding } from "../services/finding.ts";
import { inspectCalibration } from "../services/inspect-calibration.ts";
import { type EnvironmentNeeds, inspectEnvironment } from "../services/inspect-environment.ts";
import { inspectLocks } from "../services/inspect-locks.ts";

const STANDARD_ERROR = 2;

/** The log of the stream: to the console, and as `streaming-converter.log` where a logs directory is set. */
export function openLog({ log, directories }: Config): PinoLog {
  return createPinoLog({
    service: "streaming-converter",
    level: log.level,
    format: log.format,
    consoleFd: STANDARD_ERROR,
    logsDir: directories.logsDir,
    clock: systemClock,
  });
}

/** What `contimg doctor` finds. */
export function inspectMachine({ conversion, calibration }: Config, needs: EnvironmentNeeds): readonly Finding[] {
  const environment = createSystemEnvironment({
    probeWriteAheadLog,
    earthOrientation: () =>
      readEarthOrientation({ finalsPath: conversion.iersFinals, leapSecondsPath: conversion.leapSeconds }),
  });
  return [
    ...inspectEnvironment(environment, hostClock(), needs),
    ...inspectCalibration(catalogStore, {
      isWanted: calibration.calibrate,
      skyCatalogPath: calibration.skyCatalog,
      calibratorCatalogPath: calibration.calibratorCatalog,
    }),
  ];
}

/** What it finds besides when it may take a second and start processes: locks that are contended for. */
export async function inspectMachineThoroughly(config: Config, needs: EnvironmentNeeds): Promise<readonly Finding[]> {
  const findings = inspectMachine(config, needs);
  return [...findings, ...(await inspectLocks(needs, findings, tryMsLocks))];
}
