/** Data layout messages, versions 3 and 4 (specification IV.A.2.i). */
import type { Cursor } from "./byte-source.ts";

export type Layout =
  | { readonly kind: "compact"; readonly bytes: Uint8Array<ArrayBuffer>; readonly address: number }
  | { readonly kind: "contiguous"; readonly address: number; readonly bytes: number }
  | {
      readonly kind: "chunked";
      readonly btreeAddress: number;
      readonly chunkShape: readonly number[];
      readonly elementBytes: number;
    };

/** Chunks indexed in any way newer than B-tree version 1 are Unsupported. */
export function readLayout(cursor: Cursor, path: string): Layout {
  const { hdf5 } = cursor;
  const field = `layout of ${path}`;
  const version = cursor.u8();
  if (version === 1 || version === 2) hdf5.unsupported(field, "version 3 or 4", version);
  if (version !== 3 && version !== 4) hdf5.corrupt(field, "version 3 or 4", version);
  const layoutClass = cursor.u8();
  if (layoutClass === 0) {
    const size = cursor.u16();
    return { kind: "compact", address: cursor.origin + cursor.at, bytes: cursor.take(size) };
  }
  if (layoutClass === 1) return { kind: "contiguous", address: cursor.address(), bytes: cursor.u64() };
  if (layoutClass !== 2) {
    if (version === 4 && layoutClass === 3) hdf5.unsupported(field, "stored data", "a virtual dataset");
    hdf5.corrupt(field, "layout class 0 to 2", layoutClass);
  }
  if (version === 4) hdf5.unsupported(field, "chunks indexed by B-tree version 1", "a newer chunk index");
  const rank = cursor.u8();
  if (rank < 2 || rank > 33) hdf5.corrupt(field, "2 to 33 dimensions of a chunk", rank);
  const btreeAddress = cursor.address();
  const chunkShape = Array.from({ length: rank - 1 }, () => cursor.u32());
  const elementBytes = cursor.u32();
  if (chunkShape.some((size) => size === 0)) hdf5.corrupt(field, "chunk sizes above 0", chunkShape.join(", "));
  return { kind: "chunked", btreeAddress, chunkShape, elementBytes };
}
