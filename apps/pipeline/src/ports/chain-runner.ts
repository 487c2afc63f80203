import type { AlertChange } from "../domain/alert.ts";
import type { Group } from "../domain/group.ts";
import type { GroupCalibration } from "../domain/group-calibration.ts";
import type { MeasurementSet } from "../domain/measurement-set.ts";
import type { Checkpoint } from "./checkpoint-store.ts";
import type { StageRun } from "./group-queue.ts";

/** Everything about one group that the chain needs. Plain data: it travels to a thread or process. */
export interface ChainJob {
  /** With `originPath` on files that were copied before. */
  readonly group: Group;
  readonly expectedSubbandCount: number;
  /** How many subbands the group may lack. */
  readonly allowMissingCount: number;
  /** Identity of the content of the input files, wherever they are. */
  readonly inputsDigest: string;
  /** Signatures that the files at their present paths must still have when the Measurement Set gets its name. */
  readonly inputSignatures: readonly { readonly path: string; readonly signature: string }[];
  /** From an earlier attempt on the same input. */
  readonly checkpoint: Checkpoint | null;
  /** How long the group has waited for calibration. */
  readonly heldMs: number;
}

export interface ChainProgress {
  readonly stage: string;
  readonly step: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface ChainEvents {
  onProgress(progress: ChainProgress): void;
  onStageEnd(run: StageRun): void;
  /** After each stage, when its checkpoint is on disk and before the next stage begins. */
  onCheckpoint(path: string): void;
  onMessage(level: "INFO" | "WARNING", message: string): void;
  /** Something that operators should look after begins, lasts or ends. */
  onAlert(change: AlertChange): void;
}

/** What a chain made of a group. */
export interface ChainResult {
  readonly ms: MeasurementSet;
  /** null: the chain does not calibrate. */
  readonly calibration: GroupCalibration | null;
}

/** Runs the chain of stages for one group, away from the supervisor: in a thread or in a process of its own. */
export interface ChainRunner {
  /**
   * Several may run at once.
   * @throws PipelineError of the stage that failed; WORKER_CRASHED; INTERRUPTED after `signal`
   */
  run(job: ChainJob, signal: AbortSignal, events: ChainEvents): Promise<ChainResult>;
  /** Ends what runs, at once. */
  close(): Promise<void>;
}
