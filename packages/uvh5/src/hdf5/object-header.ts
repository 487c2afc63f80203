/** Object headers, versions 1 and 2 (specification, section IV.A.1): the list of messages of one object. */
import type { Cursor, Hdf5Bytes } from "./byte-source.ts";
import type { Extents } from "./extents.ts";
import { verifyLookup3 } from "./lookup3.ts";

/** Message types that this reader uses. */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFillValue: 0x04,
  fillValue: 0x05,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  continuation: 0x10,
  symbolTable: 0x11,
  referenceCount: 0x16,
} as const;

/** Highest message type that the specification defines. */
const LAST_MESSAGE = 0x17;
/** More than any real object has; a bound on work, not on what is legal. */
const MAX_BLOCKS = 4096;

export interface Message {
  readonly type: number;
  /** The message is stored elsewhere (a committed datatype, a shared message heap). */
  readonly isShared: boolean;
  readonly body: Cursor;
}

export interface ObjectHeader {
  /** Hard links to the object; the superblock counts as one to the root group. */
  readonly referenceCount: number;
  /** In stored order, without the padding messages. */
  readonly messages: readonly Message[];
}

/** Reads the header of the object at `address`. */
export function readObjectHeader(hdf5: Hdf5Bytes, extents: Extents, address: number, path: string): ObjectHeader {
  const field = `object header of ${path}`;
  const first = hdf5.cursor(address, 4, field);
  if (first.take(4).every((byte, i) => byte === "OHDR".charCodeAt(i)))
    return readVersion2(hdf5, extents, address, field);
  const cursor = hdf5.cursor(address, 16, field);
  const version = cursor.u8();
  if (version !== 1) hdf5.corrupt(field, "version 1 or signature OHDR", version);
  if (cursor.u8() !== 0) hdf5.corrupt(field, "reserved byte 0", "another");
  const messageCount = cursor.u16();
  const referenceCount = cursor.u32();
  const size = cursor.u32();
  extents.claim(address, address + 16 + size);
  const blocks: [number, number][] = [[address + 16, size]];
  const messages: Message[] = [];
  let seen = 0;
  for (let i = 0; i < blocks.length; i++) {
    const [start, length] = blocks[i] as [number, number];
    const block = hdf5.cursor(start, length, field);
    while (block.remaining >= 8 && seen < messageCount) {
      const type = block.u16();
      const bodyBytes = block.u16();
      const flags = block.u8();
      block.skip(3);
      if (bodyBytes % 8 !== 0) hdf5.corrupt(field, "messages of a multiple of 8 bytes", bodyBytes);
      seen++;
      const body = block.sub(bodyBytes);
      if (type === MESSAGE.continuation) {
        blocks.push(continuation(hdf5, extents, body, blocks.length, field));
      } else if (type !== 0) {
        messages.push(message(hdf5, type, flags, body, field));
      }
    }
    if (block.remaining >= 8) hdf5.corrupt(field, `${messageCount} messages`, "room for more");
  }
  if (seen !== messageCount) hdf5.corrupt(field, `${messageCount} messages`, seen);
  return { referenceCount, messages };
}

function message(hdf5: Hdf5Bytes, type: number, flags: number, body: Cursor, field: string): Message {
  if (type > LAST_MESSAGE) hdf5.corrupt(field, `message types up to ${LAST_MESSAGE}`, type);
  return { type, isShared: (flags & 2) !== 0, body };
}

function continuation(
  hdf5: Hdf5Bytes,
  extents: Extents,
  body: Cursor,
  blockCount: number,
  field: string,
): [number, number] {
  const start = body.address();
  const length = body.u64();
  if (blockCount >= MAX_BLOCKS) hdf5.corrupt(field, `at most ${MAX_BLOCKS} blocks`, "more");
  hdf5.checkExtent(start, length, field);
  extents.claim(start, start + length);
  return [start, length];
}

function readVersion2(hdf5: Hdf5Bytes, extents: Extents, address: number, field: string): ObjectHeader {
  const head = hdf5.cursor(address, 6, field);
  head.skip(4);
  const version = head.u8();
  if (version !== 2) hdf5.corrupt(field, "version 2", version);
  const flags = head.u8();
  if ((flags & 0xc0) !== 0) hdf5.corrupt(field, "reserved flags 0", flags);
  const sizeWidth = 1 << (flags & 3);
  const prefix = 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
  const sizeCursor = hdf5.cursor(address + prefix, sizeWidth, field);
  const size = sizeCursor.unsigned(sizeWidth);
  const bodyStart = address + prefix + sizeWidth;
  const checked = hdf5.cursor(bodyStart, size + 4, field);
  checked.skip(size);
  verifyLookup3(hdf5, address, prefix + sizeWidth + size, checked.u32(), field);
  extents.claim(address, bodyStart + size + 4);
  const headBytes = flags & 4 ? 6 : 4;
  const messages: Message[] = [];
  const blocks: [number, number][] = [[bodyStart, size]];
  for (let i = 0; i < blocks.length; i++) {
    const [start, length] = blocks[i] as [number, number];
    const block = hdf5.cursor(start, length, field);
    while (block.remaining >= headBytes) {
      const type = block.u8();
      const bodyBytes = block.u16();
      const messageFlags = block.u8();
      if (headBytes === 6) block.skip(2);
      const body = block.sub(bodyBytes);
      if (type === MESSAGE.continuation) {
        const [at, bytes] = continuation(hdf5, extents, body, blocks.length, field);
        if (bytes < 8) hdf5.corrupt(field, "a continuation block of at least 8 bytes", bytes);
        const whole = hdf5.cursor(at, bytes, field);
        whole.signature("OCHK");
        whole.skip(bytes - 8);
        verifyLookup3(hdf5, at, bytes - 4, whole.u32(), field);
        blocks.push([at + 4, bytes - 8]);
      } else if (type !== 0) {
        messages.push(message(hdf5, type, messageFlags, body, field));
      }
    }
  }
  const counted = messages.find(({ type }) => type === MESSAGE.referenceCount)?.body;
  counted?.skip(1);
  return { referenceCount: counted?.u32() ?? 1, messages };
}
