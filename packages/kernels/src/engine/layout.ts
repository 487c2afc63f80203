/** Who has which bytes of an engine's memory: decided before there is any, so that a plan can say how much it takes. */
import { PAGE_BYTES } from "./webassembly.ts";

/** Begin of every piece: a cache line. */
const ALIGNMENT_BYTES = 64;

/** Pieces of memory, one after another. The first page is kept for the threads' counters (`Team`). */
export interface Layout {
  /** Bytes in all so far. */
  readonly byteCount: number;
  /** Takes a piece and says where it begins. */
  take(byteCount: number): number;
}

/** A layout without pieces. */
export function createLayout(): Layout {
  let end = PAGE_BYTES;
  return {
    get byteCount() {
      return end;
    },
    take(byteCount) {
      const start = end;
      end += Math.ceil(byteCount / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
      return start;
    },
  };
}
