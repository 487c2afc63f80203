/** Superblock, versions 0 to 3 (HDF5 File Format Specification, section II.A). */
import type { Hdf5Bytes } from "./byte-source.ts";
import type { Extents } from "./extents.ts";
import { verifyLookup3 } from "./lookup3.ts";

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/** A user block doubles from 512; more than this is not searched. */
const LAST_SIGNATURE_BYTE = 1 << 20;

export interface Superblock {
  readonly version: number;
  /** Absolute position of the root group's object header. */
  readonly rootAddress: number;
  /** First byte after the file by its own declaration; what a closed file's size equals. */
  readonly endOfFile: number;
  /** Version 3: a writer has, or had when it died, the file open. */
  readonly isOpenForWriting: boolean;
}

function hasSignature(hdf5: Hdf5Bytes, at: number): boolean {
  const found = hdf5.cursor(at, 8, "superblock").take(8);
  return SIGNATURE.every((byte, i) => found[i] === byte);
}

/** Finds and reads the superblock, and sets the base address of `hdf5`. Does not compare the end with the size. */
export function readSuperblock(hdf5: Hdf5Bytes, extents: Extents): Superblock {
  const size = hdf5.source.sizeBytes;
  if (size === 0) hdf5.notHdf5("an HDF5 signature", "an empty file");
  let at = 0;
  while (at + 8 <= size && at <= LAST_SIGNATURE_BYTE && !hasSignature(hdf5, at)) at = at === 0 ? 512 : at * 2;
  if (at + 8 > size || at > LAST_SIGNATURE_BYTE)
    hdf5.notHdf5("an HDF5 signature at byte 0, 512, 1024 …", "other bytes");
  const cursor = hdf5.cursor(at, Math.min(size - at, 100), "superblock");
  cursor.skip(8);
  const version = cursor.u8();
  if (version > 3) hdf5.unsupported("superblock version", "0 to 3", version);
  hdf5.baseAddress = at;
  if (version >= 2) {
    const [offsetBytes, lengthBytes, flags] = [cursor.u8(), cursor.u8(), cursor.u8()];
    if (offsetBytes !== 8 || lengthBytes !== 8)
      hdf5.unsupported("superblock", "8-byte addresses and lengths", `${offsetBytes} and ${lengthBytes}`);
    const base = cursor.address();
    if (base !== 2 * at) hdf5.corrupt("superblock base address", String(at), base - at);
    const extension = cursor.address();
    const endOfFile = cursor.u64();
    const rootAddress = cursor.address();
    verifyLookup3(hdf5, at, 44, cursor.u32(), "superblock");
    extents.claim(at, at + 48);
    if (extension !== -1) hdf5.unsupported("superblock", "no superblock extension", "one");
    return { version, rootAddress, endOfFile, isOpenForWriting: version === 3 && (flags & 5) !== 0 };
  }
  const [freeSpaceVersion, rootVersion, , sharedVersion] = [cursor.u8(), cursor.u8(), cursor.u8(), cursor.u8()];
  if (freeSpaceVersion !== 0 || rootVersion !== 0 || sharedVersion !== 0)
    hdf5.corrupt("superblock", "version 0 of its parts", `${freeSpaceVersion}, ${rootVersion}, ${sharedVersion}`);
  const [offsetBytes, lengthBytes] = [cursor.u8(), cursor.u8()];
  if (offsetBytes !== 8 || lengthBytes !== 8)
    hdf5.unsupported("superblock", "8-byte addresses and lengths", `${offsetBytes} and ${lengthBytes}`);
  cursor.skip(1);
  hdf5.groupLeafEntries = 2 * cursor.u16();
  hdf5.groupNodeChildren = 2 * cursor.u16();
  if (hdf5.groupLeafEntries === 0 || hdf5.groupNodeChildren === 0) hdf5.corrupt("superblock", "group sizes above 0", 0);
  cursor.skip(4 + (version === 1 ? 4 : 0));
  const base = cursor.address();
  if (base !== 2 * at) hdf5.corrupt("superblock base address", String(at), base - at);
  cursor.skip(8);
  const endOfFile = cursor.u64();
  cursor.skip(8 + 8); // driver information, link name of the root entry
  const rootAddress = cursor.address();
  extents.claim(at, at + cursor.at + 24);
  return { version, rootAddress, endOfFile, isOpenForWriting: false };
}
