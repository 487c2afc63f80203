import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import {
  type ArrayValue,
  CellUndefinedError,
  type Column,
  ColumnMismatchError,
  ColumnNotFoundError,
  type NumericArray,
  openTable,
  openTableFrom,
  RowOutOfRangeError,
  type ScalarValue,
  TableFormatError,
  TableNotFoundError,
  UnknownDataManagerError,
  UnsupportedFormatError,
} from "../src/node.ts";
import { numericLayouts } from "../src/table/data-types.ts";
import { type PlainTableDat, parseTableDat, serializeTableDat } from "../src/table/table-dat.ts";
import { columnHash, dumpOpenTable, dumpTable, type TableDump, tablesUnder } from "./canonical-dump.ts";
import { loadFiles, sourcesOf } from "./memory-tables.ts";

const corpus = join(import.meta.dirname, "corpus");
const golden = JSON.parse(readFileSync(join(corpus, "golden.json"), "utf8")) as Record<string, TableDump>;
const names = tablesUnder(corpus).map((path) => relative(corpus, path));
/** Tables with columns that are not read, and such of a type python-casacore has no values of. */
const notInGolden = ["forward", "odd-types-be", "odd-types-le", "virtual"];
const readable = names.filter((name) => name in golden && name !== "multifile");

describe("the corpus", () => {
  it("has a golden record of each table but those that are known to have none", () => {
    expect([...Object.keys(golden), ...notInGolden].sort()).toEqual([...names].sort());
    expect(readable.length).toBeGreaterThanOrEqual(59);
  });
});

describe("what python-casacore read when the corpus was written", () => {
  it.each(readable)("is read in %s", (name) => {
    const expected = golden[name] as TableDump;
    const found = JSON.parse(JSON.stringify(dumpTable(join(corpus, name))).replaceAll(corpus, "ROOT")) as TableDump;
    expect(found.rowCount).toBe(expected.rowCount);
    expect(found.info).toEqual(expected.info);
    // python-casacore shows a temporary table as the concatenated subtable: no record of that keyword.
    if (name !== "views/concat-sub") expect(found.keywords).toBe(expected.keywords);
    expect(found.columns).toEqual(expected.columns);
  });
});

describe("table.dat", () => {
  const files = names.filter((name) => name !== "multifile");
  it.each(files)("of %s is serialised to the bytes it was parsed from", (name) => {
    const bytes = readFileSync(join(corpus, name, "table.dat"));
    expect(Buffer.compare(bytes, serializeTableDat(parseTableDat(bytes, name)))).toBe(0);
  });

  it("of a table in a MultiFile is parsed, not written", () => {
    const dat = parseTableDat(readFileSync(join(corpus, "multifile", "table.dat")), "multifile");
    expect(dat).toMatchObject({ kind: "plain", container: "MultiFile", rowCount: 3 });
    expect(() => serializeTableDat(dat)).toThrow(RangeError);
  });
});

/** Rows in an order that jumps about, so that nothing is found where the last read left off. */
function shuffledRows(count: number): number[] {
  const rows = Array.from({ length: count }, (_, row) => row);
  let state = 12345;
  for (let i = count - 1; i > 0; i--) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const j = state % (i + 1);
    [rows[i], rows[j]] = [rows[j] as number, rows[i] as number];
  }
  return rows;
}

function expectRowsLikeRanges(column: Column): void {
  const rows = shuffledRows(Math.min(column.rowCount, 300));
  if (column.type === "record") return;
  if (column.form === "scalar") {
    const all = column.getScalarRange(0, column.rowCount);
    for (const row of rows) expect(column.getScalar(row)).toEqual(scalarAt(column, all, row));
    return;
  }
  for (const row of rows) {
    const end = column.equalShapeEnd(row, column.rowCount);
    expect(column.isDefined(row)).toBe(column.shapeOf(row) !== undefined);
    if (!column.isDefined(row)) {
      expect(() => column.getArray(row)).toThrow(CellUndefinedError);
      continue;
    }
    const single = column.getArray(row);
    expect(single.shape).toEqual(column.shapeOf(row));
    if (column.type === "string") continue;
    const { parts } = numericLayouts[column.type];
    const length = single.data.length;
    const several = numericLayouts[column.type].create((end - row) * length);
    expect(column.getCellsInto(row, end, several)).toEqual(single.shape);
    expect(bytesOf(several.subarray(0, length))).toEqual(bytesOf(single.data as NumericArray));
    expect(length).toBe(single.shape.reduce((product, n) => product * n, single.shape.length > 0 ? parts : 0));
  }
}

function scalarAt(column: Column, all: NumericArray | string[], row: number): ScalarValue {
  if (column.type === "bool") return all[row] !== 0;
  if (column.type === "complex" || column.type === "dcomplex") {
    return { re: all[2 * row] as number, im: all[2 * row + 1] as number };
  }
  return all[row] as ScalarValue;
}

function bytesOf(numbers: NumericArray): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

describe("single cells in any order", () => {
  it.each(readable)("are those of whole ranges in %s", (name) => {
    const table = openTable(join(corpus, name));
    for (const columnName of table.columnNames) expectRowsLikeRanges(table.column(columnName));
    table.close();
  });
});

describe("types that python-casacore has no values of", () => {
  it.each(["le", "be"])("are read as generate.cc wrote them (%s)", (endian) => {
    const table = openTable(join(corpus, `odd-types-${endian}`));
    const rows = Array.from({ length: 13 }, (_, row) => row);
    expect(table.rowCount).toBe(13);
    expect(table.column("USHORT").getScalarRange(0, 13)).toEqual(Uint16Array.from(rows, (row) => row * 5000));
    for (const row of rows) {
      const data = Uint16Array.from({ length: (row % 4) + 1 }, (_, i) => 60000 + row + i);
      expect(table.column("USHORTS").getArray(row)).toEqual({ type: "ushort", shape: [data.length], data });
    }
    table.close();
  });

  it("are in keywords with their type", () => {
    const table = openTable(join(corpus, "odd-types-le"));
    const keyword = (name: string): unknown => table.keywords.get(name);
    expect(keyword("int64_scalar")).toEqual({ kind: "scalar", type: "int64", value: 2n ** 40n });
    expect(keyword("float_scalar")).toEqual({ kind: "scalar", type: "float", value: Math.fround(0.1) });
    expect(keyword("uint_array")).toEqual({
      kind: "array",
      value: { type: "uint", shape: [3], data: Uint32Array.of(4e9, 4e9, 4e9) },
    });
    expect(keyword("complex_array")).toEqual({
      kind: "array",
      value: { type: "complex", shape: [3], data: Float32Array.of(1, -2, 1, -2, 1, -2) },
    });
    expect(keyword("fixed")).toMatchObject({ kind: "record", fixed: true, comment: "a comment on a keyword" });
    table.close();
  });
});

describe("columns of data managers that are not known", () => {
  it.each([
    ["virtual", "FLAGS", "BitFlagsEngine<Int     "],
    ["virtual", "SCALED", "ScaledArrayEngine<double  ,Short   >"],
    ["virtual", "CALCULATED", "VirtualTaQLColumn"],
    ["forward", "USHORT", "ForwardColumnEngine"],
    ["multifile", "A", "StandardStMan in a MultiFile"],
  ])("are refused by name: %s.%s", (name, column, manager) => {
    const table = openTable(join(corpus, name));
    expect(() => table.column(column)).toThrow(UnknownDataManagerError);
    expect(() => table.column(column)).toThrow(expect.objectContaining({ column, manager }) as Error);
    table.close();
  });

  it("leave the other columns readable", () => {
    const virtual = openTable(join(corpus, "virtual"));
    expect(virtual.column("A").getScalarRange(0, 4)).toEqual(Int32Array.of(1, 2, 3, 4));
    virtual.close();
    const forward = openTable(join(corpus, "forward"));
    expect(forward.column("OWN").getScalar(2)).toBe(12);
    forward.close();
  });

  it.each([
    "DyscoStMan",
    "SiscoStMan",
    "StokesIStMan",
    "UvwStMan",
    "AntennaPairStMan",
    "Adios2StMan",
    "AsdmStMan",
    "LofarStMan",
    "CompressComplex",
    "RetypedArrayEngine<Complex ,float   >",
  ])("are refused by name: %s", (manager) => {
    const files = loadFiles(corpus);
    const dat = parseTableDat(files.get("ism-runs-le/table.dat") as Uint8Array, "table.dat") as PlainTableDat;
    const dataManagers = dat.dataManagers.map((entry) => ({ ...entry, type: manager }));
    files.set("ism-runs-le/table.dat", serializeTableDat({ ...dat, dataManagers }));
    const table = openTableFrom(sourcesOf(files), "ism-runs-le");
    expect(table.rowCount).toBe(3000);
    expect(() => table.column("int_scalar")).toThrow(`column int_scalar is kept by data manager ${manager}`);
  });
});

describe("a concatenation with concatenated subtables", () => {
  it("shows the rows of all of them", () => {
    const table = openTable(join(corpus, "views", "concat-sub"));
    const sub = table.subtable("SUB");
    expect(sub.column("ID").getScalarRange(0, sub.rowCount)).toEqual(Int32Array.of(0, 100, 101, 200, 201, 202));
    sub.close();
    table.close();
  });

  it("shows the subtable of the first table when they are not concatenated", () => {
    const table = openTable(join(corpus, "views", "concat"));
    const sub = table.subtable("SUB");
    expect(sub.rowCount).toBe(1);
    sub.close();
    table.close();
  });
});

describe("an object version above those known", () => {
  const objects: [string, string, string][] = [
    ["ssm-le/table.dat", "Table", "ssm-le"],
    ["ssm-le/table.dat", "TableDesc", "ssm-le"],
    ["ssm-le/table.f0", "StandardStMan", "ssm-le"],
    ["ism-be/table.f0", "IncrementalStMan", "ism-be"],
    ["tiled-shape-le/table.f0", "TiledShapeStMan", "tiled-shape-le"],
    ["tiled-column-be/table.f0", "TiledStMan", "tiled-column-be"],
    ["aipsio-le/table.f0", "StManAipsIO", "aipsio-le"],
    ["views/rows/table.dat", "RefTable", "views/rows"],
    ["views/concat/table.dat", "ConcatTable", "views/concat"],
  ];
  it.each(objects)("is refused: %s %s", (file, object, name) => {
    const files = loadFiles(corpus);
    const bytes = files.get(file) as Uint8Array;
    const littleEndian = file === "ssm-le/table.f0";
    const framed = Buffer.alloc(4 + object.length);
    if (littleEndian) framed.writeUInt32LE(object.length);
    else framed.writeUInt32BE(object.length);
    framed.write(object, 4);
    const at = Buffer.from(bytes).lastIndexOf(framed);
    expect(at).toBeGreaterThan(0);
    // The table's kind is a plain string before the object of the same name: the object is the last one found.
    new DataView(bytes.buffer).setUint32(at + framed.length, 99, littleEndian);
    expect(() => {
      const table = openTableFrom(sourcesOf(files), name);
      for (const column of table.columnNames) table.column(column);
    }).toThrow(UnsupportedFormatError);
  });
});

describe("calls that do not fit", () => {
  const open = (name: string) => openTable(join(corpus, name));

  it("say so for tables and columns that are not there", () => {
    expect(() => open("nothing-here")).toThrow(TableNotFoundError);
    const table = open("ssm-le");
    expect(() => table.column("NOT_A_COLUMN")).toThrow(ColumnNotFoundError);
    expect(table.hasColumn("NOT_A_COLUMN")).toBe(false);
    table.close();
  });

  it("say so for rows outside the table", () => {
    const table = open("ssm-le");
    const column = table.column("int_scalar");
    for (const [start, end] of [
      [-1, 2],
      [0, 24],
      [5, 4],
      [0.5, 2],
      [Number.NaN, 3],
    ] as const) {
      expect(() => column.getScalarRange(start, end)).toThrow(RowOutOfRangeError);
    }
    expect(column.getScalarRange(23, 23)).toEqual(new Int32Array(0));
    table.close();
  });

  it("say so for buffers that are too short or of another type, and for scalars taken as arrays", () => {
    const table = open("tiled-column-le");
    const column = table.column("float_odd");
    expect(() => column.getCellsInto(0, 2, new Float32Array(29))).toThrow(ColumnMismatchError);
    expect(() => column.getCellsInto(0, 2, new Float64Array(30))).toThrow(ColumnMismatchError);
    expect(column.getCellsInto(0, 2, new Float32Array(30))).toEqual([3, 5]);
    expect(() => column.getScalar(0)).toThrow(ColumnMismatchError);
    table.close();
    const scalars = open("ssm-le");
    expect(() => scalars.column("int_scalar").getArray(0)).toThrow(ColumnMismatchError);
    scalars.close();
  });

  it("say so for cells of unequal shapes read as one block", () => {
    const table = open("tiled-shape-le");
    const column = table.column("float_shape");
    const rows = Array.from({ length: table.rowCount }, (_, row) => row).filter((row) => column.isDefined(row));
    const from = rows.find((row) => column.equalShapeEnd(row, table.rowCount) < table.rowCount) as number;
    expect(() => column.getCellsInto(from, table.rowCount, new Float32Array(10_000))).toThrow(
      /cells of shape|holds no value/,
    );
    table.close();
  });
});

describe("the row count", () => {
  it("is that of the lock file, unless that is 0", () => {
    const files = loadFiles(corpus);
    const path = "ssm-le/table.dat";
    const dat = parseTableDat(files.get(path) as Uint8Array, path) as PlainTableDat;
    files.set(path, serializeTableDat({ ...dat, rowCount: 5 }));
    expect(openTableFrom(sourcesOf(files), "ssm-le").rowCount).toBe(23);
    files.delete("ssm-le/table.lock");
    expect(openTableFrom(sourcesOf(files), "ssm-le").rowCount).toBe(5);
  });

  it("is refused when the data files do not reach so far", () => {
    for (const name of ["ssm-le", "ism-be", "aipsio-le", "tiled-column-le", "tiled-shape-be", "tiled-cell-le"]) {
      const files = loadFiles(corpus);
      const path = `${name}/table.dat`;
      const dat = parseTableDat(files.get(path) as Uint8Array, path) as PlainTableDat;
      files.set(path, serializeTableDat({ ...dat, rowCount: 4_000_000 }));
      files.delete(`${name}/table.lock`);
      const table = openTableFrom(sourcesOf(files), name);
      for (const column of table.columnNames) expect(() => table.column(column)).toThrow(TableFormatError);
    }
  });
});

describe("reading from memory", () => {
  it("finds the same as reading from disk", () => {
    const sources = sourcesOf(loadFiles(corpus));
    for (const name of ["ssm-changed-be", "ism-runs-le", "tiled-shape-be", "views/of-concat"]) {
      expect(dumpOpenTable(openTableFrom(sources, name)).columns).toEqual((golden[name] as TableDump).columns);
    }
    const column = openTableFrom(sources, "ssm-le").column("string_free");
    expect(columnHash(column)).toBe(golden["ssm-le"]?.columns.string_free?.hash);
  });
});

describe("record columns", () => {
  it("give keyword sets", () => {
    const table = openTable(join(corpus, "ssm-le"));
    const column = table.column("record_scalar");
    const stored = Array.from({ length: table.rowCount }, (_, row) => column.getRecord(row)).filter((r) => r.size > 0);
    expect(stored.length).toBeGreaterThan(0);
    const record = stored[0];
    expect(record?.get("row")).toMatchObject({ kind: "scalar" });
    const list = record?.get("list");
    expect(list?.kind === "array" ? (list.value as ArrayValue).data : undefined).toBeInstanceOf(Float64Array);
    table.close();
  });
});

it("the corpus stays below 3 MB", () => {
  const sizes = [...loadFiles(corpus).values()].map((bytes) => bytes.length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(3_000_000);
  expect(readdirSync(corpus)).toContain("generate.py");
});
