/** Writing tables, without any other program: what is read back, what is refused, and what a failure leaves. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createMeasurementSet, createTable, openTable, publishTable, type Table } from "../src/node.ts";
import type { ColumnDesc, DataType, KeywordSet, KeywordValue } from "../src/table/model.ts";
import { fillRandomTable, type JsonCell, type RandomColumn, randomTable } from "./random-table.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "create-table-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function scalar(name: string, type: DataType): ColumnDesc {
  return {
    name,
    comment: "",
    type,
    form: "scalar",
    ndim: 0,
    option: 0,
    maxLengthBytes: 0,
    dataManagerType: "",
    dataManagerGroup: "",
    keywords: new Map(),
  };
}

function array(name: string, type: DataType, ndim: number): ColumnDesc {
  return { ...scalar(name, type), form: "array", ndim };
}

/** What was asked for, in the form in which the reader tells it. */
function expectedCell(cell: JsonCell): unknown {
  return cell === null ? undefined : { shape: cell.shape, data: [...cell.data] };
}

function foundCell(table: Table, column: RandomColumn, row: number): unknown {
  const read = table.column(column.name);
  if (column.form === "scalar") {
    const values = read.getScalarRange(row, row + 1);
    return {
      shape: [],
      data: Array.from(values as ArrayLike<number | bigint | string>, (v) => (typeof v === "bigint" ? Number(v) : v)),
    };
  }
  if (!read.isDefined(row)) return undefined;
  const { shape, data } = read.getArray(row);
  return {
    shape,
    data: Array.from(data as ArrayLike<number | bigint | string>, (v) => (typeof v === "bigint" ? Number(v) : v)),
  };
}

describe("random tables", () => {
  test.each(Array.from({ length: 40 }, (_, i) => 5000 + i))("hold what was written, seed %i", async (seed) => {
    const spec = randomTable(seed);
    const path = join(folder, "t");
    const builder = createTable(path, { rowCount: spec.rowCount, byteOrder: spec.byteOrder });
    fillRandomTable(builder, spec);
    await builder.finish();
    using table = openTable(path);
    expect(table.rowCount).toBe(spec.rowCount);
    for (const column of spec.columns) {
      const expected = column.cells.map(expectedCell);
      expect(column.cells.map((_, row) => foundCell(table, column, row))).toEqual(expected);
    }
  });
});

const record: KeywordSet = new Map<string, KeywordValue>([
  ["text", { kind: "scalar", type: "string", value: "grüße" }],
  ["nested", { kind: "record", value: new Map([["n", { kind: "scalar", type: "int64", value: 2n ** 40n }]]) }],
  ["list", { kind: "array", value: { type: "complex", shape: [2], data: Float32Array.of(1, 2, 3, 4) } }],
]);

test("records are held by keywords and by columns of records", async () => {
  const path = join(folder, "t");
  const table = createTable(path, { rowCount: 3, keywords: record });
  table.addColumn(scalar("MODEL", "record"), { kind: "cells", cells: [record, undefined, record] });
  table.addColumn(scalar("AGAIN", "record"), { kind: "constant", value: record });
  table.setColumnKeyword("MODEL", "unit", { kind: "scalar", type: "string", value: "Jy" });
  await table.finish();
  using read = openTable(path);
  expect(read.keywords).toEqual(record);
  expect(read.column("MODEL").getRecord(0)).toEqual(record);
  expect(read.column("MODEL").getRecord(1)).toEqual(new Map());
  expect(read.column("AGAIN").getRecord(2)).toEqual(record);
  expect(read.column("MODEL").keywords.get("unit")).toEqual({ kind: "scalar", type: "string", value: "Jy" });
});

test("strings longer than a bucket go on in the next ones", async () => {
  const path = join(folder, "t");
  const texts = Array.from({ length: 50 }, (_, i) => "ä".repeat((i * 997) % 6000));
  const table = createTable(path, { rowCount: 50 });
  table.addColumn(scalar("S", "string"), { kind: "values", values: texts });
  await table.finish();
  using read = openTable(path);
  expect(read.column("S").getScalarRange(0, 50)).toEqual(texts);
});

test("columns come in the order asked for, and one that is taken away leaves no file", async () => {
  const path = join(folder, "t");
  const table = createTable(path, { rowCount: 2 });
  for (const name of ["A", "B", "C"]) table.addColumn(scalar(name, "int"), { kind: "constant", value: 1 });
  table.addColumn(array("D", "float", 1), { kind: "values", values: new Float32Array(6), cellShape: [3] });
  table.removeColumn("D");
  table.orderColumns(["C", "A"]);
  await table.finish();
  expect(readdirSync(path).toSorted()).toEqual(["table.dat", "table.f0", "table.info", "table.lock"]);
  using read = openTable(path);
  expect(read.columnNames).toEqual(["C", "A", "B"]);
});

describe("refused with the table and column named", () => {
  const cases: readonly [string, RegExp, (table: ReturnType<typeof createTable>) => void][] = [
    [
      "a name twice",
      /name that no other has, found "I"/,
      (table) => table.addColumn(scalar("I", "int"), { kind: "undefined" }),
    ],
    [
      "too few values",
      /column X.*expected 3 elements, found 2/,
      (table) => table.addColumn(scalar("X", "int"), { kind: "values", values: new Int32Array(2) }),
    ],
    [
      "another array type",
      /Int32Array for type int, found Float64Array/,
      (table) => table.addColumn(scalar("X", "int"), { kind: "values", values: new Float64Array(3) }),
    ],
    [
      "runs out of order",
      /ascending first rows/,
      (table) => table.addColumn(scalar("X", "int"), { kind: "runs", rowStarts: [0, 2, 1], values: [1, 2, 3] }),
    ],
    [
      "a first run behind row 0",
      /starts at row 0, found 1/,
      (table) => table.addColumn(scalar("X", "int"), { kind: "runs", rowStarts: [1], values: [1] }),
    ],
    [
      "tiles of strings",
      /array of numbers for a tiled/,
      (table) => table.addColumn(array("X", "string", 1), { kind: "undefined" }, { manager: "TiledShapeStMan" }),
    ],
    [
      "tiles of any number of axes",
      /number of axes/,
      (table) => table.addColumn(array("X", "int", -1), { kind: "undefined" }, { manager: "TiledShapeStMan" }),
    ],
    [
      "TiledColumnStMan without a shape",
      /fixed shape for TiledColumnStMan/,
      (table) => table.addColumn(array("X", "int", 1), { kind: "undefined" }, { manager: "TiledColumnStMan" }),
    ],
  ];
  test.each(cases)("%s", (_, message, add) => {
    const path = join(folder, "t");
    const table = createTable(path, { rowCount: 3 });
    table.addColumn(scalar("I", "int"), { kind: "constant", value: 0 });
    expect(() => add(table)).toThrow(message);
    expect(() => add(table)).toThrow(path);
    table.abandon();
  });

  test.each([
    [300, "uchar"],
    [1.5, "int"],
    ["a", "double"],
    [2n ** 63n, "int64"],
  ] as const)("%s as %s, when the values are written", async (value, type) => {
    const table = createTable(join(folder, "t"), { rowCount: 1 });
    const action = async (): Promise<void> => {
      table.addColumn(scalar("X", type), { kind: "cells", cells: [value] });
      await table.finish();
    };
    await expect(action()).rejects.toThrow(/column X/);
  });
});

test("a column that could not be written is not there", async () => {
  const path = join(folder, "t");
  const table = createTable(path, { rowCount: 2 });
  const desc = { ...array("A", "int", 1), type: "int" } as const;
  expect(() => table.addTiledColumn(desc, { cellShape: [0] })).toThrow(/cells with elements/);
  expect(() => table.addTiledColumn(desc, { cellShape: [2, 2] })).toThrow(/cells of 1 axes/);
  const tooLarge = { kind: "cells", cells: [[1], [2 ** 40]] } as const;
  expect(() => table.addColumn(desc, tooLarge, { manager: "TiledShapeStMan" })).toThrow(/value of type int/);
  table.addColumn(desc, { kind: "cells", cells: [[1], [2, 3]] }, { manager: "TiledShapeStMan" });
  await table.finish();
  using read = openTable(path);
  expect(read.column("A").getArray(1).data).toEqual(Int32Array.of(2, 3));
});

test("a table that is given up, or whose writing failed, is no table", async () => {
  const path = join(folder, "t");
  const table = createTable(path, { rowCount: 1 });
  table.addColumn(scalar("X", "string"), { kind: "cells", cells: [1] });
  await expect(table.finish()).rejects.toThrow(/column X/);
  table.abandon();
  expect(() => openTable(path)).toThrow(/not a casacore table/);
  await expect(publishTable(path, join(folder, "u"))).rejects.toThrow(/no table.dat/);
});

test("a directory that exists is not written into", () => {
  mkdirSync(join(folder, "t"));
  expect(() => createTable(join(folder, "t"), { rowCount: 0 })).toThrow(/no file or directory of this name/);
});

test("only files of its own that are still open are brought to disk with a table", async () => {
  const table = createTable(join(folder, "t"), { rowCount: 1 });
  const cellShape = [2];
  for (const name of ["KEPT", "REMOVED"])
    table.addTiledColumn({ ...array(name, "float", 1), type: "float" }, { cellShape });
  const subtable = table.addSubtable("SUB", { rowCount: 1 });
  subtable.addColumn(scalar("X", "int"), { kind: "constant", value: 1 });
  await subtable.finish({ isDurable: true });
  table.startSync("REMOVED");
  table.removeColumn("REMOVED");
  // The number of a closed file may be that of another's by then: to bring it to disk is an error, not a chance.
  await table.finish({ isDurable: true });
  using read = openTable(join(folder, "t"));
  expect(read.columnNames).toEqual(["KEPT"]);
});

test("a table is published under its final name, never over another", async () => {
  for (const name of ["a", "b"]) await createTable(join(folder, name), { rowCount: 0 }).finish();
  await publishTable(join(folder, "a"), join(folder, "c"), { isDurable: false });
  expect(existsSync(join(folder, "a"))).toBe(false);
  await expect(publishTable(join(folder, "b"), `${join(folder, "c")}/`)).rejects.toThrow(/final name/);
  expect(existsSync(join(folder, "b"))).toBe(true);
});

test("a Measurement Set without the columns that make it one is refused, and says which", async () => {
  const ms = createMeasurementSet(join(folder, "x.ms"), { rowCount: 1, subtables: {} });
  ms.setColumn("TIME", { kind: "constant", value: 5e9 });
  await expect(ms.finish()).rejects.toThrow(/UVW, FLAG, WEIGHT, SIGMA/);
  ms.abandon();
});

test("a row of a subtable with a column that is not in the standard is refused", async () => {
  const ms = createMeasurementSet(join(folder, "x.ms"), { rowCount: 0, subtables: { FIELD: [{ NAMEE: "a" }] } });
  for (const name of ["UVW", "FLAG", "WEIGHT", "SIGMA"] as const) {
    ms.setColumn(name, { kind: "undefined" }, { manager: "StandardStMan" });
  }
  ms.setColumn("TIME", { kind: "constant", value: 0 });
  await expect(ms.finish()).rejects.toThrow(/FIELD: column: expected one of the subtable's definition, found NAMEE/);
  ms.abandon();
});

/** Digests of the files of two random tables, of both byte orders and all four managers, that casacore was seen to read and change (changed-by-casacore.test.ts). */
test("the bytes of files are those that casacore was seen to understand", async () => {
  const digests: Record<string, string> = {};
  for (const seed of [9, 32]) {
    const path = join(folder, `t${seed}`);
    const spec = randomTable(seed);
    const builder = createTable(path, { rowCount: spec.rowCount, byteOrder: spec.byteOrder });
    fillRandomTable(builder, spec);
    await builder.finish();
    for (const name of readdirSync(path).toSorted()) {
      digests[`${seed}/${name}`] = createHash("sha1")
        .update(readFileSync(join(path, name)))
        .digest("hex")
        .slice(0, 12);
    }
  }
  expect(digests).toMatchInlineSnapshot(`
    {
      "32/table.dat": "b25ef498b292",
      "32/table.f0": "168f169055b8",
      "32/table.f1": "80cd1822ff4a",
      "32/table.f1_TSM1": "728ad76851e7",
      "32/table.f2": "72aba04b71b5",
      "32/table.f2_TSM1": "80f5c5022846",
      "32/table.f3": "0d9430005be2",
      "32/table.f3i": "993e73acee01",
      "32/table.f4": "26cc5a6c22c9",
      "32/table.f4_TSM0": "57fb3251f150",
      "32/table.f5": "ab55a4825ce0",
      "32/table.f5i": "ea5b5f34d140",
      "32/table.info": "6646e9f8d706",
      "32/table.lock": "8820ebd876b7",
      "9/table.dat": "4314dba3197f",
      "9/table.f0": "c8ab27fb0598",
      "9/table.f0i": "59e9dc21b0e3",
      "9/table.f1": "25690bb0ea37",
      "9/table.f2": "d2877ed69c36",
      "9/table.f2_TSM1": "ab37c17536a2",
      "9/table.f3": "86bf5895f00e",
      "9/table.f3_TSM0": "1c6d1c2ef337",
      "9/table.f4": "c9a0f178887a",
      "9/table.f4_TSM0": "e3e006cc8e99",
      "9/table.info": "6646e9f8d706",
      "9/table.lock": "582f476a977d",
    }
  `);
});
