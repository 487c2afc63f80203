/** Corners of the format that small tables do not reach: records in columns, files over 2 GiB, indices of many buckets. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { describeWith, pythonWith, runPython } from "../../../tools/oracles.ts";
import { type ColumnDesc, createTable, type DataType, type KeywordSet, openTable, openTiledRows } from "../src/node.ts";

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

describeWith(pythonWith("casacore", "numpy"), "casacore finds", () => {
  let path = "";
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "write-limits-"));
    path = join(folder, "t");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test.each(["StandardStMan", "IncrementalStMan"] as const)("records in a column of %s", async (manager) => {
    const record = (n: number): KeywordSet =>
      new Map([
        ["n", { kind: "scalar", type: "int", value: n }],
        ["inner", { kind: "record", value: new Map([["s", { kind: "scalar", type: "string", value: `text ${n}` }]]) }],
      ]);
    const table = createTable(path, { rowCount: 3 });
    table.addColumn(scalar("R", "record"), { kind: "cells", cells: [record(1), record(2), record(3)] }, { manager });
    await table.finish();
    const read =
      "import sys, json, casacore.tables as t; tab = t.table(sys.argv[1], ack=False); print(json.dumps([tab.getcell('R', i) for i in range(3)]))";
    expect(JSON.parse(runPython(read, [path]))).toEqual([1, 2, 3].map((n) => ({ n, inner: { s: `text ${n}` } })));
  });

  test("the last row of a tile file of more than 4 GiB", async () => {
    const rowCount = 6_000_000;
    const table = createTable(path, { rowCount });
    const desc = { ...scalar("DATA", "complex"), type: "complex", form: "array", ndim: 2 } as const;
    const plan = table.addTiledColumn(desc, { cellShape: [2, 48] });
    expect(plan.sizeBytes).toBeGreaterThan(2 ** 32);
    const rows = openTiledRows(plan);
    rows.writeRows(
      rowCount - 1,
      new Float32Array(192).map((_, i) => i),
    ); // the rest is a hole, which takes no room
    rows.close();
    await table.finish();
    const read =
      "import sys, casacore.tables as t; tab = t.table(sys.argv[1], ack=False); print(tab.nrows(), tab.getcell('DATA', 5999999).sum(), tab.getcell('DATA', 5999998).sum())";
    expect(runPython(read, [path])).toBe(`6000000 (${96 * 95}+${96 * 96}j) 0j\n`);
    using ours = openTable(path);
    expect(ours.column("DATA").getArray(rowCount - 1).data[191]).toBe(191);
  });

  test("rows behind an index that fills several buckets", async () => {
    const rowCount = 40_000;
    const table = createTable(path, { rowCount });
    const values = Int32Array.from({ length: rowCount }, (_, i) => 7 * i);
    table.addColumn(scalar("I", "int"), { kind: "values", values }, { manager: "StandardStMan", bucketRowCount: 32 });
    await table.finish();
    const change =
      "import sys, numpy as np, casacore.tables as t; tab = t.table(sys.argv[1], readonly=False, ack=False); assert (tab.getcol('I') == 7 * np.arange(40000)).all(); tab.addrows(5000); tab.removerows(list(range(100, 200))); tab.putcell('I', 44899, -1); tab.close()";
    runPython(change, [path]);
    using ours = openTable(path);
    expect(ours.rowCount).toBe(44_900);
    expect(ours.column("I").getScalarRange(99, 101)).toEqual(Int32Array.of(693, 1400));
    expect(ours.column("I").getScalar(44_899)).toBe(-1);
  });
});
