/** Where the chunks of a dataset lie: B-tree version 1 of type 1 (specification III.A.1). */
import type { Hdf5Bytes } from "./byte-source.ts";
import { UNDEFINED_ADDRESS } from "./byte-source.ts";
import type { Extents } from "./extents.ts";

const MAX_DEPTH = 16;

/** Address and stored size of each chunk of a dataset, in row-major order of the grid of chunks. */
export interface ChunkIndex {
  /** Chunks along each dimension. */
  readonly grid: readonly number[];
  /** Absolute position of each chunk; −1 where none is stored. */
  readonly addressBytes: Float64Array;
  /** Stored size of each chunk, which filters make differ from its size in memory. */
  readonly storedBytes: Uint32Array;
  /** Filters that were skipped for a chunk, bit i for filter i; null when none were for any. */
  readonly skippedFilters: Uint32Array | null;
  readonly storedCount: number;
}

/**
 * @param shape       sizes of the dataset's dimensions
 * @param chunkShape  sizes of a chunk, as many
 * @param plainBytes  size of a chunk when no filter changes it; null when filters do
 * @throws Uvh5CorruptError for a tree that is not one, chunks outside the grid or twice, or more chunks than the file can hold
 */
export function readChunkIndex(
  hdf5: Hdf5Bytes,
  extents: Extents,
  btreeAddress: number,
  shape: readonly number[],
  chunkShape: readonly number[],
  plainBytes: number | null,
  path: string,
): ChunkIndex {
  const field = `chunk index of ${path}`;
  const rank = shape.length;
  const grid = shape.map((size, i) => Math.ceil(size / (chunkShape[i] as number)));
  const total = grid.reduce((product, count) => product * count, 1);
  const keyBytes = 8 + 8 * (rank + 1);
  // Each stored chunk takes an entry of a node, so the file bounds the grid of a dataset that is all there.
  if (total * (keyBytes + 8) > hdf5.source.sizeBytes) {
    hdf5.corrupt(
      field,
      `at most ${Math.floor(hdf5.source.sizeBytes / (keyBytes + 8))} chunks in ${hdf5.source.sizeBytes} bytes`,
      `${total} by its shape`,
    );
  }
  const addressBytes = new Float64Array(total).fill(UNDEFINED_ADDRESS);
  const storedBytes = new Uint32Array(total);
  let skippedFilters: Uint32Array | null = null;
  let storedCount = 0;
  let lastChunk = -1;
  const visited = new Set<number>();

  const walk = (address: number, level: number | null, depth: number): void => {
    if (visited.has(address) || depth > MAX_DEPTH) hdf5.corrupt(field, "a tree", `node ${address} again`);
    visited.add(address);
    const head = hdf5.cursor(address, 24, field);
    head.signature("TREE");
    const type = head.u8();
    const found = head.u8();
    const used = head.u16();
    if (type !== 1) hdf5.corrupt(field, "a node of type 1", type);
    if (level !== null && found !== level) hdf5.corrupt(field, `a node of level ${level}`, found);
    const nodeBytes = used * (keyBytes + 8) + keyBytes;
    const node = hdf5.cursor(address + 24, nodeBytes, field);
    extents.claim(address, address + 24 + nodeBytes);
    for (let i = 0; i < used; i++) {
      const bytes = node.u32();
      const skipped = node.u32();
      let chunk = 0;
      for (let d = 0; d < rank; d++) {
        const offset = node.u64();
        const size = chunkShape[d] as number;
        if (offset % size !== 0 || offset >= (shape[d] as number))
          hdf5.corrupt(field, `a multiple of ${size} below ${shape[d]}`, offset);
        chunk = chunk * (grid[d] as number) + offset / size;
      }
      const last = node.u64();
      if (last !== 0) hdf5.corrupt(field, "offset 0 inside the element", last);
      const child = node.address();
      // Keys ascend over the whole tree; the first key of a node is that of its first entry.
      if (chunk <= lastChunk) hdf5.corrupt(field, `a chunk after number ${lastChunk}`, chunk);
      if (found > 0) {
        const before = storedCount;
        const previous = lastChunk;
        walk(child, found - 1, depth + 1);
        if (storedCount === before) hdf5.corrupt(field, "nodes with entries", "an empty one");
        if (firstOf(previous) !== chunk)
          hdf5.corrupt(field, `key ${chunk} equal to its first chunk`, firstOf(previous));
        continue;
      }
      hdf5.checkExtent(child, bytes, `chunk ${chunk} of ${path}`);
      if (bytes === 0) hdf5.corrupt(`chunk ${chunk} of ${path}`, "some bytes", 0);
      if (plainBytes !== null && bytes !== plainBytes)
        hdf5.corrupt(`chunk ${chunk} of ${path}`, `${plainBytes} bytes`, bytes);
      extents.claim(child, child + bytes);
      addressBytes[chunk] = child;
      storedBytes[chunk] = bytes;
      if (skipped !== 0) {
        skippedFilters ??= new Uint32Array(total);
        skippedFilters[chunk] = skipped;
      }
      lastChunk = chunk;
      storedCount++;
    }
  };
  /** First stored chunk after number `previous`. */
  const firstOf = (previous: number): number => {
    let chunk = previous + 1;
    while (chunk < total && addressBytes[chunk] === UNDEFINED_ADDRESS) chunk++;
    return chunk;
  };
  if (btreeAddress !== UNDEFINED_ADDRESS) walk(btreeAddress, null, 0);
  return { grid, addressBytes, storedBytes, skippedFilters, storedCount };
}
