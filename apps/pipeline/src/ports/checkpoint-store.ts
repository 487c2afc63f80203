import type { Artifacts } from "../domain/artifacts.ts";

/** How far an attempt came: enough for the next one to go on behind the last stage that was done. */
export interface Checkpoint {
  readonly groupId: string;
  /** Identity of the input files: a checkpoint of other input is not used. */
  readonly inputsDigest: string;
  readonly doneStages: readonly string[];
  /** What the done stages made; plain data. */
  readonly artifacts: Partial<Artifacts>;
}

export interface CheckpointStore {
  /** Replaces the group's checkpoint in one step, on disk when it returns. @returns its path */
  save(checkpoint: Checkpoint): string;
  /** @returns undefined when there is none, or none that can be read: the attempt then starts afresh */
  load(path: string): Checkpoint | undefined;
  remove(groupId: string): void;
  /** Of every checkpoint there is. */
  groupIds(): readonly string[];
}
