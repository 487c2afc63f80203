/** Advisory file locks; the pure part. `@contimg/file-locks/node` opens the door to the system. */

/** flock(2): any number of shared holders, or one exclusive. */
export type FileLockMode = "shared" | "exclusive";
