import type { FileVersion } from "../domain/arrival.ts";

/** The directory into which the telescope's files come. */
export interface IncomingDirectory {
  readonly path: string;
  /**
   * Hands out all names of the directory, in batches and in no order, without holding them all.
   *
   * @param isSufficient  whether, when the directory itself says that no entry came or went since the last complete
   *   listing, that is enough. Never believed of a network file system.
   * @returns `unchanged` when nothing was listed
   * @throws PipelineError INPUT_UNREADABLE when there is no such directory or it cannot be listed
   */
  list(onNames: (names: readonly string[]) => void, isSufficient: boolean): Promise<"listed" | "unchanged">;
  /** What a file is now; undefined: there is no such file (any more), or it is no regular file. */
  look(name: string): FileVersion | undefined;
  /**
   * SHA-256 of the size and of samples of a file: equal for copies, different for other data. Milliseconds, whatever the size.
   * @throws PipelineError INPUT_UNREADABLE
   */
  sampleDigest(name: string): string;
  /**
   * Calls back when something happened to a name, or (null) to something. Events may be lost or never come: they only
   * save time.
   * @returns how to stop; undefined when the file system sends no events or the directory is not there
   */
  watch(onEvent: (name: string | null) => void): (() => void) | undefined;
  /** Differs when the directory was removed and made anew; undefined: there is none. */
  identity(): string | undefined;
  /** Of which kind the file system is, in words, and whether it tells of changes made on other machines. */
  fileSystem(): { readonly kind: string; readonly isLocal: boolean };
}
