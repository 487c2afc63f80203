/** The lock files of Measurement Sets, for operators who look after them. */

export interface LockHolding {
  readonly processNumber: number;
  /** What it runs; null: it is not visible from here. */
  readonly command: string | null;
  readonly mode: "shared" | "exclusive";
  readonly isWaiting: boolean;
}

export interface LockFile {
  readonly path: string;
  readonly ageSec: number;
  /** Holders first, then those that wait; none: free. */
  readonly holdings: readonly LockHolding[];
}

export interface LockSuitability {
  readonly directory: string;
  readonly excludes: boolean;
  readonly reason: string;
  readonly advice: string;
  /** How locks are taken here: `koffi` or `flock(1)`; null: there is no way. */
  readonly door: string | null;
  readonly fileSystem: string;
  readonly mountOptions: string;
}

export interface LockFiles {
  /** All lock files below a directory. @throws PipelineError INPUT_UNREADABLE */
  below(directory: string): readonly LockFile[];
  /** The lock file of a Measurement Set; it need not be there yet. */
  ofMs(msPath: string, lockDir: string | null): LockFile | undefined;
  /** Removes a lock file that nobody holds and that was not used for so long; never a held one. */
  remove(path: string, olderThanSec: number): "removed" | "held" | "too-young" | "absent";
  /** Tries whether locks in a directory keep programs apart. @throws PipelineError INPUT_UNREADABLE, OUTPUT_NOT_WRITABLE */
  tryDirectory(directory: string): LockSuitability;
}
