/** Tables changed in place, as casacore sees them: one that opens them afterwards, and one that has them open meanwhile. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWith, oracleEnv, pythonPath, pythonWith, runPython } from "../../../tools/oracles.ts";
import { createTable, openTable, openTableForUpdate, openTiledRows } from "../src/node.ts";
import type { ColumnDesc, DataType } from "../src/table/model.ts";

function arrayDesc(name: string, type: DataType, ndim: number, shape?: readonly number[]): ColumnDesc {
  return {
    name,
    comment: "",
    type,
    form: "array",
    ndim,
    ...(shape === undefined ? {} : { shape }),
    option: shape === undefined ? 0 : 4,
    maxLengthBytes: 0,
    dataManagerType: "",
    dataManagerGroup: "",
    keywords: new Map(),
  };
}

/** Tiles that cut cells, in either byte order, of types of 1 bit to 16 bytes. */
const makeTiled = `
import sys, numpy as np, casacore.tables as t
path, order, manager, rows = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
kinds = [("C", "complex", np.complex64), ("D", "double", np.float64), ("B", "boolean", np.bool_), ("S", "short", np.int16)]
shape = [7, 5]  # numpy order
columns, info = [], {}
for i, (name, kind, _) in enumerate(kinds):
    extra = {"shape": shape} if manager == "TiledColumnStMan" else {"ndim": 2}
    columns.append(t.makearrcoldesc(name, 0, valuetype=kind, **extra))
    tile = [[2, 3, 4], [5, 7, 3], [5, 2, 16], [1, 7, 5]][i]
    info["*%d" % i] = {"TYPE": manager, "NAME": "T" + name, "SEQNR": i, "COLUMNS": [name],
                       "SPEC": {"DEFAULTTILESHAPE": np.array(tile, np.int32)}}
tab = t.table(path, t.maketabdesc(columns), nrow=rows, dminfo=info, endian=order, ack=False)
rng = np.random.default_rng(1)
for name, _, dtype in kinds:
    tab.putcol(name, (rng.integers(0, 100, (rows, 7, 5)) % (2 if dtype is np.bool_ else 100)).astype(dtype))
tab.close()
`;

const sums = `
import sys, json, numpy as np, casacore.tables as t
tab = t.table(sys.argv[1], ack=False)
out = {}
for name in tab.colnames():
    value = tab.getcol(name)
    out[name] = [list(value.shape), np.asarray(value).reshape(-1).astype(complex).view(float).tolist()]
print(json.dumps(out))
`;

type Sums = Record<string, [number[], number[]]>;

describeWith(pythonWith("casacore", "numpy"), "rows of tiled columns written by casacore", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "update-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const cases = ["little", "big"].flatMap((order) =>
    ["TiledColumnStMan", "TiledShapeStMan", "TiledCellStMan"].map((manager) => ({ order, manager })),
  );
  test.each(cases)("$manager, $order endian, are changed and nothing beside them", async ({ order, manager }) => {
    const path = join(folder, `${manager}-${order}`);
    const rowCount = 23;
    runPython(makeTiled, [path, order, manager, `${rowCount}`]);
    const before = JSON.parse(runPython(sums, [path])) as Sums;
    const rowStart = 6;
    const changed = 11;
    const cell = 35;
    const values = {
      C: new Float32Array(2 * changed * cell).map((_, i) => i + 0.5),
      D: new Float64Array(changed * cell).map((_, i) => -i),
      B: new Uint8Array(changed * cell).map((_, i) => (i % 3 === 0 ? 1 : 0)),
      S: new Int16Array(changed * cell).map((_, i) => 1000 - i),
    };
    const update = openTableForUpdate(path);
    for (const [name, array] of Object.entries(values)) update.updateTiledRows(name, rowStart, array);
    await update.finish();
    const after = JSON.parse(runPython(sums, [path])) as Sums;
    for (const [name, array] of Object.entries(values)) {
      const expected = [...(before[name] as Sums[string])[1]];
      for (let i = 0; i < array.length; i++) {
        if (name === "C") expected[2 * rowStart * cell + i] = array[i] as number;
        else expected[2 * (rowStart * cell + i)] = array[i] as number;
      }
      expect((after[name] as Sums[string])[1]).toEqual(expected);
    }
  });
});

const makeScalars = `
import sys, numpy as np, casacore.tables as t
path, order, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
desc = t.maketabdesc([t.makescacoldesc("I", 0), t.makescacoldesc("B", False), t.makescacoldesc("D", 0.0),
    t.makearrcoldesc("A", 0.0, shape=[3], options=5), t.makescacoldesc("T", ""), t.makescacoldesc("N", 0)])
info = {"*1": {"TYPE": "StandardStMan", "NAME": "SSM", "SEQNR": 0, "COLUMNS": ["I", "B", "D", "A", "T"], "SPEC": {"BUCKETSIZE": 0}},
        "*2": {"TYPE": "IncrementalStMan", "NAME": "ISM", "SEQNR": 1, "COLUMNS": ["N"], "SPEC": {}}}
tab = t.table(path, desc, nrow=rows, dminfo=info, endian=order, ack=False)
tab.putcol("I", np.arange(rows, dtype=np.int32)); tab.putcol("B", np.arange(rows) % 5 == 0)
tab.putcol("D", np.arange(rows) / 7); tab.putcol("A", np.arange(rows * 3.0).reshape(rows, 3))
tab.removerows([40, 41])
tab.close()
`;

type Scalars = [ints: number[], bools: boolean[], doubles: number[], arrays: number[][]];

const dumpScalars = `
import sys, json, casacore.tables as t
tab = t.table(sys.argv[1], ack=False)
print(json.dumps([tab.getcol(name).tolist() for name in ["I", "B", "D", "A"]]))
`;

describeWith(pythonWith("casacore", "numpy"), "scalars in StandardStMan written by casacore", () => {
  test.each(["little", "big"])("are changed in place, %s endian", async (order) => {
    const folder = mkdtempSync(join(tmpdir(), "update-"));
    try {
      const path = join(folder, "t");
      runPython(makeScalars, [path, order, "102"]);
      const [ints, bools, doubles, arrays] = JSON.parse(runPython(dumpScalars, [path])) as Scalars;
      const update = openTableForUpdate(path);
      update.updateScalars(
        "I",
        30,
        Int32Array.from({ length: 40 }, (_, i) => -i),
      );
      update.updateScalars(
        "B",
        29,
        Uint8Array.from({ length: 43 }, (_, i) => i % 2),
      );
      update.updateScalars("D", 99, Float64Array.of(1e9));
      update.updateScalars(
        "A",
        31,
        Float64Array.from({ length: 6 }, (_, i) => i + 0.25),
      );
      await expect(async () => update.updateScalars("I", 99, Int32Array.of(1, 2))).rejects.toThrow(/rows 99 to 101/);
      await update.finish();
      for (let i = 0; i < 40; i++) ints[30 + i] = i === 0 ? 0 : -i;
      for (let i = 0; i < 43; i++) bools[29 + i] = i % 2 === 1;
      doubles[99] = 1e9;
      arrays[31] = [0.25, 1.25, 2.25];
      arrays[32] = [3.25, 4.25, 5.25];
      expect(JSON.parse(runPython(dumpScalars, [path]))).toEqual([ints, bools, doubles, arrays]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const makeRuns = `
import sys, numpy as np, casacore.tables as t
path, order, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
desc = t.maketabdesc([t.makescacoldesc("S", ""), t.makescacoldesc("B", False), t.makescacoldesc("D", 0.0),
    t.makearrcoldesc("A", 0.0, shape=[3], options=5), t.makearrcoldesc("V", 0, ndim=1), t.makescacoldesc("I", 0)])
names = ["S", "B", "D", "A", "V", "I"]
info = {"*1": {"TYPE": "IncrementalStMan", "NAME": "ISM", "SEQNR": 0, "COLUMNS": names, "SPEC": {"BUCKETSIZE": 1200}}}
tab = t.table(path, desc, nrow=rows, dminfo=info, endian=order, ack=False)
for row in range(rows):
    tab.putcell("S", row, "text %d" % (row // 7)); tab.putcell("B", row, row // 3 % 2 == 0); tab.putcell("D", row, row // 5 / 7)
    tab.putcell("A", row, np.full(3, row // 11)); tab.putcell("V", row, np.arange(row // 9 % 4 + 1, dtype=np.int32))
    tab.putcell("I", row, row // 4)
tab.close()
`;

/** Changed by casacore afterwards as well: its splitting and merging of buckets meets what was written here. */
const changeRuns = `
import sys, json, numpy as np, casacore.tables as t
names = ["S", "B", "D", "A", "V", "I"]
def dump(tab): return [[np.asarray(tab.getcell(n, r)).tolist() for r in range(tab.nrows())] for n in names]
tab = t.table(sys.argv[1], readonly=False, ack=False)
before = dump(tab)
for row in range(1, tab.nrows(), 2): tab.putcell("B", row, True); tab.putcell("S", row, "long text of row %d" % row)
tab.addrows(3); tab.removerows([5, 50]); tab.putcell("V", 7, np.arange(6, dtype=np.int32)); tab.flush()
print(json.dumps([before, dump(tab)]))
`;

describeWith(pythonWith("casacore", "numpy"), "scalars in IncrementalStMan written by casacore", () => {
  test.each(["little", "big"])("are changed, %s endian, and casacore goes on as if it had done it", async (order) => {
    const folder = mkdtempSync(join(tmpdir(), "update-"));
    try {
      const rowCount = 300;
      const [ours, twin] = [join(folder, "ours"), join(folder, "twin")];
      for (const path of [ours, twin]) runPython(makeRuns, [path, order, `${rowCount}`]);
      const flags = Uint8Array.from({ length: 200 }, (_, i) => ((i * i) % 3) & 1);
      const update = openTableForUpdate(ours);
      update.updateScalars("B", 50, flags);
      update.updateScalars("I", 0, new Int32Array(rowCount).fill(-7));
      update.updateScalars("D", 299, Float64Array.of(Math.PI));
      expect(() => update.updateScalars("I", 299, Int32Array.of(1, 2))).toThrow(/rows 299 to 301/);
      expect(() => update.updateScalars("A", 0, new Float64Array(3))).toThrow(/column of scalars/);
      await update.finish();
      runPython(
        `import sys, json, casacore.tables as t
tab = t.table(sys.argv[1], readonly=False, ack=False)
for i, flag in enumerate(json.loads(sys.argv[2])): tab.putcell("B", 50 + i, bool(flag))
for row in range(tab.nrows()): tab.putcell("I", row, -7)
tab.putcell("D", 299, ${Math.PI})
tab.close()`,
        [twin, JSON.stringify([...flags])],
      );
      using read = openTable(ours);
      expect(read.column("B").getScalarRange(50, 250)).toEqual(flags);
      const changed = JSON.parse(runPython(changeRuns, [ours])) as [number[][], number[][]];
      expect(changed).toEqual(JSON.parse(runPython(changeRuns, [twin])));
      expect(changed[0][5]).toEqual(new Array(rowCount).fill(-7));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** Answers each line of its input: `get` with the values it sees, from its cache where it may. */
const liveReader = `
import sys, json, casacore.tables as t
tab = t.table(sys.argv[1], ack=False, lockoptions="auto")
for line in sys.stdin:
    tab.lock(False); tab.unlock()
    print(json.dumps([tab.getcol("D").ravel().tolist(), tab.getcol("I").tolist()])); sys.stdout.flush()
`;

describeWith(pythonWith("casacore"), "a casacore process that has the table open", () => {
  test("sees values that change under it, and makes an update refuse unless it is told to go on", async () => {
    const folder = mkdtempSync(join(tmpdir(), "update-"));
    const path = join(folder, "t");
    const table = createTable(path, { rowCount: 4 });
    table.addColumn(arrayDesc("D", "double", 1, [2]), { kind: "values", values: new Float64Array(8) });
    table.addColumn({ ...arrayDesc("I", "int", 0), form: "scalar" }, { kind: "values", values: new Int32Array(4) });
    await table.finish();
    const reader = spawn(pythonPath, ["-c", liveReader, path], { env: oracleEnv, stdio: ["pipe", "pipe", "inherit"] });
    try {
      const lines = createInterface({ input: reader.stdout })[Symbol.asyncIterator]();
      const ask = async (): Promise<unknown> => {
        reader.stdin.write("get\n");
        return JSON.parse((await lines.next()).value as string);
      };
      expect(await ask()).toEqual([
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0],
      ]);
      expect(() => openTableForUpdate(path)).toThrow(/in use by process/);
      const update = openTableForUpdate(path, { mayBeOpenElsewhere: true });
      update.updateTiledRows("D", 1, Float64Array.of(1, 2, 3, 4));
      update.updateScalars("I", 2, Int32Array.of(7));
      await update.finish();
      expect(await ask()).toEqual([
        [0, 0, 1, 2, 3, 4, 0, 0],
        [0, 0, 7, 0],
      ]);
    } finally {
      reader.kill();
      rmSync(folder, { recursive: true });
    }
  });
});

const taqlCheck = `
import sys, json, numpy as np, casacore.tables as t
tab = t.table(sys.argv[1], ack=False, readonly=False)
model = tab.getcol("MODEL_DATA")
print(json.dumps([tab.colnames(), list(model.shape), float(np.abs(model).sum()), int((tab.getcol("NOTE") == 3).sum())]))
tab.putcell("MODEL_DATA", 0, model[1]); tab.addrows(2); tab.close()
tab = t.table(sys.argv[1], ack=False); assert (tab.getcell("MODEL_DATA", 0) == model[1]).all(); assert tab.nrows() == 12
`;

describe("columns added to a table", () => {
  test("are there for this library, and the old ones unchanged", async () => {
    const folder = mkdtempSync(join(tmpdir(), "update-"));
    try {
      const path = join(folder, "t");
      const table = createTable(path, { rowCount: 3 });
      table.addColumn(
        { ...arrayDesc("I", "int", 0), form: "scalar" },
        { kind: "values", values: Int32Array.of(5, 6, 7) },
      );
      await table.finish();
      const update = openTableForUpdate(path);
      const plan = update.addTiledColumn({ ...arrayDesc("FLAG", "bool", 2), type: "bool" }, { cellShape: [3, 3] });
      const rows = openTiledRows(plan);
      rows.writeRows(
        0,
        Uint8Array.from({ length: 27 }, (_, i) => i % 2),
      );
      rows.close();
      expect(() => update.addColumn(arrayDesc("I", "int", 1), { kind: "undefined" })).toThrow(/name that no other has/);
      await update.finish();
      using read = openTable(path);
      expect(read.columnNames).toEqual(["I", "FLAG"]);
      expect(read.column("I").getScalarRange(0, 3)).toEqual(Int32Array.of(5, 6, 7));
      expect(read.column("FLAG").getArray(2).data).toEqual(Uint8Array.from({ length: 9 }, (_, i) => i % 2));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("that are given up leave no file behind", async () => {
    const folder = mkdtempSync(join(tmpdir(), "update-"));
    try {
      const path = join(folder, "t");
      await createTable(path, { rowCount: 3 }).finish();
      const update = openTableForUpdate(path);
      const plan = update.addTiledColumn({ ...arrayDesc("D", "double", 1), type: "double" }, { cellShape: [3] });
      update.abandon();
      expect(() => openTiledRows(plan)).toThrow(/could not open it/);
      using read = openTable(path);
      expect(read.columnNames).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describeWith(pythonWith("casacore", "numpy"), "columns added to a table that casacore wrote", () => {
  test.each(["little", "big"])("are read, changed and extended by casacore, %s endian", async (order) => {
    const folder = mkdtempSync(join(tmpdir(), "update-"));
    try {
      const path = join(folder, "t");
      runPython(makeTiled, [path, order, "TiledShapeStMan", "10"]);
      const update = openTableForUpdate(path);
      const plan = update.addTiledColumn(
        { ...arrayDesc("MODEL_DATA", "complex", 2), type: "complex" },
        { cellShape: [2, 3] },
      );
      const rows = openTiledRows(plan);
      rows.writeRows(
        0,
        Float32Array.from({ length: 120 }, (_, i) => (i % 2 === 0 ? i : 0)),
      );
      rows.close();
      update.addColumn(
        { ...arrayDesc("NOTE", "int", 0), form: "scalar" },
        { kind: "runs", rowStarts: [0, 4], values: [1, 3] },
      );
      await update.finish();
      expect(JSON.parse(runPython(taqlCheck, [path]))).toEqual([
        ["C", "D", "B", "S", "MODEL_DATA", "NOTE"],
        [10, 3, 2],
        3540,
        6,
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const makeOthers = `
import sys, numpy as np, casacore.tables as t
folder = sys.argv[1]
desc = t.maketabdesc([t.makearrcoldesc("A", 0.0, shape=[3]), t.makearrcoldesc("B", 0, shape=[3]), t.makescacoldesc("I", 0)])
info = {"*1": {"TYPE": "TiledColumnStMan", "NAME": "T", "COLUMNS": ["A", "B"], "SPEC": {"DEFAULTTILESHAPE": np.array([3, 4], np.int32)}}}
tab = t.table(folder + "/shared", desc, nrow=4, dminfo=info, ack=False)
tab.query("ROWNUMBER() < 2", name=folder + "/selection").close()
tab.close()
desc = t.maketabdesc([t.makearrcoldesc("A", 0.0, ndim=1)])
info = {"*1": {"TYPE": "TiledShapeStMan", "NAME": "T", "COLUMNS": ["A"], "SPEC": {"DEFAULTTILESHAPE": np.array([3, 4], np.int32)}}}
tab = t.table(folder + "/shapes", desc, nrow=4, dminfo=info, ack=False)
tab.putcell("A", 0, np.zeros(3)); tab.putcell("A", 1, np.zeros(2)); tab.close()
`;

describeWith(pythonWith("casacore", "numpy"), "what cannot be changed in place", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "update-"));
    runPython(makeOthers, [folder]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("is a selection of another table", () => {
    expect(() => openTableForUpdate(join(folder, "selection"))).toThrow(/expected one with data of its own/);
  });

  test("are tiles that several columns share, and columns that are not there or of another kind", () => {
    const update = openTableForUpdate(join(folder, "shared"));
    expect(() => update.updateTiledRows("A", 0, new Float64Array(3))).toThrow(/tiles shared by 2 columns/);
    expect(() => update.updateTiledRows("I", 0, new Int32Array(3))).toThrow(
      /expected a tiled column, found StandardStMan/,
    );
    expect(() => update.updateTiledRows("X", 0, new Int32Array(3))).toThrow(/expected one of the table, found X/);
    expect(() => update.updateScalars("A", 0, new Float64Array(3))).toThrow(/expected a column of StandardStMan/);
    expect(() => update.updateScalars("I", 0, new Float64Array(3))).toThrow(/expected a Int32Array/);
    update.abandon();
  });

  test("are cells without a value, beyond the table, or of another shape", () => {
    const update = openTableForUpdate(join(folder, "shapes"));
    expect(() => update.updateTiledRows("A", 2, new Float64Array(3))).toThrow(/a value in row 2, found none/);
    expect(() => update.updateTiledRows("A", 4, new Float64Array(3))).toThrow(/a value in row 4, found 4 rows/);
    expect(() => update.updateTiledRows("A", 0, new Float64Array(4).fill(9))).toThrow(
      /whole cells of shape \[2\], found 1/,
    );
    expect(() => update.updateTiledRows("A", 1, new Float64Array(4).fill(9))).toThrow(/a value in row 2, found none/);
    expect(() =>
      update.addColumn(
        arrayDesc("Z", "float", 1),
        { kind: "cells", cells: [[1], [], [1], [1]] },
        { manager: "TiledShapeStMan" },
      ),
    ).toThrow(/cells with elements/);
    {
      using read = openTable(join(folder, "shapes"));
      expect(read.column("A").getArray(0).data).toEqual(new Float64Array(3));
      expect(read.column("A").getArray(1).data).toEqual(new Float64Array(2));
    }
    update.updateTiledRows("A", 0, Float64Array.of(1, 2, 3, 4, 5)); // goes from one hypercube to the next
    update.abandon();
    using read = openTable(join(folder, "shapes"));
    expect(read.columnNames).toEqual(["A"]);
    expect(read.column("A").getArray(1).data).toEqual(Float64Array.of(4, 5));
  });
});
