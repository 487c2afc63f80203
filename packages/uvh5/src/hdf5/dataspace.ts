/** Dataspace messages (specification IV.A.2.b). */
import type { Cursor } from "./byte-source.ts";

/** HDF5's limit. */
const MAX_RANK = 32;

/** Sizes of the dimensions ([] for a scalar), or null for a null dataspace, which holds no element. */
export function readDataspace(cursor: Cursor, path: string): number[] | null {
  const { hdf5 } = cursor;
  const field = `dataspace of ${path}`;
  const version = cursor.u8();
  if (version !== 1 && version !== 2) hdf5.corrupt(field, "version 1 or 2", version);
  const rank = cursor.u8();
  const flags = cursor.u8();
  if (rank > MAX_RANK) hdf5.corrupt(field, `at most ${MAX_RANK} dimensions`, rank);
  if ((flags & ~3) !== 0) hdf5.corrupt(field, "flags 0 to 3", flags);
  let type = rank === 0 ? 0 : 1;
  if (version === 2) {
    type = cursor.u8();
    if (type > 2 || (type === 1) !== rank > 0) hdf5.corrupt(field, `a class that fits rank ${rank}`, type);
  } else {
    cursor.skip(5);
  }
  if (type === 2) return null;
  const shape = Array.from({ length: rank }, () => cursor.u64());
  if (flags & 1) {
    for (const [i, size] of shape.entries()) {
      const [low, high] = [cursor.u32(), cursor.u32()];
      const isUnlimited = low === 0xffffffff && high === 0xffffffff;
      const maximum = high * 2 ** 32 + low;
      if (!isUnlimited && maximum < size) hdf5.corrupt(field, `dimension ${i} at most ${maximum}`, size);
    }
  }
  return shape;
}

/** Elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
