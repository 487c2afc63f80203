/** A directory in memory, whose files are written, renamed and looked at as on a disk. */

import type { FileVersion } from "../../src/domain/arrival.ts";
import { PipelineError } from "../../src/domain/error-codes.ts";
import type { IncomingDirectory } from "../../src/ports/incoming-directory.ts";
import type { SubbandReader } from "../../src/ports/subband-reader.ts";
import type { Content } from "./arrival-model.ts";

interface MemoryFile {
  readonly inode: number;
  sizeBytes: number;
  mtimeMs: number;
  isWhole: boolean;
  readonly content: Content;
}

const WHOLE_BYTES = 1_000;

export class MemoryDirectory {
  readonly path = "/incoming";
  readonly #files = new Map<string, MemoryFile>();
  #nextInode = 1;

  /** Begins a file, or begins one of that name anew. */
  begin(name: string, content: Content, nowMs: number): void {
    this.#files.set(name, { inode: this.#nextInode++, sizeBytes: 1, mtimeMs: nowMs, isWhole: false, content });
  }

  complete(name: string, nowMs: number): void {
    const file = this.#files.get(name)!;
    file.sizeBytes = WHOLE_BYTES;
    file.mtimeMs = nowMs;
    file.isWhole = true;
  }

  rename(from: string, to: string): void {
    this.#files.set(to, this.#files.get(from)!);
    this.#files.delete(from);
  }

  readonly #file = (path: string) => this.#files.get(path.slice(this.path.length + 1));

  readonly incoming: IncomingDirectory = {
    path: this.path,
    list: async (onNames) => {
      onNames([...this.#files.keys()]);
      return "listed";
    },
    look: (name): FileVersion | undefined => {
      const file = this.#files.get(name);
      return (
        file && {
          path: `${this.path}/${name}`,
          sizeBytes: file.sizeBytes,
          signature: `${file.inode}:${file.sizeBytes}:${file.mtimeMs}`,
        }
      );
    },
    sampleDigest: (name) => this.#files.get(name)!.content.digest,
    watch: () => undefined,
    identity: () => "memory",
    fileSystem: () => ({ kind: "memory", isLocal: true }),
  };

  readonly reader: SubbandReader = {
    probe: (path) => {
      const file = this.#file(path);
      if (!file?.isWhole) throw new PipelineError("UVH5_STILL_WRITTEN", `${path}: is still written`, { subject: path });
      const { firstTimeJd, integrationTimeSec, subbandIndex } = file.content;
      return {
        path,
        fileSizeBytes: file.sizeBytes,
        firstTimeJd,
        integrationTimeSec,
        topFreqHz: 1.5e9 - 1e7 * subbandIndex,
      };
    },
    readHeader: (path) => {
      throw new Error(`nobody reads the header of ${path} here`);
    },
  };
}
