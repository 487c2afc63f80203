/** Files that are written here, read by astropy, checked by fitsverify, and read again. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWith, hasCommand, pythonWith } from "../../../tools/oracles.ts";
import {
  assertSums,
  createFits,
  FitsHeader,
  type FixedColumnSpec,
  type NativeArray,
  type NativeType,
  openFits,
  type VariableColumnSpec,
  writeImage,
} from "../src/node.ts";
import { astropyViews, columnsOf, exactly, exactlyColumn, imageOf, numbersOf, type ViewedHdu } from "./astropy-view.ts";

const specials = [0, -0, NaN, Infinity, -Infinity, 1.5, -2.25e-30, 3e38, 1e-45, 7, 8, 9];
const images: Readonly<Record<NativeType, NativeArray>> = {
  uint8: Uint8Array.of(0, 1, 127, 128, 254, 255),
  int8: Int8Array.of(-128, -1, 0, 1, 126, 127),
  int16: Int16Array.of(-32768, -1, 0, 1, 2, 32767),
  uint16: Uint16Array.of(0, 1, 32767, 32768, 65534, 65535),
  int32: Int32Array.of(-2147483648, -1, 0, 1, 2, 2147483647),
  uint32: Uint32Array.of(0, 1, 2147483647, 2147483648, 4294967294, 4294967295),
  int64: BigInt64Array.of(-(2n ** 63n), -1n, 0n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n),
  uint64: BigUint64Array.of(0n, 1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 2n, 2n ** 64n - 1n),
  float32: Float32Array.from(specials),
  float64: Float64Array.from(specials),
};
const types = Object.keys(images) as readonly NativeType[];

const rowCount = 3;
const columns: readonly (FixedColumnSpec | VariableColumnSpec)[] = [
  { name: "FLAG", kind: "logical", values: Uint8Array.of(1, 0, 1) },
  { name: "FLAGS", kind: "logical", values: Uint8Array.of(1, 0, 1, 1, 0, 0), cellShape: [2] },
  {
    name: "BITS",
    kind: "bits",
    values: Uint8Array.from({ length: 33 }, (_, i) => Number(i % 3 === 0)),
    cellShape: [11],
  },
  { name: "BYTE", kind: "numbers", values: Uint8Array.of(0, 128, 255) },
  { name: "SBYTE", kind: "numbers", values: Int8Array.of(-128, 0, 127) },
  { name: "SHORT", kind: "numbers", values: Int16Array.of(-32768, 0, 32767) },
  { name: "USHORT", kind: "numbers", values: Uint16Array.of(0, 32768, 65535) },
  { name: "INT", kind: "numbers", values: Int32Array.of(-1, 0, 2147483647), unit: "count", nullValue: -1 },
  { name: "UINT", kind: "numbers", values: Uint32Array.of(0, 2147483648, 4294967295) },
  { name: "LONG", kind: "numbers", values: BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n, 2n ** 63n - 1n) },
  { name: "ULONG", kind: "numbers", values: BigUint64Array.of(0n, 2n ** 63n, 2n ** 64n - 1n) },
  { name: "REAL", kind: "numbers", values: Float32Array.of(1.5, -0, NaN), unit: "Jy/beam", display: "F8.3" },
  { name: "DOUBLE", kind: "numbers", values: Float64Array.of(1e-300, Infinity, -1.1) },
  { name: "COMPLEX", kind: "complex", values: Float32Array.of(1, 2, 0, -0.5, 3, 0) },
  { name: "DCOMPLEX", kind: "complex", values: Float64Array.from({ length: 12 }, (_, i) => i / 3), cellShape: [2] },
  { name: "MATRIX", kind: "numbers", values: Float32Array.from({ length: 18 }, (_, i) => i), cellShape: [3, 2] },
  { name: "TEXT", kind: "text", values: ["a", "it's", "  spaces"] },
  { name: "TEXTS", kind: "text", values: ["ab", "c", "defg", "", "x", "y", "1", "2", "3"], cellShape: [3] },
  {
    name: "SCALED",
    kind: "numbers",
    values: Float64Array.of(10.5, NaN, 9),
    storage: { type: "int16", bscale: 0.5, bzero: 10, blank: -32768 },
  },
  { name: "NOTHING", kind: "numbers", values: new Float32Array(0), cellShape: [0] },
  {
    name: "VLA",
    kind: "variable",
    cells: [[1, 2, 3], [], [-7]].map((cell) => ({ kind: "numbers", values: Int32Array.from(cell) })),
  },
  {
    name: "VLAQ",
    kind: "variable",
    descriptor: "Q",
    cells: [[1.5, -0], [NaN], []].map((cell) => ({ kind: "numbers", values: Float64Array.from(cell) })),
  },
  {
    name: "VLAC",
    kind: "variable",
    cells: [[1, 2], [], [3, 4, 5, 6]].map((cell) => ({ kind: "complex", values: Float32Array.from(cell) })),
  },
];

/** What astropy 5.2 reads in another form, or without its nulls (SCALED): held to fitsverify and to what is read again. */
const notForAstropy = new Set(["BITS", "SBYTE", "SCALED", "NOTHING"]);

const header = new FitsHeader()
  .set("OBJECT", "it's a \"long\" one & O'Brien's ".repeat(6).trim(), "kept")
  .set("AMPER", "ends with &")
  .set("EMPTY", "")
  .set("BIG", 2n ** 62n + 1n)
  .set("TINY", 1e-300)
  .set("LONGNUM", -1.2345678901234568e-300, "longer than its field")
  .set("NEGZERO", -0)
  .setReal("BMAJ", 180)
  .set("COUNT", 17, "an integer")
  .set("YES", true)
  .set("CPLX", { re: 1.5, im: -2 })
  .addComment("a comment ".repeat(20))
  .addHistory("one = 1");

describe("what is written here", () => {
  const folder = mkdtempSync(join(tmpdir(), "contimg-fits-"));
  const path = (name: string): string => join(folder, `${name}.fits`);

  beforeAll(async () => {
    for (const type of types) {
      const values = images[type];
      await writeImage(path(type), { shape: [3, values.length / 3], type, values });
    }
    await writeImage(path("scaled"), {
      shape: [4],
      type: "float32",
      values: Float32Array.of(-3.25, NaN, 0.5, 4),
      storage: { type: "int16", bscale: 0.25, bzero: -3.5, blank: -32768 },
    });
    await writeImage(path("header"), { shape: [], type: "uint8", values: new Uint8Array(0), header });
    await using writer = await createFits(path("table"));
    await writer.addTable({ rowCount, columns, name: "ROWS" });
    await writer.addImage({ shape: [2, 2], type: "int16", values: Int16Array.of(1, 2, 3, 4), name: "AFTER" });
    await writer.publish();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(types)("is read again, exactly: %s", async (type) => {
    await using file = await openFits(path(type));
    const { values, shape } = await imageOf(file.hdu(0));
    expect(values).toEqual(exactly(images[type]));
    expect(shape).toEqual([images[type].length / 3, 3]);
    expect(file.image().nativeType).toBe(type);
    expect(await assertSums(file.hdu(0))).toEqual({ datasum: "good", checksum: "good" });
    expect(file.trailingBytes).toBe(0);
  });

  test("is a table that is read again", async () => {
    await using file = await openFits(path("table"));
    expect(file.hdus.map(({ name, layout }) => [layout.kind, name])).toEqual([
      ["image", ""],
      ["bintable", "ROWS"],
      ["image", "AFTER"],
    ]);
    for (const [index, { name, unit, values, cells }] of (await columnsOf(file.hdu(1))).entries()) {
      const spec = columns[index]!;
      expect(name).toBe(spec.name);
      expect(unit).toBe(spec.unit ?? "");
      if (spec.kind === "variable") expect(cells, name).toEqual(spec.cells.map(exactlyColumn));
      else expect(values, name).toEqual(exactlyColumn(spec));
    }
    for (const hdu of file.hdus) expect(await assertSums(hdu)).toEqual({ datasum: "good", checksum: "good" });
  });

  test("has the header that was given", async () => {
    await using file = await openFits(path("header"));
    for (const { keyword, value, comment } of header.cards) {
      if (keyword === "COMMENT" || keyword === "HISTORY") continue;
      expect(file.hdu(0).header.value(keyword), keyword).toEqual(value);
      expect(file.hdu(0).header.commentOf(keyword)).toBe(comment);
    }
    expect(file.hdu(0).header.lines("COMMENT").join("")).toBe("a comment ".repeat(20).trim());
    expect(readFileSync(path("header"), "latin1")).toMatch(/BMAJ {4}= {16}180\.0 {50}/);
  });

  test("leaves nothing else in its folder", () => {
    expect(readdirSync(folder).filter((name) => !name.endsWith(".fits"))).toEqual([]);
  });

  describeWith(hasCommand("fitsverify"), "to fitsverify", () => {
    test("is without errors and warnings", () => {
      const paths = readdirSync(folder).map((name) => join(folder, name));
      // It ends with the number of its complaints, which are to be seen.
      const { stdout: report } = spawnSync("fitsverify", paths, { encoding: "utf8" });
      expect(report.match(/\*\*\* (Error|Warning).*(\n.*)?/g) ?? []).toEqual([]);
      expect(report.match(/Verification found 0 warning\(s\) and 0 error\(s\)/g)).toHaveLength(types.length + 3);
    });
  });

  describeWith(pythonWith("astropy", "numpy"), "to astropy", () => {
    const views = new Map<string, readonly ViewedHdu[]>();
    beforeAll(() => {
      const names = readdirSync(folder).toSorted();
      const all = astropyViews(names.map((name) => join(folder, name)));
      for (const [index, name] of names.entries()) views.set(name.replace(".fits", ""), all[index]!);
    });

    test.each(types)("is the same image: %s", (type) => {
      const [view] = views.get(type)!;
      expect(view!.dtype).toBe(type);
      const seen = numbersOf(view!.values!);
      expect(type.startsWith("float") ? seen.map(Number) : seen).toEqual(exactly(images[type]));
    });

    test("is scaled", () => {
      expect(numbersOf(views.get("scaled")![0]!.values!)).toEqual([-3.25, NaN, 0.5, 4]);
    });

    test("is the same table", () => {
      const [, view] = views.get("table")!;
      for (const [index, spec] of columns.entries()) {
        if (notForAstropy.has(spec.name)) continue;
        const seen = view!.columns![index]!;
        const same = (
          texts: readonly string[],
          of: FixedColumnSpec | (typeof spec & { kind: "variable" })["cells"][number],
        ) => {
          const expected = exactlyColumn(of);
          const isFloat = expected.some((value) => typeof value === "number");
          const values = of.kind === "text" ? texts : numbersOf(texts);
          expect(isFloat ? values.map(Number) : values, spec.name).toEqual(expected);
        };
        if (spec.kind === "variable") spec.cells.forEach((cell, row) => same(seen.cells![row]!, cell));
        else same(seen.values!, spec);
        if (spec.kind !== "variable") expect(seen.shape, spec.name).toEqual([...(spec.cellShape ?? [])].reverse());
      }
    });

    test("is the same header", () => {
      const seen = new Map(
        views.get("header")![0]!.cards.map(([keyword, value, comment]) => [keyword, { value, comment }]),
      );
      expect(seen.get("OBJECT")!.value).toBe(header.value("OBJECT"));
      expect(seen.get("AMPER")!.value).toBe("ends with &");
      expect(seen.get("BIG")!.value).toEqual({ int: String(2n ** 62n + 1n) });
      expect(seen.get("TINY")!.value).toEqual({ float: "1e-300" });
      expect(seen.get("LONGNUM")!.value).toEqual({ float: "-1.2345678901234568e-300" });
      expect(seen.get("NEGZERO")!.value).toEqual({ float: "-0.0" });
      expect(seen.get("BMAJ")!.value).toEqual({ float: "180.0" });
      expect(seen.get("COUNT")).toEqual({ value: { int: "17" }, comment: "an integer" });
      expect(seen.get("CPLX")!.value).toEqual({ complex: ["1.5", "-2.0"] });
      expect(seen.get("YES")!.value).toBe(true);
    });
  });
});
