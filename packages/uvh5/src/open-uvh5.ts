/** Opens UVH5 over any source of bytes with the own HDF5 reader. */
import { visKind } from "./convert.ts";
import { NotUvh5Error, Uvh5InconsistentError } from "./errors.ts";
import { type ByteSource, Hdf5Bytes } from "./hdf5/byte-source.ts";
import { type Container, readContainer } from "./hdf5/container.ts";
import type { Codecs } from "./hdf5/filters.ts";
import { readHeader, requireGroup } from "./header.ts";
import { storedTree } from "./own-container.ts";
import { ReadScratch, readIntoSinks, rowBlock } from "./read-visibilities.ts";
import { type RowArray, rowArray } from "./row-array.ts";
import { doubleVisSink, flagsSink, nsamplesSink, type Sink, type UniformSink, visSink } from "./row-sink.ts";
import type { OpenUvh5Options, ReadRowsOptions, RowBuffers, RowRange, RowsRead, Uvh5File } from "./uvh5-file.ts";

/** A source that can be closed. */
export interface ClosableSource extends ByteSource {
  close(): void;
}

const DEFAULT_MAX_HEADER_BYTES = 1 << 30;
const DEFAULT_PAGE_BYTES = 4096;

/** The names of the data arrays, which lie in `Data`. */
export const DATA_NAMES = ["visdata", "flags", "nsamples"] as const;

/** The view of a source's metadata under the options. */
export function hdf5Bytes(source: ByteSource, options: OpenUvh5Options): Hdf5Bytes {
  const { metadataPageBytes = DEFAULT_PAGE_BYTES, maxHeaderBytes = DEFAULT_MAX_HEADER_BYTES } = options;
  return new Hdf5Bytes(source, metadataPageBytes, maxHeaderBytes, options.missingChunks === "fill");
}

/**
 * Opens a source of bytes that holds a UVH5 file.
 *
 * @param codecs  what the platform supplies for compressed chunks
 * @throws NotHdf5Error, NotUvh5Error, Uvh5CorruptError, Uvh5InconsistentError, Uvh5UnsupportedError, Uvh5LimitError
 */
export function openUvh5Source(source: ClosableSource, codecs: Codecs, options: OpenUvh5Options = {}): Uvh5File {
  const hdf5 = hdf5Bytes(source, options);
  const container = readContainer(hdf5);
  return new OwnUvh5File(source, hdf5, codecs, container);
}

/** The three data arrays of a container. @param mustAgree  whether to throw when their shapes differ */
export function dataArrays(
  file: string,
  container: Container,
  mustAgree = true,
): readonly [RowArray, RowArray, RowArray] {
  const data = container.members.get("Data");
  if (data?.kind !== "group")
    throw new NotUvh5Error({
      file,
      field: "Data",
      expected: "a group",
      found: data === undefined ? "none" : "a dataset",
    });
  const [vis, flags, nsamples] = DATA_NAMES.map((name) => {
    const member = data.members.get(name);
    if (member?.kind === "unsupported") throw member.error;
    if (member?.kind !== "dataset")
      throw new NotUvh5Error({
        file,
        field: `Data/${name}`,
        expected: "a dataset",
        found: member === undefined ? "none" : "a group",
      });
    return rowArray(file, member.dataset);
  }) as [RowArray, RowArray, RowArray];
  if (mustAgree) for (const other of [flags, nsamples]) checkShape(file, other.path, other.shape, vis.shape);
  return [vis, flags, nsamples];
}

/** Throws unless the array has the shape of visdata. */
export function checkShape(file: string, path: string, found: readonly number[], expected: readonly number[]): void {
  if (found.some((size, i) => size !== expected[i])) {
    throw new Uvh5InconsistentError({
      file,
      field: path,
      expected: `[${expected.join(", ")}], as Data/visdata`,
      found: `[${found.join(", ")}]`,
    });
  }
}

/** Throws unless the range is within the file and the buffers are long enough for it. */
export function checkRequest(file: Uvh5File, range: RowRange, into: RowBuffers): number {
  const { bltCount, channelCount, polarizationCount } = file.header;
  const { bltStart, bltEnd } = range;
  if (
    !(
      Number.isInteger(bltStart) &&
      Number.isInteger(bltEnd) &&
      bltStart >= 0 &&
      bltEnd >= bltStart &&
      bltEnd <= bltCount
    )
  ) {
    throw new RangeError(`${file.path}: rows ${bltStart} to ${bltEnd}: expected a range within 0 to ${bltCount}`);
  }
  const elementCount = (bltEnd - bltStart) * channelCount * polarizationCount;
  const needs = [
    ["vis", into.vis, 2 * elementCount],
    ["flags", into.flags, elementCount],
    ["nsamples", into.nsamples, elementCount],
  ] as const;
  for (const [name, buffer, least] of needs) {
    if (buffer !== undefined && buffer.length < least)
      throw new RangeError(`${file.path}: buffer ${name}: expected at least ${least} elements, found ${buffer.length}`);
  }
  return elementCount;
}

class OwnUvh5File implements Uvh5File {
  readonly path: string;
  readonly fileBytes: number;
  readonly engine = "own";
  readonly header: Uvh5File["header"];
  readonly visStoredAs: Uvh5File["visStoredAs"];
  readonly blockRowCount: number;
  readonly #source: ClosableSource;
  readonly #hdf5: Hdf5Bytes;
  readonly #codecs: Codecs;
  readonly #arrays: readonly [RowArray, RowArray, RowArray];
  readonly #scratch = new ReadScratch();
  #isClosed = false;

  constructor(source: ClosableSource, hdf5: Hdf5Bytes, codecs: Codecs, container: Container) {
    this.path = source.name;
    this.fileBytes = source.sizeBytes;
    this.#source = source;
    this.#hdf5 = hdf5;
    this.#codecs = codecs;
    const root = storedTree(hdf5, codecs, container);
    const headerGroup = requireGroup(this.path, root, "Header");
    this.#arrays = dataArrays(this.path, container);
    for (const array of this.#arrays) if (array.filterError !== null) throw array.filterError;
    const { shape, type } = this.#arrays[0];
    const data = container.members.get("Data");
    const visdata = data?.kind === "group" ? data.members.get("visdata") : undefined;
    this.header = readHeader(
      this.path,
      headerGroup,
      shape,
      visdata?.kind === "dataset" && visdata.dataset.shape?.length === 4,
    );
    this.visStoredAs = visKind(type);
    this.blockRowCount = rowBlock(this.#arrays, shape[1] * shape[2] * type.bytes);
  }

  readRows(range: RowRange, into: RowBuffers, options: ReadRowsOptions = {}): RowsRead {
    if (this.#isClosed) throw new Error(`${this.path}: read after close`);
    const elementCount = checkRequest(this, range, into);
    const [visArray, flagsArray, nsamplesArray] = this.#arrays;
    const { vis } = into;
    const sinks: Sink[] = [];
    if (vis instanceof Float32Array) sinks.push(visSink(this.path, visArray, vis, range.bltStart));
    else if (vis !== undefined) sinks.push(doubleVisSink(this.path, visArray, vis, range.bltStart));
    const flags = into.flags && flagsSink(this.path, flagsArray, into.flags, range.bltStart, elementCount);
    const nsamples =
      into.nsamples && nsamplesSink(this.path, nsamplesArray, into.nsamples, range.bltStart, elementCount);
    if (flags) sinks.push(flags);
    if (nsamples) sinks.push(nsamples);
    readIntoSinks(this.#hdf5, this.#codecs, this.#scratch, sinks, range);
    return uniformResult(flags, nsamples, options.skipUniform ?? false);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#source.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Ends the sinks of flags and nsamples. @param leave  whether uniform targets stay untouched */
export function uniformResult(
  flags: UniformSink | undefined,
  nsamples: UniformSink | undefined,
  leave: boolean,
): RowsRead {
  const bits = nsamples?.finish(leave);
  return {
    flagsUniform: flags?.finish(leave) as 0 | 1 | undefined,
    nsamplesUniform: bits === undefined ? undefined : new Float32Array(Int32Array.of(bits).buffer)[0],
  };
}
