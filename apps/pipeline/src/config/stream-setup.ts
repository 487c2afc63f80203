/** What the configuration means to the streaming converter. */

import { availableParallelism } from "node:os";
import { join } from "node:path";
import { PipelineError } from "../domain/error-codes.ts";
import { defaultRetryPolicy } from "../domain/queue.ts";
import type { CalibrationSetup, StreamSetup } from "../services/stream-setup.ts";
import { parsePhaseCentre } from "../stages/convert/phase-centre-text.ts";
import { defaultFlagConfig } from "../stages/flag/config.ts";
import type { Config } from "./settings.ts";

const MS_PER_SEC = 1000;
const MS_PER_HOUR = 3_600_000;
const HOURS_PER_DAY = 24;

/** @throws PipelineError CONFIG_INVALID when input or output directory are not given */
export function streamSetupOf(config: Config): Omit<StreamSetup, "log"> {
  const { directories, databases, stream, conversion, calibration, locks, monitoring } = config;
  const required = (path: string | null, key: string, flag: string): string => {
    if (path !== null) return path;
    const message = `directories.${key}: expected a path (--${flag}, CONTIMG_${key.toUpperCase()} or the file), found nothing`;
    throw new PipelineError("CONFIG_INVALID", message, { subject: `directories.${key}` });
  };
  return {
    incomingDir: required(directories.inputDir, "input_dir", "input-dir"),
    queuePath: databases.queueDb!,
    productsPath: databases.productsDb,
    chain: {
      convert: {
        phaseCentre: parsePhaseCentre(conversion.phaseCenter)!,
        expectedSubbandCount: stream.expectedSubbands,
        allowMissingCount: 0,
        mergeSpws: conversion.mergeSpws,
        addsModelData: conversion.modelData,
        addsCorrectedData: conversion.correctedData,
        telescopeName: conversion.telescopeName,
      },
      outputDir: required(directories.outputDir, "output_dir", "output-dir"),
      scratchDir: directories.scratchDir,
      tmpfsDir: conversion.stageToTmpfs ? join(directories.tmpfsPath, "dsa110-contimg") : null,
      checkpointDir: directories.checkpointDir!,
      workerCount: conversion.maxWorkers ?? Math.max(1, Math.min(4, Math.floor(availableParallelism() / 2))),
      earthOrientationFiles: { finalsPath: conversion.iersFinals, leapSecondsPath: conversion.leapSeconds },
      flag: calibration.flag ? defaultFlagConfig : null,
      calibratorCatalogPath: calibration.calibratorCatalog,
      calibration: calibrationSetupOf(config),
      locks: {
        isEnabled: locks.serializeMsAccess,
        lockDir: locks.lockDir,
        timeoutMs: locks.lockTimeoutSec * MS_PER_SEC,
      },
    },
    retry: { ...defaultRetryPolicy, maxRetryCount: stream.maxRetries, maxCrashCount: stream.maxCrashCount },
    collecting: {
      timeoutMs: stream.collectingTimeoutSec * MS_PER_SEC,
      minSubbandCount: stream.minSubbands ?? stream.expectedSubbands,
      closeAfterMs: stream.collectingCloseTimeoutSec * MS_PER_SEC,
    },
    expectedSubbandCount: stream.expectedSubbands,
    settleMs: stream.settleTimeSec * MS_PER_SEC,
    pollMs: stream.pollIntervalSec * MS_PER_SEC,
    worker: {
      groupCount: stream.concurrency,
      usesSubprocess: stream.useSubprocess,
      ompThreadCount: stream.ompThreads,
      pollMs: stream.workerPollIntervalSec * MS_PER_SEC,
      leaseMs: stream.inProgressTimeoutSec * MS_PER_SEC,
      graceMs: stream.stopTimeoutSec * MS_PER_SEC,
      stagesInputs: stream.stageInputs,
      stageWorkerCount: stream.stageWorkers,
      cleansUpTemp: stream.cleanupTemp,
      chunkDurationMin: stream.chunkDurationMin,
      calibrationPollMs: calibration.calibrationPollSec * MS_PER_SEC,
    },
    alertRepeatMs: monitoring.alertRepeatHours * MS_PER_HOUR,
    monitoring: {
      isEnabled: monitoring.enabled,
      intervalMs: monitoring.intervalSec * MS_PER_SEC,
      profiles: monitoring.profile,
    },
  };
}

/** null: off. A sky to solve on is what calibration cannot do without. */
function calibrationSetupOf({ calibration, databases }: Config): CalibrationSetup | null {
  if (!calibration.calibrate || calibration.skyCatalog === null) return null;
  return {
    skyCatalogPath: calibration.skyCatalog,
    registryPath: databases.calRegistryDb!,
    schedule: {
      bandpassIntervalDay: calibration.bandpassIntervalHours / HOURS_PER_DAY,
      gainIntervalDay: calibration.gainIntervalHours / HOURS_PER_DAY,
    },
    missing: calibration.missingCalibration,
    applyMode: calibration.applyMode,
    waitMs: calibration.calibrationWaitHours * MS_PER_HOUR,
    borrowBandpassDay: calibration.borrowBandpassDays,
    borrowGainDay: calibration.borrowGainHours / HOURS_PER_DAY,
  };
}
