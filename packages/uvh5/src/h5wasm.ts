/**
 * The one door to h5wasm, which reads what the own reader does not know. To be used in a worker that is thrown
 * away after any error: an error inside it leaves open descriptors and stale metadata behind.
 */
import h5wasm from "h5wasm/node";
import { install_local_plugins } from "h5wasm-plugins";
import type { Datatype, FloatType, IntegerType } from "./hdf5/datatype.ts";

/** A file's tree, as plain data that can be sent between threads. */
export type TreeNode =
  | { readonly kind: "group"; readonly members: readonly (readonly [name: string, node: TreeNode])[] }
  | { readonly kind: "dataset"; readonly shape: readonly number[] | null; readonly type: Datatype }
  | { readonly kind: "unsupported"; readonly found: string };

/** A file opened by h5wasm. */
export interface H5wasmFile {
  tree(): TreeNode;
  /** Elements in row-major order, little-endian whatever the file's byte order; of rows [rowStart, rowEnd) when given. */
  readBytes(path: string, rowStart?: number, rowEnd?: number): Uint8Array<ArrayBuffer>;
  readStrings(path: string): string[];
}

type H5Metadata = InstanceType<typeof h5wasm.Dataset>["metadata"];

/** Longest piece that passes through the WebAssembly heap at once. */
const MAX_HEAP_BYTES = 64 << 20;
/** Longest array of the header; checked before the heap, which never shrinks, is made larger. */
const MAX_ARRAY_BYTES = 512 << 20;
const MAX_DEPTH = 8;

/** Opens a file. @throws an Error with the library's own words */
export async function openWithH5wasm(path: string): Promise<H5wasmFile> {
  const module = await h5wasm.ready;
  install_local_plugins(module);
  // Without this the library's read status is ignored, and damaged files give heap garbage.
  module.activate_throwing_error_handler();
  const file = new h5wasm.File(path, "r");
  const dataset = (name: string): InstanceType<typeof h5wasm.Dataset> => {
    const object = file.get(name);
    if (!(object instanceof h5wasm.Dataset)) throw new Error(`${name}: not a dataset`);
    return object;
  };
  const node = (object: unknown, depth: number): TreeNode => {
    if (object instanceof h5wasm.Dataset) return describe(object.metadata);
    if (!(object instanceof h5wasm.Group)) return { kind: "unsupported", found: "neither a group nor a dataset" };
    if (depth > MAX_DEPTH) return { kind: "unsupported", found: "groups nested too deep" };
    return { kind: "group", members: object.keys().map((name) => [name, node(object.get(name), depth + 1)] as const) };
  };
  return {
    tree: () => node(file, 0),
    readBytes(name, rowStart, rowEnd) {
      const { shape, size, total_size } = dataset(name).metadata;
      if (shape === null) return new Uint8Array(0);
      if (rowStart === undefined || rowEnd === undefined || shape.length === 0) {
        return throughHeap(size * total_size, (at) =>
          module.get_dataset_data(file.file_id, name, null, null, null, BigInt(at)),
        );
      }
      const [rows = 0, ...rest] = shape;
      if (!(rowStart >= 0 && rowStart <= rowEnd && rowEnd <= rows))
        throw new RangeError(`rows ${rowStart} to ${rowEnd} of ${rows}`);
      const rowBytes = rest.reduce((product, count) => product * count, size);
      const into = new Uint8Array((rowEnd - rowStart) * rowBytes);
      const step = Math.max(1, Math.floor(MAX_HEAP_BYTES / Math.max(1, rowBytes)));
      for (let row = rowStart; row < rowEnd; row += step) {
        const count = Math.min(step, rowEnd - row);
        const counts = [count, ...rest].map(BigInt);
        const offsets = [row, ...rest.map(() => 0)].map(BigInt);
        const strides = counts.map(() => 1n);
        const bytes = throughHeap(count * rowBytes, (at) =>
          module.get_dataset_data(file.file_id, name, counts, offsets, strides, BigInt(at)),
        );
        into.set(bytes, (row - rowStart) * rowBytes);
      }
      return into;
    },
    readStrings(name) {
      const { value } = dataset(name);
      if (typeof value === "string") return [value];
      if (!Array.isArray(value)) throw new Error(`${name}: not strings`);
      return value.map(String);
    },
  };

  /** Lets the library write into its heap and copies the bytes out. Never `.value`: it makes an object of each complex number. */
  function throughHeap(bytes: number, read: (address: number) => number): Uint8Array<ArrayBuffer> {
    if (bytes === 0) return new Uint8Array(0);
    if (bytes > MAX_ARRAY_BYTES) throw new Error(`an array of ${bytes} bytes: expected at most ${MAX_ARRAY_BYTES}`);
    const address = module._malloc(bytes);
    if (address === 0) throw new Error(`no memory for ${bytes} bytes`);
    try {
      const status = read(address);
      if (status < 0) throw new Error(`read failed with status ${status}`);
      return module.HEAPU8.slice(address, address + bytes) as Uint8Array<ArrayBuffer>;
    } finally {
      module._free(address);
    }
  }
}

function describe(metadata: H5Metadata): TreeNode {
  const type = datatypeOf(metadata);
  return typeof type === "string"
    ? { kind: "unsupported", found: type }
    : { kind: "dataset", shape: metadata.shape, type };
}

/** The type in this package's terms, or what it is instead. Numbers are little-endian: the library swaps them. */
function datatypeOf(metadata: H5Metadata): Datatype | string {
  const { type, size, signed, vlen, strpad, compound_type, enum_type } = metadata;
  if (vlen) return type === 3 ? { kind: "vlen-string", bytes: 16 } : "a variable-length sequence";
  if (type === 0 && (size === 1 || size === 2 || size === 4 || size === 8)) return integer(size, signed);
  if (type === 1 && (size === 4 || size === 8)) return { kind: "float", bytes: size, isBigEndian: false };
  if (type === 3)
    return {
      kind: "string",
      bytes: size,
      padding: (["null-terminated", "null-padded", "space-padded"] as const)[strpad ?? 0] ?? "null-padded",
    };
  if (type === 8 && enum_type !== undefined && (size === 1 || size === 2 || size === 4 || size === 8)) {
    const { members } = enum_type;
    const isBool = size === 1 && Object.keys(members).length === 2 && members.FALSE === 0 && members.TRUE === 1;
    return isBool ? { kind: "bool", bytes: 1 } : integer(size, signed);
  }
  if (type === 6 && compound_type?.nmembers === 2) {
    const [re, im] = compound_type.members;
    if (re?.name === "r" && im?.name === "i" && re.offset === 0 && im.offset === size / 2) {
      const [part, other] = [datatypeOf(re), datatypeOf(im)];
      if (
        typeof part !== "string" &&
        typeof other !== "string" &&
        isNumber(part) &&
        JSON.stringify(part) === JSON.stringify(other) &&
        part.bytes * 2 === size
      ) {
        return { kind: "complex", bytes: size, part };
      }
    }
  }
  return `type class ${type} of ${size} bytes`;
}

function integer(bytes: 1 | 2 | 4 | 8, isSigned: boolean): IntegerType {
  return { kind: "integer", bytes, isSigned, isBigEndian: false };
}

function isNumber(type: Datatype): type is IntegerType | FloatType {
  return type.kind === "integer" || type.kind === "float";
}
