/** The objects of one HDF5 file by path, read by this package's own reader. */
import { Uvh5UnsupportedError } from "../errors.ts";
import { type Hdf5Bytes, UNDEFINED_ADDRESS } from "./byte-source.ts";
import { type Dataset, readDataset } from "./dataset.ts";
import { Extents } from "./extents.ts";
import { isGroup, readLinks } from "./group.ts";
import { globalHeapBytes } from "./heaps.ts";
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
  /** The bytes of every structure and all stored data. */
  readonly extents: Extents;
}

const MAX_DEPTH = 8;

/**
 * Reads the whole tree of objects: all about every dataset but its data.
 *
 * @throws Uvh5CorruptError also when two structures claim the same bytes, or an object has more or fewer links than it says
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
  const tree = new Tree(hdf5, extents);
  const root = tree.object(superblock.rootAddress, "", 0);
  if (root.kind !== "group") return hdf5.corrupt("/", "a group", "an object without links");
  extents.check(hdf5);
  tree.checkLinkCounts();
  return { superblock, members: root.members, extents };
}

interface Visited {
  readonly path: string;
  readonly referenceCount: number;
  linkCount: number;
  /** Undefined while its own members are being read. */
  member: Member | undefined;
}

class Tree {
  readonly #hdf5: Hdf5Bytes;
  readonly #extents: Extents;
  readonly #visited = new Map<number, Visited>();

  constructor(hdf5: Hdf5Bytes, extents: Extents) {
    this.#hdf5 = hdf5;
    this.#extents = extents;
  }

  /** The object whose header is at `address`; read once, however many links lead to it. */
  object(address: number, path: string, depth: number): Member {
    const hdf5 = this.#hdf5;
    const known = this.#visited.get(address);
    if (known !== undefined) {
      known.linkCount++;
      return known.member ?? hdf5.corrupt(path, "groups without a cycle", `a link to ${known.path || "/"}`);
    }
    if (depth > MAX_DEPTH) hdf5.unsupported(path, `groups nested at most ${MAX_DEPTH} deep`, "deeper");
    const { referenceCount, messages } = readObjectHeader(hdf5, this.#extents, address, path || "/");
    const visited: Visited = { path, referenceCount, linkCount: 1, member: undefined };
    this.#visited.set(address, visited);
    const member = isGroup(messages) ? this.#group(messages, path, depth) : this.#dataset(messages, path);
    visited.member = member;
    return member;
  }

  #group(messages: readonly Message[], path: string, depth: number): Member {
    const members = new Map<string, Member>();
    for (const [name, address] of readLinks(this.#hdf5, this.#extents, messages, path || "/")) {
      members.set(name, this.object(address, path === "" ? name : `${path}/${name}`, depth + 1));
    }
    return { kind: "group", members };
  }

  #dataset(messages: readonly Message[], path: string): Member {
    try {
      const dataset = readDataset(this.#hdf5, this.#extents, messages, path);
      this.#claimHeaps(dataset);
      return { kind: "dataset", dataset };
    } catch (error) {
      if (error instanceof Uvh5UnsupportedError) return { kind: "unsupported", error };
      throw error;
    }
  }

  /** Claims the global heaps that a plainly stored array of strings refers to. */
  #claimHeaps({ path, type, layout, shape }: Dataset): void {
    const hdf5 = this.#hdf5;
    if (type.kind !== "vlen-string" || shape === null || layout.kind !== "contiguous") return;
    if (layout.address === UNDEFINED_ADDRESS) return;
    const references = hdf5.cursor(layout.address, layout.bytes, path);
    while (references.remaining >= 16) {
      const lengthBytes = references.u32();
      const address = references.address();
      references.skip(4);
      if (lengthBytes > 0) this.#extents.claimShared(address, address + globalHeapBytes(hdf5, address));
    }
  }

  /** A damaged address in a link that leads to another object shows in the count of links of both. */
  checkLinkCounts(): void {
    for (const { path, referenceCount, linkCount, member } of this.#visited.values()) {
      // A committed datatype is also referred to by the datasets that use it.
      if (member?.kind !== "unsupported" && referenceCount !== linkCount) {
        this.#hdf5.corrupt(`links to ${path || "/"}`, String(referenceCount), linkCount);
      }
    }
  }
}
