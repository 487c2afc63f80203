/** MODEL_DATA and CORRECTED_DATA added to Measurement Sets of several telescopes, written by CASA and others. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  describeWith,
  hasCommand,
  pythonPath,
  pythonWith,
  runCommand,
  runPython,
  sharedData,
  sharedDataDir,
} from "../../../tools/oracles.ts";
import { mainColumnDesc, openTable, openTableForUpdate, openTiledRows } from "../src/node.ts";
import type { ColumnDesc } from "../src/table/model.ts";

const root = join(sharedDataDir() ?? "", "real/ms");
const names = sharedData().isAvailable ? readdirSync(root) : [];

/** Takes the added columns away in casacore, after looking at them; what is left must be the table as it was. */
const checkAndRemove = `
import sys, numpy as np, casacore.tables as t
path = sys.argv[1]
tab = t.table(path, readonly=False, ack=False)
data = tab.getcol("DATA")
assert (tab.getcol("MODEL_DATA") == 2 * data).all()
assert tab.getcol("CORRECTED_DATA").shape == data.shape and not tab.getcol("CORRECTED_DATA").any()
tab.putcol("CORRECTED_DATA", data - 1); tab.close()
tab = t.table(path, readonly=False, ack=False)
assert (tab.getcol("CORRECTED_DATA") == data - 1).all()
tab.removecols(["MODEL_DATA", "CORRECTED_DATA"]); tab.close()
`;

function described(name: "MODEL_DATA" | "CORRECTED_DATA"): ColumnDesc & { readonly type: "complex" } {
  return { ...mainColumnDesc(name), type: "complex" };
}

const needs = [sharedData(), pythonWith("casacore", "numpy"), hasCommand("taql")];

describeWith(needs, "columns added to a real Measurement Set", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "add-columns-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(names)("are found, written and removed by casacore in %s", async (name) => {
    const path = join(folder, name);
    cpSync(join(root, name), path, { recursive: true });
    const before = openTable(path);
    const column = before.column("DATA");
    const rowCount = before.rowCount;
    const cellShape = column.shapeOf(0) as readonly number[];
    const values = new Float32Array(2 * rowCount * cellShape.reduce((product, length) => product * length, 1));
    column.getCellsInto(0, rowCount, values);
    before.close();

    const update = openTableForUpdate(path);
    const plan = update.addTiledColumn(described("MODEL_DATA"), { cellShape });
    update.addTiledColumn(described("CORRECTED_DATA"), { cellShape });
    const rows = openTiledRows(plan);
    rows.writeRows(
      0,
      values.map((value) => 2 * value),
    );
    rows.close();
    await update.finish({ isDurable: true });

    const sum = runCommand("taql", ["-noph", `select gsum(abs(MODEL_DATA - 2*DATA)) from ${path}`]);
    expect(sum.trim().split("\n").at(-1)).toBe("0");
    expect(readFileSync(join(path, "table.info"))).toEqual(readFileSync(join(root, name, "table.info")));
    runPython(checkAndRemove, [path]);
    const compare = join(import.meta.dirname, "compare-tables.py");
    const differences = JSON.parse(runCommand(pythonPath, [compare, join(root, name), path])) as string[];
    // The notes of the hypercolumns stay behind.
    expect(differences.filter((difference) => difference !== "private keywords")).toEqual([]);
  });
});
