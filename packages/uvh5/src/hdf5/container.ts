/** The objects of one HDF5 file by path, read by this package's own reader. */
import { Uvh5UnsupportedError } from "../errors.ts";
import type { Hdf5Bytes } from "./byte-source.ts";
import { type Dataset, readDataset } from "./dataset.ts";
import { Extents } from "./extents.ts";
import { isGroup, readLinks } from "./group.ts";
import { type Message, readObjectHeader } from "./object-header.ts";
import { readSuperblock, type Superblock } from "./superblock.ts";

/**
 * An object of the file. "unsupported" stands for a dataset whose type or storage this reader does not know: its
 * error is kept, so that a file is not refused for an item that nobody asks for.
 */
export type Member =
  | { readonly kind: "group"; readonly members: ReadonlyMap<string, Member> }
  | { readonly kind: "dataset"; readonly dataset: Dataset }
  | { readonly kind: "unsupported"; readonly error: Uvh5UnsupportedError };

export interface Container {
  readonly superblock: Superblock;
  /** Members of the root group; groups hold theirs. */
  readonly members: ReadonlyMap<string, Member>;
}

const MAX_DEPTH = 8;

/**
 * Reads the whole tree of objects: all about every dataset but its data.
 *
 * @throws Uvh5CorruptError also when two structures claim the same bytes
 */
export function readContainer(hdf5: Hdf5Bytes): Container {
  const extents = new Extents();
  const superblock = readSuperblock(hdf5, extents);
  const { sizeBytes } = hdf5.source;
  if (superblock.endOfFile > sizeBytes) {
    hdf5.corrupt(
      "superblock",
      `a file of ${superblock.endOfFile} bytes`,
      `${sizeBytes} (cut off, or still being written)`,
    );
  }
  const byAddress = new Map<number, Member>();
  const members = readMembers(hdf5, extents, superblock.rootAddress, "", byAddress, 0);
  extents.check(hdf5);
  return { superblock, members };
}

function readMembers(
  hdf5: Hdf5Bytes,
  extents: Extents,
  address: number,
  path: string,
  byAddress: Map<number, Member>,
  depth: number,
): Map<string, Member> {
  const messages = readObjectHeader(hdf5, extents, address, path || "/");
  if (!isGroup(messages)) hdf5.corrupt(path || "/", "a group", "an object without links");
  return linksToMembers(hdf5, extents, readLinks(hdf5, extents, messages, path || "/"), path, byAddress, depth);
}

function linksToMembers(
  hdf5: Hdf5Bytes,
  extents: Extents,
  links: ReadonlyMap<string, number>,
  path: string,
  byAddress: Map<number, Member>,
  depth: number,
): Map<string, Member> {
  if (depth > MAX_DEPTH) hdf5.unsupported(path, `groups nested at most ${MAX_DEPTH} deep`, "deeper");
  const members = new Map<string, Member>();
  for (const [name, address] of links) {
    const memberPath = path === "" ? name : `${path}/${name}`;
    // Several hard links may lead to one object.
    let member = byAddress.get(address);
    if (member === undefined) {
      const messages = readObjectHeader(hdf5, extents, address, memberPath);
      member = isGroup(messages)
        ? {
            kind: "group",
            members: linksToMembers(
              hdf5,
              extents,
              readLinks(hdf5, extents, messages, memberPath),
              memberPath,
              byAddress,
              depth + 1,
            ),
          }
        : readDatasetOrError(hdf5, extents, messages, memberPath);
      byAddress.set(address, member);
    }
    members.set(name, member);
  }
  return members;
}

function readDatasetOrError(hdf5: Hdf5Bytes, extents: Extents, messages: readonly Message[], path: string): Member {
  try {
    return { kind: "dataset", dataset: readDataset(hdf5, extents, messages, path) };
  } catch (error) {
    if (error instanceof Uvh5UnsupportedError) return { kind: "unsupported", error };
    throw error;
  }
}
