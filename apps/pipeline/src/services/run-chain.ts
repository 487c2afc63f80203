/** Runs a chain of stages for one group, from the first stage that an earlier attempt did not finish. */

import type { ArtifactKind, Artifacts } from "../domain/artifacts.ts";
import { asPipelineError, PipelineError } from "../domain/error-codes.ts";
import type { ChainEvents, ChainJob, ChainResult } from "../ports/chain-runner.ts";
import type { Checkpoint, CheckpointStore } from "../ports/checkpoint-store.ts";
import type { Clock } from "../ports/clock.ts";
import { resumeIndex, type Stage, type StageContext, type StageInputs } from "../stages/stage.ts";

/** A stage of any kinds: what it consumes and produces is known only when it runs. */
export interface ChainStage extends Omit<Stage, "run"> {
  /** @param plan  from the same stage's `plan` */
  run(plan: unknown, context: StageContext): Promise<Partial<Artifacts>>;
}

export interface ChainEquipment {
  readonly stages: readonly ChainStage[];
  readonly checkpoints: CheckpointStore;
  readonly clock: Clock;
  /** Whether what the artifact stands for is there. */
  exists(kind: ArtifactKind, artifact: Artifacts[ArtifactKind]): boolean;
}

/**
 * A checkpoint is used as far as it is of the same input, its stages are the first of this chain, and what they made is
 * still there. A stage that fails is recorded as failed and never as done; its checkpoint is on disk before the next
 * stage begins.
 *
 * @throws PipelineError of the stage that failed
 */
export async function runChain(
  job: ChainJob,
  equipment: ChainEquipment,
  signal: AbortSignal,
  events: ChainEvents,
): Promise<ChainResult> {
  const { stages, checkpoints } = equipment;
  const artifacts: Partial<Artifacts> = { "uvh5-group": job.group };
  const start = usableStageCount(job, equipment, events);
  if (start > 0) {
    Object.assign(artifacts, job.checkpoint!.artifacts);
    const next = stages[start]?.name;
    events.onMessage(
      "INFO",
      `Group ${job.group.groupId} resumes ${next === undefined ? "behind the last stage" : `at stage ${next}`}`,
    );
  }
  const doneStages = stages.slice(0, start).map((stage) => stage.name);
  for (const stage of stages.slice(start)) {
    Object.assign(artifacts, await runStage(stage, artifacts, job, equipment, signal, events));
    doneStages.push(stage.name);
    const { "uvh5-group": _input, ...made } = artifacts;
    const checkpoint: Checkpoint = {
      groupId: job.group.groupId,
      inputsDigest: job.inputsDigest,
      doneStages: [...doneStages],
      artifacts: made,
    };
    events.onCheckpoint(checkpoints.save(checkpoint));
  }
  const ms = artifacts["ms:DATA"];
  if (ms === undefined) {
    throw new PipelineError("INTERNAL", `group ${job.group.groupId}: no stage of the chain made ms:DATA`, {
      subject: job.group.groupId,
    });
  }
  return { ms, calibration: artifacts.calibration ?? null };
}

/** How many stages of the chain need not run again. */
function usableStageCount(
  { checkpoint, group, inputsDigest }: ChainJob,
  equipment: ChainEquipment,
  events: ChainEvents,
) {
  if (checkpoint === null) return 0;
  const unusable = (why: string) => {
    events.onMessage("WARNING", `Checkpoint of group ${group.groupId} is not used: ${why}`);
    return 0;
  };
  if (checkpoint.groupId !== group.groupId) return unusable(`it is of group ${checkpoint.groupId}`);
  if (checkpoint.inputsDigest !== inputsDigest) return unusable("it is of other input");
  const { stages } = equipment;
  const isThere = (kind: ArtifactKind) => {
    const artifact = checkpoint.artifacts[kind];
    return artifact !== undefined && equipment.exists(kind, artifact);
  };
  // A stage that rewrites what an earlier one made has its products before it ran: it counts only when it says so.
  const saidDone = stages.findIndex((stage, at) => checkpoint.doneStages[at] !== stage.name);
  const doneCount = saidDone < 0 ? stages.length : saidDone;
  const count = Math.min(doneCount, resumeIndex(stages, isThere));
  if (count < doneCount) unusable(`what stage ${stages[count]!.name} made is gone`);
  return count;
}

async function runStage(
  stage: ChainStage,
  artifacts: Partial<Artifacts>,
  job: ChainJob,
  { clock }: ChainEquipment,
  signal: AbortSignal,
  events: ChainEvents,
): Promise<Partial<Artifacts>> {
  const { groupId } = job.group;
  const startedUnixSec = clock.nowUnixSec();
  const startedMs = clock.monotonicMs();
  const record = (outcome: "done" | "skipped" | "failed", error: string | null) =>
    events.onStageEnd({
      stage: stage.name,
      startedUnixSec,
      durationSec: (clock.monotonicMs() - startedMs) / 1000,
      outcome,
      error,
    });
  const context: StageContext = {
    signal,
    onProgress: (progress) => events.onProgress({ stage: stage.name, ...progress }),
  };
  try {
    if (signal.aborted) {
      throw new PipelineError("INTERRUPTED", `group ${groupId}: stopped before stage ${stage.name}`, {
        subject: groupId,
      });
    }
    const plan: unknown = await stage.plan(inputsOf(stage, artifacts, groupId), context);
    const outputs = await stage.run(plan, context);
    const missing = stage.produces.find((kind) => outputs[kind] === undefined);
    if (missing !== undefined) throw new Error(`stage ${stage.name} did not make ${missing}`);
    record(stage.isAdopting?.(plan) === true ? "skipped" : "done", null);
    return outputs;
  } catch (error) {
    const coded = asPipelineError(error, groupId);
    record("failed", `${coded.code}: ${coded.message}`);
    throw coded;
  }
}

function inputsOf(stage: ChainStage, artifacts: Partial<Artifacts>, groupId: string): StageInputs<ArtifactKind> {
  const inputs: Partial<Artifacts> = {};
  for (const kind of stage.consumes) {
    const artifact = artifacts[kind];
    if (artifact === undefined) {
      throw new PipelineError("INTERNAL", `group ${groupId}: stage ${stage.name} needs ${kind}, which none made`, {
        subject: groupId,
      });
    }
    Object.assign(inputs, { [kind]: artifact });
  }
  return inputs as StageInputs<ArtifactKind>;
}
