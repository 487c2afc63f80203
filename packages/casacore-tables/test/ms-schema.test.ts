/** The Measurement Set schema against the one that casacore makes, keyword by keyword and type by type. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith, pythonWith, runPython } from "../../../tools/oracles.ts";
import { mainSchema } from "../src/ms/main-schema.ts";
import type { MainColumn, Subtable } from "../src/ms/ms-spec.ts";
import { subtableSchema } from "../src/ms/subtable-schema.ts";
import { createMeasurementSet } from "../src/node.ts";
import type { ColumnDesc } from "../src/table/model.ts";
import { type PlainTableDat, parseTableDat } from "../src/table/table-dat.ts";

const makeWithCasacore = `
import sys, casacore.tables as t
folder, names = sys.argv[1], sys.argv[2].split(",")
t.default_ms(folder + "/required.ms").close()
t.default_ms(folder + "/complete.ms", t.complete_ms_desc()).close()
for name in names:
    t.default_ms_subtable(name, folder + "/complete_" + name, t.complete_ms_desc(name)).close()
    t.default_ms_subtable(name, folder + "/required_" + name).close()
`;

/** casacore leaves the number of axes of these open; any real Measurement Set has two (IMAGING_WEIGHT: one). */
const axesAreOpenInCasacore = new Set([
  "CORRECTED_DATA",
  "DATA",
  "FLOAT_DATA",
  "IMAGING_WEIGHT",
  "LAG_DATA",
  "MODEL_DATA",
  "SIGMA_SPECTRUM",
  "WEIGHT_SPECTRUM",
  "CORRECTED_WEIGHT_SPECTRUM",
]);

/** The choice of storage is not part of the schema. */
function schemaOf(desc: ColumnDesc) {
  const { dataManagerType: _type, dataManagerGroup: _group, ...rest } = desc;
  return { ...rest, keywords: [...desc.keywords] };
}

const subtables = Object.keys(subtableSchema) as Subtable[];

describeWith(pythonWith("casacore"), "the Measurement Set schema", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "ms-schema-"));
    runPython(makeWithCasacore, [folder, subtables.join(",")]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function read(name: string): PlainTableDat {
    const path = join(folder, name, "table.dat");
    const dat = parseTableDat(readFileSync(path), path);
    if (dat.kind !== "plain") throw new Error(`${path}: expected a plain table`);
    return dat;
  }

  function compare(schema: typeof mainSchema, required: PlainTableDat, complete: PlainTableDat): void {
    const requiredNames = required.desc.columns.map((column) => column.name);
    expect(schema.filter((column) => !column.isOptional).map((column) => column.desc.name)).toEqual(requiredNames);
    expect(schema.map((column) => column.desc.name).toSorted()).toEqual(
      complete.desc.columns.map((column) => column.name).toSorted(),
    );
    for (const { desc, isOptional } of schema) {
      const source = isOptional ? complete : required;
      const theirs = source.desc.columns.find((column) => column.name === desc.name) as ColumnDesc;
      const expected = axesAreOpenInCasacore.has(desc.name) ? { ...theirs, ndim: desc.ndim } : theirs;
      expect(schemaOf(desc)).toEqual(schemaOf(expected));
    }
  }

  test("of MAIN is that of casacore", () => compare(mainSchema, read("required.ms"), read("complete.ms")));

  test.each(subtables)("of %s is that of casacore", (name) => {
    compare(subtableSchema[name], read(`required_${name}`), read(`complete_${name}`));
  });

  test("makes the keywords, subtables and table.info of a new Measurement Set equal to casacore's", async () => {
    const ms = createMeasurementSet(join(folder, "ours.ms"), { rowCount: 0, subtables: {} });
    for (const name of ["FLAG", "WEIGHT", "SIGMA"] as const satisfies MainColumn[]) {
      ms.setColumn(name, { kind: "undefined" }, { manager: "StandardStMan" });
    }
    ms.setColumn("UVW", { kind: "values", values: new Float64Array(0) });
    ms.setColumn("TIME", { kind: "values", values: new Float64Array(0) });
    await ms.finish();
    const ours = read("ours.ms");
    const theirs = read("required.ms");
    expect([...ours.desc.keywords]).toEqual([...theirs.desc.keywords]);
    expect(ours.desc.columns.map(schemaOf)).toEqual(theirs.desc.columns.map(schemaOf));
    for (const name of [...theirs.desc.keywords.keys()].slice(1)) {
      expect(read(`ours.ms/${name}`).desc.columns.map(schemaOf)).toEqual(
        read(`required.ms/${name}`).desc.columns.map(schemaOf),
      );
      expect(readFileSync(join(folder, "ours.ms", name, "table.info"))).toEqual(
        readFileSync(join(folder, "required.ms", name, "table.info")),
      );
    }
    expect(readFileSync(join(folder, "ours.ms/table.info"))).toEqual(
      readFileSync(join(folder, "required.ms/table.info")),
    );
  });
});
