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
  content: Content;
}

const WHOLE_BYTES = 1_000;

export class MemoryDirectory {
  readonly path = "/incoming";
  readonly #files = new Map<string, MemoryFile>();
  #nextInode = 1;
  /** Entries that came or went since the last listing. */
  #hasNews = true;

  /** Begins a file; one of that name is truncated and written anew, which the directory does not show. */
  begin(name: string, content: Content, nowMs: number): void {
    const existing = this.#files.get(name);
    if (existing) {
      Object.assign(existing, { sizeBytes: 1, mtimeMs: nowMs, isWhole: false, content });
      return;
    }
    this.#files.set(name, { inode: this.#nextInode++, sizeBytes: 1, mtimeMs: nowMs, isWhole: false, content });
    this.#hasNews = true;
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
    this.#hasNews = true;
  }

  readonly #file = (path: string) => this.#files.get(path.slice(this.path.length + 1));

  readonly incoming: IncomingDirectory = {
    path: this.path,
    list: (onNames, isSufficient) => {
      if (isSufficient && !this.#hasNews) return Promise.resolve("unchanged");
      this.#hasNews = false;
      onNames([...this.#files.keys()]);
      return Promise.resolve("listed");
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
    sampleDigest: (name) => {
      const { content, isWhole } = this.#files.get(name)!;
      return isWhole ? content.digest : `half of ${content.digest}`;
    },
    watch: () => undefined,
    identity: () => "memory",
    fileSystem: () => ({ kind: "memory", isLocal: true }),
  };

  /** What the header says of a file, whether the rest is there or not. */
  headerOf(path: string): ReturnType<SubbandReader["probe"]> {
    const file = this.#file(path);
    if (!file) throw new PipelineError("INPUT_UNREADABLE", `${path}: is not there`, { subject: path });
    const { firstTimeJd, integrationTimeSec, subbandIndex } = file.content;
    return {
      path,
      fileSizeBytes: file.sizeBytes,
      firstTimeJd,
      integrationTimeSec,
      topFreqHz: 1.5e9 - 1e7 * subbandIndex,
    };
  }

  readonly reader: SubbandReader = {
    probe: (path) => {
      const header = this.headerOf(path);
      if (!this.#file(path)!.isWhole)
        throw new PipelineError("UVH5_STILL_WRITTEN", `${path}: is still written`, { subject: path });
      return header;
    },
    readHeader: (path) => {
      throw new Error(`nobody reads the header of ${path} here`);
    },
  };
}
