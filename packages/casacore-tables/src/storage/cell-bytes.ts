/** Values as the bytes of a data file. */
import { hostIsLittleEndian, swapBytes } from "../aipsio/byte-order.ts";
import { encodeText } from "../aipsio/text.ts";
import { numericLayouts } from "../table/data-types.ts";
import type { ColumnDesc, NumericArray } from "../table/model.ts";
import type { CellValue } from "./cell-values.ts";
import { packFlags } from "./pack-flags.ts";

/**
 * Numbers as they stand in a data file: in the table's byte order, bool as bits.
 *
 * @returns a view of `data` where nothing has to be changed, else a copy
 */
export function numberBytes(type: ColumnDesc["type"], data: NumericArray, isLittleEndian: boolean): Uint8Array {
  if (type === "bool") {
    const packed = new Uint8Array(Math.ceil(data.length / 8));
    packFlags(data as Uint8Array, packed);
    return packed;
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const partBytes = type === "record" || type === "string" ? 1 : numericLayouts[type].partBytes;
  if (isLittleEndian === hostIsLittleEndian || partBytes === 1) return bytes;
  const swapped = bytes.slice();
  swapBytes(swapped, partBytes);
  return swapped;
}

/** A buffer that grows, with numbers in one byte order. */
export class ByteSink {
  readonly isLittleEndian: boolean;
  private bytes = new Uint8Array(256);
  private view = new DataView(this.bytes.buffer);
  sizeBytes = 0;

  constructor(isLittleEndian: boolean) {
    this.isLittleEndian = isLittleEndian;
  }

  private reserve(byteCount: number): number {
    const at = this.sizeBytes;
    if (at + byteCount > this.bytes.length) {
      const larger = new Uint8Array(Math.max(at + byteCount, 2 * this.bytes.length));
      larger.set(this.bytes.subarray(0, at));
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    this.sizeBytes += byteCount;
    return at;
  }

  u32(value: number): void {
    const at = this.reserve(4);
    this.view.setUint32(at, value, this.isLittleEndian);
  }

  i64(value: number): void {
    const at = this.reserve(8);
    this.view.setBigInt64(at, BigInt(value), this.isLittleEndian);
  }

  raw(value: Uint8Array): void {
    const at = this.reserve(value.length);
    this.bytes.set(value, at);
  }

  /** A length and the bytes. */
  text(value: string): void {
    const encoded = encodeText(value);
    this.u32(encoded.length);
    this.raw(encoded);
  }

  /** All bytes so far; valid until more are added. */
  finish(): Uint8Array {
    return this.bytes.subarray(0, this.sizeBytes);
  }

  clear(): void {
    this.sizeBytes = 0;
  }
}

/** A string array as StandardStMan keeps it: always big endian, with its shape unless the column fixes that. */
export function stringArrayBlob(cell: CellValue, hasShape: boolean): Uint8Array {
  const sink = new ByteSink(false);
  if (!hasShape) {
    sink.u32(cell.shape.length);
    for (const axis of cell.shape) sink.u32(axis);
    sink.u32(1); // the values follow
  }
  for (const text of cell.data as readonly string[]) sink.text(text);
  return sink.finish();
}
