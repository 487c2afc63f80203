/** From the numbers of a file to those of a caller: byte order, integers, precision. */
import { type Datatype, describeDatatype } from "./hdf5/datatype.ts";
import { decodeNumbers } from "./stored.ts";

/** Bytes of the numbers that make up one element: those of a complex number's parts. */
export function numberBytes(type: Datatype): number {
  return type.kind === "complex" ? type.part.bytes : type.bytes;
}

/** Whether the type is float32 (or complex64) in little-endian order, which needs no conversion. */
export function isPlainFloat32(type: Datatype): boolean {
  const part = type.kind === "complex" ? type.part : type;
  return part.kind === "float" && part.bytes === 4 && !part.isBigEndian;
}

/**
 * Decodes numbers of any type as 32-bit words of float32.
 *
 * Big-endian float32 is only reordered, so that NaNs keep their bits; all else is rounded to the nearest float32.
 */
export function toFloat32Words(
  file: string,
  field: string,
  bytes: Uint8Array<ArrayBuffer>,
  type: Datatype,
): Int32Array<ArrayBuffer> {
  const part = type.kind === "complex" ? type.part : type;
  if (part.kind === "float" && part.bytes === 4) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i, !part.isBigEndian));
  }
  return new Int32Array(Float32Array.from(decodeNumbers(file, field, bytes, part)).buffer);
}

/** Decodes numbers of any type as float64. */
export function toFloat64Numbers(
  file: string,
  field: string,
  bytes: Uint8Array<ArrayBuffer>,
  type: Datatype,
): Float64Array<ArrayBuffer> {
  return decodeNumbers(file, field, bytes, type.kind === "complex" ? type.part : type);
}

/** How `Uvh5File.visStoredAs` names a type. */
export function visKind(type: Datatype): "complex64" | "complex128" | "integer" {
  if (type.kind !== "complex") throw new TypeError(`expected a complex type, got ${describeDatatype(type)}`);
  if (type.part.kind === "integer") return "integer";
  return type.part.bytes === 4 ? "complex64" : "complex128";
}
