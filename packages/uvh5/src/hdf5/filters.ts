/** Filter pipelines (specification IV.A.2.l): what was done to the bytes of a chunk, and how to undo it. */
import type { Cursor, Hdf5Bytes } from "./byte-source.ts";
import { fletcher32 } from "./fletcher32.ts";
import { decodeLzf } from "./lzf.ts";

export interface Filter {
  readonly id: number;
  readonly parameters: readonly number[];
}

/** Compression that the platform supplies. */
export interface Codecs {
  /**
   * Inflates a zlib stream.
   *
   * @returns at most `maxBytes` bytes
   * @throws anything when the stream is damaged or longer
   */
  inflate(input: Uint8Array, maxBytes: number): Uint8Array;
}

const DEFLATE = 1;
const SHUFFLE = 2;
const FLETCHER32 = 3;
const LZF = 32000;
const NAMES: ReadonlyMap<number, string> = new Map([
  [DEFLATE, "deflate"],
  [SHUFFLE, "shuffle"],
  [FLETCHER32, "fletcher32"],
  [4, "szip"],
  [5, "n-bit"],
  [6, "scale-offset"],
  [LZF, "lzf"],
  [32001, "blosc"],
  [32004, "lz4"],
  [32008, "bitshuffle"],
  [32015, "zstd"],
]);

/** @param elementBytes  size of the dataset's elements, by which shuffle must work */
export function readFilters(cursor: Cursor, elementBytes: number, path: string): Filter[] {
  const field = `filters of ${path}`;
  const version = cursor.u8();
  if (version !== 1 && version !== 2) cursor.hdf5.corrupt(field, "version 1 or 2", version);
  const count = cursor.u8();
  if (count > 32) cursor.hdf5.corrupt(field, "at most 32 filters", count);
  if (version === 1) cursor.skip(6);
  const filters = Array.from({ length: count }, () => {
    const id = cursor.u16();
    const nameBytes = version === 1 || id >= 256 ? cursor.u16() : 0;
    cursor.skip(2);
    const parameterCount = cursor.u16();
    cursor.skip(version === 1 ? Math.ceil(nameBytes / 8) * 8 : nameBytes);
    const parameters = Array.from({ length: parameterCount }, () => cursor.u32());
    if (version === 1 && parameterCount % 2 === 1) cursor.skip(4);
    if (id === SHUFFLE && parameters[0] !== elementBytes) {
      cursor.hdf5.corrupt(field, `shuffled elements of ${elementBytes} bytes`, String(parameters[0]));
    }
    return { id, parameters };
  });
  // Only padding to 8 bytes may follow: a count that became smaller shows.
  if (cursor.remaining >= 8) cursor.hdf5.corrupt(field, `nothing after ${count} filters`, `${cursor.remaining} bytes`);
  return filters;
}

/** The first filter that `undoFilters` does not know, by name; null when it knows all. */
export function unknownFilter(filters: readonly Filter[]): string | null {
  const filter = filters.find(({ id }) => ![DEFLATE, SHUFFLE, FLETCHER32, LZF].includes(id));
  return filter === undefined ? null : (NAMES.get(filter.id) ?? `filter ${filter.id}`);
}

/** Memory that `undoFilters` uses again and again, two pieces because filters alternate between them. */
export class FilterScratch {
  readonly #pieces: [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>] = [new Uint8Array(0), new Uint8Array(0)];

  /** `bytes` of memory that does not overlap `input`; 8-byte aligned. */
  apartFrom(input: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
    const which = input.buffer === this.#pieces[0].buffer ? 1 : 0;
    if (this.#pieces[which].length < bytes) this.#pieces[which] = new Uint8Array(bytes);
    return this.#pieces[which].subarray(0, bytes);
  }
}

/**
 * Undoes the filters of one chunk, last applied first.
 *
 * @param stored      the chunk as it is in the file; not changed
 * @param chunkBytes  size of the chunk in memory
 * @param skipped     filters that this chunk did not go through, bit i for filter i
 * @returns the chunk, in memory that the next call may overwrite; the input itself when nothing had to be done
 * @throws Uvh5CorruptError when a checksum fails, a stream is damaged or the size comes out wrong
 */
export function undoFilters(
  hdf5: Hdf5Bytes,
  codecs: Codecs,
  scratch: FilterScratch,
  filters: readonly Filter[],
  stored: Uint8Array,
  chunkBytes: number,
  skipped: number,
  field: string,
): Uint8Array {
  let bytes = stored;
  checkSkipped(hdf5, filters, skipped, field);
  for (let i = filters.length - 1; i >= 0; i--) {
    if ((skipped >>> i) & 1) continue;
    const { id, parameters } = filters[i] as Filter;
    // Only a checksum before this filter in the pipeline can make what it works on longer than the chunk.
    const room = chunkBytes + 4 * filters.slice(0, i).filter((f) => f.id === FLETCHER32).length;
    if (id === FLETCHER32) bytes = checkFletcher32(hdf5, bytes, field);
    else if (id === SHUFFLE) bytes = unshuffle(hdf5, scratch, bytes, parameters[0] ?? 1, field);
    else if (id === LZF) {
      const into = scratch.apartFrom(bytes, room);
      if (!decodeLzf(bytes, into)) hdf5.corrupt(field, `lzf of ${room} bytes`, "a damaged stream");
      bytes = into;
    } else if (id === DEFLATE) bytes = inflate(hdf5, codecs, bytes, room, field);
    else hdf5.unsupported(field, "deflate, shuffle, fletcher32 or lzf", NAMES.get(id) ?? `filter ${id}`);
  }
  if (bytes.length !== chunkBytes) hdf5.corrupt(field, `${chunkBytes} bytes`, bytes.length);
  return bytes;
}

/** A filter is skipped when it failed, as compression does that would make a chunk longer; shuffle alone never fails. */
function checkSkipped(hdf5: Hdf5Bytes, filters: readonly Filter[], skipped: number, field: string): void {
  const isSkipped = (i: number): boolean => ((skipped >>> i) & 1) === 1;
  const isShuffleSkipped = filters.some(({ id }, i) => id === SHUFFLE && isSkipped(i));
  const isCompressed = filters.some(({ id }, i) => (id === DEFLATE || id === LZF) && !isSkipped(i));
  if (isShuffleSkipped && isCompressed) hdf5.corrupt(field, "shuffle before compression", "a chunk that skipped it");
}

function inflate(hdf5: Hdf5Bytes, codecs: Codecs, bytes: Uint8Array, room: number, field: string): Uint8Array {
  let result: Uint8Array;
  try {
    result = codecs.inflate(bytes, room);
  } catch (cause) {
    return hdf5.corrupt(
      field,
      `deflate of ${room} bytes`,
      `a damaged stream (${cause instanceof Error ? cause.message : cause})`,
    );
  }
  return result;
}

function checkFletcher32(hdf5: Hdf5Bytes, bytes: Uint8Array, field: string): Uint8Array {
  const dataBytes = bytes.length - 4;
  if (dataBytes < 0) hdf5.corrupt(field, "a checksum of 4 bytes", bytes.length);
  const data = bytes.subarray(0, dataBytes);
  const stored =
    ((bytes[dataBytes] as number) |
      ((bytes[dataBytes + 1] as number) << 8) |
      ((bytes[dataBytes + 2] as number) << 16) |
      ((bytes[dataBytes + 3] as number) << 24)) >>>
    0;
  const found = fletcher32(data);
  // Libraries up to 1.6.2 on little-endian machines swapped the bytes of each half; the library accepts both.
  const swapped = (((found & 0x00ff00ff) << 8) | ((found >>> 8) & 0x00ff00ff)) >>> 0;
  if (stored !== found && stored !== swapped)
    hdf5.corrupt(`${field} checksum`, stored.toString(16), found.toString(16));
  return data;
}

function unshuffle(
  hdf5: Hdf5Bytes,
  scratch: FilterScratch,
  bytes: Uint8Array,
  elementBytes: number,
  field: string,
): Uint8Array {
  if (elementBytes <= 1) return bytes;
  if (elementBytes > bytes.length)
    hdf5.corrupt(field, `shuffled elements of at most ${bytes.length} bytes`, elementBytes);
  const count = Math.floor(bytes.length / elementBytes);
  const into = scratch.apartFrom(bytes, bytes.length);
  for (let b = 0; b < elementBytes; b++) {
    const from = b * count;
    for (let i = 0, to = b; i < count; i++, to += elementBytes) into[to] = bytes[from + i] as number;
  }
  // Bytes that do not fill an element stay where they are.
  into.set(bytes.subarray(count * elementBytes), count * elementBytes);
  return into;
}
