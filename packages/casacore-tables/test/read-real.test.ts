/** Every table of other telescopes at hand, and every subtable of it, compared with python-casacore column by column. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { describeWith, pythonPath, pythonWith, runCommand, sharedData, sharedDataDir } from "../../../tools/oracles.ts";
import { parseTableDat, serializeTableDat } from "../src/table/table-dat.ts";
import { dumpTable, type TableDump, tablesUnder } from "./canonical-dump.ts";

const roots = ["ms", "caltables"].map((name) => join(sharedDataDir() ?? "", "real", name));
const tables = sharedDataDir() === undefined ? [] : roots.flatMap((root) => tablesUnder(root));
const inReal = (path: string): string => path.slice(path.lastIndexOf("/real/") + 6);

describeWith([sharedData()], "table.dat of real tables", () => {
  it(`is serialised to the bytes it was parsed from, in all ${tables.length}`, () => {
    const differing = tables.filter((path) => {
      const bytes = readFileSync(join(path, "table.dat"));
      return Buffer.compare(bytes, serializeTableDat(parseTableDat(bytes, path))) !== 0;
    });
    expect(differing).toEqual([]);
    expect(tables.length).toBeGreaterThan(100);
  });
});

describeWith([sharedData(), pythonWith("casacore", "numpy")], "real tables", () => {
  let expected: Record<string, TableDump> = {};

  beforeAll(() => {
    const script = join(import.meta.dirname, "dump_table.py");
    expected = JSON.parse(runCommand(pythonPath, ["-B", script, ...roots])) as Record<string, TableDump>;
  });

  it("are the same tables on both sides", () => {
    expect(Object.keys(expected).sort()).toEqual([...tables].sort());
  });

  it.each(tables.map((path) => [inReal(path), path]))("are read as python-casacore reads them: %s", (_, path) => {
    expect(dumpTable(path)).toEqual(expected[path]);
  });
});
