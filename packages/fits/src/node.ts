/**
 * FITS files by path.
 *
 * ```ts
 * import { openFits, writeImage } from "@contimg/fits/node";
 * await writeImage("sky.fits", { shape: [4, 3], type: "float32", values: Float32Array.from({ length: 12 }, (_, i) => i) });
 * await using file = await openFits("sky.fits");
 * const { data, shape } = await file.image().read("float32");
 * console.log(shape, data[5]);
 * ```
 */
import {
  close,
  closeSync,
  fstatSync,
  fsync,
  fsyncSync,
  linkSync,
  open,
  openSync,
  read,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import type { AsyncByteSource } from "./bytes/byte-source.ts";
import { FitsIoError, FitsTruncatedError } from "./errors.ts";
import type { ImageSpec } from "./image/image-spec.ts";
import type { NativeType } from "./image/scale.ts";
import { FitsWriter, type FitsWriterOptions } from "./structure/fits-writer.ts";
import { type FitsFile, openFitsSource } from "./structure/open-fits.ts";

export * from "./index.ts";

/** A source that has to be closed. */
export interface ClosableSource extends AsyncByteSource {
  close(): Promise<void>;
}

/** An opened file that has to be closed; `await using` does it. */
export interface OpenedFitsFile extends FitsFile, AsyncDisposable {
  close(): Promise<void>;
}

/** Largest piece of one system call; the kernel takes less than 2 GiB. */
const MAX_CALL_BYTES = 1 << 30;

const openLater = promisify(open);
const closeLater = promisify(close);
const readLater = promisify(read);
const fsyncLater = promisify(fsync);

/** A file as a source. @throws FitsIoError when it cannot be opened */
export async function fileSource(path: string): Promise<ClosableSource> {
  const descriptor = await attempt(path, "to open it", () => openLater(path, "r"));
  const readInto = async (target: Uint8Array, startByte: number): Promise<void> => {
    for (let done = 0; done < target.length; ) {
      const byteCount = Math.min(target.length - done, MAX_CALL_BYTES);
      const reading = () => readLater(descriptor, target, done, byteCount, startByte + done);
      const { bytesRead } = await attempt(path, "to read it", reading);
      if (bytesRead === 0) {
        const expected = `bytes ${startByte} to ${startByte + target.length}`;
        const found = `the end at ${startByte + done} (it became shorter)`;
        throw new FitsTruncatedError({ file: path, place: "file", expected, found });
      }
      done += bytesRead;
    }
  };
  let isOpen = true;
  return {
    name: path,
    byteLength: fstatSync(descriptor).size,
    readInto,
    async slice(startByte, endByte) {
      const bytes = new Uint8Array(endByte - startByte);
      await readInto(bytes, startByte);
      return bytes;
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await attempt(path, "to close it", () => closeLater(descriptor));
    },
  };
}

/**
 * Opens a file. Only its headers are read.
 *
 * @throws FitsIoError, NotFitsError, FitsCorruptError, FitsTruncatedError, FitsMissingError, FitsLimitError
 */
export async function openFits(path: string): Promise<OpenedFitsFile> {
  const source = await fileSource(path);
  try {
    const file = await openFitsSource(source);
    return { ...file, close: () => source.close(), [Symbol.asyncDispose]: () => source.close() };
  } catch (error) {
    await source.close();
    throw error;
  }
}

export interface CreateFitsOptions extends FitsWriterOptions {
  /** What becomes of a file that has the name already. Default "replace", in one step. */
  readonly ifExists?: "replace" | "refuse";
  /** Brings the file and its directory to disk before and after it gets its name. Default true. */
  readonly isDurable?: boolean;
}

/** A file that is being written, under a name beside its own. */
export class FitsFileWriter extends FitsWriter implements AsyncDisposable {
  readonly path: string;
  readonly temporaryPath: string;
  readonly #descriptor: number;
  readonly #options: CreateFitsOptions;
  #isOpen = true;

  constructor(path: string, temporaryPath: string, descriptorNumber: number, options: CreateFitsOptions) {
    super({ name: path, write: (bytes, startByte) => writeFully(path, descriptorNumber, bytes, startByte) }, options);
    this.path = path;
    this.temporaryPath = temporaryPath;
    this.#descriptor = descriptorNumber;
    this.#options = options;
  }

  /** Gives the file its name. @throws FitsIoError; nothing then has the name that did not have it before */
  async publish(): Promise<void> {
    if (!this.#isOpen) throw new Error(`${this.path}: already published or abandoned`);
    const { path, temporaryPath } = this;
    const { isDurable = true, ifExists = "replace" } = this.#options;
    try {
      if (isDurable) await attempt(path, "to bring it to disk", () => fsyncLater(this.#descriptor));
      this.#close();
      await attempt(path, "to give it its name", () => {
        if (ifExists === "replace") renameSync(temporaryPath, path);
        else linkSync(temporaryPath, path); // fails where the name is taken
      });
      if (ifExists === "refuse") unlinkSync(temporaryPath);
      if (isDurable) await attempt(path, "to bring its directory to disk", () => syncDirectory(dirname(path)));
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** Removes what has been written, unless it has its name. */
  abandon(): void {
    this.#close();
    try {
      unlinkSync(this.temporaryPath);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOpen) this.abandon();
    await Promise.resolve();
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#descriptor);
  }
}

let createdCount = 0;

/**
 * Starts a file. It has its name only with `publish`; until then it is `.<name>.<process>-<number>.part` beside it.
 *
 * @throws FitsIoError when it cannot be made
 */
export async function createFits(path: string, options: CreateFitsOptions = {}): Promise<FitsFileWriter> {
  createdCount += 1;
  const temporaryPath = join(dirname(path), `.${basename(path)}.${process.pid}-${createdCount}.part`);
  const descriptor = await attempt(temporaryPath, "to make it", () => openSync(temporaryPath, "wx"));
  return new FitsFileWriter(path, temporaryPath, descriptor, options);
}

/**
 * Writes a file of one image: whole under its name, or not at all.
 *
 * @throws FitsWriteError for values or keywords that cannot be written; FitsIoError
 */
export async function writeImage<T extends NativeType>(
  path: string,
  spec: ImageSpec<T>,
  options: CreateFitsOptions = {},
): Promise<void> {
  await using writer = await createFits(path, options);
  await writer.addImage(spec);
  await writer.publish();
}

async function attempt<T>(path: string, what: string, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new FitsIoError({ file: path, place: "file", expected: what, found: code }, { cause: error });
  }
}

async function writeFully(path: string, descriptor: number, bytes: Uint8Array, startByte: number): Promise<void> {
  await attempt(path, "to write it", () => {
    for (let done = 0; done < bytes.length; ) {
      const byteCount = Math.min(bytes.length - done, MAX_CALL_BYTES);
      done += writeSync(descriptor, bytes, done, byteCount, startByte + done);
    }
  });
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
