/** The composition root: the only place that says which adapter stands behind which port. */

import { existsSync, mkdirSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createSystemEnvironment } from "./adapters/environment/system-environment.ts";
import { calTableFiles } from "./adapters/fs/cal-table-files.ts";
import { checkpointFiles } from "./adapters/fs/checkpoint-files.ts";
import { fileSystemDirectory } from "./adapters/fs/directory.ts";
import { type EarthOrientationFiles, readEarthOrientation } from "./adapters/fs/earth-orientation.ts";
import { fileSystemInputStaging, signatureOf } from "./adapters/fs/input-staging.ts";
import { tableInspector } from "./adapters/fs/inspect/ms-inspector.ts";
import { createMsBuilder } from "./adapters/fs/ms/ms-builder.ts";
import { fileSystemMsFlags } from "./adapters/fs/ms-flags/ms-flags.ts";
import { fileSystemOrphans, type OrphanRoot } from "./adapters/fs/orphans.ts";
import { uvh5SubbandReader } from "./adapters/fs/subband-reader.ts";
import { systemClock } from "./adapters/fs/system-clock.ts";
import { hostClock } from "./adapters/host/host-clock.ts";
import { hostProcesses } from "./adapters/host/host-processes.ts";
import { systemMetrics } from "./adapters/host/system-metrics.ts";
import { incomingDirectory } from "./adapters/incoming/incoming-directory.ts";
import { fileSystemLockFiles } from "./adapters/locks/lock-files.ts";
import { msLockFiles } from "./adapters/locks/ms-lock-files.ts";
import { createPinoLog, type PinoLog } from "./adapters/log/pino-log.ts";
import { createChainRunner } from "./adapters/runner/chain-runner.ts";
import { type RunJob, serveChain } from "./adapters/runner/serve-chain.ts";
import { openCalRegistry } from "./adapters/sqlite/cal-registry.ts";
import { probeWriteAheadLog } from "./adapters/sqlite/probe-wal.ts";
import { openQueueDatabase } from "./adapters/sqlite/queue-database.ts";
import type { Config } from "./config/settings.ts";
import type { ArtifactKind } from "./domain/artifacts.ts";
import { PipelineError } from "./domain/error-codes.ts";
import type { Group } from "./domain/group.ts";
import type { CalRegistry } from "./ports/cal-registry.ts";
import type { CalTableFiles } from "./ports/cal-table-files.ts";
import type { ChainJob } from "./ports/chain-runner.ts";
import type { Clock } from "./ports/clock.ts";
import type { QueueDatabase } from "./ports/group-queue.ts";
import type { IncomingDirectory } from "./ports/incoming-directory.ts";
import type { LockFiles } from "./ports/lock-files.ts";
import type { Log } from "./ports/log.ts";
import type { MsInspector } from "./ports/ms-inspector.ts";
import { type ConvertGroupsOptions, convertGroups, type GroupOutcome } from "./services/convert-groups.ts";
import { assertInputsUnchanged, buildWithRoom } from "./services/convert-safely.ts";
import { createDirectoryWatcher, type DirectoryWatcher, watchDirectory } from "./services/directory-watcher.ts";
import { type FindGroupsOptions, type FoundGroups, findGroups } from "./services/find-groups.ts";
import type { Finding } from "./services/finding.ts";
import { createFlagService, type FlagMsOptions, type FlagService } from "./services/flag-ms.ts";
import { createGroupAssembler, type GroupAssembler, reviewGroups } from "./services/group-assembler.ts";
import { type EnvironmentNeeds, inspectEnvironment } from "./services/inspect-environment.ts";
import { lockedStage } from "./services/locked-stage.ts";
import { createQueueMonitor, monitorQueue } from "./services/queue-monitor.ts";
import { runChain } from "./services/run-chain.ts";
import { runServices } from "./services/run-services.ts";
import type { ChainSetup, Stream, StreamSetup } from "./services/stream-setup.ts";
import { createStreamWorker } from "./services/stream-worker.ts";
import { createWakeUp } from "./services/wake-up.ts";
import { scienceChain, scienceChainNeeds } from "./stages/chain.ts";
import { type ConvertConfig, defaultConvertConfig } from "./stages/convert/config.ts";
import { convertStage } from "./stages/convert/index.ts";
import type { Stage } from "./stages/stage.ts";
import { software } from "./version.ts";

export interface ConversionSetup {
  readonly config: ConvertConfig;
  readonly outputDir: string;
  /** null: beside the final place. */
  readonly scratchDir: string | null;
  /** null: not used. */
  readonly tmpfsPath: string | null;
  readonly workerCount: number;
  readonly earthOrientationFiles: EarthOrientationFiles;
  readonly locks: ChainSetup["locks"];
}

/** How long a worker that was told to stop may take before it is killed. */
const KILL_AFTER_MS = 10_000;
/** Between looks for groups whose worker died. */
const RECOVERY_MS = 5_000;
/** Between looks for groups that wait too long for a subband. */
const REVIEW_MS = 2_000;
const FULL_SCAN_MS = 60_000;
/** A transfer that did not move for an hour will not. */
const ABANDONED_MS = 3_600_000;
/** As long as timers go. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const STANDARD_ERROR = 2;
const TMPFS_SUBDIRECTORY = "dsa110-contimg";

/** Opens a queue database that is there already, for a command to look into. */
export function openExistingQueue(path: string): {
  readonly queue: QueueDatabase;
  readonly isDead: (owner: string) => boolean;
} {
  if (!existsSync(path)) {
    throw new PipelineError("QUEUE_UNUSABLE", `${path}: there is no such queue database; --queue-db names another`, {
      subject: path,
    });
  }
  const queue = openQueueDatabase({
    path,
    productsPath: null,
    clock: hostClock(),
    // For groups that are new; commands make none.
    expectedSubbandCount: defaultConvertConfig.expectedSubbandCount,
    chunkMinutes: 5,
  });
  const processes = hostProcesses();
  return { queue, isDead: (owner) => processes.state(owner) === "dead" };
}

/** What commands do with calibration tables. */
export const calibration: {
  /** @throws PipelineError CAL_REGISTRY_UNUSABLE when there is no such file: looking must not make one */
  openExistingRegistry(path: string): CalRegistry;
  openRegistry(path: string): CalRegistry;
  readonly files: CalTableFiles;
} = {
  openExistingRegistry(path) {
    if (existsSync(path)) return openCalRegistry({ path, clock: hostClock() });
    const message = `${path}: there is no such registry of calibration tables; --registry-db names another`;
    throw new PipelineError("CAL_REGISTRY_UNUSABLE", message, { subject: path });
  },
  openRegistry: (path) => openCalRegistry({ path, clock: hostClock() }),
  files: calTableFiles,
};

/** What the commands can do. */
export interface Services {
  readonly inspector: MsInspector;
  readonly lockFiles: LockFiles;
  findGroups(options: FindGroupsOptions): FoundGroups;
  convertGroups(
    setup: ConversionSetup,
    groups: readonly Group[],
    options: ConvertGroupsOptions,
  ): Promise<readonly GroupOutcome[]>;
}

/** tmpfs must hold the Measurement Set and leave as much again for everybody else. */
function stagingDir(setup: Pick<ConversionSetup, "scratchDir" | "tmpfsPath">, groups: readonly Group[]): string | null {
  if (setup.tmpfsPath !== null) {
    const largestBytes = Math.max(
      ...groups.map((group) => group.files.reduce((sum, file) => sum + file.fileSizeBytes, 0)),
    );
    const { bavail, bsize } = statfsSync(setup.tmpfsPath);
    if (bavail * bsize > 2 * largestBytes) {
      const directory = join(setup.tmpfsPath, TMPFS_SUBDIRECTORY);
      mkdirSync(directory, { recursive: true });
      return directory;
    }
  }
  return setup.scratchDir;
}

/** A chain in the wrong order must not start: it would need what it makes itself. */
function assertChainStartsFromFiles(): void {
  const needed = [...scienceChainNeeds].filter((kind) => kind !== "uvh5-group");
  if (needed.length > 0) throw new Error(`the chain of stages needs ${needed.join(", ")} before it makes them`);
}

export function composeServices(): Services {
  assertChainStartsFromFiles();
  return {
    inspector: tableInspector,
    lockFiles: fileSystemLockFiles,
    findGroups: (options) => findGroups(fileSystemDirectory, uvh5SubbandReader, options),
    async convertGroups(setup, groups, options) {
      const earthOrientation = readEarthOrientation(setup.earthOrientationFiles);
      const stage = convertStage({
        reader: uvh5SubbandReader,
        builder: createMsBuilder(systemClock, earthOrientation),
        config: setup.config,
        outputDir: setup.outputDir,
        stagingDir: stagingDir(setup, groups),
        workerCount: setup.workerCount,
        earthOrientation,
        software,
        inputsDigest: null,
      });
      return convertGroups(serialised(stage, setup.locks, options.onWait), groups, options);
    },
  };
}

/** Flags by hand, under the locks that other programs respect too. */
export const composeFlags = (options: Omit<FlagMsOptions, "locks">): FlagService =>
  createFlagService(fileSystemMsFlags(systemClock), { ...options, locks: msLockFiles(null) });

/** The convert stage for one group of the stream: it takes over what an earlier attempt made of the same files. */
function streamConvertStage(setup: ChainSetup, job: ChainJob) {
  const earthOrientation = readEarthOrientation(setup.earthOrientationFiles);
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
    inputsDigest: job.inputsDigest,
    beforePublish: () => assertInputsUnchanged(job, signatureOf),
  });
}

/** The chain for one job, where it runs: in a thread or process of its own. */
const runChainOfJob: RunJob<ChainSetup> = (setup, job, signal, events) => {
  const warning = (message: string) => events.onMessage("WARNING", message);
  return runChain(
    job,
    {
      stages: [serialised(streamConvertStage(setup, job), setup.locks, warning)],
      checkpoints: checkpointFiles(setup.checkpointDir, { warning }),
      clock: systemClock,
      exists: (kind, artifact) => kind === "uvh5-group" || ("path" in artifact && existsSync(artifact.path)),
    },
    signal,
    events,
  );
};

/** Every stage takes the locks that follow from its declaration, unless the operator knows better. */
function serialised<In extends ArtifactKind, Out extends ArtifactKind, Plan>(
  stage: Stage<In, Out, Plan>,
  { isEnabled, lockDir, timeoutMs }: ChainSetup["locks"],
  onWait: (message: string) => void,
): Stage<In, Out, Plan> {
  return isEnabled ? lockedStage(stage, msLockFiles(lockDir), { timeoutMs, onWait }) : stage;
}

/** For the entry of group workers. */
export function serveGroups(): void {
  serveChain(runChainOfJob);
}

/** Everywhere a process of the pipeline may have left a directory it worked in. */
function orphanRoots({ outputDir, scratchDir, tmpfsDir }: ChainSetup): readonly OrphanRoot[] {
  return [
    { path: outputDir, depthCount: 3 },
    ...(scratchDir === null ? [] : [{ path: scratchDir, depthCount: 0 }]),
    ...(tmpfsDir === null ? [] : [{ path: join(tmpfsDir, TMPFS_SUBDIRECTORY), depthCount: 0 }]),
    { path: inputStagingDir(scratchDir), depthCount: 0 },
  ];
}

const inputStagingDir = (scratchDir: string | null) => scratchDir ?? tmpdir();

interface Watching {
  readonly watcher: DirectoryWatcher;
  readonly incoming: IncomingDirectory;
  readonly assembler: GroupAssembler;
  readonly clock: Clock;
  readonly log: Log;
  readonly pollMs: number;
}

/** Groups are judged incomplete only after the first look at the whole directory: what came meanwhile is there. */
function watchAndAssemble(stop: AbortSignal, watching: Watching): Promise<void> {
  const { watcher, incoming, assembler, clock, log, pollMs } = watching;
  const isLooked = new AbortController();
  const onFirstScan = () => isLooked.abort();
  return runServices(stop, [
    (signal) => watchDirectory(watcher, incoming, log, { clock, pollMs, signal, onFirstScan }),
    async (signal) => {
      await createWakeUp().wait(LONGEST_TIMER_MS, isLooked.signal, signal);
      await reviewGroups(assembler, log, REVIEW_MS, signal);
    },
  ]);
}

/** @throws PipelineError QUEUE_UNUSABLE */
export function composeStream(setup: StreamSetup): Stream {
  assertChainStartsFromFiles();
  const { chain, worker, log } = setup;
  const clock = hostClock();
  const queue = openQueueDatabase({
    path: setup.queuePath,
    productsPath: setup.productsPath,
    clock,
    expectedSubbandCount: setup.expectedSubbandCount,
    chunkMinutes: worker.chunkDurationMin,
    onProductsBehind: (error) =>
      log.warning(`The copy of the products is behind until the next group: ${error.message}`, { code: error.code }),
  });
  const runner = createChainRunner({
    setup: chain,
    entry: new URL(import.meta.url.endsWith(".ts") ? "./group-worker.ts" : "./group-worker.js", import.meta.url),
    usesSubprocess: worker.usesSubprocess,
    ompThreadCount: worker.ompThreadCount,
    killAfterMs: KILL_AFTER_MS,
  });
  const streamWorker = createStreamWorker(
    {
      queue,
      groups: queue,
      runner,
      checkpoints: checkpointFiles(chain.checkpointDir, log),
      staging: fileSystemInputStaging({
        directory: inputStagingDir(chain.scratchDir),
        workerCount: worker.stageWorkerCount,
        clock,
      }),
      orphans: fileSystemOrphans(orphanRoots(chain)),
      processes: hostProcesses(),
      clock,
      log,
      random: Math.random,
    },
    {
      ...worker,
      retry: setup.retry,
      recoveryMs: RECOVERY_MS,
      storageBasePath: chain.outputDir,
      writerType: worker.usesSubprocess ? "subprocess" : "thread",
      lastStage: scienceChain.at(-1)!.name,
      onStep: (step, subject) => setup.onStep?.(step, subject),
      onCompleted(groupId, ms) {
        monitor.noteCompleted(groupId, ms);
        setup.onCompleted?.(groupId, ms);
      },
    },
  );
  const assembler = createGroupAssembler({
    queue,
    policy: setup.collecting,
    log,
    onPending: () => streamWorker.wake(),
  });
  const processes = hostProcesses();
  const monitor = createQueueMonitor({
    queue,
    isDead: (owner) => processes.state(owner) === "dead",
    metrics: systemMetrics([setup.incomingDir, chain.outputDir], clock),
    clock,
    log,
    leaseMs: worker.leaseMs,
    chunkDurationMin: worker.chunkDurationMin,
    profiles: setup.monitoring.profiles,
  });
  const incoming = incomingDirectory(setup.incomingDir);
  const watcher = createDirectoryWatcher({
    directory: incoming,
    reader: uvh5SubbandReader,
    ledger: queue,
    clock,
    log,
    settleMs: setup.settleMs,
    abandonedMs: ABANDONED_MS,
    fullScanMs: FULL_SCAN_MS,
    onArrival(file, outcome) {
      assembler.noteArrival(file, outcome);
      if (outcome.groupId !== null) monitor.noteArrival(outcome.groupId);
      setup.onStep?.("arrival-recorded", file.path);
    },
  });
  return {
    activeGroupIds: () => streamWorker.activeGroupIds(),
    async run(stop, force) {
      try {
        await runServices(stop, [
          (signal) => streamWorker.run(signal, force),
          (signal) => watchAndAssemble(signal, { watcher, incoming, assembler, clock, log, pollMs: setup.pollMs }),
          ...(setup.monitoring.isEnabled
            ? [(signal: AbortSignal) => monitorQueue(monitor, log, setup.monitoring.intervalMs, signal)]
            : []),
        ]);
      } finally {
        await runner.close();
        queue.close();
      }
    },
  };
}

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
export function inspectMachine({ conversion }: Config, needs: EnvironmentNeeds): readonly Finding[] {
  const environment = createSystemEnvironment({
    probeWriteAheadLog,
    earthOrientation: () =>
      readEarthOrientation({ finalsPath: conversion.iersFinals, leapSecondsPath: conversion.leapSeconds }),
  });
  return inspectEnvironment(environment, hostClock(), needs);
}
