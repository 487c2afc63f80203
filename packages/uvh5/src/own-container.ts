/** Presents a file read by the own HDF5 reader as groups and arrays. */
import { Uvh5UnsupportedError } from "./errors.ts";
import type { Hdf5Bytes } from "./hdf5/byte-source.ts";
import type { Container, Member } from "./hdf5/container.ts";
import { type Dataset, readAll } from "./hdf5/dataset.ts";
import { elementCount } from "./hdf5/dataspace.ts";
import type { Codecs } from "./hdf5/filters.ts";
import { readGlobalHeap } from "./hdf5/heaps.ts";
import type { StoredArray, StoredGroup, StoredMember } from "./stored.ts";

/** The root group of a container. */
export function storedTree(hdf5: Hdf5Bytes, codecs: Codecs, container: Container): StoredGroup {
  return group(hdf5, codecs, container.members, "");
}

function group(hdf5: Hdf5Bytes, codecs: Codecs, members: ReadonlyMap<string, Member>, path: string): StoredGroup {
  const stored = new Map<string, StoredMember>();
  for (const [name, member] of members) {
    stored.set(name, storedMember(hdf5, codecs, member, path === "" ? name : `${path}/${name}`));
  }
  return { kind: "group", path, members: stored };
}

function storedMember(hdf5: Hdf5Bytes, codecs: Codecs, member: Member, path: string): StoredMember {
  if (member.kind === "group") return group(hdf5, codecs, member.members, path);
  if (member.kind === "unsupported") return { ...member, isFinal: false };
  const { dataset } = member;
  const error = filterError(hdf5.source.name, dataset);
  return error === null ? array(hdf5, codecs, dataset) : { kind: "unsupported", error, isFinal: false };
}

/** The error of a dataset that went through a filter which cannot be undone; null for all others. */
export function filterError(file: string, dataset: Dataset): Uvh5UnsupportedError | null {
  if (dataset.unknownFilter === null) return null;
  return new Uvh5UnsupportedError({
    file,
    field: `filters of ${dataset.path}`,
    expected: "deflate, shuffle, fletcher32 or lzf",
    found: dataset.unknownFilter,
  });
}

function array(hdf5: Hdf5Bytes, codecs: Codecs, dataset: Dataset): StoredArray {
  return {
    kind: "dataset",
    path: dataset.path,
    shape: dataset.shape,
    type: dataset.type,
    readBytes: () => readAll(hdf5, codecs, dataset),
    readVlenStrings: () => readVlenStrings(hdf5, codecs, dataset),
  };
}

function readVlenStrings(hdf5: Hdf5Bytes, codecs: Codecs, dataset: Dataset): string[] {
  const { path, shape } = dataset;
  const count = shape === null ? 0 : elementCount(shape);
  const references = readAll(hdf5, codecs, dataset);
  const view = new DataView(references.buffer, references.byteOffset, references.length);
  const heaps = new Map<number, Map<number, Uint8Array>>();
  const decoder = new TextDecoder();
  return Array.from({ length: count }, (_, i) => {
    const lengthBytes = view.getUint32(16 * i, true);
    const address = view.getUint32(16 * i + 4, true) + view.getUint32(16 * i + 8, true) * 2 ** 32;
    if (lengthBytes === 0) return "";
    let heap = heaps.get(address);
    if (heap === undefined) {
      heap = readGlobalHeap(hdf5, address + hdf5.baseAddress);
      heaps.set(address, heap);
    }
    const index = view.getUint32(16 * i + 12, true);
    const bytes = heap.get(index);
    if (bytes === undefined || bytes.length !== lengthBytes)
      return hdf5.corrupt(
        path,
        `${lengthBytes} bytes in global heap object ${index}`,
        bytes?.length ?? "no such object",
      );
    return decoder.decode(bytes.subarray(0, lengthBytes));
  });
}
