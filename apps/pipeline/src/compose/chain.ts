/** The chain of stages for one job of the stream, where it runs: in a thread or process of its own. */

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { EarthOrientation } from "@contimg/sky";
import { checkpointFiles } from "../adapters/fs/checkpoint-files.ts";
import { readEarthOrientation } from "../adapters/fs/earth-orientation.ts";
import { signatureOf } from "../adapters/fs/input-staging.ts";
import { createMsBuilder } from "../adapters/fs/ms/ms-builder.ts";
import { fileSystemMsApplication } from "../adapters/fs/ms-calibration/ms-application.ts";
import { fileSystemMsFlags } from "../adapters/fs/ms-flags/ms-flags.ts";
import { uvh5SubbandReader } from "../adapters/fs/subband-reader.ts";
import { systemClock } from "../adapters/fs/system-clock.ts";
import { type RunJob, serveChain } from "../adapters/runner/serve-chain.ts";
import { catalogStore } from "../adapters/sqlite/catalog-store.ts";
import type { AlertChange } from "../domain/alert.ts";
import type { ArtifactKind, Artifacts } from "../domain/artifacts.ts";
import { defaultApplyOptions } from "../domain/cal-apply.ts";
import { defaultCalibratorChoice } from "../domain/calibrator.ts";
import { flaggedFraction } from "../domain/flagging.ts";
import type { SubbandHeader } from "../domain/subband-header.ts";
import type { ChainEvents, ChainJob } from "../ports/chain-runner.ts";
import { applyInStream } from "../services/apply-in-stream.ts";
import { assertInputsUnchanged, buildWithRoom } from "../services/convert-safely.ts";
import { calibratorsOf, driftWindowOf } from "../services/find-calibrators.ts";
import { type ChainStage, runChain } from "../services/run-chain.ts";
import type { CalibrationSetup, ChainSetup } from "../services/stream-setup.ts";
import { type ApplyStageOptions, applyOnTheFlyStage, applyStage } from "../stages/apply/index.ts";
import { dsa110Beam } from "../stages/calibrate/calibrators-in-group.ts";
import { convertStage } from "../stages/convert/index.ts";
import type { FlagConfig } from "../stages/flag/config.ts";
import { flagStage } from "../stages/flag/index.ts";
import { software } from "../version.ts";
import { streamCalibrateStage } from "./calibrate-stage.ts";
import { serialised, stagingDir } from "./stages.ts";

/** The convert stage for one group of the stream: it takes over what an earlier attempt made of the same files. */
function streamConvertStage(setup: ChainSetup, job: ChainJob, earthOrientation: EarthOrientation) {
  const builder = createMsBuilder(systemClock, earthOrientation);
  const directory = stagingDir({ scratchDir: setup.scratchDir, tmpfsPath: setup.tmpfsDir }, [job.group]);
  const { expectedSubbandCount, allowMissingCount } = job;
  return convertStage({
    reader: uvh5SubbandReader,
    builder: {
      ...builder,
      build: (plan, options) => buildWithRoom(builder, plan, options, setup.scratchDir ?? dirname(plan.msPath)),
    },
    config: { ...setup.convert, expectedSubbandCount, allowMissingCount },
    outputDir: setup.outputDir,
    stagingDir: directory,
    workerCount: setup.workerCount,
    earthOrientation,
    software,
    ...(setup.calibratorCatalogPath !== null && {
      findCalibrators: calibratorFinder(setup.calibratorCatalogPath, earthOrientation),
    }),
    inputsDigest: job.inputsDigest,
    beforePublish: () => assertInputsUnchanged(job, signatureOf),
  });
}

/** Opened when it is needed: a resumed job has looked before. */
const calibratorFinder = (path: string, earthOrientation: EarthOrientation) => (header: SubbandHeader) => {
  const window = driftWindowOf(header);
  if (window === null) return [];
  const catalog = catalogStore.openCalibrators(path);
  try {
    return calibratorsOf(catalog, window, defaultCalibratorChoice, dsa110Beam, earthOrientation);
  } finally {
    catalog.close();
  }
};

function streamFlagStage(setup: ChainSetup, config: FlagConfig, events: ChainEvents) {
  return flagStage({
    flags: fileSystemMsFlags(systemClock),
    config,
    workerCount: setup.workerCount,
    software,
    monotonicMs: () => systemClock.monotonicMs(),
    onReport: ({ totals, badInputs, timingsSec }) =>
      events.onMessage(
        "INFO",
        `Flagged ${(100 * flaggedFraction(totals.all)).toFixed(1)} % in ${timingsSec.total.toFixed(1)} s, ${badInputs.length} inputs dead or noisy`,
      ),
  });
}

/** The stages that the setup asks for, in the order of the chain. */
function stagesOf(setup: ChainSetup, job: ChainJob, events: ChainEvents): readonly ChainStage[] {
  const onWait = (message: string) => events.onMessage("WARNING", message);
  const earthOrientation = readEarthOrientation(setup.earthOrientationFiles);
  return [
    serialised(streamConvertStage(setup, job, earthOrientation), setup.locks, onWait),
    ...(setup.flag === null ? [] : [serialised(streamFlagStage(setup, setup.flag, events), setup.locks, onWait)]),
    ...(setup.calibration === null ? [] : calibrationStages(setup, setup.calibration, job, earthOrientation, events)),
  ];
}

function calibrationStages(
  setup: ChainSetup,
  calibration: CalibrationSetup,
  job: ChainJob,
  earthOrientation: EarthOrientation,
  events: ChainEvents,
): readonly ChainStage[] {
  const onWait = (message: string) => events.onMessage("WARNING", message);
  const options: ApplyStageOptions = {
    application: fileSystemMsApplication(systemClock),
    options: defaultApplyOptions,
    workerCount: setup.workerCount,
    software,
    monotonicMs: () => systemClock.monotonicMs(),
    onReport: ({ mode, timingsSec }) =>
      events.onMessage("INFO", `Calibration applied (${mode}) in ${timingsSec.total.toFixed(1)} s`),
  };
  const onAlert = (change: AlertChange) => events.onAlert(change);
  return [
    serialised(streamCalibrateStage(setup, calibration, job, earthOrientation, events), setup.locks, onWait),
    calibration.applyMode === "on-the-fly"
      ? applyInStream(serialised(applyOnTheFlyStage(options), setup.locks, onWait), onAlert)
      : applyInStream(serialised(applyStage(options), setup.locks, onWait), onAlert),
  ];
}

/** Whether what the artifact stands for is on disk. */
function isThere(artifact: Artifacts[ArtifactKind]): boolean {
  if ("path" in artifact) return existsSync(artifact.path);
  if ("requests" in artifact) return artifact.requests.every(({ paths }) => paths.every((path) => existsSync(path)));
  return !("tables" in artifact) || artifact.tables.every(({ path }) => existsSync(path));
}

/** The chain for one job, where it runs: in a thread or process of its own. */
const runChainOfJob: RunJob<ChainSetup> = (setup, job, signal, events) => {
  const warning = (message: string) => events.onMessage("WARNING", message);
  return runChain(
    job,
    {
      stages: stagesOf(setup, job, events),
      checkpoints: checkpointFiles(setup.checkpointDir, { warning }),
      clock: systemClock,
      exists: (_kind, artifact) => isThere(artifact),
    },
    signal,
    events,
  );
};

/** For the entry of group workers. */
export function serveGroups(): void {
  serveChain(runChainOfJob);
}
