/** The machine that the pipeline runs on, as far as its work depends on it. */

export interface FileSystemFacts {
  /** `ext4`, `nfs`…; the hexadecimal number of one that has no name here. */
  readonly typeName: string;
  readonly isNetwork: boolean;
  /** Contents are gone after a restart of the machine. */
  readonly isMemory: boolean;
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Equal for directories of one file system. */
  readonly deviceId: string;
}

export interface DirectoryFacts {
  readonly kind: "directory" | "other" | "absent" | "unreadable";
  /** Why it is `unreadable`; else empty. */
  readonly reason: string;
  readonly isReadable: boolean;
  readonly isWritable: boolean;
  /** Everybody may write to it, without the sticky bit. */
  readonly isOpenToAll: boolean;
  readonly ownerId: number;
  /** Of the directory, or of the nearest one above it that exists. */
  readonly fileSystem: FileSystemFacts | null;
}

/** What was tried and how it went. */
export interface ProbeResult {
  readonly works: boolean;
  /** What was seen; when it does not work, why. */
  readonly found: string;
}

export interface LockVerdict extends ProbeResult {
  /** What to do; empty when locks exclude. */
  readonly advice: string;
}

export interface MachineFacts {
  readonly nodeVersion: string;
  readonly userName: string;
  readonly coreCount: number;
  readonly memoryBytes: number;
  /** Bits that new files do not get. */
  readonly umaskBits: number;
  /** Files that may be open at once; null: unknown. */
  readonly openFileLimitCount: number | null;
  /** inotify watches of this user; null: unknown. */
  readonly watchLimitCount: number | null;
  /** Ways to lock files that other programs respect. */
  readonly lockDoors: readonly ("koffi" | "flock(1)")[];
  /** null: cannot be told here. */
  readonly isClockSynchronised: boolean | null;
}

export interface Environment {
  machine(): MachineFacts;
  directory(path: string): DirectoryFacts;
  /** @throws Error of the system when it cannot be made */
  makeDirectory(path: string): void;
  /** Renames a directory with a colon in its name, as Measurement Sets are published. Leaves nothing behind. */
  probeRename(directory: string): ProbeResult;
  /** Writes a file and asks that it, and its entry in the directory, be on disk. Leaves nothing behind. */
  probeSync(directory: string): ProbeResult;
  /** Opens a database with a write-ahead log, twice. Leaves nothing behind. */
  probeWriteAheadLog(directory: string): ProbeResult;
  /** Whether a lock taken by one process keeps another out. Leaves nothing behind. */
  probeLocks(directory: string): LockVerdict;
  /** Last days with measured and with predicted values. @throws PipelineError when the tables cannot be read */
  earthOrientation(): { readonly lastMeasuredMjd: number; readonly endMjd: number };
}
