/**
 * Reads AipsIO, the object stream of casacore: framed, versioned objects of primitive values.
 *
 * A root object starts with a magic number; every object is `u32 length, string type, u32 version, body`,
 * the length counting from its own first byte to the end of the object.
 */
import { TableFormatError, UnsupportedFormatError } from "../errors.ts";
import { elementCount, type NumericType, numericLayouts } from "../table/data-types.ts";
import type { ArrayValue, DataType, NumericArray, ScalarValue } from "../table/model.ts";
import { hostIsLittleEndian, swapBytes, unpackBits } from "./byte-order.ts";
import { decodeText } from "./text.ts";

/** First word of every root object. */
export const aipsIoMagic = 0xbebebebe;

/** Deeper nesting than any table has; a file that claims more is damaged. */
const maxDepth = 100;

/** An object being read: its type, version and the offset just behind it. */
export interface OpenObject {
  readonly type: string;
  readonly version: number;
  readonly endBytes: number;
}

export interface AipsIoReaderOptions {
  /** Named in errors. */
  readonly file: string;
  /** Table files are big endian; the headers of StandardStMan and IncrementalStMan follow the table. Default: false. */
  readonly littleEndian?: boolean;
  /** Where to start. Default: 0. */
  readonly offsetBytes?: number;
}

/** A cursor over bytes in memory. Every read is checked against the end of the innermost open object before anything is allocated. */
export class AipsIoReader {
  readonly file: string;
  readonly littleEndian: boolean;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private position: number;
  private readonly open: OpenObject[] = [];

  constructor(bytes: Uint8Array, options: AipsIoReaderOptions) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.file = options.file;
    this.littleEndian = options.littleEndian ?? false;
    this.position = options.offsetBytes ?? 0;
  }

  /** Offset of the next byte to read. */
  get offsetBytes(): number {
    return this.position;
  }

  /** Bytes left in the innermost open object, or in the file. */
  get remainingBytes(): number {
    return this.limit() - this.position;
  }

  /** A format error at the cursor. */
  error(field: string, expected: string, found: string): TableFormatError {
    const where = this.open.map((object) => object.type).join("/");
    return new TableFormatError(
      this.file,
      `${where === "" ? "" : `${where}: `}${field} at byte ${this.position}`,
      expected,
      found,
    );
  }

  private limit(): number {
    return this.open.length === 0 ? this.bytes.length : (this.open[this.open.length - 1] as OpenObject).endBytes;
  }

  private take(byteCount: number, what: string): number {
    const at = this.position;
    if (!(byteCount >= 0 && byteCount <= this.limit() - at)) {
      throw this.error(what, `${byteCount} bytes`, `${Math.max(0, this.limit() - at)} bytes left`);
    }
    this.position = at + byteCount;
    return at;
  }

  /**
   * Opens the next object; a root object when none is open.
   *
   * @param type       the type it must have; a type ending in `*` accepts any that starts so
   * @param maxVersion highest version this library knows
   * @throws UnsupportedFormatError for a higher version
   */
  openObject(type: string, maxVersion: number): OpenObject {
    if (this.open.length >= maxDepth) throw this.error("nesting", `at most ${maxDepth} levels`, "more");
    if (this.open.length === 0) {
      const magic = this.u32();
      if (magic !== aipsIoMagic) {
        throw this.error(`start of object ${type}`, `0x${aipsIoMagic.toString(16)}`, `0x${magic.toString(16)}`);
      }
    }
    const start = this.position;
    const lengthBytes = this.u32();
    const endBytes = start + lengthBytes;
    if (endBytes > this.limit()) {
      throw this.error(`length of object ${type}`, `at most ${this.limit() - start} bytes`, `${lengthBytes}`);
    }
    const foundType = this.string();
    const matches = type.endsWith("*") ? foundType.startsWith(type.slice(0, -1)) : foundType === type;
    if (!matches) throw this.error("object type", type, JSON.stringify(foundType.slice(0, 60)));
    const version = this.u32();
    if (version > maxVersion) {
      throw new UnsupportedFormatError(this.file, `object ${foundType}`, `versions up to ${maxVersion}`, `${version}`);
    }
    if (this.position > endBytes) {
      throw this.error(`length of object ${type}`, `at least ${this.position - start}`, `${lengthBytes}`);
    }
    const object = { type: foundType, version, endBytes };
    this.open.push(object);
    return object;
  }

  /** Closes the innermost object, which must have been read to its last byte. */
  closeObject(): void {
    const object = this.open[this.open.length - 1];
    if (object === undefined) throw new Error("closeObject without openObject");
    if (this.position !== object.endBytes) {
      throw this.error(`end of object ${object.type}`, `byte ${object.endBytes}`, `byte ${this.position}`);
    }
    this.open.pop();
  }

  u8(): number {
    return this.view.getUint8(this.take(1, "byte"));
  }

  /** A single truth value, one byte. */
  bool(): boolean {
    return this.u8() !== 0;
  }

  i32(): number {
    return this.view.getInt32(this.take(4, "Int"), this.littleEndian);
  }

  u32(): number {
    return this.view.getUint32(this.take(4, "uInt"), this.littleEndian);
  }

  /** A 64-bit count or offset. @throws TableFormatError beyond 2^53, which no file reaches */
  i64(): number {
    const value = this.view.getBigInt64(this.take(8, "Int64"), this.littleEndian);
    if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) {
      throw this.error("64-bit count", "a magnitude below 2^53", `${value}`);
    }
    return Number(value);
  }

  /** A count: 32 bits unsigned, or 64 bits in newer object versions. Never negative. */
  count(wide: boolean): number {
    if (!wide) return this.u32();
    const value = this.i64();
    if (value < 0) throw this.error("count", "0 or more", `${value}`);
    return value;
  }

  string(): string {
    const byteCount = this.u32();
    const at = this.take(byteCount, "string");
    return decodeText(this.bytes.subarray(at, at + byteCount));
  }

  /** Raw bytes, copied. */
  rawBytes(byteCount: number): Uint8Array {
    const at = this.take(byteCount, "bytes");
    return this.bytes.slice(at, at + byteCount);
  }

  /** `count` strings one behind the other. */
  strings(count: number): string[] {
    // Each string takes at least its length word: a damaged count is caught before the list is made.
    if (count * 4 > this.remainingBytes) {
      throw this.error("number of strings", `at most ${this.remainingBytes / 4}`, `${count}`);
    }
    return Array.from({ length: count }, () => this.string());
  }

  /** `count` numbers of one type; Bool vectors are packed to bits. */
  numbers(type: NumericType, count: number): NumericArray {
    const layout = numericLayouts[type];
    if (type === "bool") {
      const byteCount = Math.ceil(count / 8);
      const at = this.take(byteCount, "Bool vector");
      const flags = new Uint8Array(count);
      unpackBits(this.bytes.subarray(at, at + byteCount), 0, count, flags, 0);
      return flags;
    }
    const byteCount = count * layout.elementBytes;
    const at = this.take(byteCount, `${type} vector`);
    const data = layout.create(count * layout.parts);
    const target = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    target.set(this.bytes.subarray(at, at + byteCount));
    if (this.littleEndian !== hostIsLittleEndian) swapBytes(target, layout.partBytes);
    return data;
  }

  /** One scalar of any type but record. */
  scalar(type: Exclude<DataType, "record">): ScalarValue {
    switch (type) {
      case "bool":
        return this.bool();
      case "string":
        return this.string();
      case "int64":
        return this.view.getBigInt64(this.take(8, "Int64"), this.littleEndian);
      case "complex":
      case "dcomplex": {
        const [re, im] = this.numbers(type, 1) as Float32Array | Float64Array;
        return { re: re as number, im: im as number };
      }
      default:
        return (this.numbers(type, 1) as Float64Array)[0] as number;
    }
  }

  /** A shape or position: object `IPosition`, 32-bit (version 1) or 64-bit (version 2). */
  iposition(): number[] {
    const { version } = this.openObject("IPosition", 2);
    const count = this.u32();
    if (count * (version === 2 ? 8 : 4) > this.remainingBytes) {
      throw this.error("number of axes", `at most ${this.remainingBytes / 4}`, `${count}`);
    }
    const axes: number[] = [];
    for (let i = 0; i < count; i++) axes.push(version === 2 ? this.i64() : this.i32());
    this.closeObject();
    return axes;
  }

  /** Object `Block` of 32-bit or, when `wide`, 64-bit unsigned numbers. */
  blockOfCounts(wide = false): Float64Array {
    this.openObject("Block", 1);
    const count = this.u32();
    if (count * (wide ? 8 : 4) > this.remainingBytes) {
      throw this.error("Block", `at most ${this.remainingBytes} bytes`, `${count} values`);
    }
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = this.count(wide);
    this.closeObject();
    return values;
  }

  /** Object `Block` of strings. */
  blockOfStrings(): string[] {
    this.openObject("Block", 1);
    const list = this.strings(this.u32());
    this.closeObject();
    return list;
  }

  /** An `Array` object of the given element type; any of the names casacore gives such objects is accepted. */
  array(type: Exclude<DataType, "record">): ArrayValue {
    const { version } = this.openObject("Array*", 3);
    const ndim = this.u32();
    const header = this.remainingBytes;
    if (ndim * 4 > header) throw this.error("number of axes", `at most ${header / 4}`, `${ndim}`);
    // Versions below 3 carry an origin, which casacore ignores since long.
    if (version < 3) for (let axis = 0; axis < ndim; axis++) this.i32();
    const shape: number[] = [];
    for (let axis = 0; axis < ndim; axis++) shape.push(this.u32());
    const count = this.u32();
    const expectedCount = ndim === 0 ? 0 : elementCount(shape);
    if (count !== expectedCount) throw this.error(`elements of shape [${shape}]`, `${expectedCount}`, `${count}`);
    const data = type === "string" ? this.strings(count) : this.numbers(type, count);
    this.closeObject();
    return { type, shape, data };
  }
}
