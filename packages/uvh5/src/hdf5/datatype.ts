/** Datatype messages (specification IV.A.2.d), as far as UVH5 uses them. */
import type { Cursor } from "./byte-source.ts";

export interface IntegerType {
  readonly kind: "integer";
  readonly bytes: 1 | 2 | 4 | 8;
  readonly isSigned: boolean;
  readonly isBigEndian: boolean;
}

/** IEEE 754 binary32 or binary64. */
export interface FloatType {
  readonly kind: "float";
  readonly bytes: 4 | 8;
  readonly isBigEndian: boolean;
}

/** h5py's bool: an enumeration of FALSE 0 and TRUE 1 over an 8-bit integer. */
export interface BoolType {
  readonly kind: "bool";
  readonly bytes: 1;
}

export interface StringType {
  readonly kind: "string";
  readonly bytes: number;
  readonly padding: "null-terminated" | "null-padded" | "space-padded";
}

/** A string in the global heap; each element is a 16-byte reference. */
export interface VlenStringType {
  readonly kind: "vlen-string";
  readonly bytes: 16;
}

/** A compound of two members `r` and `i` of one type. */
export interface ComplexType {
  readonly kind: "complex";
  readonly bytes: number;
  readonly part: IntegerType | FloatType;
}

export type Datatype = IntegerType | FloatType | BoolType | StringType | VlenStringType | ComplexType;

/** The type as people write it, such as `<f4` or `complex of <i4`. */
export function describeDatatype(type: Datatype): string {
  switch (type.kind) {
    case "integer":
      return `${type.isBigEndian ? ">" : "<"}${type.isSigned ? "i" : "u"}${type.bytes}`;
    case "float":
      return `${type.isBigEndian ? ">" : "<"}f${type.bytes}`;
    case "string":
      return `string of ${type.bytes} bytes`;
    case "complex":
      return `complex of ${describeDatatype(type.part)}`;
    default:
      return type.kind;
  }
}

/** Reads one datatype; the cursor ends after it. Types that UVH5 does not use are Unsupported. */
export function readDatatype(cursor: Cursor, path: string): Datatype {
  const { hdf5 } = cursor;
  const field = `datatype of ${path}`;
  const classAndVersion = cursor.u8();
  const version = classAndVersion >> 4;
  const typeClass = classAndVersion & 15;
  const flags = cursor.u8() | (cursor.u8() << 8) | (cursor.u8() << 16);
  const bytes = cursor.u32();
  if (version < 1 || version > 3) hdf5.unsupported(field, "version 1 to 3", version);
  switch (typeClass) {
    case 0: {
      const type = readInteger(cursor, field, bytes, flags);
      return type;
    }
    case 1:
      return readFloat(cursor, field, bytes, flags);
    case 3: {
      const padding = (["null-terminated", "null-padded", "space-padded"] as const)[flags & 15];
      if (padding === undefined) hdf5.corrupt(field, "string padding 0 to 2", flags & 15);
      if (flags >> 4 > 1) hdf5.corrupt(field, "character set 0 or 1", flags >> 4);
      if (bytes === 0) hdf5.corrupt(field, "a string of at least one byte", 0);
      return { kind: "string", bytes, padding };
    }
    case 6:
      return readCompound(cursor, path, field, version, bytes, flags);
    case 8:
      return readEnumeration(cursor, path, field, version, bytes, flags);
    case 9: {
      if ((flags & 15) !== 1) hdf5.unsupported(field, "variable-length strings", "a variable-length sequence");
      if (bytes !== 16) hdf5.corrupt(field, "a reference of 16 bytes", bytes);
      readDatatype(cursor, path);
      return { kind: "vlen-string", bytes: 16 };
    }
    default:
      return hdf5.unsupported(field, "a number, string, complex or bool", `type class ${typeClass}`);
  }
}

function readInteger(cursor: Cursor, field: string, bytes: number, flags: number): IntegerType {
  const [offset, precision] = [cursor.u16(), cursor.u16()];
  if (bytes !== 1 && bytes !== 2 && bytes !== 4 && bytes !== 8)
    return cursor.hdf5.unsupported(field, "1, 2, 4 or 8 bytes", bytes);
  if (offset !== 0 || precision !== 8 * bytes)
    cursor.hdf5.unsupported(field, "all bits in use", `${precision} bits from ${offset}`);
  if ((flags & ~0x09) !== 0) cursor.hdf5.unsupported(field, "no padding bits set", flags);
  return { kind: "integer", bytes, isSigned: (flags & 8) !== 0, isBigEndian: (flags & 1) !== 0 };
}

/** Offset, precision, exponent place and size, mantissa place and size, bias, and place of the sign of the IEEE types. */
const IEEE: ReadonlyMap<number, readonly number[]> = new Map([
  [4, [0, 32, 23, 8, 0, 23, 127, 31]],
  [8, [0, 64, 52, 11, 0, 52, 1023, 63]],
]);

function readFloat(cursor: Cursor, field: string, bytes: number, flags: number): FloatType {
  const found = [
    cursor.u16(),
    cursor.u16(),
    cursor.u8(),
    cursor.u8(),
    cursor.u8(),
    cursor.u8(),
    cursor.u32(),
    (flags >> 8) & 255,
  ];
  const expected = IEEE.get(bytes);
  if ((bytes !== 4 && bytes !== 8) || expected === undefined)
    return cursor.hdf5.unsupported(field, "a float of 4 or 8 bytes", bytes);
  if ((flags & 0x40) !== 0 || ((flags >> 4) & 3) !== 2 || found.some((value, i) => value !== expected[i])) {
    cursor.hdf5.unsupported(field, `IEEE 754 (${expected.join(", ")})`, found.join(", "));
  }
  return { kind: "float", bytes, isBigEndian: (flags & 1) !== 0 };
}

/** A member's name: NUL-terminated; padded to 8 bytes before version 3. */
function readName(cursor: Cursor, version: number): string {
  let name = "";
  let length = 1;
  for (let c = cursor.u8(); c !== 0; c = cursor.u8(), length++) name += String.fromCharCode(c);
  if (version < 3) cursor.skip((8 - (length % 8)) % 8);
  return name;
}

function readCompound(
  cursor: Cursor,
  path: string,
  field: string,
  version: number,
  bytes: number,
  flags: number,
): ComplexType {
  const { hdf5 } = cursor;
  const count = flags & 0xffff;
  if (count !== 2) hdf5.unsupported(field, "two members", count);
  const offsetWidth = bytes < 0x100 ? 1 : 4;
  const parts: Datatype[] = [];
  for (let i = 0; i < 2; i++) {
    const name = readName(cursor, version);
    const offset = version === 3 ? cursor.unsigned(offsetWidth) : cursor.u32();
    if (version === 1) {
      const dimensionality = cursor.u8();
      cursor.skip(3 + 4 + 4 + 16);
      if (dimensionality !== 0) hdf5.unsupported(field, "scalar members", `${dimensionality} dimensions`);
    }
    const part = readDatatype(cursor, path);
    if (name !== (i === 0 ? "r" : "i") || offset !== (i * bytes) / 2) {
      hdf5.unsupported(field, "members r and i side by side", `${name} at ${offset}`);
    }
    parts.push(part);
  }
  const [re, im] = parts as [Datatype, Datatype];
  if (
    (re.kind !== "integer" && re.kind !== "float") ||
    re.bytes * 2 !== bytes ||
    describeDatatype(re) !== describeDatatype(im)
  ) {
    return hdf5.unsupported(
      field,
      "r and i of one numeric type",
      `${describeDatatype(re)} and ${describeDatatype(im)} in ${bytes} bytes`,
    );
  }
  return { kind: "complex", bytes, part: re };
}

function readEnumeration(
  cursor: Cursor,
  path: string,
  field: string,
  version: number,
  bytes: number,
  flags: number,
): BoolType {
  const { hdf5 } = cursor;
  const count = flags & 0xffff;
  const base = readDatatype(cursor, path);
  if (base.kind !== "integer" || base.bytes !== bytes)
    return hdf5.corrupt(field, "an enumeration over an integer", describeDatatype(base));
  const names = Array.from({ length: count }, () => readName(cursor, version));
  if (bytes !== 1 || names.join() !== "FALSE,TRUE")
    hdf5.unsupported(field, "FALSE and TRUE in one byte", `${names.join()} in ${bytes}`);
  const values = [cursor.u8(), cursor.u8()];
  if (values.join() !== "0,1") hdf5.unsupported(field, "FALSE 0 and TRUE 1", values.join());
  return { kind: "bool", bytes: 1 };
}
