/** One claimed group from its input to its end in the queue. Every way out leaves the queue told and nothing half-made. */

import { asPipelineError, type ErrorCode, isPipelineError, PipelineError } from "../domain/error-codes.ts";
import type { Group } from "../domain/group.ts";
import type { GroupCalibration } from "../domain/group-calibration.ts";
import type { MeasurementSet } from "../domain/measurement-set.ts";
import type { ClaimedGroup, QueuedFile, RetryPolicy } from "../domain/queue.ts";
import type { Alerts } from "../ports/alerts.ts";
import type { ChainEvents, ChainJob, ChainResult, ChainRunner } from "../ports/chain-runner.ts";
import type { CheckpointStore } from "../ports/checkpoint-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { GroupQueue } from "../ports/group-queue.ts";
import type { InputStaging, StagedInputs } from "../ports/input-staging.ts";
import type { Log } from "../ports/log.ts";
import { completionOf, errorText } from "./completion.ts";
import { inputsDigest } from "./inputs-digest.ts";
import { keepLease } from "./keep-lease.ts";
import type { ProtocolStep } from "./stream-setup.ts";

export interface GroupPorts {
  readonly queue: GroupQueue;
  readonly runner: ChainRunner;
  readonly checkpoints: CheckpointStore;
  readonly staging: InputStaging;
  readonly clock: Clock;
  readonly log: Log;
  readonly alerts: Alerts;
  /** Uniform in [0, 1). */
  random(): number;
}

export interface GroupOptions {
  readonly retry: RetryPolicy;
  readonly leaseMs: number;
  readonly stagesInputs: boolean;
  readonly cleansUpTemp: boolean;
  readonly chunkDurationMin: number;
  readonly storageBasePath: string;
  readonly writerType: string;
  readonly lastStage: string;
  /** How long a group that waits for calibration lets others go before. */
  readonly calibrationPollMs: number;
  /** How long a group that the machine is not fit for lets others go before. */
  haltWaitMs(): number;
  onStep(step: ProtocolStep, subject: string): void;
  onCompleted(groupId: string, ms: MeasurementSet): void;
}

export type GroupEnd =
  | { readonly kind: "completed" | "retried" | "failed" | "handed-back" | "lease-lost" }
  /** Given back unharmed, for the machine is not fit for it as things are. */
  | { readonly kind: "halted"; readonly error: PipelineError };

/** Conditions of the machine: no fault of the group, and others will hardly fare better. */
const HALTS: ReadonlySet<ErrorCode> = new Set([
  "DISK_FULL",
  "OUTPUT_NOT_WRITABLE",
  "LOCKS_UNUSABLE",
  "QUEUE_UNUSABLE",
  "CATALOG_UNUSABLE",
  "CAL_REGISTRY_UNUSABLE",
  "CONFIG_INVALID",
  "ENVIRONMENT_UNFIT",
]);

/** @param stop  aborted: the group is given back as it is */
export async function processGroup(
  claimed: ClaimedGroup,
  ports: GroupPorts,
  options: GroupOptions,
  stop: AbortSignal,
): Promise<GroupEnd> {
  const { queue, log } = ports;
  const { lease } = claimed;
  const { groupId } = lease;
  const keeper = keepLease(queue, lease, options.leaseMs, ports.clock, log);
  let staged: StagedInputs | undefined;
  let hasFailed = false;
  try {
    const startedMs = ports.clock.monotonicMs();
    assertUnchanged(claimed.files, ports.staging, groupId);
    const signal = AbortSignal.any([stop, keeper.lost]);
    if (options.stagesInputs) {
      staged = await ports.staging.stage(groupId, claimed.files, signal);
      options.onStep("inputs-staged", groupId);
    }
    options.onStep("chain-started", groupId);
    const { ms, calibration } = await ports.runner.run(
      jobOf(claimed, staged, ports),
      signal,
      eventsOf(claimed, ports, options),
    );
    options.onStep("chain-ended", groupId);
    const totalSec = (ports.clock.monotonicMs() - startedMs) / 1000;
    const completion = completionOf(ms, {
      ...options,
      calibration,
      totalSec,
      stagingSec: (staged?.durationMs ?? 0) / 1000,
    });
    if (queue.complete(lease, completion) === "lease-lost") return lost(groupId, log);
    options.onStep("completed-committed", groupId);
    tidy(groupId, log, () => {
      ports.checkpoints.remove(groupId);
    });
    logCompletion(groupId, claimed, { ms, calibration }, totalSec, options, log);
    options.onCompleted(groupId, ms);
    return { kind: "completed" };
  } catch (error) {
    const end = endOf(asPipelineError(error, groupId), claimed, ports, options, { stop, lost: keeper.lost });
    hasFailed = end.kind === "retried" || end.kind === "failed";
    return end;
  } finally {
    keeper.end();
    // Only of a failure may the copies tell something.
    if (staged && (!hasFailed || options.cleansUpTemp)) tidy(groupId, log, () => ports.staging.remove(staged!));
    options.onStep("cleaned-up", groupId);
  }
}

/** What became of the group is recorded already: what cannot be removed now must not change it. */
function tidy(groupId: string, log: Log, remove: () => void): void {
  try {
    remove();
  } catch (error) {
    const { code, message } = asPipelineError(error, groupId);
    log.warning(`Group ${groupId}: what it leaves stays until the next start: ${code}: ${message}`, { groupId, code });
  }
}

function lost(groupId: string, log: Log): GroupEnd {
  log.warning(`Group ${groupId} was taken from this worker; what it made of it is not recorded`, { groupId });
  return { kind: "lease-lost" };
}

function endOf(
  error: PipelineError,
  claimed: ClaimedGroup,
  { queue, log, random }: GroupPorts,
  options: GroupOptions,
  signals: { readonly stop: AbortSignal; readonly lost: AbortSignal },
): GroupEnd {
  const { lease } = claimed;
  const { groupId } = lease;
  if (signals.lost.aborted) return lost(groupId, log);
  if (signals.stop.aborted && isPipelineError(error, "INTERRUPTED")) {
    if (queue.handBack(lease, 0) === "lease-lost") return lost(groupId, log);
    log.info(`Group ${groupId} handed back`, { groupId });
    return { kind: "handed-back" };
  }
  const { code } = error;
  if (code === "CALIBRATION_MISSING") {
    const reason = { code, message: errorText(error) };
    if (queue.handBack(lease, options.calibrationPollMs, reason) === "lease-lost") return lost(groupId, log);
    log.info(`Group ${groupId} waits for calibration: ${error.message}`, { groupId });
    return { kind: "handed-back" };
  }
  if (HALTS.has(code)) {
    const reason = { code, message: errorText(error) };
    if (queue.handBack(lease, options.haltWaitMs(), reason) === "lease-lost") return lost(groupId, log);
    return { kind: "halted", error };
  }
  const isRetryable = error.disposition !== "quarantine";
  const failure = { code, message: errorText(error), isRetryable };
  const end = queue.fail(lease, failure, options.retry, random());
  if (end === "lease-lost") return lost(groupId, log);
  options.onStep("failure-committed", groupId);
  const text = `${error.code}: ${error.message}`;
  if (end === "will-retry") {
    log.warning(`Group ${groupId} failed and will be tried again: ${text}`, { groupId, code: error.code });
    return { kind: "retried" };
  }
  log.error(`Group ${groupId} failed for good: ${text}`, { groupId, code: error.code });
  return { kind: "failed" };
}

/** The files are the ones that the group was claimed with. @throws PipelineError INPUT_CHANGED, INPUT_UNREADABLE */
function assertUnchanged(files: readonly QueuedFile[], staging: InputStaging, groupId: string): void {
  for (const file of files) {
    const found = staging.signatureOf(file.path);
    if (found === file.signature) continue;
    if (found === undefined)
      throw new PipelineError("INPUT_UNREADABLE", `${file.path}: is not there any more`, { subject: groupId });
    throw new PipelineError("INPUT_CHANGED", `${file.path}: expected ${file.signature}, found ${found}`, {
      subject: groupId,
    });
  }
}

function jobOf(claimed: ClaimedGroup, staged: StagedInputs | undefined, { checkpoints }: GroupPorts): ChainJob {
  const files = staged?.files ?? claimed.files;
  const group: Group = {
    groupId: claimed.lease.groupId,
    startUnixSec: claimed.startUnixSec,
    files: files.map((file, at) => ({
      path: file.path,
      fileSizeBytes: file.sizeBytes,
      firstTimeJd: file.firstTimeJd,
      integrationTimeSec: file.integrationTimeSec,
      topFreqHz: file.topFreqHz,
      subbandIndex: file.subbandIndex,
      ...(staged && { originPath: claimed.files[at]!.path }),
    })),
  };
  return {
    group,
    expectedSubbandCount: claimed.expectedSubbandCount,
    // The assembler decided that these are enough.
    allowMissingCount: Math.max(0, claimed.expectedSubbandCount - files.length),
    inputsDigest: inputsDigest(claimed.files),
    inputSignatures: files.map(({ path, signature }) => ({ path, signature })),
    checkpoint: claimed.checkpointPath === null ? null : (checkpoints.load(claimed.checkpointPath) ?? null),
    heldMs: claimed.heldMs,
  };
}

function eventsOf(claimed: ClaimedGroup, { queue, log, alerts }: GroupPorts, options: GroupOptions): ChainEvents {
  const { lease } = claimed;
  const { groupId } = lease;
  let step = "";
  return {
    onProgress(progress) {
      const next = `${progress.stage}: ${progress.step}`;
      if (next !== step) log.debug(`Group ${groupId}: ${next}`, { groupId });
      step = next;
    },
    onStageEnd: (run) => void queue.recordStage(lease, run),
    onCheckpoint(path) {
      queue.saveCheckpoint(lease, path);
      options.onStep("checkpoint-recorded", groupId);
    },
    onAlert: (change) =>
      change.kind === "raise" ? alerts.raise(change.key, change.severity, change.text) : alerts.resolve(change.key),
    onMessage: (level, message) =>
      level === "WARNING" ? log.warning(message, { groupId }) : log.info(message, { groupId }),
  };
}

function calibrationText({ status, tables, solvedPaths }: GroupCalibration): string {
  const solved = solvedPaths.length > 0 ? `, solved here: ${solvedPaths.join(" ")}` : "";
  if (status === "uncalibrated") return `goes on uncalibrated${solved}`;
  const types = [...new Set(tables.map(({ type }) => type))].join(", ");
  return `${status === "borrowed" ? "calibrated with borrowed tables" : "calibrated"} by ${types}${solved}`;
}

/** The lines that operators look for, with the figures of this group. */
function logCompletion(
  groupId: string,
  claimed: ClaimedGroup,
  { ms: { conversion, path }, calibration }: ChainResult,
  totalSec: number,
  { chunkDurationMin }: GroupOptions,
  log: Log,
): void {
  const { load, phase, write } = conversion.timingsSec;
  if (conversion.isAdopted) log.info(`Group ${groupId}: ${path} was there already, whole and of the same files`);
  else {
    log.info(`Loaded ${claimed.files.length} subbands in ${load.toFixed(1)} s`, { groupId, loadSec: load });
    log.info(`Phasing complete in ${phase.toFixed(1)} s`, { groupId, phaseSec: phase });
    log.info(`MS write completed in ${write.toFixed(1)} s`, { groupId, writeSec: write });
  }
  if (calibration !== null)
    log.info(`Group ${groupId}: ${calibrationText(calibration)}`, { groupId, calibration: calibration.status });
  log.info(`Group ${groupId} completed in ${totalSec.toFixed(1)} s`, {
    groupId,
    totalSec,
    msPath: path,
    rowCount: conversion.rowCount,
    isAdopted: conversion.isAdopted,
  });
  const thresholdMin = 0.9 * chunkDurationMin;
  if (totalSec > 60 * thresholdMin) {
    const threshold = String(Number(thresholdMin.toFixed(2)));
    log.warning(`Group ${groupId} took ${totalSec.toFixed(1)} s (exceeds ${threshold} min threshold)`, {
      groupId,
      totalSec,
    });
  }
}
