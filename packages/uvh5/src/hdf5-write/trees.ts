/** B-trees of version 1, symbol nodes and heaps, as bytes to be placed in a file. */
import { ByteWriter } from "./byte-writer.ts";

/** Where structures of a file go: each call takes the next bytes and returns their address. */
export interface Placement {
  /** Puts bytes at the next multiple of 8. @returns their address */
  place(bytes: Uint8Array): number;
  /** The address that the next `place` will return. */
  nextAddress(): number;
}

/** Half the children of a group's tree nodes, and half the entries of a symbol node: the defaults, stored in the superblock. */
export const GROUP_INTERNAL_K = 16;
export const GROUP_LEAF_K = 4;
/** Half the children of a chunk tree's nodes; not stored in superblock version 0, so it must be the default. */
const CHUNK_K = 32;

/** Writes the links of a group. @returns addresses of its tree and its heap */
export function writeSymbolTable(
  to: Placement,
  members: ReadonlyMap<string, number>,
): { readonly btree: number; readonly heap: number } {
  // libhdf5 looks names up by the order of their bytes.
  const encoder = new TextEncoder();
  const entries = [...members].map(([name, address]) => ({ bytes: encoder.encode(name), address }));
  entries.sort((a, b) => compareBytes(a.bytes, b.bytes));
  const perNode = 2 * GROUP_LEAF_K;
  const most = 2 * GROUP_INTERNAL_K * perNode;
  if (entries.length > most) throw new RangeError(`a group of ${entries.length} members: expected at most ${most}`);
  const names = new ByteWriter().zeros(8);
  const offsets = entries.map(({ bytes }) => {
    const at = names.length;
    names.put(bytes).zeros(1).align(8);
    return at;
  });
  const segment = names.done();
  const segmentAddress = to.place(segment);
  const heap = to.place(new ByteWriter().ascii("HEAP").u8(0).zeros(3).u64(segment.length, 1, segmentAddress).done());
  const nodes: { address: number; lastName: number }[] = [];
  for (let i = 0; i < entries.length; i += perNode) {
    const part = entries.slice(i, i + perNode);
    const node = new ByteWriter().ascii("SNOD").u8(1, 0).u16(part.length);
    for (const [j, { address }] of part.entries()) node.u64(offsets[i + j] as number, address).zeros(24);
    nodes.push({
      address: to.place(node.zeros((perNode - part.length) * 40).done()),
      lastName: offsets[i + part.length - 1] as number,
    });
  }
  const tree = new ByteWriter().ascii("TREE").u8(0, 0).u16(nodes.length).undefined64().undefined64().u64(0);
  for (const { address, lastName } of nodes) tree.u64(address, lastName);
  const btree = to.place(tree.zeros((2 * GROUP_INTERNAL_K - nodes.length) * 16).done());
  return { btree, heap };
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return a.length - b.length;
}

/** Stored chunks in ascending row-major order. */
export interface ChunkList {
  readonly chunkShape: readonly number[];
  readonly elementBytes: number;
  readonly chunkBytes: number;
  /** Offsets of chunk `i` in elements: [rank] numbers from `i · rank` on. */
  readonly offsets: readonly number[];
  readonly addresses: readonly number[];
}

/** Writes the tree of a chunked dataset. @returns its address, null when there are no chunks */
export function writeChunkTree(to: Placement, chunks: ChunkList): number | null {
  const rank = chunks.chunkShape.length;
  const keyBytes = 8 + 8 * (rank + 1);
  const count = chunks.addresses.length;
  if (count === 0) return null;
  /** The key of chunk `i`; that after the last one is of no bytes and one chunk further. */
  const putKey = (node: ByteWriter, i: number): void => {
    const isEnd = i >= count;
    const j = isEnd ? count - 1 : i;
    node.u32(isEnd ? 0 : chunks.chunkBytes, 0);
    for (let d = 0; d < rank; d++)
      node.u64((chunks.offsets[j * rank + d] as number) + (isEnd ? (chunks.chunkShape[d] as number) : 0));
    node.u64(isEnd ? chunks.elementBytes : 0);
  };
  let children = chunks.addresses.map((address, first) => ({ address, first }));
  const fanOut = 2 * CHUNK_K;
  const nodeBytes = 24 + fanOut * (keyBytes + 8) + keyBytes;
  const stride = Math.ceil(nodeBytes / 8) * 8;
  for (let level = 0; ; level++) {
    const nodes: { address: number; first: number }[] = [];
    const nodeCount = Math.ceil(children.length / fanOut);
    const start = to.nextAddress();
    for (let n = 0; n < nodeCount; n++) {
      const part = children.slice(n * fanOut, (n + 1) * fanOut);
      const node = new ByteWriter().ascii("TREE").u8(1, level).u16(part.length);
      for (const sibling of [n - 1, n + 1]) {
        if (sibling < 0 || sibling >= nodeCount) node.undefined64();
        else node.u64(start + sibling * stride);
      }
      for (const { address, first } of part) {
        putKey(node, first);
        node.u64(address);
      }
      putKey(node, children[(n + 1) * fanOut]?.first ?? count);
      nodes.push({
        address: to.place(node.zeros(stride - node.length).done()),
        first: (part[0] as { first: number }).first,
      });
    }
    if (nodeCount === 1) return (nodes[0] as { address: number }).address;
    children = nodes;
  }
}

/** Writes one collection of the global heap. @returns its address; the objects have the indices 1, 2, … */
export function writeGlobalHeap(to: Placement, objects: readonly Uint8Array[]): number {
  const body = new ByteWriter();
  for (const [i, bytes] of objects.entries())
    body
      .u16(i + 1, 0)
      .u32(0)
      .u64(bytes.length)
      .put(bytes)
      .align(8);
  // A collection has at least 4096 bytes; what is left over is object 0.
  const size = Math.max(4096, 16 + body.length + 16);
  const heap = new ByteWriter().ascii("GCOL").u8(1).zeros(3).u64(size).put(body.done());
  const free = size - heap.length;
  heap
    .u16(0, 0)
    .u32(0)
    .u64(free)
    .zeros(free - 16);
  return to.place(heap.done());
}
