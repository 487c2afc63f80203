/** One dataset: its shape, type and storage, and reading all of it (the header's arrays; not the visibilities). */
import { Cursor, Hdf5Bytes, UNDEFINED_ADDRESS } from "./byte-source.ts";
import { type ChunkIndex, readChunkIndex } from "./chunk-index.ts";
import { elementCount, readDataspace } from "./dataspace.ts";
import { type Datatype, readDatatype } from "./datatype.ts";
import type { Extents } from "./extents.ts";
import { type Codecs, type Filter, FilterScratch, readFilters, undoFilters, unknownFilter } from "./filters.ts";
import { type Layout, readLayout } from "./layout.ts";
import { MESSAGE, type Message } from "./object-header.ts";

/** Arrays up to this size are read through the pages of metadata. */
const SMALL_BYTES = 4096;

export interface Dataset {
  readonly path: string;
  /** [] for a scalar, null for a null dataspace. */
  readonly shape: readonly number[] | null;
  readonly type: Datatype;
  readonly layout: Layout;
  readonly filters: readonly Filter[];
  /** The first filter that cannot be undone, by name; its bytes can be found but not understood. */
  readonly unknownFilter: string | null;
  /** For chunked layouts. */
  readonly chunks: ChunkIndex | null;
  /** One element where nothing is stored; null for zeros. */
  readonly fillBytes: Uint8Array | null;
}

/** Reads everything about a dataset but its data. */
export function readDataset(hdf5: Hdf5Bytes, extents: Extents, messages: readonly Message[], path: string): Dataset {
  const body = (type: number): Cursor | null => {
    const found = messages.filter((m) => m.type === type);
    if (found.length > 1) hdf5.corrupt(path, `one message of type ${type}`, found.length);
    if (found[0]?.isShared)
      hdf5.unsupported(path, "messages in its own header", "a shared message (committed datatype)");
    return found[0]?.body ?? null;
  };
  const [space, typeBody, layoutBody] = [body(MESSAGE.dataspace), body(MESSAGE.datatype), body(MESSAGE.layout)];
  if (space === null && layoutBody === null && typeBody !== null)
    hdf5.unsupported(path, "a dataset", "a committed datatype");
  if (space === null || typeBody === null || layoutBody === null) {
    return hdf5.corrupt(path, "a dataspace, a datatype and a layout", "fewer");
  }
  if (body(MESSAGE.externalFiles) !== null) hdf5.unsupported(path, "data in this file", "external files");
  const shape = readDataspace(space, path);
  const type = readDatatype(typeBody, path);
  const layout = readLayout(layoutBody, path);
  // Only padding to 8 bytes follows a message: a class that changed to one of a shorter description shows.
  for (const { field, remaining } of [space, typeBody, layoutBody]) {
    if (remaining >= 8)
      hdf5.corrupt(path, "messages as long as what they describe", `${remaining} bytes more in the ${field}`);
  }
  const filterBody = body(MESSAGE.filters);
  const filters = filterBody === null ? [] : readFilters(filterBody, type.bytes, path);
  const fillBytes = readFill(body(MESSAGE.fillValue), type, path);
  const bytes = shape === null ? 0 : elementCount(shape) * type.bytes;
  let chunks: ChunkIndex | null = null;
  if (layout.kind === "chunked") {
    if (shape === null || layout.chunkShape.length !== shape.length)
      hdf5.corrupt(path, `chunks of ${shape?.length ?? 0} dimensions`, layout.chunkShape.length);
    if (layout.elementBytes !== type.bytes)
      hdf5.corrupt(path, `chunk elements of ${type.bytes} bytes`, layout.elementBytes);
    const chunkBytes = elementCount(layout.chunkShape) * type.bytes;
    hdf5.checkArrayBytes(chunkBytes, `chunk of ${path}`);
    chunks = readChunkIndex(
      hdf5,
      extents,
      layout.btreeAddress,
      shape,
      layout.chunkShape,
      filters.length === 0 ? chunkBytes : null,
      path,
    );
  } else if (layout.kind === "contiguous") {
    if (layout.address !== UNDEFINED_ADDRESS) {
      if (layout.bytes !== bytes) hdf5.corrupt(path, `${bytes} bytes of storage`, layout.bytes);
      hdf5.checkExtent(layout.address, bytes, path);
      extents.claim(layout.address, layout.address + bytes);
    }
  } else if (layout.bytes.length !== bytes) {
    hdf5.corrupt(path, `${bytes} bytes of storage`, layout.bytes.length);
  }
  return { path, shape, type, layout, filters, unknownFilter: unknownFilter(filters), chunks, fillBytes };
}

function readFill(body: Cursor | null, type: Datatype, path: string): Uint8Array | null {
  if (body === null) return null;
  const field = `fill value of ${path}`;
  const version = body.u8();
  if (version < 1 || version > 3) body.hdf5.corrupt(field, "version 1 to 3", version);
  let isDefined: boolean;
  if (version === 3) {
    isDefined = (body.u8() & 0x20) !== 0;
  } else {
    body.skip(2);
    isDefined = body.u8() !== 0 || version === 1;
  }
  if (!isDefined) return null;
  const size = body.u32();
  if (size === 0) return null;
  if (size !== type.bytes) body.hdf5.corrupt(field, `${type.bytes} bytes`, size);
  const bytes = body.take(size);
  return bytes.every((byte) => byte === 0) ? null : bytes.slice();
}

/** Reads a whole dataset. @returns its bytes in row-major order, in the byte order of the file */
export function readAll(hdf5: Hdf5Bytes, codecs: Codecs, dataset: Dataset): Uint8Array<ArrayBuffer> {
  const { path, shape, type, layout, fillBytes } = dataset;
  const count = shape === null ? 0 : elementCount(shape);
  const bytes = count * type.bytes;
  hdf5.checkArrayBytes(bytes, path);
  if (layout.kind === "compact") return layout.bytes.slice();
  // Small items lie side by side with each other: one page holds many.
  if (layout.kind === "contiguous" && layout.address !== UNDEFINED_ADDRESS && bytes <= SMALL_BYTES) {
    return hdf5.cursor(layout.address, bytes, path).take(bytes).slice();
  }
  const isMissing =
    dataset.chunks === null
      ? layout.kind === "contiguous" && layout.address === UNDEFINED_ADDRESS
      : dataset.chunks.storedCount < dataset.chunks.addressBytes.length;
  if (isMissing && bytes > 0) hdf5.checkMissing(path);
  const into = new Uint8Array(bytes);
  if (layout.kind === "contiguous") {
    if (layout.address !== UNDEFINED_ADDRESS) hdf5.source.readInto(into, layout.address);
    else if (fillBytes !== null) fill(into, fillBytes);
    return into;
  }
  if (fillBytes !== null) fill(into, fillBytes);
  readChunks(hdf5, codecs, dataset, layout.chunkShape, into);
  return into;
}

/** Reads the first element. @returns its bytes; null when there is none or it is not stored */
export function readFirst(hdf5: Hdf5Bytes, codecs: Codecs, dataset: Dataset): Uint8Array<ArrayBuffer> | null {
  const { path, shape, type, layout, filters, chunks } = dataset;
  if (shape === null || shape.includes(0)) return null;
  if (layout.kind === "compact") return layout.bytes.slice(0, type.bytes);
  if (layout.kind === "contiguous") {
    return layout.address === UNDEFINED_ADDRESS
      ? null
      : hdf5.cursor(layout.address, type.bytes, path).take(type.bytes).slice();
  }
  const address = chunks?.addressBytes[0] ?? UNDEFINED_ADDRESS;
  if (chunks === null || address === UNDEFINED_ADDRESS) return null;
  const stored = new Uint8Array(chunks.storedBytes[0] as number);
  hdf5.source.readInto(stored, address);
  const chunkBytes = elementCount(layout.chunkShape) * type.bytes;
  const skipped = chunks.skippedFilters?.[0] ?? 0;
  return undoFilters(
    hdf5,
    codecs,
    new FilterScratch(),
    filters,
    stored,
    chunkBytes,
    skipped,
    `chunk 0 of ${path}`,
  ).slice(0, type.bytes);
}

function fill(into: Uint8Array, element: Uint8Array): void {
  for (let at = 0; at < into.length; at += element.length) into.set(element, at);
}

function readChunks(
  hdf5: Hdf5Bytes,
  codecs: Codecs,
  dataset: Dataset,
  chunkShape: readonly number[],
  into: Uint8Array,
): void {
  const { path, type, filters, chunks } = dataset;
  const shape = dataset.shape as readonly number[];
  if (chunks === null) return;
  const chunkBytes = elementCount(chunkShape) * type.bytes;
  const rank = shape.length;
  const scratch = new FilterScratch();
  let stored = new Uint8Array(0);
  const origin = new Array<number>(rank).fill(0);
  for (let chunk = 0; chunk < chunks.addressBytes.length; chunk++) {
    const address = chunks.addressBytes[chunk] as number;
    if (address === UNDEFINED_ADDRESS) continue;
    const storedBytes = chunks.storedBytes[chunk] as number;
    if (stored.length < storedBytes) stored = new Uint8Array(storedBytes);
    const piece = stored.subarray(0, storedBytes);
    hdf5.source.readInto(piece, address);
    const data = undoFilters(
      hdf5,
      codecs,
      scratch,
      filters,
      piece,
      chunkBytes,
      chunks.skippedFilters?.[chunk] ?? 0,
      `chunk ${chunk} of ${path}`,
    );
    let rest = chunk;
    for (let d = rank - 1; d >= 0; d--) {
      const count = chunks.grid[d] as number;
      origin[d] = (rest % count) * (chunkShape[d] as number);
      rest = Math.floor(rest / count);
    }
    copyBox(data, chunkShape, into, shape, origin, type.bytes);
  }
}

/** Copies the part of a chunk that lies inside the array, line by line. */
function copyBox(
  from: Uint8Array,
  chunkShape: readonly number[],
  into: Uint8Array,
  shape: readonly number[],
  origin: readonly number[],
  elementBytes: number,
): void {
  const last = shape.length - 1;
  const copy = (d: number, fromAt: number, intoAt: number): void => {
    const size = Math.min(chunkShape[d] as number, (shape[d] as number) - (origin[d] as number));
    const at = intoAt * (shape[d] as number) + (origin[d] as number);
    const start = fromAt * (chunkShape[d] as number);
    if (d === last) {
      into.set(from.subarray(start * elementBytes, (start + size) * elementBytes), at * elementBytes);
      return;
    }
    for (let i = 0; i < size; i++) copy(d + 1, start + i, at + i);
  };
  copy(0, 0, 0);
}
