/**
 * UVH5 files by path.
 *
 * ```ts
 * import { openUvh5 } from "@contimg/uvh5/node";
 * using file = openUvh5("2025-10-03T11:48:50_sb00.hdf5");
 * const { channelCount, polarizationCount } = file.header;
 * const vis = new Float32Array(2 * file.blockRowCount * channelCount * polarizationCount);
 * file.readRows({ bltStart: 0, bltEnd: Math.min(file.blockRowCount, file.header.bltCount) }, { vis });
 * ```
 */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { inflateSync } from "node:zlib";
import { isUvh5Error, Uvh5CorruptError } from "./errors.ts";
import { startH5wasmWorker } from "./h5wasm-bridge.node.ts";
import { H5wasmUvh5File } from "./h5wasm-file.ts";
import type { Codecs } from "./hdf5/filters.ts";
import { isTemporaryName, judgeTimes, judgeWhole } from "./is-whole.ts";
import { type ClosableSource, openUvh5Source } from "./open-uvh5.ts";
import type { OpenUvh5Options, Uvh5File, WholeCheck, WholeOptions } from "./uvh5-file.ts";
import { Uvh5Layout, type Uvh5WriteHeader, type Uvh5Writer, type WriteUvh5Options } from "./write-uvh5.ts";

export * from "./index.ts";

/** Compression of Node's zlib. */
export const nodeCodecs: Codecs = {
  inflate: (input, maxBytes) => inflateSync(input, { maxOutputLength: Math.max(1, maxBytes) }),
};

/** A file descriptor of its own for one open file. */
export function fileSource(path: string): ClosableSource {
  const descriptor = openSync(path, "r");
  try {
    return {
      name: path,
      sizeBytes: fstatSync(descriptor).size,
      readInto: (target, at) => readFully(path, descriptor, target, at),
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function readFully(path: string, descriptor: number, target: Uint8Array, offsetBytes: number): void {
  let done = 0;
  while (done < target.length) {
    const count = readSync(descriptor, target, done, target.length - done, offsetBytes + done);
    if (count === 0) {
      throw new Uvh5CorruptError({
        file: path,
        field: "file",
        expected: `${target.length} bytes at ${offsetBytes}`,
        found: `${done} (it became shorter)`,
      });
    }
    done += count;
  }
}

/**
 * Opens a UVH5 file. What the own reader does not know (new chunk indexes, other filters) is read by h5wasm in
 * a worker of its own, behind the same interface; the calling thread waits for it.
 *
 * @throws NotHdf5Error, NotUvh5Error, Uvh5CorruptError, Uvh5InconsistentError, Uvh5UnsupportedError, Uvh5LimitError,
 * and the error of the system when the file cannot be opened or read
 */
export function openUvh5(path: string, options: OpenUvh5Options = {}): Uvh5File {
  const source = fileSource(path);
  try {
    return openUvh5Source(source, nodeCodecs, options);
  } catch (error) {
    source.close();
    if (options.fallback === "refuse" || !isUvh5Error(error, "unsupported") || error.field === "Header/version")
      throw error;
    return openInWorker(path, source.sizeBytes);
  }
}

function openInWorker(path: string, fileBytes: number): Uvh5File {
  const remote = startH5wasmWorker(path);
  try {
    return new H5wasmUvh5File(path, fileBytes, remote);
  } catch (error) {
    remote.close();
    throw error;
  }
}

/**
 * Judges whether a file is all there, in milliseconds, without locks.
 *
 * "writing" and "truncated" are worth another look later: a writer that flushes passes through both.
 *
 * @throws the error of the system when the file cannot be opened or read
 */
export function isWhole(path: string, options: WholeOptions = {}): WholeCheck {
  const source = fileSource(path);
  try {
    const check = judgeWhole(source, nodeCodecs, options);
    return check.code === "UNSUPPORTED" ? judgeThroughWorker(path, check, options) : check;
  } finally {
    source.close();
  }
}

/** Whether chunks are stored cannot be asked of h5wasm; the end of the file, the shapes and the header can be checked. */
function judgeThroughWorker(path: string, check: WholeCheck, options: WholeOptions): WholeCheck {
  try {
    using file = openInWorker(path, check.fileBytes);
    const { timeCount, bltCount, timeJd } = file.header;
    const known = { ...check, timeCount, bltCount, firstTimeJd: timeJd[0] ?? null };
    const late = judgeTimes(timeCount, options.expectedTimeCount);
    if (late !== null) return { ...known, verdict: late[0], code: late[1], reason: late[2] };
    if (isTemporaryName(path))
      return {
        ...known,
        verdict: "writing",
        code: "TEMPORARY_NAME",
        reason: "whole inside, but its name says unfinished",
      };
    const reason = `${timeCount} integrations, ${bltCount} rows; a layout whose chunks could not be counted`;
    return { ...known, verdict: "complete", code: "OK", reason };
  } catch (error) {
    if (!isUvh5Error(error)) throw error;
    return { ...check, reason: error.message };
  }
}

/**
 * Starts a UVH5 file in the layout of the DSA-110's on-site writer. It is written as `<name>_incomplete.hdf5`
 * and renamed by `close`.
 *
 * @param path  final path, ending in `.hdf5` or any other extension; replaced when it exists
 * @throws RangeError when arrays of the header disagree about the count of antennas
 */
export function createUvh5Writer(path: string, header: Uvh5WriteHeader, options: WriteUvh5Options = {}): Uvh5Writer {
  const temporaryPath = path.replace(/(\.[^./]*)?$/, "_incomplete.hdf5");
  const descriptor = openSync(temporaryPath, "w");
  let isOpen = true;
  const closeOnce = (): void => {
    isOpen = false;
    closeSync(descriptor);
  };
  const target = { write: (bytes: Uint8Array, at: number) => writeFully(descriptor, bytes, at) };
  let layout: Uvh5Layout;
  try {
    layout = new Uvh5Layout(target, header);
  } catch (error) {
    closeOnce();
    throw error;
  }
  const assertOpen = (): void => {
    if (!isOpen) throw new Error(`${temporaryPath}: already closed`);
  };
  return {
    temporaryPath,
    append(integration) {
      assertOpen();
      layout.append(integration);
    },
    close() {
      assertOpen();
      layout.finish();
      if (options.durable) fsyncSync(descriptor);
      closeOnce();
      renameSync(temporaryPath, path);
      if (options.durable) syncDirectory(dirname(path));
      return path;
    },
    abandon() {
      if (isOpen) closeOnce();
    },
  };
}

function writeFully(descriptor: number, bytes: Uint8Array, offsetBytes: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(descriptor, bytes, done, bytes.length - done, offsetBytes + done);
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
