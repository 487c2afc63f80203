import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { VlaCalibrator } from "../../domain/calibrator.ts";
import { type CatalogSource, pointSource } from "../../domain/catalog-source.ts";
import { defaultMasterLimits, type MasterSource } from "../../domain/master-source.ts";
import type { SkyRegion } from "../../ports/source-catalog.ts";
import { catalogStore } from "./catalog-store.ts";

const RAD = Math.PI / 180;
const summary = {
  survey: "nvss",
  freqHz: 1.4e9,
  skippedCounts: { duplicates: 2 },
  inputs: [{ path: "/in/nvss.tdat", sizeBytes: 9, sha256: "ab" }],
  builtUnixSec: 1_761_746_400,
  software: "contimg 1",
} as const;

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contimg-catalog-"));
  path = join(folder, "catalogs/nvss.sqlite3");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function built(sources: readonly CatalogSource[]) {
  const making = catalogStore.buildSurvey(path);
  making.add(sources);
  expect(making.finish(summary)).toBe(sources.length);
  return catalogStore.openSurvey(path);
}

const anyRa = fc.double({ min: 0, max: 360, noNaN: true, maxExcluded: true });
const anyDec = fc.double({ min: -90, max: 90, noNaN: true });
/** Many about 0h, about the poles and on edges of zones; and anywhere. */
const place = fc.oneof(
  fc.tuple(
    fc.oneof(fc.constantFrom(0, 359.9999999, 359.9, 0.1), anyRa),
    fc.constantFrom(90, -90, 89.9, -89.9, 0, 54.25, 54.5),
  ),
  fc.tuple(fc.double({ min: 0, max: 2, noNaN: true }), fc.double({ min: 53, max: 56, noNaN: true })),
  fc.tuple(fc.double({ min: 358, max: 359.999, noNaN: true }), fc.double({ min: 53, max: 56, noNaN: true })),
  fc.tuple(anyRa, fc.double({ min: 88, max: 90, noNaN: true })),
  fc.tuple(anyRa, fc.double({ min: -90, max: -88, noNaN: true })),
  fc.tuple(anyRa, anyDec),
);

/** Haversine, which is none of the formulas of the program. */
function haversineDeg(a: { raDeg: number; decDeg: number }, b: { raDeg: number; decDeg: number }): number {
  const half = (x: number) => Math.sin((x * RAD) / 2) ** 2;
  const h = half(a.decDeg - b.decDeg) + Math.cos(a.decDeg * RAD) * Math.cos(b.decDeg * RAD) * half(a.raDeg - b.raDeg);
  return (2 * Math.asin(Math.min(1, Math.sqrt(h)))) / RAD;
}

const names = (sources: readonly { readonly name: string }[]) => sources.map(({ name }) => name).toSorted();

describe("looked into by place", () => {
  test("a cone holds what a look at every source finds, the nearest first", () => {
    fc.assert(
      fc.property(
        fc.array(place, { minLength: 1, maxLength: 150 }),
        fc.array(
          fc.tuple(
            place,
            fc.oneof(fc.double({ min: 0, max: 3, noNaN: true }), fc.double({ min: 0, max: 180, noNaN: true })),
          ),
          {
            minLength: 10,
            maxLength: 10,
          },
        ),
        (places, cones) => {
          const sources = places.map(([raDeg, decDeg], at) => pointSource(`s${at}`, raDeg, decDeg, 1 + at));
          const catalog = built(sources);
          try {
            for (const [[raDeg, decDeg], radiusDeg] of cones) {
              const found = catalog.find({ region: { kind: "cone", raDeg, decDeg, radiusDeg } });
              const distance = new Map(sources.map((one) => [one.name, haversineDeg(one, { raDeg, decDeg })]));
              // Rounding decides at the very edge; the haversine loses digits near 180°.
              const marginDeg = radiusDeg > 179 ? 1e-5 : 1e-8;
              const inside = sources.filter(({ name }) => distance.get(name)! <= radiusDeg - marginDeg);
              const perhaps = sources.filter(({ name }) => distance.get(name)! <= radiusDeg + marginDeg);
              expect(names(found)).toEqual(expect.arrayContaining(names(inside)));
              expect(names(perhaps)).toEqual(expect.arrayContaining(names(found)));
              const separations = found.map(({ sepDeg }) => sepDeg!);
              expect(separations).toEqual(separations.toSorted((a, b) => a - b));
            }
          } finally {
            catalog.close();
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a box holds what lies from west to east and from south to north", () => {
    const bound = fc.oneof(fc.constantFrom(0, 360, 359.9, 0.1, 10), anyRa);
    fc.assert(
      fc.property(
        fc.array(place, { minLength: 1, maxLength: 100 }),
        fc.array(fc.tuple(bound, bound, anyDec, anyDec), { minLength: 10, maxLength: 10 }),
        (places, boxes) => {
          const sources = places.map(([raDeg, decDeg], at) => pointSource(`s${at}`, raDeg, decDeg, 1));
          const catalog = built(sources);
          try {
            for (const [raFromDeg, raToDeg, decA, decB] of boxes) {
              const [decFromDeg, decToDeg] = [Math.min(decA, decB), Math.max(decA, decB)];
              const isBetween = (raDeg: number) =>
                raFromDeg <= raToDeg
                  ? (raDeg >= raFromDeg && raDeg <= raToDeg) || (raToDeg === 360 && raDeg === 0)
                  : raDeg >= raFromDeg || raDeg <= raToDeg || (raFromDeg === 360 && raDeg === 0);
              const expected = sources.filter(
                ({ raDeg, decDeg }) => isBetween(raDeg) && decDeg >= decFromDeg && decDeg <= decToDeg,
              );
              const region: SkyRegion = { kind: "box", raFromDeg, raToDeg, decFromDeg, decToDeg };
              expect(names(catalog.find({ region }))).toEqual(names(expected));
            }
          } finally {
            catalog.close();
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each([
    [359.9, 54.6, 0.15],
    [0.1, 54.6, 0.15],
    [0, 54.6, 0.1],
    [359.9999, 54.6, 0.1],
  ])("about 0h: %d, %d within %d degrees", (raDeg, decDeg, radiusDeg) => {
    const catalog = built([
      pointSource("west", 359.9, 54.6, 1),
      pointSource("east", 0.1, 54.6, 1),
      pointSource("opposite", 180, 54.6, 1),
    ]);
    expect(names(catalog.find({ region: { kind: "cone", raDeg, decDeg, radiusDeg } }))).toEqual(["east", "west"]);
    catalog.close();
  });

  test.each([90, -90])("about the pole at %d, from every side", (poleDeg) => {
    const nearDeg = poleDeg > 0 ? 89.9 : -89.9;
    const catalog = built([0, 90, 180, 270].map((raDeg) => pointSource(`at ${raDeg}`, raDeg, nearDeg, 1)));
    const count = (raDeg: number, decDeg: number, radiusDeg: number) =>
      catalog.find({ region: { kind: "cone", raDeg, decDeg, radiusDeg } }).length;
    expect([
      count(123, poleDeg, 0.11),
      count(123, poleDeg, 0.09),
      count(0, nearDeg, 0.21),
      count(0, nearDeg, 0.15),
    ]).toEqual([4, 0, 4, 3]);
    catalog.close();
  });

  test("fluxes are limited at both ends, both included, and counts at the far end", () => {
    const catalog = built(
      [0.01, 0.05, 0.1, 1].map((fluxJy, at) => pointSource(`${fluxJy}`, 10 + at / 100, 20, fluxJy)),
    );
    const region: SkyRegion = { kind: "cone", raDeg: 10, decDeg: 20, radiusDeg: 1 };
    expect(names(catalog.find({ region, minFluxJy: 0.05, maxFluxJy: 0.1 }))).toEqual(["0.05", "0.1"]);
    expect(names(catalog.find({ region, maxCount: 2 }))).toEqual(["0.01", "0.05"]);
    expect(catalog.find({ region, minFluxJy: 2 })).toEqual([]);
    catalog.close();
  });

  test("a place that is no number is refused", () => {
    const catalog = built([pointSource("a", 1, 2, 3)]);
    expect(() => catalog.find({ region: { kind: "cone", raDeg: Number.NaN, decDeg: 0, radiusDeg: 1 } })).toThrow(
      RangeError,
    );
    catalog.close();
  });
});

describe("a file", () => {
  test("keeps all of a source, and where it came from", () => {
    const source: CatalogSource = {
      name: "NVSS J083454+553421",
      raDeg: 128.728833,
      decDeg: 55.572528,
      fluxJy: 8.2831,
      fluxErrJy: 0.2485,
      peakJyPerBeam: 8.1,
      majorArcsec: 18.6,
      minorArcsec: null,
      paDeg: -82.1,
      spectralIndex: -0.3,
    };
    const catalog = built([source]);
    expect(catalog.findName(source.name)).toEqual([{ ...source, id: 1, sepDeg: null }]);
    expect(catalog.findName("none")).toEqual([]);
    expect(catalog.info).toEqual({ ...summary, sourceCount: 1 });
    catalog.close();
  });

  test("lies on disk in the order of the sky", () => {
    built([pointSource("c", 5, 10, 1), pointSource("b", 350, -10, 1), pointSource("a", 5, -10, 1)]).close();
    const database = new DatabaseSync(path, { readOnly: true });
    expect(
      database
        .prepare("SELECT name FROM sources ORDER BY source_id")
        .all()
        .map((row) => row["name"]),
    ).toEqual(["a", "b", "c"]);
    database.close();
  });

  test("appears whole, in place of an older one, or not at all", () => {
    built([pointSource("old", 1, 2, 3)]).close();
    const making = catalogStore.buildSurvey(path);
    making.add([pointSource("new", 1, 2, 3)]);
    expect(() => making.add([pointSource("wrong", Number.NaN, 2, 3)])).not.toThrow();
    expect(() => making.finish(summary)).toThrow(expect.objectContaining({ code: "CATALOG_UNUSABLE" }));
    making.abandon();
    expect(readdirSync(join(folder, "catalogs"))).toEqual(["nvss.sqlite3"]);
    const catalog = catalogStore.openSurvey(path);
    expect(catalog.findName("old")).toHaveLength(1);
    catalog.close();
    built([pointSource("new", 1, 2, 3)]).close();
    const second = catalogStore.openSurvey(path);
    expect([second.findName("old").length, second.findName("new").length]).toEqual([0, 1]);
    second.close();
  });

  test("that another program made is not replaced; a damaged catalogue is", () => {
    mkdirSync(join(folder, "catalogs"), { recursive: true });
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE sources (ra_deg)");
    other.close();
    expect(() => catalogStore.buildSurvey(path)).toThrow(
      /expected a catalogue of contimg to replace, found another file/,
    );
    rmSync(path);
    mkdirSync(path);
    expect(() => catalogStore.buildSurvey(path)).toThrow(/expected a file to replace, or none/);
    rmSync(path, { recursive: true });
    built([pointSource("a", 1, 2, 3)]).close();
    writeFileSync(path, readFileSync(path).subarray(0, 1000));
    expect(() => catalogStore.openSurvey(path)).toThrow(expect.objectContaining({ code: "CATALOG_UNUSABLE" }));
    built([pointSource("b", 1, 2, 3)]).close();
    expect(readdirSync(join(folder, "catalogs"))).toEqual(["nvss.sqlite3"]);
  });

  test("of a build that was killed is cleared away after a day, and not before", () => {
    built([]).close();
    const [old, young] = [`${path}.building-1`, `${path}.building-2`];
    for (const staging of [old, young]) writeFileSync(staging, "");
    utimesSync(old, Date.now() / 1000 - 90_000, Date.now() / 1000 - 90_000);
    built([]).close();
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
  });

  test("that cannot be written is refused before anything is read", () => {
    writeFileSync(join(folder, "catalogs"), "");
    expect(() => catalogStore.buildSurvey(path)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/OUTPUT_/) }),
    );
  });

  test.each<[string, (path: string) => void, RegExp]>([
    ["none", () => undefined, /there is no such catalogue; contimg catalog build makes it/],
    ["text", (at) => writeFileSync(at, "no database, but text of some length ".repeat(40)), /expected a catalogue/],
    [
      "another database",
      (at) => new DatabaseSync(at).exec("CREATE TABLE sources (ra_deg); PRAGMA user_version = 1"),
      /expected a catalogue of survey, found something else/,
    ],
    [
      "another catalogue",
      (at) => catalogStore.buildCalibrators(at).finish(summary),
      /expected a catalogue of survey, found calibrators/,
    ],
    [
      "of another version",
      (at) => {
        built([]).close();
        expect(at).toBe(path);
        const database = new DatabaseSync(at);
        database.exec("PRAGMA user_version = 2");
        database.close();
      },
      /version 2: expected 1; build it again/,
    ],
  ])("that is %s is refused", (_, make, message) => {
    mkdirSync(join(folder, "catalogs"), { recursive: true });
    make(path);
    expect(() => catalogStore.openSurvey(path)).toThrow(
      expect.objectContaining({ code: "CATALOG_UNUSABLE", message: expect.stringMatching(message) }),
    );
    expect(existsSync(`${path}-wal`)).toBe(false);
  });
});

describe("calibrators", () => {
  const entry = (name: string, raDeg: number, fluxJy: number | null): VlaCalibrator => ({
    name,
    raDeg,
    decDeg: 15.9,
    positionCode: "B",
    b1950Name: "0629+159",
    altName: "3C00",
    bands: [
      {
        wavelength: "20cm",
        bandCode: "L",
        qualities: ["X", "S", "P", "?"],
        fluxJy,
        uvMinKLambda: null,
        uvMaxKLambda: 30,
      },
      {
        wavelength: "6cm",
        bandCode: "C",
        qualities: ["P", "P", "P", "P"],
        fluxJy: 0.5,
        uvMinKLambda: 2,
        uvMaxKLambda: null,
      },
    ],
  });

  test("are kept with their bands; two of one name are two; those without a flux are no answer to one", () => {
    const entries = [entry("0632+159", 98.18, 2.1), entry("0632+159", 98.14, null)];
    const making = catalogStore.buildCalibrators(path);
    making.add(entries);
    expect(making.finish(summary)).toBe(2);
    expect(catalogStore.kindOf(path)).toBe("calibrators");
    const catalog = catalogStore.openCalibrators(path);
    expect(catalog.findName("0632+159").map(({ id: _id, sepDeg: _sepDeg, ...rest }) => rest)).toEqual(
      entries.toReversed(),
    );
    expect(catalog.findName("3C00")).toHaveLength(2);
    const region: SkyRegion = { kind: "cone", raDeg: 98.14, decDeg: 15.9, radiusDeg: 1 };
    expect(catalog.find({ region })).toHaveLength(2);
    expect(catalog.find({ region, minFluxJy: 0 }).map(({ raDeg }) => raDeg)).toEqual([98.18]);
    catalog.close();
  });

  test("are read by SQL as the Python pipeline reads them", () => {
    const making = catalogStore.buildCalibrators(path);
    making.add([entry("a", 98.18, 2.1), entry("b", 98.14, null)]);
    making.finish(summary);
    const database = new DatabaseSync(path, { readOnly: true });
    expect(database.prepare("SELECT name, ra_deg, dec_deg, flux_jy FROM vla_20cm").all()).toMatchObject([
      { name: "a", ra_deg: 98.18, dec_deg: 15.9, flux_jy: 2.1 },
    ]);
    expect(
      database.prepare("SELECT band, flux_jy, quality_codes FROM fluxes WHERE name = 'a' ORDER BY line").all(),
    ).toMatchObject([
      { band: "20cm", flux_jy: 2.1, quality_codes: "XSP?" },
      { band: "6cm", flux_jy: 0.5, quality_codes: "PPPP" },
    ]);
    database.close();
  });
});

describe("the master catalogue", () => {
  const source = (name: string, more: Partial<MasterSource> = {}): MasterSource => ({
    name,
    raDeg: 10,
    decDeg: 50,
    nvssJy: 0.5,
    nvssSnr: 100,
    firstJy: 0.45,
    racsJy: null,
    vlassJy: 0.3,
    spectralIndex: -0.67,
    spectralIndexOf: "nvss-vlass",
    isResolved: false,
    isConfused: false,
    firstMajorArcsec: 1.5,
    firstMinorArcsec: null,
    firstPaDeg: 20,
    ...more,
  });
  const masterSummary = { ...summary, limits: defaultMasterLimits };
  const region: SkyRegion = { kind: "cone", raDeg: 10, decDeg: 50, radiusDeg: 1 };

  test("keeps all of a source; references are those that are strong, single, small and of a known sort of spectrum", () => {
    const sources = [
      source("final"),
      source("good", { nvssSnr: 60 }),
      source("weak", { nvssSnr: 49.9 }),
      source("noise unknown", { nvssSnr: null }),
      source("resolved", { isResolved: true }),
      source("confused", { isConfused: true }),
      source("steep", { spectralIndex: -1.3 }),
      source("spectrum unknown", { spectralIndex: null, spectralIndexOf: null, vlassJy: null }),
    ];
    const making = catalogStore.buildMaster(path);
    making.add(sources);
    making.finish(masterSummary);
    const catalog = catalogStore.openMaster(path);
    expect(catalog.sourceCount).toBe(8);
    expect(catalog.limits).toEqual(defaultMasterLimits);
    const found = catalog.find({ region }).map(({ id: _id, sepDeg: _sepDeg, ...rest }) => rest);
    expect(found).toHaveLength(8);
    expect(found).toEqual(expect.arrayContaining(sources));
    expect(names(catalog.find({ region, referencesOnly: true }))).toEqual(["final", "spectrum unknown"]);
    expect(catalog.findName("steep")).toHaveLength(1);
    catalog.close();
    const database = new DatabaseSync(path, { readOnly: true });
    const good = database.prepare("SELECT name FROM good_references").all() as { name: string }[];
    expect(names(good)).toEqual(["final", "good", "spectrum unknown"]);
    const columns = database
      .prepare(
        "SELECT source_id, ra_deg, dec_deg, s_nvss, snr_nvss, s_vlass, s_first, alpha, resolved_flag, confusion_flag FROM final_references",
      )
      .all();
    expect(columns).toHaveLength(2);
    database.close();
  });
});
