/** Writes AipsIO (see reader.ts): the twin of the reader, byte for byte. */
import { elementCount, numericLayouts } from "../table/data-types.ts";
import type { ArrayValue, ComplexValue, DataType, NumericArray, ScalarValue } from "../table/model.ts";
import { hostIsLittleEndian, packBits, swapBytes } from "./byte-order.ts";
import { aipsIoMagic } from "./reader.ts";
import { encodeText } from "./text.ts";

/** Names casacore gives the array objects of keyword sets, `void` where it has no name for the type; arrays elsewhere are named plain `Array`. */
const arrayObjectNames: Readonly<Partial<Record<DataType, string>>> = {
  bool: "Array<void>",
  uchar: "Array<uChar>",
  short: "Array<short>",
  int: "Array<Int>",
  uint: "Array<uInt>",
  int64: "Array<Int64>",
  float: "Array<float>",
  double: "Array<double>",
  complex: "Array<void>",
  dcomplex: "Array<void>",
  string: "Array<String>",
};

/** A growing buffer of AipsIO objects. Values outside their type's range are refused with a RangeError. */
export class AipsIoWriter {
  readonly littleEndian: boolean;
  private bytes = new Uint8Array(1024);
  private view = new DataView(this.bytes.buffer);
  private length = 0;
  private readonly open: number[] = [];

  /** @param options.littleEndian default false, as in table.dat */
  constructor(options: { readonly littleEndian?: boolean } = {}) {
    this.littleEndian = options.littleEndian ?? false;
  }

  /** Bytes written so far. */
  get sizeBytes(): number {
    return this.length;
  }

  /** All bytes written, copied. @throws Error when an object is still open */
  finish(): Uint8Array {
    if (this.open.length > 0) throw new Error(`${this.open.length} AipsIO objects are still open`);
    return this.bytes.slice(0, this.length);
  }

  private grow(byteCount: number): number {
    const at = this.length;
    const needed = at + byteCount;
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, at));
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    this.length = needed;
    return at;
  }

  /** Starts an object; a root object, with its magic number, when none is open. */
  openObject(type: string, version: number): void {
    if (this.open.length === 0) this.u32(aipsIoMagic);
    this.open.push(this.grow(4));
    this.string(type);
    this.u32(version);
  }

  /** Ends the innermost object and fills in its length. */
  closeObject(): void {
    const start = this.open.pop();
    if (start === undefined) throw new Error("closeObject without openObject");
    const lengthBytes = this.length - start;
    assertRange(lengthBytes, 0, 0xffffffff, "object length");
    this.view.setUint32(start, lengthBytes, this.littleEndian);
  }

  u8(value: number): void {
    assertRange(value, 0, 255, "byte");
    const at = this.grow(1);
    this.view.setUint8(at, value);
  }

  /** A single truth value, one byte. */
  bool(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  i32(value: number): void {
    assertRange(value, -0x80000000, 0x7fffffff, "Int");
    const at = this.grow(4);
    this.view.setInt32(at, value, this.littleEndian);
  }

  u32(value: number): void {
    assertRange(value, 0, 0xffffffff, "uInt");
    const at = this.grow(4);
    this.view.setUint32(at, value, this.littleEndian);
  }

  i64(value: number): void {
    assertRange(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, "Int64");
    const at = this.grow(8);
    this.view.setBigInt64(at, BigInt(value), this.littleEndian);
  }

  /** A count: 32 bits unsigned, or 64 bits when `wide`. */
  count(value: number, wide: boolean): void {
    if (wide) this.i64(value);
    else this.u32(value);
  }

  string(value: string): void {
    const encoded = encodeText(value);
    this.u32(encoded.length);
    this.rawBytes(encoded);
  }

  rawBytes(value: Uint8Array): void {
    const at = this.grow(value.length);
    this.bytes.set(value, at);
  }

  strings(values: readonly string[]): void {
    for (const value of values) this.string(value);
  }

  /** Numbers of one type, one behind the other; complex values interleaved, Bool vectors packed to bits. */
  numbers(type: Exclude<DataType, "record" | "string">, data: NumericArray): void {
    if (type === "bool") {
      this.rawBytes(packBits(data as Uint8Array));
      return;
    }
    const at = this.grow(data.byteLength);
    const target = this.bytes.subarray(at, at + data.byteLength);
    target.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    if (this.littleEndian !== hostIsLittleEndian) swapBytes(target, numericLayouts[type].partBytes);
  }

  /** One scalar of any type but record. @throws TypeError when the value is of another kind than the type */
  scalar(type: Exclude<DataType, "record">, value: ScalarValue): void {
    switch (type) {
      case "bool":
        this.bool(expectKind(value, "boolean", type));
        return;
      case "string":
        this.string(expectKind(value, "string", type));
        return;
      case "int64": {
        const at = this.grow(8);
        const wide = typeof value === "number" ? BigInt(value) : expectKind<bigint>(value, "bigint", type);
        this.view.setBigInt64(at, wide, this.littleEndian);
        return;
      }
      case "complex":
      case "dcomplex": {
        const { re, im } = expectKind<ComplexValue>(value, "object", type);
        this.numbers(type, type === "complex" ? Float32Array.of(re, im) : Float64Array.of(re, im));
        return;
      }
      default: {
        const data = numericLayouts[type].create(1) as Float64Array;
        const number = expectKind<number>(value, "number", type);
        data[0] = number;
        if (type !== "float" && type !== "double" && data[0] !== number) {
          throw new RangeError(`${number} does not fit type ${type}`);
        }
        this.numbers(type, data);
      }
    }
  }

  /** A shape or position; 64 bits wide only where an axis needs it, as casacore writes it. */
  iposition(axes: readonly number[]): void {
    const wide = axes.some((axis) => axis > 0x7fffffff);
    this.openObject("IPosition", wide ? 2 : 1);
    this.u32(axes.length);
    for (const axis of axes) {
      if (wide) this.i64(axis);
      else this.i32(axis);
    }
    this.closeObject();
  }

  /** Object `Block` of 32-bit or, when `wide`, 64-bit unsigned numbers. */
  blockOfCounts(values: ArrayLike<number>, wide = false): void {
    this.openObject("Block", 1);
    this.u32(values.length);
    for (let i = 0; i < values.length; i++) this.count(values[i] as number, wide);
    this.closeObject();
  }

  /** Object `Block` of strings. */
  blockOfStrings(values: readonly string[]): void {
    this.openObject("Block", 1);
    this.u32(values.length);
    this.strings(values);
    this.closeObject();
  }

  /**
   * An array object.
   *
   * @param value its data must have as many elements as its shape says
   * @param objectName default: the name casacore uses for arrays in keyword sets
   */
  array(value: ArrayValue, objectName = arrayObjectNames[value.type] ?? "Array"): void {
    const parts = value.type === "string" ? 1 : numericLayouts[value.type].parts;
    const count = value.data.length / parts;
    const expectedCount = value.shape.length === 0 ? 0 : elementCount(value.shape);
    if (count !== expectedCount) throw new RangeError(`array of shape [${value.shape}] has ${count} elements`);
    this.openObject(objectName, 3);
    this.u32(value.shape.length);
    for (const axis of value.shape) this.u32(axis);
    this.u32(count);
    if (value.type === "string") this.strings(value.data as readonly string[]);
    else this.numbers(value.type, value.data as NumericArray);
    this.closeObject();
  }
}

function assertRange(value: number, low: number, high: number, what: string): void {
  if (!(Number.isInteger(value) && value >= low && value <= high)) {
    throw new RangeError(`${what}: expected an integer from ${low} to ${high}, got ${value}`);
  }
}

function expectKind<T>(value: ScalarValue, kind: string, type: string): T {
  if (typeof value !== kind) throw new TypeError(`type ${type}: expected a ${kind}, got a ${typeof value}`);
  return value as T;
}
