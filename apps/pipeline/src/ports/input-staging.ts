import type { QueuedFile } from "../domain/queue.ts";

/** Copies of a group's files on a disk that is faster or nearer. */
export interface StagedInputs {
  /** The files with the paths and signatures of the copies. */
  readonly files: readonly QueuedFile[];
  readonly directory: string;
  readonly durationMs: number;
}

export interface InputStaging {
  /** Signature of the file at `path` now ({@link FileVersion.signature}); undefined: there is none. */
  signatureOf(path: string): string | undefined;
  /**
   * Copies all files into a directory of their own.
   * @throws PipelineError DISK_FULL before anything is copied, INPUT_UNREADABLE, INPUT_CHANGED when a file changed
   * meanwhile, INTERRUPTED; nothing is left behind
   */
  stage(groupId: string, files: readonly QueuedFile[], signal: AbortSignal): Promise<StagedInputs>;
  remove(staged: StagedInputs): void;
}
