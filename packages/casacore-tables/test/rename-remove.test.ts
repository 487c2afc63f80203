/** Columns that are given another name, taken away, or replaced, beside casacore doing the same. */
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWith, pythonPath, pythonWith, runCommand, runPython } from "../../../tools/oracles.ts";
import { createTable, openTable, openTableForUpdate, openTiledRows } from "../src/node.ts";
import type { ColumnDesc, DataType } from "../src/table/model.ts";

const columnDesc = (name: string, type: DataType, ndim: number): ColumnDesc => ({
  name,
  comment: "",
  type,
  form: ndim === 0 ? "scalar" : "array",
  ndim,
  option: 0,
  maxLengthBytes: 0,
  dataManagerType: "",
  dataManagerGroup: "",
  keywords: new Map(),
});

/** Two scalars and an array in StandardStMan, two in IncrementalStMan, and one column in each kind of tiles. */
const make = `
import sys, numpy as np, casacore.tables as t
desc = t.maketabdesc([
    t.makescacoldesc("S", 1.0), t.makescacoldesc("NAME", ""),
    t.makearrcoldesc("W", 0.0, ndim=1, datamanagertype="IncrementalStMan", datamanagergroup="ISM"),
    t.makescacoldesc("T", 0.0, datamanagertype="IncrementalStMan", datamanagergroup="ISM"),
    t.makearrcoldesc("SHAPES", 0j, ndim=2), t.makearrcoldesc("CELLS", 0, ndim=2, shape=[3, 2]),
    t.makearrcoldesc("LAST", 0.0, ndim=1)])
tiled = lambda kind, name, column: {"TYPE": kind, "NAME": name, "COLUMNS": [column], "SPEC": {"DEFAULTTILESHAPE": [2, 3, 4]}}
info = {"*1": tiled("TiledShapeStMan", "TS", "SHAPES"), "*2": tiled("TiledColumnStMan", "TC", "CELLS"),
        "*3": {"TYPE": "StandardStMan", "NAME": "OWN", "COLUMNS": ["LAST"]}}
tab = t.table(sys.argv[1], desc, nrow=10, dminfo=info, ack=False)
tab.putcol("SHAPES", np.arange(60).reshape(10, 3, 2) * (1 + 2j)); tab.putcol("CELLS", np.arange(60).reshape(10, 3, 2))
tab.putcol("W", np.repeat(np.arange(5.0), 2)[:, None] * [1, 2]); tab.putcol("S", np.arange(10.0)); tab.putcol("LAST", np.ones((10, 3)))
tab.putcol("NAME", ["n%d" % i for i in range(10)]); tab.putcolkeyword("SHAPES", "UNIT", "Jy"); tab.close()
`;

const byCasacore = `
import sys, casacore.tables as t
tab = t.table(sys.argv[1], readonly=False, ack=False)
for step in sys.argv[2:]:
    name, other = step.split("=")
    tab.renamecol(name, other) if other else tab.removecols(name)
tab.close()
`;

/** Whatever was done, the table can be worked on: values changed, columns and rows added. */
const workOn = `
import sys, numpy as np, casacore.tables as t
tab = t.table(sys.argv[1], readonly=False, ack=False)
for name in tab.colnames():
    if name != "NAME": tab.putcol(name, tab.getcol(name) + 1)
tab.addcols(t.maketabdesc([t.makescacoldesc("NEW", 0)])); tab.addrows(2); tab.close()
tab = t.table(sys.argv[1], ack=False)
print(tab.nrows(), "NEW" in tab.colnames(), *[np.sum(tab.getcol(n, nrow=10)).real for n in tab.colnames() if n != "NAME"])
`;

describeWith(pythonWith("casacore", "numpy"), "columns of a table that casacore wrote", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "rename-"));
    runPython(make, [join(folder, "original")]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const copies = (label: string) =>
    ["ours", "theirs"].map((whose) => {
      const path = join(folder, `${label}-${whose}`);
      cpSync(join(folder, "original"), path, { recursive: true });
      return path;
    }) as [string, string];

  const differences = (paths: readonly string[]) =>
    JSON.parse(runCommand(pythonPath, [join(import.meta.dirname, "compare-tables.py"), ...paths])) as string[];

  test.each([
    [["SHAPES=E"]],
    [["CELLS=E"]],
    [["W=WW", "S=SS", "NAME=N"]],
    [["SHAPES="]],
    [["CELLS="]],
    [["LAST="]],
    [["SHAPES=", "W=SHAPES", "LAST=L"]],
  ])("%j is what casacore does", async (steps) => {
    const [ours, theirs] = copies(steps.join(","));
    const update = openTableForUpdate(ours);
    for (const step of steps) {
      const [name, other] = step.split("=") as [string, string];
      if (other === "") update.removeColumn(name);
      else update.renameColumn(name, other);
    }
    await update.finish({ isDurable: true });
    runPython(byCasacore, [theirs, ...steps]);
    expect(differences([ours, theirs])).toEqual([]);
    // casacore forgets the file of the arrays of a StandardStMan.
    const forgotten = steps.includes("LAST=") ? ["table.f2i"] : [];
    expect([...readdirSync(ours), ...forgotten].toSorted()).toEqual(readdirSync(theirs).toSorted());
    // NAME is the one column that the check cannot add to.
    if (!steps.includes("NAME=N")) expect(runPython(workOn, [ours])).toBe(runPython(workOn, [theirs]));
  });

  test("are replaced by others of the same name, the old ones kept under another", async () => {
    const [ours] = copies("replaced");
    const update = openTableForUpdate(ours);
    update.removeColumn("SHAPES");
    const plan = update.addTiledColumn(
      { ...columnDesc("SHAPES", "complex", 2), type: "complex" },
      { cellShape: [2, 3] },
    );
    const rows = openTiledRows(plan);
    rows.writeRows(0, new Float32Array(120).fill(4));
    rows.close();
    update.renameColumn("W", "W_BEFORE");
    update.addColumn(
      columnDesc("W", "float", 1),
      { kind: "values", values: new Float32Array(20).fill(7), cellShape: [2] },
      { manager: "TiledShapeStMan" },
    );
    await update.finish({ isDurable: true });
    const look = `
import sys, casacore.tables as t
tab = t.table(sys.argv[1], ack=False)
print(tab.colnames(), set(tab.getcol("SHAPES").ravel()), set(tab.getcol("W").ravel()), tab.getcol("W_BEFORE").sum())`;
    expect(runPython(look, [ours])).toBe(
      "['S', 'NAME', 'W_BEFORE', 'T', 'CELLS', 'LAST', 'SHAPES', 'W'] {(4+4j)} {7.0} 60.0\n",
    );
    runPython(workOn, [ours]);
  });

  test("are refused where another would be touched", () => {
    const update = openTableForUpdate(join(folder, "original"));
    expect(() => update.renameColumn("S", "T")).toThrow(/a name that no other has/);
    expect(() => update.renameColumn("X", "Y")).toThrow(/expected one of the table, found X/);
    expect(() => update.removeColumn("W")).toThrow(/storage of its own, found storage shared by 2 columns/);
    update.addColumn(columnDesc("FRESH", "int", 0), { kind: "constant", value: 1 });
    expect(() => update.removeColumn("FRESH")).toThrow(/in the table, found one that is being added/);
    update.abandon();
    expect(readdirSync(join(folder, "original")).filter((name) => name.startsWith("table.f")).length).toBeGreaterThan(
      5,
    );
  });
});

describe("an update that is given up", () => {
  test("leaves columns that it would have taken away", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rename-"));
    try {
      const path = join(folder, "t");
      const table = createTable(path, { rowCount: 2 });
      table.addColumn(columnDesc("D", "double", 1), {
        kind: "values",
        values: Float64Array.of(1, 2, 3, 4),
        cellShape: [2],
      });
      await table.finish();
      const update = openTableForUpdate(path);
      update.removeColumn("D");
      update.abandon();
      using read = openTable(path);
      expect(read.column("D").getArray(1).data).toEqual(Float64Array.of(3, 4));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
