/** Looks at the queue and the machine at intervals, and says what an operator should know, in the words operators grep. */

import { asPipelineError } from "../domain/error-codes.ts";
import type { MeasurementSet } from "../domain/measurement-set.ts";
import type { Clock } from "../ports/clock.ts";
import type { GroupQueue } from "../ports/group-queue.ts";
import type { Log, LogFields } from "../ports/log.ts";
import type { SystemMetrics } from "../ports/system-metrics.ts";
import { createWakeUp } from "./wake-up.ts";

export interface QueueMonitorOptions {
  readonly queue: Pick<GroupQueue, "stats">;
  readonly isDead: (owner: string) => boolean;
  readonly metrics: SystemMetrics;
  readonly clock: Clock;
  readonly log: Log;
  /** `--in-progress-timeout`, for the words of the warning. */
  readonly leaseMs: number;
  readonly chunkDurationMin: number;
  /** Figures of each group, and of this process. */
  readonly profiles: boolean;
}

export interface QueueMonitor {
  look(): void;
  /** A file of a group came. */
  noteArrival(groupId: string): void;
  noteCompleted(groupId: string, ms: MeasurementSet): void;
}

/** More groups than that wait only when processing is slower than the telescope. */
const HIGH_DEPTH_COUNT = 10;
/** A warning that lasts is said again after so many looks. */
const REPEAT_COUNT = 10;
/** The next observation begins after one chunk, 309 s at the telescope against 5 minutes by name. */
const GAP_RATIO = 1.1;
const MS_PER_MIN = 60_000;

const seconds = (sec: number) => sec.toFixed(1);
const percent = (share: number | null) => (share === null ? "-" : share.toFixed(1));

/** Says when something begins, from time to time while it lasts, and when it has ended. */
function lasting(log: Log): (isOn: boolean, message: string, end: string, fields: LogFields) => void {
  let lookCount = -1;
  return (isOn, message, end, fields) => {
    if (!isOn) {
      if (lookCount >= 0) log.info(end, fields);
      lookCount = -1;
      return;
    }
    lookCount++;
    if (lookCount % REPEAT_COUNT === 0) log.warning(message, fields);
  };
}

export function createQueueMonitor(options: QueueMonitorOptions): QueueMonitor {
  const { queue, metrics, clock, log, profiles } = options;
  const [sayDepth, sayStale, sayGap] = [lasting(log), lasting(log), lasting(log)];
  let failedCount: number | undefined;
  let newest: { readonly groupId: string; readonly seenMs: number } | undefined;
  let groupCount = 0;

  function lookAtQueue(): void {
    const stats = queue.stats(options.isDead);
    const { collecting, pending, in_progress: inProgress, completed, failed } = stats.countOfState;
    const total = collecting + pending + inProgress + completed + failed;
    log.info(
      `Queue status: total=${total} collecting=${collecting} pending=${pending} in_progress=${inProgress} completed=${completed} failed=${failed}`,
      { total, collecting, pending, in_progress: inProgress, completed, failed },
    );
    sayDepth(
      pending > HIGH_DEPTH_COUNT,
      `High queue depth: ${pending} groups queued`,
      `Queue depth is normal again: ${pending} groups queued`,
      { pending },
    );
    sayStale(
      stats.staleCount > 0,
      `Found ${stats.staleCount} stale in-progress groups (>${Math.round(options.leaseMs / MS_PER_MIN)} min)`,
      "No stale in-progress groups any more",
      { stale: stats.staleCount },
    );
    if (failedCount !== undefined && failed > failedCount)
      log.warning(`Failed count increased: ${failed} (was ${failedCount})`, { failed, was: failedCount });
    failedCount = failed;
    const mean = stats.meanTimings;
    if (mean) {
      log.info(
        `Performance of the last 24 h: load ${seconds(mean.loadSec)} s, phase ${seconds(mean.phaseSec)} s, write ${seconds(mean.writeSec)} s, total ${seconds(mean.totalSec)} s on average; ${stats.completedLastHourCount} groups in the last hour`,
        { load_time: mean.loadSec, phase_time: mean.phaseSec, write_time: mean.writeSec, total_time: mean.totalSec },
      );
    }
  }

  /** Only a telescope that was observing can stop: with one group there is no cadence yet. */
  function lookForGap(): void {
    if (!newest || groupCount < 2) return;
    const silentMs = clock.monotonicMs() - newest.seenMs;
    sayGap(
      silentMs > GAP_RATIO * options.chunkDurationMin * MS_PER_MIN,
      `No new group for ${(silentMs / 1000).toFixed(0)} s; the last was ${newest.groupId}`,
      `Data arrive again: group ${newest.groupId}`,
      { group_id: newest.groupId, silent_sec: Math.round(silentMs / 1000) },
    );
  }

  function lookAtMachine(): void {
    const { cpuPercent, memoryPercent, diskPercent, ownRssBytes, ownCpuPercent } = metrics.sample();
    log.info(
      `System metrics: CPU=${percent(cpuPercent)}% MEM=${percent(memoryPercent)}% DISK=${percent(diskPercent)}%`,
      { cpu_percent: cpuPercent, memory_percent: memoryPercent, disk_percent: diskPercent },
    );
    if (profiles) {
      log.info(
        `This process: CPU=${percent(ownCpuPercent)}% of a core, ${(ownRssBytes / 1e6).toFixed(0)} MB resident`,
        {
          own_cpu_percent: ownCpuPercent,
          own_rss_bytes: ownRssBytes,
        },
      );
    }
  }

  return {
    look() {
      lookAtQueue();
      lookForGap();
      lookAtMachine();
    },

    noteArrival(groupId) {
      if (newest?.groupId === groupId) return;
      // Stragglers of an earlier group are no new group.
      if (newest && groupId < newest.groupId) return;
      newest = { groupId, seenMs: clock.monotonicMs() };
      groupCount++;
    },

    noteCompleted(groupId, { conversion }) {
      if (!profiles) return;
      const { inputBytes, outputBytes, timingsSec } = conversion;
      const perSec = (bytes: number) => (timingsSec.total > 0 ? (bytes / 1e6 / timingsSec.total).toFixed(0) : "-");
      log.info(
        `Profile of group ${groupId}: read ${perSec(inputBytes)} MB/s, wrote ${perSec(outputBytes)} MB/s; load ${timingsSec.load.toFixed(2)} s, phase ${timingsSec.phase.toFixed(2)} s, write ${timingsSec.write.toFixed(2)} s of ${timingsSec.total.toFixed(2)} s`,
        { group_id: groupId, input_bytes: inputBytes, output_bytes: outputBytes, total_time: timingsSec.total },
      );
    },
  };
}

/**
 * Looks again and again until `signal` is aborted. A queue that cannot be read is said and looked at again.
 *
 * @throws what has no code: a mistake of the program
 */
export async function monitorQueue(
  monitor: QueueMonitor,
  log: Log,
  intervalMs: number,
  signal: AbortSignal,
): Promise<void> {
  const wakeUp = createWakeUp();
  for (;;) {
    await wakeUp.wait(intervalMs, signal);
    if (signal.aborted) return;
    try {
      monitor.look();
    } catch (error) {
      const coded = asPipelineError(error, "monitoring");
      if (coded.code === "INTERNAL") throw error;
      log.error(`${coded.code}: ${coded.message}`, { code: coded.code });
    }
  }
}
