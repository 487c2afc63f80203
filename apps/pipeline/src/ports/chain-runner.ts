import type { Group } from "../domain/group.ts";
import type { MeasurementSet } from "../domain/measurement-set.ts";
import type { Checkpoint } from "./checkpoint-store.ts";
import type { StageRun } from "./group-queue.ts";

export interface ChainJob {
  readonly group: Group;
  readonly expectedSubbandCount: number;
  /** How many subbands the group may lack. */
  readonly allowMissingCount: number;
  readonly inputsDigest: string;
  /** From an earlier attempt on the same input. */
  readonly checkpoint: Checkpoint | null;
}

export interface ChainEvents {
  onProgress(progress: {
    readonly stage: string;
    readonly step: string;
    readonly doneBytes: number;
    readonly totalBytes: number;
  }): void;
  onStageEnd(run: StageRun): void;
  /** After each stage, before the next begins. */
  onCheckpoint(checkpoint: Checkpoint): void;
  onMessage(level: "INFO" | "WARNING", message: string): void;
}

/** Runs the chain of stages for one group, away from the supervisor: in a thread or in a process of its own. */
export interface ChainRunner {
  /** @throws PipelineError of the stage that failed; WORKER_CRASHED; INTERRUPTED after `signal` */
  run(job: ChainJob, signal: AbortSignal, events: ChainEvents): Promise<MeasurementSet>;
  /** Ends what runs, at once. */
  close(): Promise<void>;
}
