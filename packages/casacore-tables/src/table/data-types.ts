/** The data types of casacore: their codes, sizes and typed arrays. */
import type { DataType, NumericArray } from "./model.ts";

/** Types whose elements have a fixed size, so that they live in typed arrays. */
export type NumericType = Exclude<DataType, "string" | "record">;

/** How one numeric type is laid out. `parts` is 2 for complex types (re, im), `partBytes` the unit of byte swapping. */
export interface NumericLayout {
  readonly elementBytes: number;
  readonly partBytes: number;
  readonly parts: 1 | 2;
  create(length: number): NumericArray;
  view(buffer: ArrayBufferLike, offsetBytes: number, length: number): NumericArray;
}

interface TypedArrayClass {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): NumericArray;
  new (buffer: ArrayBufferLike, offsetBytes: number, length: number): NumericArray;
}

function layout(arrayClass: TypedArrayClass, parts: 1 | 2): NumericLayout {
  const partBytes = arrayClass.BYTES_PER_ELEMENT;
  return {
    elementBytes: partBytes * parts,
    partBytes,
    parts,
    create: (length) => new arrayClass(length),
    view: (buffer, offsetBytes, length) => new arrayClass(buffer, offsetBytes, length),
  };
}

/** Layout of each numeric type in memory. Bool takes a byte in memory and a bit on disk. */
export const numericLayouts: Readonly<Record<NumericType, NumericLayout>> = {
  bool: layout(Uint8Array as TypedArrayClass, 1),
  char: layout(Int8Array as TypedArrayClass, 1),
  uchar: layout(Uint8Array as TypedArrayClass, 1),
  short: layout(Int16Array as TypedArrayClass, 1),
  ushort: layout(Uint16Array as TypedArrayClass, 1),
  int: layout(Int32Array as TypedArrayClass, 1),
  uint: layout(Uint32Array as TypedArrayClass, 1),
  int64: layout(BigInt64Array as TypedArrayClass, 1),
  float: layout(Float32Array as TypedArrayClass, 1),
  double: layout(Float64Array as TypedArrayClass, 1),
  complex: layout(Float32Array as TypedArrayClass, 2),
  dcomplex: layout(Float64Array as TypedArrayClass, 2),
};

/** casacore's DataType enumeration for scalars; an array type is the scalar type + 13, except ArrayInt64 = 30. */
const scalarCodes: Readonly<Record<Exclude<DataType, "record">, number>> = {
  bool: 0,
  char: 1,
  uchar: 2,
  short: 3,
  ushort: 4,
  int: 5,
  uint: 6,
  float: 7,
  double: 8,
  complex: 9,
  dcomplex: 10,
  string: 11,
  int64: 29,
};

/** Codes without a value type of their own. */
export const tableCode = 12;
export const recordCode = 25;
const arrayCodeOffset = 13;
const arrayInt64Code = 30;

const typeByScalarCode = new Map(
  (Object.keys(scalarCodes) as Exclude<DataType, "record">[]).map((type) => [scalarCodes[type], type] as const),
);

/** The code of a scalar of this type. */
export function codeOfType(type: DataType): number {
  return type === "record" ? recordCode : scalarCodes[type];
}

/** The code of an array of this type. */
export function codeOfArrayType(type: Exclude<DataType, "record">): number {
  return type === "int64" ? arrayInt64Code : scalarCodes[type] + arrayCodeOffset;
}

/** The type of a scalar code, or undefined when the code is not one of a scalar. */
export function typeOfCode(code: number): Exclude<DataType, "record"> | undefined {
  return typeByScalarCode.get(code);
}

/** The element type of an array code, or undefined when the code is not one of an array. */
export function typeOfArrayCode(code: number): Exclude<DataType, "record"> | undefined {
  if (code === arrayInt64Code) return "int64";
  return code >= arrayCodeOffset && code <= arrayCodeOffset + scalarCodes.string
    ? typeByScalarCode.get(code - arrayCodeOffset)
    : undefined;
}

/** Number of elements of an array of this shape; 1 for a shape without axes, as casacore counts a scalar. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const length of shape) count *= length;
  return count;
}
