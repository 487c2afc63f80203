/** A Measurement Set of tens of thousands of rows written in every way there is: its values by formula, seen by casacore and taql. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith, hasCommand, pythonWith, runCommand, runPython } from "../../../tools/oracles.ts";
import { createMeasurementSet, openTable, publishTable, type TiledColumnPlan } from "../src/node.ts";

const rowCount = 30_011;
const corrCount = 2;
const chanCount = 11;

function writeInThread(data: TiledColumnPlan, flag: TiledColumnPlan, rowStart: number, rowEnd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./write-rows.worker.ts", import.meta.url), {
      workerData: { data, flag, rowStart, rowEnd },
    });
    worker.once("error", reject);
    worker.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`worker ended with ${code}`))));
  });
}

const runStarts = Array.from({ length: 6000 }, (_, i) => i * 5);
const arrayStarts = [0, 7, 20_000];

async function writeAll(path: string): Promise<void> {
  const ms = createMeasurementSet(path, {
    rowCount,
    subtables: {
      ANTENNA: Array.from({ length: 300 }, (_, i) => ({ NAME: `antenna number ${i}`, POSITION: [i, i + 1, i + 2] })),
      POLARIZATION: [{ NUM_CORR: 2, CORR_TYPE: [9, 12], CORR_PRODUCT: { shape: [2, 2], data: [0, 0, 1, 1] } }],
    },
  });
  const data = ms.addTiledColumn("DATA", { cellShape: [corrCount, chanCount], tileRowCount: 700 });
  const flag = ms.addTiledColumn("FLAG", { cellShape: [corrCount, chanCount], tileRowCount: 700 });
  const middle = 16_000; // a multiple of 8, so that no two threads share a byte of flags
  await Promise.all([writeInThread(data, flag, 0, middle), writeInThread(data, flag, middle, rowCount)]);
  ms.startSync("DATA");
  ms.setColumn("UVW", {
    kind: "fill",
    fill: (rowStart, _rowEnd, out) => out.forEach((_, i) => (out[i] = 3 * rowStart + i)),
  });
  ms.setColumn("WEIGHT", {
    kind: "values",
    values: new Float32Array(2 * rowCount).map((_, i) => i % 17),
    cellShape: [2],
  });
  ms.setColumn("SIGMA", { kind: "constant", value: [0.5, 0.25] });
  ms.setColumn("TIME", {
    kind: "runs",
    rowStarts: runStarts,
    values: Float64Array.from(runStarts, (row) => 5e9 + row),
  });
  ms.setColumn("SCAN_NUMBER", { kind: "runs", rowStarts: runStarts, values: Int32Array.from(runStarts, (_, i) => i) });
  ms.setColumn("ANTENNA1", { kind: "values", values: Int32Array.from({ length: rowCount }, (_, i) => i % 300) });
  ms.setColumn("ANTENNA2", {
    kind: "fill",
    fill: (rowStart, _end, out) => out.forEach((_, i) => (out[i] = (rowStart + i) % 299)),
  });
  ms.setColumn("FLAG_ROW", {
    kind: "fill",
    fill: (rowStart, _end, out) => out.forEach((_, i) => (out[i] = (rowStart + i) % 3 === 0 ? 1 : 0)),
  });
  ms.setColumn("EXPOSURE", { kind: "constant", value: 12.5 });
  // Declared late, and changed from one kind of storage to another.
  ms.addTiledColumn("WEIGHT_SPECTRUM", { cellShape: [corrCount, chanCount] });
  ms.main.removeColumn("WEIGHT_SPECTRUM");
  ms.setColumn("WEIGHT_SPECTRUM", {
    kind: "runs",
    rowStarts: arrayStarts,
    values: arrayStarts.map((_, k) => ({
      shape: [corrCount, chanCount],
      data: new Float32Array(corrCount * chanCount).map((__, i) => 100 * k + i),
    })),
  });
  await ms.finish({ isDurable: true });
}

const checkAndChange = `
import sys, numpy as np, casacore.tables as t
path, rows = sys.argv[1], int(sys.argv[2])
tab = t.table(path, ack=False)
i = np.arange(rows)
assert tab.nrows() == rows
assert (tab.getcol("DATA").view(np.float32).ravel() == np.arange(rows * 44) % 1013).all()
assert (tab.getcol("FLAG").ravel() == (np.arange(rows * 22) % 7 == 0)).all()
assert (tab.getcol("UVW").ravel() == np.arange(3 * rows)).all()
assert (tab.getcol("WEIGHT").ravel() == np.arange(2 * rows) % 17).all()
assert (tab.getcol("SIGMA") == [0.5, 0.25]).all()
run = np.minimum(i // 5, 5999)
assert (tab.getcol("TIME") == 5e9 + 5 * run).all() and (tab.getcol("SCAN_NUMBER") == run).all()
assert (tab.getcol("ANTENNA1") == i % 300).all() and (tab.getcol("ANTENNA2") == i % 299).all()
assert (tab.getcol("FLAG_ROW") == (i % 3 == 0)).all() and (tab.getcol("EXPOSURE") == 12.5).all()
kind = (i >= 7).astype(int) + (i >= 20000)
weights = tab.getcol("WEIGHT_SPECTRUM")
assert (weights.reshape(rows, 22) == 100 * kind[:, None] + np.arange(22)).all()
assert (tab.getcol("STATE_ID") == 0).all() and not tab.iscelldefined("FLAG_CATEGORY", 5)
names = t.table(path + "/ANTENNA", ack=False).getcol("NAME")
assert names == ["antenna number %d" % k for k in range(300)]
tab.close()

tab = t.table(path, readonly=False, ack=False)
time, scan = tab.getcol("TIME"), tab.getcol("SCAN_NUMBER")
for row in range(20, 9000, 7):  # splits buckets of IncrementalStMan
    tab.putcell("TIME", row, row / 3.0); time[row] = row / 3.0
for row in range(20, 9000, 500):
    tab.putcell("WEIGHT_SPECTRUM", row, weights[0] + row); weights[row] = weights[0] + row
tab.putcol("FLAG", ~tab.getcol("FLAG", 100, 50), 100, 50)
tab.addrows(3)
tab.close()
tab = t.table(path, ack=False)
assert (tab.getcol("TIME", 0, rows) == time).all() and (tab.getcol("SCAN_NUMBER", 0, rows) == scan).all()
assert (tab.getcol("WEIGHT_SPECTRUM", 0, rows) == weights).all()
assert (tab.getcol("ANTENNA1", 0, rows) == i % 300).all() and tab.nrows() == rows + 3
print("equal")
`;

const needs = [pythonWith("casacore", "numpy"), hasCommand("taql"), hasCommand("showtableinfo")];

describeWith(needs, "a Measurement Set written in bulk", () => {
  let folder = "";
  let path = "";
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "bulk-"));
    path = join(folder, "final.ms");
    await writeAll(join(folder, "staging.ms"));
    await publishTable(join(folder, "staging.ms"), path);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("has its values here", () => {
    using table = openTable(path);
    expect(table.column("SCAN_NUMBER").getScalarRange(29_990, 30_000)).toEqual(
      Int32Array.of(5998, 5998, 5998, 5998, 5998, 5999, 5999, 5999, 5999, 5999),
    );
    expect(table.column("WEIGHT_SPECTRUM").getArray(20_000).data[3]).toBe(203);
    const flags = new Uint8Array(22);
    table.column("FLAG").getCellsInto(15_999, 16_000, flags);
    expect(flags).toEqual(Uint8Array.from({ length: 22 }, (_, i) => ((15_999 * 22 + i) % 7 === 0 ? 1 : 0)));
  });

  test("can be selected from by taql on every column", () => {
    using table = openTable(path);
    const columns = table.columnNames.filter((name) => name !== "FLAG_CATEGORY");
    const sums = columns.map((name) => (table.column(name).type === "bool" ? `gntrue(${name})` : `gsum(abs(${name}))`));
    const out = runCommand("taql", ["-noph", `select ${sums.join(", ")} from ${path}`]);
    const scanSum = 5 * ((5998 * 5999) / 2) + (rowCount - 5 * 5999) * 5999;
    expect(out.trim().split("\n").at(-1)?.split("\t")).toContain(`${scanSum}`);
    expect(runCommand("taql", ["-noph", `select NAME from ${path}/ANTENNA where POSITION[0]==17`])).toContain(
      "antenna number 17",
    );
  });

  test("is described by showtableinfo", () => {
    const out = runCommand("showtableinfo", [`in=${path}`, "dm=T", "col=T", "sub=T"]);
    for (const word of ["TiledData", "IncrementalStMan", "StandardStMan", "WEIGHT_SPECTRUM", "SPECTRAL_WINDOW"]) {
      expect(out).toContain(word);
    }
  });

  test("is what was written, and can be changed, in casacore", () => {
    expect(runPython(checkAndChange, [path, `${rowCount}`])).toBe("equal\n");
  });
});
