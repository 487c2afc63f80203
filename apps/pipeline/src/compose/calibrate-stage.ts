/** The calibrate stage for one group of the stream, where it runs. */

import type { EarthOrientation } from "@contimg/sky";
import { calTableFiles } from "../adapters/fs/cal-table-files.ts";
import { fileSystemMsCalibration } from "../adapters/fs/ms-calibration/ms-calibration.ts";
import { systemClock } from "../adapters/fs/system-clock.ts";
import { hostClock } from "../adapters/host/host-clock.ts";
import { hostProcesses } from "../adapters/host/host-processes.ts";
import { openCalRegistry } from "../adapters/sqlite/cal-registry.ts";
import { catalogStore } from "../adapters/sqlite/catalog-store.ts";
import type { SolvableGroup } from "../domain/cal-schedule.ts";
import { defaultCalSolveConfig } from "../domain/cal-solve.ts";
import { defaultCalibratorChoice } from "../domain/calibrator.ts";
import type { MeasurementSet } from "../domain/measurement-set.ts";
import type { ChainEvents, ChainJob } from "../ports/chain-runner.ts";
import type { MsCalibration } from "../ports/ms-calibration.ts";
import type { SourceCatalog } from "../ports/source-catalog.ts";
import { calibrateGroup } from "../services/calibrate-group.ts";
import { hasCalibratorsAtDec } from "../services/find-calibrators.ts";
import { defaultSkyChoice, skyInBeam } from "../services/solve-calibration.ts";
import { groupSolver } from "../services/solve-group.ts";
import type { CalibrationSetup, ChainSetup } from "../services/stream-setup.ts";
import { dsa110Beam } from "../stages/calibrate/calibrators-in-group.ts";
import { calibrateStage } from "../stages/calibrate/index.ts";
import { software } from "../version.ts";

const SEC_PER_DAY = 86_400;
const DEG_PER_RAD = 180 / Math.PI;
/** A full group is solved in seconds; a machine that is busy takes minutes. */
const SOLVE_LEASE_MS = 120_000;
const BUSY_POLL_MS = 200;

export function streamCalibrateStage(
  setup: ChainSetup,
  calibration: CalibrationSetup,
  job: ChainJob,
  earthOrientation: EarthOrientation,
  events: ChainEvents,
) {
  return calibrateStage({
    async calibrate(ms, { signal, onProgress }) {
      const processes = hostProcesses();
      const solver = fileSystemMsCalibration(systemClock, software, earthOrientation);
      const sky = catalogStore.openSurvey(calibration.skyCatalogPath);
      try {
        const registry = openCalRegistry({ path: calibration.registryPath, clock: hostClock() });
        try {
          return await calibrateGroup(
            ms.groupId,
            solvableOf(ms, setup.calibratorCatalogPath, sky, solver),
            {
              registry,
              files: calTableFiles,
              clock: systemClock,
              owner: processes.identity,
              isDead: (owner) => processes.state(owner) === "dead",
              solve: groupSolver(
                ms,
                sky,
                { calibration: solver, files: calTableFiles },
                {
                  workerCount: setup.workerCount,
                  softwareVersion: software,
                  onProgress: (step, doneBytes, totalBytes) => onProgress({ step, doneBytes, totalBytes }),
                },
              ),
              say: (level, message) => events.onMessage(level, message),
              alert: (change) => events.onAlert(change),
            },
            {
              ...calibration,
              heldMs: job.heldMs,
              leaseMs: SOLVE_LEASE_MS,
              busyWaitMs: 2 * SOLVE_LEASE_MS,
              busyPollMs: BUSY_POLL_MS,
            },
            signal,
          );
        } finally {
          registry.close();
        }
      } finally {
        sky.close();
      }
    },
  });
}

/** What counts of a group when it is decided what to solve. */
function solvableOf(
  { path, conversion, calibrators }: MeasurementSet,
  calibratorCatalogPath: string | null,
  sky: SourceCatalog,
  solver: MsCalibration,
): SolvableGroup {
  const transiting = (calibrators ?? []).filter(({ transitsWithin }) => transitsWithin);
  const { chosen } = skyInBeam(sky, solver.describe(path), defaultCalSolveConfig, defaultSkyChoice);
  return {
    startMjd: conversion.startMjdSec / SEC_PER_DAY,
    endMjd: conversion.endMjdSec / SEC_PER_DAY,
    transitFluxJy: transiting.length === 0 ? null : Math.max(...transiting.map(({ weightedFluxJy }) => weightedFluxJy)),
    hasCalibratorsAtDec:
      calibratorCatalogPath !== null && hasCalibratorsNear(calibratorCatalogPath, conversion.decRad * DEG_PER_RAD),
    modelFluxJy: chosen.reduce((sum, { fluxJy }) => sum + fluxJy, 0),
  };
}

function hasCalibratorsNear(path: string, decDeg: number): boolean {
  const catalog = catalogStore.openCalibrators(path);
  try {
    return hasCalibratorsAtDec(catalog, decDeg, defaultCalibratorChoice, dsa110Beam);
  } finally {
    catalog.close();
  }
}
