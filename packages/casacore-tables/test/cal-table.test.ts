/** Calibration tables against those that CASA 6.6.3 wrote for DSA-110 data. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWith, pythonWith, runPython, sharedData, sharedDataDir } from "../../../tools/oracles.ts";
import { type CalKind, createCalTable, openTable, type SubtableRow, type Table } from "../src/node.ts";

const subtables = ["OBSERVATION", "ANTENNA", "FIELD", "SPECTRAL_WINDOW", "HISTORY"] as const;

/** All columns of all tables, as numbers or text, and whether cells have values. */
const dump = `
import sys, json, hashlib, numpy as np, casacore.tables as t
def value(v):
    if isinstance(v, dict): return v["array"]
    return [v.dtype.str, list(v.shape), hashlib.sha1(np.ascontiguousarray(v).tobytes()).hexdigest()] if hasattr(v, "dtype") else v
def table(path):
    tab = t.table(path, ack=False)
    out = {"rows": tab.nrows(), "info": tab.info()}
    for name in tab.colnames():
        out[name] = [value(tab.getcell(name, r)) if tab.iscelldefined(name, r) else None for r in range(tab.nrows())]
    return out
print(json.dumps([table(sys.argv[1] + sub) for sub in ["", "/OBSERVATION", "/ANTENNA", "/FIELD", "/SPECTRAL_WINDOW", "/HISTORY"]], default=str))
`;

function rowsOf(table: Table): SubtableRow[] {
  return Array.from({ length: table.rowCount }, (_, row) =>
    Object.fromEntries(
      table.columnNames.map((name) => {
        const column = table.column(name);
        return [
          name,
          column.form === "scalar" ? column.getScalar(row) : column.isDefined(row) ? column.getArray(row) : undefined,
        ];
      }),
    ),
  );
}

/** Reads a calibration table and writes it again from nothing but its content. */
async function writeAgain(from: string, to: string, kind: CalKind): Promise<void> {
  using table = openTable(from);
  const rowCount = table.rowCount;
  const shape = table.column("CPARAM").shapeOf(0) as [number, number];
  const count = rowCount * shape[0] * shape[1];
  const ints = (name: string): Int32Array => table.column(name).getScalarRange(0, rowCount, new Int32Array(rowCount));
  const doubles = (name: string): Float64Array =>
    table.column(name).getScalarRange(0, rowCount, new Float64Array(rowCount));
  const floats = (name: string, parts: number): Float32Array => {
    const values = new Float32Array(parts * count);
    table.column(name).getCellsInto(0, rowCount, values);
    return values;
  };
  const flags = new Uint8Array(count);
  table.column("FLAG").getCellsInto(0, rowCount, flags);
  const keyword = (name: string): string => {
    const value = table.keywords.get(name);
    return value?.kind === "scalar" ? (value.value as string) : "";
  };
  const opened = subtables.map((name) => [name, table.subtable(name)] as const);
  await createCalTable(to, {
    kind,
    msName: keyword("MSName"),
    polBasis: keyword("PolBasis"),
    casaVersion: keyword("CASA_Version"),
    solutions: {
      rowCount,
      cellShape: shape,
      timeMjdSec: doubles("TIME"),
      intervalSec: doubles("INTERVAL"),
      fieldIds: ints("FIELD_ID"),
      spectralWindowIds: ints("SPECTRAL_WINDOW_ID"),
      antennaIds: ints("ANTENNA1"),
      refAntennaIds: ints("ANTENNA2"),
      scanNumbers: ints("SCAN_NUMBER"),
      observationIds: ints("OBSERVATION_ID"),
      gains: floats("CPARAM", 2),
      paramErrorSigma: floats("PARAMERR", 1),
      flags,
      snrRatio: floats("SNR", 1),
    },
    subtables: Object.fromEntries(opened.map(([name, subtable]) => [name, rowsOf(subtable)])),
  });
  for (const [, subtable] of opened) subtable.close();
}

const real = [
  { name: "bandpass", kind: "B" },
  { name: "initial_gain", kind: "G" },
  { name: "final_gain", kind: "G" },
] as const;

describeWith(
  [sharedData(), pythonWith("casacore", "numpy")],
  "a table of CASA 6.6.3, written again from its content",
  () => {
    let folder = "";
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "caltable-"));
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    test.each(real)(
      "($name) has the same bytes of description, and the same content for casacore",
      async ({ name, kind }) => {
        const theirs = join(sharedDataDir() as string, `real/caltables/test_calibration_${name}.table`);
        const ours = join(folder, name);
        await writeAgain(theirs, ours, kind);
        for (const part of ["", ...subtables]) {
          for (const file of ["table.dat", "table.info"]) {
            const expected = readFileSync(join(theirs, part, file));
            expect(readFileSync(join(ours, part, file)).equals(expected), `${part}/${file}`).toBe(true);
          }
        }
        expect(JSON.parse(runPython(dump, [ours]))).toEqual(JSON.parse(runPython(dump, [theirs])));
      },
    );
  },
);

function solutionsOf(rowCount: number) {
  return {
    rowCount,
    cellShape: [2, 1] as const,
    timeMjdSec: new Float64Array(rowCount).fill(5.2e9),
    fieldIds: new Int32Array(rowCount),
    spectralWindowIds: new Int32Array(rowCount),
    antennaIds: Int32Array.from({ length: rowCount }, (_, i) => i),
    refAntennaIds: new Int32Array(rowCount),
    scanNumbers: new Int32Array(rowCount),
    paramErrorSigma: new Float32Array(2 * rowCount),
    flags: new Uint8Array(2 * rowCount),
    snrRatio: new Float32Array(2 * rowCount).fill(10),
  };
}

describe("a new calibration table", () => {
  test("has the table.dat that CASA 6.6.3 writes for a bandpass of 117 antennas", async () => {
    const folder = mkdtempSync(join(tmpdir(), "caltable-"));
    try {
      const path = join(folder, "b");
      await createCalTable(path, {
        kind: "B",
        msName: "test_calibration.ms",
        solutions: { ...solutionsOf(117), gains: new Float32Array(4 * 117) },
        subtables: {},
      });
      const golden = readFileSync(join(import.meta.dirname, "golden/casa-6.6.3-bandpass.table.dat"));
      expect(readFileSync(join(path, "table.dat")).equals(golden)).toBe(true);
      expect(readFileSync(join(path, "table.info"), "utf8")).toBe("Type = Calibration\nSubType = B Jones\n\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("of delays has FPARAM, and is refused without them", async () => {
    const folder = mkdtempSync(join(tmpdir(), "caltable-"));
    try {
      const delaysNs = Float32Array.of(1, 2, 3, 4);
      const spec = { kind: "K", msName: "a.ms", subtables: {} } as const;
      await createCalTable(join(folder, "k"), { ...spec, solutions: { ...solutionsOf(2), delaysNs } });
      using table = openTable(join(folder, "k"));
      expect(table.info.subType).toBe("K Jones");
      expect(table.keywords.get("ParType")).toEqual({ kind: "scalar", type: "string", value: "Float" });
      expect(table.column("FPARAM").getArray(1)).toEqual({ type: "float", shape: [2, 1], data: Float32Array.of(3, 4) });
      expect(table.column("WEIGHT").isDefined(0)).toBe(false);
      await expect(createCalTable(join(folder, "x"), { ...spec, solutions: solutionsOf(2) })).rejects.toThrow(
        /delaysNs/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
