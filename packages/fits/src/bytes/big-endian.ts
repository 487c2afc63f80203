/** Turning between the big-endian numbers of FITS and typed arrays. */

/** Element types of images and tables: bytes and the signed integers and floats of FITS. */
export type StoredArray = Uint8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array;

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Reverses the bytes of each element, in place. `bytes` begins at a multiple of `widthBytes` in its buffer. */
export function swapInPlace(bytes: Uint8Array, widthBytes: 1 | 2 | 4 | 8): void {
  if (widthBytes === 1 || !isLittleEndian) return;
  if (widthBytes === 2) {
    const view = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1);
    for (let i = 0; i < view.length; i++) {
      const x = view[i]!;
      view[i] = (x << 8) | (x >> 8);
    }
    return;
  }
  const view = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  if (widthBytes === 4) swapWords(view, view);
  else swapPairs(view, view);
}

function swapWords(from: Int32Array, into: Int32Array): void {
  for (let i = 0; i < from.length; i++) into[i] = swapped(from[i]!);
}

function swapPairs(from: Int32Array, into: Int32Array): void {
  for (let i = 0; i + 1 < from.length; i += 2) {
    const first = swapped(from[i]!);
    into[i] = swapped(from[i + 1]!);
    into[i + 1] = first;
  }
}

function swapped(x: number): number {
  return (x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24);
}

/**
 * Decodes big-endian elements into part of a typed array.
 *
 * @param bytes  whole elements; their position in memory is any
 */
export function decodeInto(bytes: Uint8Array, out: StoredArray, outStart: number): void {
  const target = new Uint8Array(out.buffer, out.byteOffset + outStart * out.BYTES_PER_ELEMENT, bytes.length);
  // From aligned words into aligned words in one go: copying first would take the memory's time twice.
  if (out.BYTES_PER_ELEMENT >= 4 && isLittleEndian && bytes.byteOffset % 4 === 0 && target.byteOffset % 4 === 0) {
    const from = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    const into = new Int32Array(target.buffer, target.byteOffset, from.length);
    if (out.BYTES_PER_ELEMENT === 4) swapWords(from, into);
    else swapPairs(from, into);
    return;
  }
  target.set(bytes);
  swapInPlace(target, widthOf(out));
}

/** Encodes part of a typed array as big-endian bytes. `into` begins at a multiple of 8 in its buffer. */
export function encodeInto(values: StoredArray, start: number, end: number, into: Uint8Array): void {
  const width = values.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(values.buffer, values.byteOffset + start * width, (end - start) * width);
  if (width >= 4 && isLittleEndian && bytes.byteOffset % 4 === 0) {
    const from = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    const to = new Int32Array(into.buffer, into.byteOffset, from.length);
    if (width === 4) swapWords(from, to);
    else swapPairs(from, to);
    return;
  }
  into.set(bytes);
  swapInPlace(into.subarray(0, bytes.length), widthOf(values));
}

function widthOf(values: StoredArray): 1 | 2 | 4 | 8 {
  return values.BYTES_PER_ELEMENT as 1 | 2 | 4 | 8;
}
