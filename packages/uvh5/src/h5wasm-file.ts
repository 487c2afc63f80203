/** Presents a file that h5wasm reads as `Uvh5File`: the same header, the same rows. */
import { numberBytes, visKind } from "./convert.ts";
import { NotUvh5Error, Uvh5UnsupportedError } from "./errors.ts";
import type { TreeNode } from "./h5wasm.ts";
import { UNDEFINED_ADDRESS } from "./hdf5/byte-source.ts";
import { readHeader, requireGroup } from "./header.ts";
import { checkRequest, checkShape, DATA_NAMES, uniformResult } from "./open-uvh5.ts";
import { checkDataType, type RowArray, rowShape } from "./row-array.ts";
import { doubleVisSink, flagsSink, nsamplesSink, type Sink, visSink } from "./row-sink.ts";
import type { StoredArray, StoredGroup, StoredMember } from "./stored.ts";
import type { ReadRowsOptions, RowBuffers, RowRange, RowsRead, Uvh5File } from "./uvh5-file.ts";

/** A file in another thread, asked synchronously. Each call throws the errors of this package. */
export interface RemoteFile {
  tree(): TreeNode;
  readBytes(path: string, rowStart?: number, rowEnd?: number): Uint8Array<ArrayBuffer>;
  readStrings(path: string): string[];
  close(): void;
}

/** About this many bytes of visibilities are fetched at once. */
const BLOCK_BYTES = 8 << 20;

export class H5wasmUvh5File implements Uvh5File {
  readonly path: string;
  readonly fileBytes: number;
  readonly engine = "h5wasm";
  readonly header: Uvh5File["header"];
  readonly visStoredAs: Uvh5File["visStoredAs"];
  readonly blockRowCount: number;
  readonly #remote: RemoteFile;
  readonly #arrays: readonly [RowArray, RowArray, RowArray];
  #isClosed = false;

  constructor(path: string, fileBytes: number, remote: RemoteFile) {
    this.path = path;
    this.fileBytes = fileBytes;
    this.#remote = remote;
    const root = stored(path, remote, remote.tree(), "");
    if (root.kind !== "group")
      throw new NotUvh5Error({ file: path, field: "/", expected: "a group", found: root.kind });
    const headerGroup = requireGroup(path, root, "Header");
    const data = requireGroup(path, root, "Data");
    const datasets = DATA_NAMES.map((name) => dataArray(path, data, name));
    this.#arrays = datasets.map((array) => remoteRowArray(path, array)) as unknown as [RowArray, RowArray, RowArray];
    const [vis, flags, nsamples] = this.#arrays;
    for (const other of [flags, nsamples]) checkShape(path, other.path, other.shape, vis.shape);
    this.header = readHeader(path, headerGroup, vis.shape, datasets[0]?.shape?.length === 4);
    this.visStoredAs = visKind(vis.type);
    const rowBytes = Math.max(1, vis.shape[1] * vis.shape[2] * vis.elementBytes);
    this.blockRowCount = Math.max(1, Math.min(vis.shape[0], Math.floor(BLOCK_BYTES / rowBytes)));
  }

  readRows(range: RowRange, into: RowBuffers, options: ReadRowsOptions = {}): RowsRead {
    if (this.#isClosed) throw new Error(`${this.path}: read after close`);
    const elementCount = checkRequest(this, range, into);
    const { bltStart, bltEnd } = range;
    const [visArray, flagsArray, nsamplesArray] = this.#arrays;
    const { vis } = into;
    if (vis instanceof Float32Array) this.#fill(visSink(this.path, visArray, vis, bltStart), range);
    else if (vis !== undefined) this.#fill(doubleVisSink(this.path, visArray, vis, bltStart), range);
    const flags = into.flags && flagsSink(this.path, flagsArray, into.flags, bltStart, elementCount);
    const nsamples = into.nsamples && nsamplesSink(this.path, nsamplesArray, into.nsamples, bltStart, elementCount);
    if (bltEnd > bltStart) {
      if (flags) this.#fill(flags, range);
      if (nsamples) this.#fill(nsamples, range);
    }
    return uniformResult(flags, nsamples, options.skipUniform ?? false);
  }

  #fill(sink: Sink, range: RowRange): void {
    const { path, shape, elementBytes } = sink.array;
    const rowBytes = Math.max(1, shape[1] * shape[2] * elementBytes);
    const step = Math.max(1, Math.floor(BLOCK_BYTES / rowBytes));
    for (let rowStart = range.bltStart; rowStart < range.bltEnd; rowStart += step) {
      const rowEnd = Math.min(rowStart + step, range.bltEnd);
      const bytes = this.#remote.readBytes(path, rowStart, rowEnd);
      sink.put(bytes, { chunkIndex: 0, storedRowStart: rowStart, rowStart, rowEnd });
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#remote.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function stored(file: string, remote: RemoteFile, node: TreeNode, path: string): StoredMember {
  if (node.kind === "group") {
    const members = new Map<string, StoredMember>();
    for (const [name, member] of node.members)
      members.set(name, stored(file, remote, member, path === "" ? name : `${path}/${name}`));
    return { kind: "group", path, members };
  }
  if (node.kind === "unsupported") {
    return {
      kind: "unsupported",
      isFinal: true,
      error: new Uvh5UnsupportedError({
        file,
        field: path,
        expected: "numbers, strings or complex numbers",
        found: node.found,
      }),
    };
  }
  return {
    kind: "dataset",
    path,
    shape: node.shape,
    type: node.type,
    readBytes: () => remote.readBytes(path),
    readVlenStrings: () => remote.readStrings(path),
  };
}

function dataArray(file: string, data: StoredGroup, name: string): StoredArray {
  const member = data.members.get(name);
  if (member?.kind === "unsupported") throw member.error;
  if (member?.kind !== "dataset") {
    throw new NotUvh5Error({
      file,
      field: `Data/${name}`,
      expected: "a dataset",
      found: member === undefined ? "none" : "a group",
    });
  }
  return member;
}

/** An array of one chunk that covers everything: what comes through the worker is in order already. */
function remoteRowArray(file: string, { path, shape, type }: StoredArray): RowArray {
  const rows = rowShape(file, path, shape);
  checkDataType(file, path, type);
  return {
    path,
    type,
    shape: rows,
    chunkShape: rows,
    elementBytes: type.kind === "complex" ? 2 * numberBytes(type) : type.bytes,
    addressBytes: Float64Array.of(UNDEFINED_ADDRESS),
    storedBytes: null,
    filters: [],
    skippedFilters: null,
    fillBytes: null,
    filterError: null,
  };
}
