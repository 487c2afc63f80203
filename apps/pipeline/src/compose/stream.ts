/** The stream: watcher, assembler, workers and monitor on one queue. */

import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkpointFiles } from "../adapters/fs/checkpoint-files.ts";
import { fileSystemInputStaging } from "../adapters/fs/input-staging.ts";
import { fileSystemOrphans, type OrphanRoot } from "../adapters/fs/orphans.ts";
import { uvh5SubbandReader } from "../adapters/fs/subband-reader.ts";
import { hostClock } from "../adapters/host/host-clock.ts";
import { hostProcesses } from "../adapters/host/host-processes.ts";
import { systemMetrics } from "../adapters/host/system-metrics.ts";
import { incomingDirectory } from "../adapters/incoming/incoming-directory.ts";
import { createChainRunner } from "../adapters/runner/chain-runner.ts";
import { openQueueDatabase } from "../adapters/sqlite/queue-database.ts";
import type { Clock } from "../ports/clock.ts";
import type { IncomingDirectory } from "../ports/incoming-directory.ts";
import type { Log } from "../ports/log.ts";
import { createAlerts } from "../services/alerts.ts";
import { createDirectoryWatcher, type DirectoryWatcher, watchDirectory } from "../services/directory-watcher.ts";
import { createGroupAssembler, type GroupAssembler, reviewGroups } from "../services/group-assembler.ts";
import { CALIBRATION_OFF, CALIBRATORS_OFF } from "../services/inspect-calibration.ts";
import { createQueueMonitor, monitorQueue } from "../services/queue-monitor.ts";
import { runServices } from "../services/run-services.ts";
import type { ChainSetup, Stream, StreamSetup } from "../services/stream-setup.ts";
import { createStreamWorker } from "../services/stream-worker.ts";
import { createWakeUp } from "../services/wake-up.ts";
import { scienceChainWith } from "../stages/chain.ts";
import { assertChainStartsFromFiles, TMPFS_SUBDIRECTORY } from "./stages.ts";

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
    entry: new URL(import.meta.url.endsWith(".ts") ? "../group-worker.ts" : "../group-worker.js", import.meta.url),
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
      alerts: createAlerts(queue, log, setup.alertRepeatMs),
      random: Math.random,
    },
    {
      ...worker,
      retry: setup.retry,
      recoveryMs: RECOVERY_MS,
      storageBasePath: chain.outputDir,
      writerType: worker.usesSubprocess ? "subprocess" : "thread",
      lastStage: scienceChainWith({ flag: chain.flag !== null, calibrate: chain.calibration !== null }).at(-1)!.name,
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
      if (chain.calibration === null) log.info(CALIBRATION_OFF);
      if (chain.calibratorCatalogPath === null) log.info(CALIBRATORS_OFF);
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
