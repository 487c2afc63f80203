/** Bob Jenkins' lookup3 hash (public domain), the checksum of HDF5's newer metadata. */
import type { Hdf5Bytes } from "./byte-source.ts";

const rotate = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

/** lookup3 `hashlittle` with initial value 0. @returns an unsigned 32-bit number */
export function lookup3(bytes: Uint8Array): number {
  let length = bytes.length;
  let a = (0xdeadbeef + length) | 0;
  let b = a;
  let c = a;
  let p = 0;
  const word = (at: number): number => {
    let value = 0;
    for (let i = 0; i < 4; i++) value |= (bytes[at + i] ?? 0) << (8 * i);
    return value;
  };
  while (length > 12) {
    a = (a + word(p)) | 0;
    b = (b + word(p + 4)) | 0;
    c = (c + word(p + 8)) | 0;
    a = (a - c) ^ rotate(c, 4);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 6);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 8);
    b = (b + a) | 0;
    a = (a - c) ^ rotate(c, 16);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 19);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 4);
    b = (b + a) | 0;
    p += 12;
    length -= 12;
  }
  if (length === 0) return c >>> 0;
  // Bytes past the end count as zero, which `word` supplies.
  a = (a + word(p)) | 0;
  b = (b + word(p + 4)) | 0;
  c = (c + word(p + 8)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
}

/** Throws when the `lengthBytes` at `offsetBytes` do not have the checksum `stored`. */
export function verifyLookup3(
  hdf5: Hdf5Bytes,
  offsetBytes: number,
  lengthBytes: number,
  stored: number,
  field: string,
): void {
  const found = lookup3(hdf5.cursor(offsetBytes, lengthBytes, field).take(lengthBytes));
  if (found !== stored) hdf5.corrupt(`${field} checksum`, stored.toString(16), found.toString(16));
}
