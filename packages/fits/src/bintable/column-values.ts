/** Values of columns, and their bytes. */
import { encodeInto, type StoredArray, swapInPlace } from "../bytes/big-endian.ts";
import {
  bytesPerElement,
  flipHighestBit,
  type NativeArray,
  type NativeType,
  newArray,
  scaleInto,
  storedView,
} from "../image/scale.ts";
import type { TableColumn } from "./column.ts";
import { numberTypeOf } from "./tform.ts";

/** A logical that is neither true nor false. */
export const UNDEFINED_LOGICAL_CODE = 255;

/** Values one behind the other, in rows of cells. What is read can be written. */
export type ColumnValues =
  | { readonly kind: "numbers"; readonly values: NativeArray }
  /** Real and imaginary parts interleaved. */
  | { readonly kind: "complex"; readonly values: Float32Array | Float64Array }
  /** Without the spaces and NULs at their ends. */
  | { readonly kind: "text"; readonly values: readonly string[] }
  /** 0, 1, or UNDEFINED_LOGICAL_CODE. */
  | { readonly kind: "logical"; readonly values: Uint8Array }
  /** 0 or 1 for each bit. */
  | { readonly kind: "bits"; readonly values: Uint8Array };

/**
 * Decodes bytes of a column, gathered cell behind cell.
 *
 * @param bytes      at the start of a buffer of their own; may be taken over
 * @param cellCount  cells among them: of bits and text each begins anew
 */
export function decodeColumn(column: TableColumn, bytes: Uint8Array, cellCount: number): ColumnValues {
  switch (column.kind) {
    case "text":
      return { kind: "text", values: decodeText(bytes, column.charCount, cellCount, column.cellShape) };
    case "logical":
      return {
        kind: "logical",
        values: bytes.map((byte) => (byte === 0x54 ? 1 : byte === 0x46 ? 0 : UNDEFINED_LOGICAL_CODE)),
      };
    case "bits":
      return { kind: "bits", values: decodeBits(bytes, cellCount, column.format.repeatCount) };
    case "complex": {
      const type = numberTypeOf(column.format.element) ?? "float32";
      swapInPlace(bytes, type === "float32" ? 4 : 8);
      return { kind: "complex", values: viewOf(type, bytes) as Float32Array | Float64Array };
    }
    case "numbers":
      return { kind: "numbers", values: decodeNumbers(column, bytes) };
  }
}

function viewOf(type: NativeType, bytes: Uint8Array): NativeArray {
  return storedView(type, newView(bytes, bytesPerElement(type)));
}

/** An array over bytes whose length counts elements of that width. */
function newView(bytes: Uint8Array, widthBytes: number): NativeArray {
  const count = bytes.length / widthBytes;
  if (widthBytes === 1) return bytes;
  if (widthBytes === 2) return new Int16Array(bytes.buffer, bytes.byteOffset, count);
  if (widthBytes === 4) return new Int32Array(bytes.buffer, bytes.byteOffset, count);
  return new BigInt64Array(bytes.buffer, bytes.byteOffset, count);
}

function decodeNumbers({ format, nativeType, scaling }: TableColumn, bytes: Uint8Array): NativeArray {
  const type = numberTypeOf(format.element) ?? "uint8";
  swapInPlace(bytes, bytesPerElement(type) as 1 | 2 | 4 | 8);
  const stored = viewOf(type, bytes) as StoredArray;
  const isScaled = scaling.bscale !== 1 || Number(scaling.bzero) !== 0;
  if (!isScaled || nativeType === undefined) return stored;
  if (nativeType !== "float64") {
    flipHighestBit(stored);
    return viewOf(nativeType, bytes);
  }
  const values = new Float64Array(stored.length);
  scaleInto(stored, scaling, values, 0);
  return values;
}

/** Characters up to the first NUL, spaces at the end taken off. */
function decodeText(bytes: Uint8Array, charCount: number, cellCount: number, cellShape: readonly number[]): string[] {
  const perCell = cellShape.reduce((product, length) => product * length, 1);
  const cellBytes = cellCount === 0 ? 0 : bytes.length / cellCount;
  const values: string[] = [];
  for (let cell = 0; cell < cellCount; cell++) {
    for (let part = 0; part < perCell; part++) {
      const start = cell * cellBytes + part * charCount;
      values.push(textOf(bytes, start, start + charCount));
    }
  }
  return values;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  let last = start;
  while (last < end && bytes[last] !== 0) last++;
  while (last > start && bytes[last - 1] === 0x20) last--;
  let text = "";
  for (let at = start; at < last; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}

/** Highest bit first, each cell in bytes of its own. */
function decodeBits(bytes: Uint8Array, cellCount: number, bitCount: number): Uint8Array {
  const values = new Uint8Array(cellCount * bitCount);
  const cellBytes = Math.ceil(bitCount / 8);
  for (let cell = 0; cell < cellCount; cell++) {
    for (let bit = 0; bit < bitCount; bit++) {
      values[cell * bitCount + bit] = (bytes[cell * cellBytes + (bit >> 3)]! >> (7 - (bit & 7))) & 1;
    }
  }
  return values;
}

/**
 * Bytes of values, cell behind cell.
 *
 * @param unitCount  characters of a string, bits of a cell; of no meaning for the others
 * @param stored     the type in which numbers are stored, as that of their unsigned convention
 * @returns undefined for a character or a logical that FITS cannot write
 */
export function encodeColumn(values: ColumnValues, unitCount: number, stored: NativeType): Uint8Array | undefined {
  switch (values.kind) {
    case "text":
      return encodeText(values.values, unitCount);
    case "logical":
      return encodeLogicals(values.values);
    case "bits":
      return encodeBits(values.values, unitCount);
    case "complex":
      return bigEndian(values.values);
    case "numbers": {
      const { values: numbers } = values;
      // A copy only where the highest bit is to be turned.
      const isFlipped = newArray(stored, 0).constructor !== numbers.constructor;
      const array = storedView(stored, isFlipped ? numbers.slice() : numbers);
      if (isFlipped) flipHighestBit(array);
      return bigEndian(array);
    }
  }
}

function bigEndian(values: StoredArray): Uint8Array {
  const bytes = new Uint8Array(values.byteLength);
  encodeInto(values, 0, values.length, bytes);
  return bytes;
}

function encodeText(values: readonly string[], charCount: number): Uint8Array | undefined {
  const bytes = new Uint8Array(values.length * charCount);
  for (const [index, text] of values.entries()) {
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code < 0x20 || code > 0x7e) return undefined;
      bytes[index * charCount + at] = code;
    }
  }
  return bytes;
}

function encodeLogicals(values: Uint8Array): Uint8Array | undefined {
  const bytes = new Uint8Array(values.length);
  for (const [index, value] of values.entries()) {
    if (value > 1 && value !== UNDEFINED_LOGICAL_CODE) return undefined;
    bytes[index] = value === 1 ? 0x54 : value === 0 ? 0x46 : 0;
  }
  return bytes;
}

function encodeBits(values: Uint8Array, bitCount: number): Uint8Array | undefined {
  const cellBytes = Math.ceil(bitCount / 8);
  const cellCount = bitCount === 0 ? 0 : values.length / bitCount;
  const bytes = new Uint8Array(cellCount * cellBytes);
  for (const [index, value] of values.entries()) {
    if (value > 1) return undefined;
    const bit = index % bitCount;
    if (value === 1) bytes[Math.floor(index / bitCount) * cellBytes + (bit >> 3)] |= 0x80 >> (bit & 7);
  }
  return bytes;
}
