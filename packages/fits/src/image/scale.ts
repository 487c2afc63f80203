/** Stored integers and the values they stand for: BSCALE, BZERO, BLANK (FITS standard 4.0, 4.4.2.5 and 5.3), and their like of columns. */
import type { StoredArray } from "../bytes/big-endian.ts";
import { FitsCorruptError } from "../errors.ts";
import type { FitsHeader } from "../header/header.ts";
import type { Bitpix } from "../structure/hdu.ts";

/** value = bzero + bscale × stored, and the stored integer that means no value. */
export interface Scaling {
  readonly bscale: number;
  readonly bzero: number | bigint;
  /** Undefined when there is none; floating-point data use NaN. */
  readonly blank: number | bigint | undefined;
}

/** Arrays that hold the values of FITS data: stored types and, by the conventions of table 11, unsigned and signed others. */
export type NativeArray = StoredArray | Int8Array | Uint16Array | Uint32Array | BigUint64Array;

/** Names of element types. */
export type NativeType =
  | "uint8"
  | "int8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "float32"
  | "float64";

/** The stored integer that differs from the value by its highest bit only: FITS standard 4.0, table 11. */
const CONVENTIONS: readonly { readonly stored: NativeType; readonly native: NativeType; readonly bzero: bigint }[] = [
  { stored: "uint8", native: "int8", bzero: -128n },
  { stored: "int16", native: "uint16", bzero: 32768n },
  { stored: "int32", native: "uint32", bzero: 2147483648n },
  { stored: "int64", native: "uint64", bzero: 9223372036854775808n },
];

const STORED: Readonly<Record<Bitpix, NativeType>> = {
  8: "uint8",
  16: "int16",
  32: "int32",
  64: "int64",
  [-32]: "float32",
  [-64]: "float64",
};

interface ArrayConstructorOf {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): NativeArray;
  new (buffer: ArrayBufferLike, startByte: number, length: number): NativeArray;
}

const ARRAYS: Readonly<Record<NativeType, ArrayConstructorOf>> = {
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** The arrays by the names of their element types. */
export interface NativeArrays {
  readonly uint8: Uint8Array;
  readonly int8: Int8Array;
  readonly int16: Int16Array;
  readonly uint16: Uint16Array;
  readonly int32: Int32Array;
  readonly uint32: Uint32Array;
  readonly int64: BigInt64Array;
  readonly uint64: BigUint64Array;
  readonly float32: Float32Array;
  readonly float64: Float64Array;
}

export function newArray<T extends NativeType>(type: T, length: number): NativeArrays[T] {
  return new ARRAYS[type](length) as NativeArrays[T];
}

export function bytesPerElement(type: NativeType): number {
  return ARRAYS[type].BYTES_PER_ELEMENT;
}

/** The element type of a typed array. */
export function typeOfArray(values: NativeArray): NativeType {
  for (const [type, constructor] of Object.entries(ARRAYS)) {
    if (values instanceof constructor) return type as NativeType;
  }
  throw new TypeError("not a typed array that FITS knows");
}

/** The element type in which BITPIX is stored. */
export function storedTypeOf(bitpix: Bitpix): NativeType {
  return STORED[bitpix];
}

/** The stored array over the same memory as one of an unsigned convention. */
export function storedView(type: NativeType, native: NativeArray): StoredArray {
  return new ARRAYS[type](native.buffer, native.byteOffset, native.length) as StoredArray;
}

/** BSCALE, BZERO and BLANK of an image. @throws FitsCorruptError when they are no numbers, or BSCALE is zero */
export function imageScaling(header: FitsHeader, bitpix: Bitpix): Scaling {
  return scalingFrom(header, "BSCALE", "BZERO", "BLANK", bitpix > 0);
}

/** Scaling by the names of its keywords. A blank value counts for integers only. */
export function scalingFrom(
  header: FitsHeader,
  scaleKeyword: string,
  zeroKeyword: string,
  blankKeyword: string,
  isInteger: boolean,
): Scaling {
  const bscale = header.number(scaleKeyword) ?? 1;
  const zero = header.value(zeroKeyword);
  const bzero = typeof zero === "bigint" ? zero : (header.number(zeroKeyword) ?? 0);
  if (bscale === 0) {
    const place = header.placeOf(scaleKeyword);
    throw new FitsCorruptError({ file: header.file, place, expected: "another scale than 0", found: "0" });
  }
  if (!isInteger) return { bscale, bzero, blank: undefined };
  const blank = header.value(blankKeyword);
  const isBlank = typeof blank === "bigint" || (typeof blank === "number" && Number.isSafeInteger(blank));
  return { bscale, bzero, blank: isBlank ? blank : undefined };
}

/** The type that holds all values exactly: of an unsigned convention, the stored one, or float64 where a scale is applied. */
export function nativeTypeOf(stored: NativeType, { bscale, bzero }: Scaling): NativeType {
  if (bscale !== 1) return "float64";
  if (Number(bzero) === 0) return stored;
  const convention = CONVENTIONS.find((one) => one.stored === stored && Number(one.bzero) === Number(bzero));
  return convention?.native ?? "float64";
}

/** How values of a type are stored: the stored type and BZERO. */
export function storageOf(native: NativeType): { readonly stored: NativeType; readonly bzero: number | bigint } {
  const convention = CONVENTIONS.find((one) => one.native === native);
  if (convention === undefined) return { stored: native, bzero: 0 };
  const isSafe = Number.isSafeInteger(Number(convention.bzero));
  return { stored: convention.stored, bzero: isSafe ? Number(convention.bzero) : convention.bzero };
}

/** Exchanges stored integers and those of their unsigned convention, in place: the highest bit. */
export function flipHighestBit(values: StoredArray): void {
  if (values instanceof BigInt64Array) {
    const words = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
    const high = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 1 : 0;
    for (let i = high; i < words.length; i += 2) words[i] ^= -0x80000000;
  } else if (values instanceof Int32Array) {
    for (let i = 0; i < values.length; i++) values[i] ^= -0x80000000;
  } else if (values instanceof Int16Array) {
    for (let i = 0; i < values.length; i++) values[i] ^= -0x8000;
  } else {
    for (let i = 0; i < values.length; i++) values[i] ^= 0x80;
  }
}

/**
 * Computes values of stored ones, in float64 before they are put into `out`; blanks become NaN.
 *
 * @param out  receives as many as there are stored, from `outStart`
 */
export function scaleInto(
  stored: StoredArray,
  scaling: Scaling,
  out: Float32Array | Float64Array,
  outStart: number,
): void {
  const { bscale, blank } = scaling;
  const bzero = Number(scaling.bzero);
  if (stored instanceof BigInt64Array) {
    const isOffset = typeof scaling.bzero === "bigint" && bscale === 1;
    for (let i = 0; i < stored.length; i++) {
      const x = stored[i]!;
      const isBlank = blank !== undefined && x === BigInt(blank);
      // Added as integers, so that what is representable stays exact.
      const value = isOffset ? Number(x + (scaling.bzero as bigint)) : bzero + bscale * Number(x);
      out[outStart + i] = isBlank ? NaN : value;
    }
    return;
  }
  const blankValue = blank === undefined ? NaN : Number(blank);
  if (bscale === 1 && bzero === 0 && blank === undefined) {
    out.set(stored, outStart);
    return;
  }
  for (let i = 0; i < stored.length; i++) {
    const x = stored[i]!;
    out[outStart + i] = x === blankValue ? NaN : bzero + bscale * x;
  }
}
