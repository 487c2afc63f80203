/** Random tables from a seed: schema, storage, values, and changes that are to be made to them. */
import type { ColumnDesc, DataType } from "../src/table/model.ts";
import type { CellInput, StorageChoice, TableBuilder, WritableManager } from "../src/table/table-spec.ts";

/** mulberry32: small, fast, and the same everywhere. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A cell as JSON: numbers or strings in casacore order with their shape, `null` without value; complex as re, im pairs. */
export type JsonCell = { readonly shape: readonly number[]; readonly data: readonly (number | string)[] } | null;

export interface RandomColumn {
  readonly name: string;
  readonly type: Exclude<DataType, "record" | "char">;
  readonly form: "scalar" | "array";
  readonly ndim: number;
  readonly shape: readonly number[] | null;
  readonly option: number;
  readonly maxLengthBytes: number;
  readonly manager: WritableManager;
  readonly managerName: string;
  readonly tileRowCount: number;
  readonly cells: readonly JsonCell[];
}

export type RandomChange =
  | { readonly op: "addrows"; readonly count: number }
  | { readonly op: "removerows"; readonly rows: readonly number[] }
  | { readonly op: "putcell"; readonly column: string; readonly row: number; readonly cell: JsonCell }
  | { readonly op: "reopen" };

export interface RandomTable {
  readonly seed: number;
  readonly byteOrder: "little" | "big";
  readonly rowCount: number;
  readonly columns: readonly RandomColumn[];
  readonly changes: readonly RandomChange[];
}

/** Not ushort, of which python-casacore cannot make a column. */
const types = [
  "bool",
  "uchar",
  "short",
  "int",
  "uint",
  "int64",
  "float",
  "double",
  "complex",
  "dcomplex",
  "string",
] as const;

const ranges: Readonly<Partial<Record<DataType, readonly [number, number]>>> = {
  bool: [0, 1],
  uchar: [0, 255],
  short: [-32768, 32767],
  ushort: [0, 65535],
  int: [-2147483648, 2147483647],
  uint: [0, 4294967295],
  int64: [-9007199254740991, 9007199254740991],
};

/** Makes a table; rows from 0 to some hundreds, values with repetition so that IncrementalStMan has runs. */
export function randomTable(seed: number): RandomTable {
  const random = randomFrom(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;

  function value(type: RandomColumn["type"], maxLengthBytes: number): number | string {
    if (type === "string") {
      const length =
        maxLengthBytes > 0
          ? below(maxLengthBytes + 1)
          : pick([0, 1, 7, 8, 9, 20, below(60), random() < 0.05 ? 700 : 3]);
      let text = "";
      for (let i = 0; i < length; i++) text += String.fromCharCode(97 + below(26));
      return text;
    }
    const range = ranges[type];
    if (range === undefined) return (below(20000) - 10000) / 8;
    if (type === "bool") return below(2);
    return random() < 0.1 ? pick(range) : range[0] < 0 ? below(2000) - 1000 : below(200);
  }

  function cell(column: Omit<RandomColumn, "cells">): JsonCell {
    const isTiled = column.manager.startsWith("Tiled");
    let shape: readonly number[] = [];
    if (column.form === "array") {
      const axisCount = column.ndim > 0 ? column.ndim : 1 + below(3);
      // python-casacore loses the other axes of arrays without elements.
      const smallest = !isTiled && axisCount === 1 && random() < 0.1 ? 0 : 1;
      const sizes = isTiled
        ? [1 + below(2), 1 + below(2), 1]
        : [smallest + below(4), smallest + below(3), smallest + below(3)];
      shape = column.shape ?? sizes.slice(0, axisCount);
    }
    const count = shape.reduce((product, length) => product * length, 1);
    const parts = column.type === "complex" || column.type === "dcomplex" ? 2 : 1;
    return { shape, data: Array.from({ length: count * parts }, () => value(column.type, column.maxLengthBytes)) };
  }

  const rowCount = pick([0, 1, 2, 5, 31, 32, 33, 64, 100, 200 + below(200)]);
  const mayBeTiled = random() < 0.5;
  const columns: RandomColumn[] = [];
  const columnCount = 1 + below(7);
  for (let i = 0; i < columnCount; i++) {
    const type = pick(types);
    const form = random() < 0.5 ? "scalar" : "array";
    const kind = form === "scalar" ? "scalar" : pick(["free", "ndim", "fixed", "direct"] as const);
    const shape =
      kind === "fixed" || kind === "direct" ? Array.from({ length: 1 + below(3) }, () => 1 + below(4)) : null;
    const axes = shape?.length ?? (kind === "ndim" ? 1 + below(3) : form === "array" ? -1 : 0);
    const canTile = mayBeTiled && form === "array" && type !== "string";
    const manager = pick<WritableManager>([
      "StandardStMan",
      "IncrementalStMan",
      ...(canTile ? (["TiledShapeStMan"] as const) : []),
      ...(canTile && shape !== null ? (["TiledColumnStMan"] as const) : []),
    ]);
    // Hypercubes have a number of axes, so TiledShapeStMan does too.
    const ndim = manager === "TiledShapeStMan" && axes < 1 ? 1 + below(3) : axes;
    const column = {
      name: `C${i}_${type}`,
      type,
      form,
      ndim,
      shape,
      option: kind === "direct" ? 5 : kind === "fixed" ? 4 : 0,
      maxLengthBytes: type === "string" && form === "scalar" && manager === "StandardStMan" && random() < 0.3 ? 12 : 0,
      manager,
      managerName: manager.startsWith("Tiled") ? `T${i}` : `${manager}${below(2)}`,
      tileRowCount: pick([1, 3, 8, 50]),
    } as const;
    const cells: JsonCell[] = [];
    let last = cell(column);
    // Cells of a fixed shape always have a value, and casacore cannot leave out one in IncrementalStMan once an earlier has a value.
    const mayBeEmpty =
      form === "array" && shape === null && (manager === "StandardStMan" || manager === "TiledShapeStMan");
    for (let row = 0; row < rowCount; row++) {
      if (random() < 0.4) last = cell(column);
      cells.push(mayBeEmpty && random() < 0.15 ? null : last);
    }
    columns.push({ ...column, cells });
  }

  // casacore cannot remove rows of tiled columns, and mixes up the bits of others behind the rows that it removes.
  const hasBits = columns.some(({ type, manager }) => type === "bool" && manager === "StandardStMan");
  const mayRemove = !mayBeTiled && !hasBits;
  const changes: RandomChange[] = [];
  let rows = rowCount;
  for (let i = 0; i < 12; i++) {
    const op = pick(["addrows", "removerows", "putcell", "putcell", "putcell", "putcell", "reopen"] as const);
    if (op === "addrows") {
      const count = pick([1, 3, 40]);
      rows += count;
      changes.push({ op, count });
    } else if (op === "removerows" && mayRemove && rows > 1) {
      // Never all: casacore then forgets on opening again that they are gone.
      const from = 1 + below(rows - 1);
      const chosen = Array.from({ length: Math.min(rows - from, pick([1, 2, 35])) }, (_, k) => from + k);
      rows -= chosen.length;
      changes.push({ op, rows: chosen });
    } else if (op === "putcell" && rows > 0) {
      const column = pick(columns);
      changes.push({ op, column: column.name, row: below(rows), cell: cell(column) });
    } else changes.push({ op: "reopen" });
  }
  return { seed, byteOrder: random() < 0.3 ? "big" : "little", rowCount, columns, changes };
}

/** Adds the columns of a random table to a new one, or to one that exists. */
export function fillRandomTable(builder: Pick<TableBuilder, "addColumn">, table: RandomTable): void {
  for (const column of table.columns) {
    const desc: ColumnDesc = {
      name: column.name,
      comment: `column of seed ${table.seed}`,
      type: column.type,
      form: column.form,
      ndim: column.ndim,
      ...(column.shape === null ? {} : { shape: column.shape }),
      option: column.option,
      maxLengthBytes: column.maxLengthBytes,
      dataManagerType: "StandardStMan",
      dataManagerGroup: "StandardStMan",
      keywords: new Map(),
    };
    const storage: StorageChoice = {
      manager: column.manager,
      name: column.managerName,
      tileRowCount: column.tileRowCount,
      ...(column.manager === "StandardStMan" ? { bucketRowCount: 32 } : {}),
    };
    builder.addColumn(desc, { kind: "cells", cells: column.cells.map((cell) => inputOf(column, cell)) }, storage);
  }
}

function inputOf(column: RandomColumn, cell: JsonCell): CellInput {
  if (cell === null) return undefined;
  if (column.form === "array") {
    const data = column.type === "int64" ? BigInt64Array.from(cell.data as number[], BigInt) : cell.data;
    return { shape: cell.shape, data: data as number[] };
  }
  const first = cell.data[0] as number | string;
  if (column.type === "complex" || column.type === "dcomplex")
    return { re: first as number, im: cell.data[1] as number };
  if (column.type === "bool") return first === 1;
  if (column.type === "int64") return BigInt(first);
  return first;
}
