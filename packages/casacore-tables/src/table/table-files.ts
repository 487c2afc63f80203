/** What writing a table asks of a file system. `node.ts` binds it to the disk; everything else is free of I/O. */

/** An open file that is written, and read back, at positions. */
export interface TableFile {
  readonly path: string;
  /** @throws TableIoError */
  writeAt(bytes: Uint8Array, offsetBytes: number): void;
  /** Fills `into` with the bytes from `offsetBytes` on. @throws TableIoError when the file ends before */
  readAt(into: Uint8Array, offsetBytes: number): void;
  sizeBytes(): number;
  /** Cuts the file, or extends it by zeros. */
  setSize(sizeBytes: number): void;
  /** Brings the file's content to disk. */
  sync(): Promise<void>;
  /** May be called again. */
  close(): void;
}

/** The file operations of writing. Plain functions, which throw TableIoError when the system refuses. */
export interface TableFiles {
  /** Whether there is anything of this name. */
  exists(path: string): boolean;
  /** Makes a directory; its parent must exist and itself must not. */
  makeDirectory(path: string): void;
  /** Makes a file, or empties the one there is, to be written and read. */
  create(path: string): TableFile;
  /** Opens a file that exists, to be written and read. */
  openForUpdate(path: string): TableFile;
  /** Another process that holds a lock on the file, in words, as far as the system tells; undefined: none is known. */
  lockHolder(path: string): string | undefined;
  readWhole(path: string): Uint8Array;
  /** Replaces what has the new name, if anything. */
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Brings the names in a directory to disk. */
  syncDirectory(path: string): Promise<void>;
  /** Names in a directory, with whether each is a directory itself. */
  list(path: string): readonly { readonly name: string; readonly isDirectory: boolean }[];
}
