/** Object-header messages as libhdf5's oldest format has them, which every version of it reads. */
import { ByteWriter } from "./byte-writer.ts";

/** Types that this writer stores. */
export type WriteType =
  | { readonly kind: "int64" }
  | { readonly kind: "float32" }
  | { readonly kind: "float64" }
  /** complex64: a compound of float32 members r and i */
  | { readonly kind: "complex64" }
  /** h5py's bool: an enumeration of FALSE and TRUE over int8 */
  | { readonly kind: "bool" }
  /** NUL-padded, ASCII */
  | { readonly kind: "string"; readonly bytes: number }
  /** variable-length, UTF-8, in the global heap */
  | { readonly kind: "vlen-string" };

/** Size of one element. */
export function typeBytes(type: WriteType): number {
  if (type.kind === "string") return type.bytes;
  if (type.kind === "vlen-string") return 16;
  return { int64: 8, float32: 4, float64: 8, complex64: 8, bool: 1 }[type.kind];
}

/** Class and version, class bits and size that begin every datatype. */
function typeHead(
  writer: ByteWriter,
  typeClass: number,
  bits: readonly [number, number, number],
  bytes: number,
): ByteWriter {
  return writer.u8(0x10 | typeClass, ...bits).u32(bytes);
}

function putType(writer: ByteWriter, type: WriteType): ByteWriter {
  switch (type.kind) {
    case "int64":
      return typeHead(writer, 0, [8, 0, 0], 8).u16(0, 64);
    case "float32":
      return typeHead(writer, 1, [0x20, 31, 0], 4).u16(0, 32).u8(23, 8, 0, 23).u32(127);
    case "float64":
      return typeHead(writer, 1, [0x20, 63, 0], 8).u16(0, 64).u8(52, 11, 0, 52).u32(1023);
    case "string":
      return typeHead(writer, 3, [1, 0, 0], type.bytes);
    case "complex64": {
      typeHead(writer, 6, [2, 0, 0], 8);
      for (const [i, name] of ["r", "i"].entries()) {
        writer
          .ascii(name)
          .zeros(7)
          .u32(4 * i)
          .zeros(28);
        putType(writer, { kind: "float32" });
      }
      return writer;
    }
    case "bool":
      typeHead(writer, 8, [2, 0, 0], 1);
      typeHead(writer, 0, [8, 0, 0], 1).u16(0, 8);
      return writer.ascii("FALSE").zeros(3).ascii("TRUE").zeros(4).u8(0, 1);
    case "vlen-string":
      typeHead(writer, 9, [1, 1, 0], 16);
      return typeHead(writer, 0, [0, 0, 0], 1).u16(0, 8);
  }
}

/** One message: its type, its flags and its body. */
export interface WriteMessage {
  readonly type: number;
  readonly flags: number;
  readonly body: Uint8Array;
}

/** @param maxShape  −1 for unlimited; left out: as `shape` */
export function dataspaceMessage(shape: readonly number[], maxShape: readonly number[] = shape): WriteMessage {
  const writer = new ByteWriter()
    .u8(1, shape.length, shape.length > 0 ? 1 : 0)
    .zeros(5)
    .u64(...shape);
  for (const size of maxShape) {
    if (size < 0) writer.undefined64();
    else writer.u64(size);
  }
  return { type: 0x01, flags: 0, body: writer.done() };
}

export function datatypeMessage(type: WriteType): WriteMessage {
  return { type: 0x03, flags: 1, body: putType(new ByteWriter(), type).done() };
}

/** Allocation and fill times as h5py leaves them: late and if-set for contiguous data, incremental and at-allocation for chunks. */
export function fillMessage(type: WriteType, isChunked: boolean): WriteMessage {
  const fillTime = isChunked || type.kind === "vlen-string" ? 0 : 2;
  return {
    type: 0x05,
    flags: 1,
    body: new ByteWriter()
      .u8(2, isChunked ? 3 : 2, fillTime, 1)
      .u32(0)
      .done(),
  };
}

export function contiguousMessage(addressBytes: number, bytes: number): WriteMessage {
  return { type: 0x08, flags: 0, body: new ByteWriter().u8(3, 1).u64(addressBytes).u64(bytes).done() };
}

/** @param btreeAddress  null when no chunk is stored */
export function chunkedMessage(
  btreeAddress: number | null,
  chunkShape: readonly number[],
  elementBytes: number,
): WriteMessage {
  const writer = new ByteWriter().u8(3, 2, chunkShape.length + 1);
  if (btreeAddress === null) writer.undefined64();
  else writer.u64(btreeAddress);
  return { type: 0x08, flags: 0, body: writer.u32(...chunkShape, elementBytes).done() };
}

export function symbolTableMessage(btreeAddress: number, heapAddress: number): WriteMessage {
  return { type: 0x11, flags: 0, body: new ByteWriter().u64(btreeAddress, heapAddress).done() };
}

/** An object header of version 1 with these messages. */
export function objectHeader(messages: readonly WriteMessage[]): Uint8Array<ArrayBuffer> {
  const body = new ByteWriter();
  for (const { type, flags, body: bytes } of messages) {
    body
      .u16(type, Math.ceil(bytes.length / 8) * 8)
      .u8(flags)
      .zeros(3)
      .put(bytes)
      .align(8);
  }
  return new ByteWriter().u8(1, 0).u16(messages.length).u32(1, body.length).zeros(4).put(body.done()).done();
}
