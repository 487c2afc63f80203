/** Which bytes of the file a range of rows needs, and where they go. Pure: no byte is read here. */
import { UNDEFINED_ADDRESS } from "./hdf5/byte-source.ts";

/** Storage of one array [row, chan, pol], as the plan needs it. */
export interface RowStorage {
  readonly shape: readonly [rowCount: number, chanCount: number, polCount: number];
  readonly chunkShape: readonly [rowCount: number, chanCount: number, polCount: number];
  readonly elementBytes: number;
  /** Position of each chunk, row-major over the grid of chunks; −1 where none is stored. */
  readonly addressBytes: Float64Array;
  /** Stored size of each chunk when filters change it; null when a chunk is stored plainly, so that part of it can be read. */
  readonly storedBytes: Uint32Array | null;
}

export interface PlanOptions {
  /** Longest read. One piece that is longer is read alone. Default 4 MiB. */
  readonly maxSpanBytes?: number;
  /** Bytes that nobody needs are read along when there are at most this many between two pieces. Default 64 KiB. */
  readonly maxGapBytes?: number;
}

/** One contiguous read and the pieces in it. */
export interface Span {
  readonly startByte: number;
  /** exclusive */
  readonly endByte: number;
  readonly pieceStart: number;
  /** exclusive */
  readonly pieceEnd: number;
}

/**
 * The reads of one range of rows, in the order of their addresses. A piece is a chunk, or some rows of a
 * plainly stored one. Pieces are held as parallel arrays: a file of the DSA-110 has 12 000.
 */
export interface RowPlan {
  readonly pieceCount: number;
  readonly addressBytes: Float64Array;
  readonly lengthBytes: Float64Array;
  /** Which of the arrays that were given. */
  readonly arrayIndex: Uint8Array;
  readonly chunkIndex: Uint32Array;
  /** First row of the piece within its chunk: the stored bytes begin there. 0 for filtered chunks. */
  readonly storedRowStart: Uint32Array;
  /** Rows within the chunk that are wanted: [rowStart, rowEnd). */
  readonly rowStart: Uint32Array;
  readonly rowEnd: Uint32Array;
  readonly spans: readonly Span[];
  /** Wanted chunks that are not stored, as (array, chunk) pairs; they hold the fill value. */
  readonly missing: readonly { readonly arrayIndex: number; readonly chunkIndex: number }[];
}

const MIB = 1 << 20;
/** Plain chunks longer than this are read in parts, so that one buffer serves all. */
const MAX_PIECE_BYTES = MIB;

/**
 * Plans the reads of rows [bltStart, bltEnd) of several arrays.
 *
 * @throws RangeError when the range is not within the rows of every array
 */
export function planRows(
  arrays: readonly RowStorage[],
  range: { readonly bltStart: number; readonly bltEnd: number },
  options: PlanOptions = {},
): RowPlan {
  const { bltStart, bltEnd } = range;
  const { maxSpanBytes = 4 * MIB, maxGapBytes = 65536 } = options;
  const address: number[] = [];
  const length: number[] = [];
  const arrayOf: number[] = [];
  const chunkOf: number[] = [];
  const storedFrom: number[] = [];
  const from: number[] = [];
  const to: number[] = [];
  const missing: { arrayIndex: number; chunkIndex: number }[] = [];
  for (const [arrayIndex, array] of arrays.entries()) {
    const [rowCount, chanCount, polCount] = array.shape;
    if (
      !(
        Number.isInteger(bltStart) &&
        Number.isInteger(bltEnd) &&
        bltStart >= 0 &&
        bltEnd >= bltStart &&
        bltEnd <= rowCount
      )
    ) {
      throw new RangeError(`rows ${bltStart} to ${bltEnd}: expected a range within 0 to ${rowCount}`);
    }
    const [chunkRows, chunkChans, chunkPols] = array.chunkShape;
    const perBand = Math.ceil(chanCount / chunkChans) * Math.ceil(polCount / chunkPols);
    const rowBytes = chunkChans * chunkPols * array.elementBytes;
    const rowsPerPiece = Math.max(1, Math.floor(MAX_PIECE_BYTES / rowBytes));
    const bandEnd = Math.ceil(bltEnd / chunkRows);
    for (let band = Math.floor(bltStart / chunkRows); band < bandEnd; band++) {
      const rowStart = Math.max(0, bltStart - band * chunkRows);
      const rowEnd = Math.min(chunkRows, bltEnd - band * chunkRows);
      for (let i = 0; i < perBand; i++) {
        const chunkIndex = band * perBand + i;
        const at = array.addressBytes[chunkIndex] as number;
        if (at === UNDEFINED_ADDRESS) {
          missing.push({ arrayIndex, chunkIndex });
          continue;
        }
        const step = array.storedBytes === null ? rowsPerPiece : chunkRows;
        for (let row = rowStart; row < rowEnd; row += step) {
          const end = Math.min(row + step, rowEnd);
          const stored = array.storedBytes;
          address.push(stored === null ? at + row * rowBytes : at);
          length.push(stored === null ? (end - row) * rowBytes : (stored[chunkIndex] as number));
          arrayOf.push(arrayIndex);
          chunkOf.push(chunkIndex);
          storedFrom.push(stored === null ? row : 0);
          from.push(row);
          to.push(end);
        }
      }
    }
  }
  const order = orderOf(address);
  const addressBytes = Float64Array.from(order, (i) => address[i] as number);
  const lengthBytes = Float64Array.from(order, (i) => length[i] as number);
  return {
    pieceCount: order.length,
    addressBytes,
    lengthBytes,
    arrayIndex: Uint8Array.from(order, (i) => arrayOf[i] as number),
    chunkIndex: Uint32Array.from(order, (i) => chunkOf[i] as number),
    storedRowStart: Uint32Array.from(order, (i) => storedFrom[i] as number),
    rowStart: Uint32Array.from(order, (i) => from[i] as number),
    rowEnd: Uint32Array.from(order, (i) => to[i] as number),
    spans: spansOf(addressBytes, lengthBytes, maxSpanBytes, maxGapBytes),
    missing,
  };
}

/** Indices in ascending order of address. */
function orderOf(address: readonly number[]): Uint32Array {
  const order = Uint32Array.from(address, (_, i) => i);
  for (let i = 1; i < order.length; i++) {
    if ((address[i] as number) < (address[i - 1] as number))
      return order.sort((a, b) => (address[a] as number) - (address[b] as number));
  }
  return order;
}

function spansOf(address: Float64Array, length: Float64Array, maxSpanBytes: number, maxGapBytes: number): Span[] {
  const spans: Span[] = [];
  let pieceStart = 0;
  let startByte = 0;
  let endByte = 0;
  for (let i = 0; i < address.length; i++) {
    const start = address[i] as number;
    const end = start + (length[i] as number);
    if (i > pieceStart && start - endByte <= maxGapBytes && end - startByte <= maxSpanBytes) {
      endByte = Math.max(endByte, end);
      continue;
    }
    if (i > pieceStart) spans.push({ startByte, endByte, pieceStart, pieceEnd: i });
    pieceStart = i;
    startByte = start;
    endByte = end;
  }
  if (address.length > 0) spans.push({ startByte, endByte, pieceStart, pieceEnd: address.length });
  return spans;
}
