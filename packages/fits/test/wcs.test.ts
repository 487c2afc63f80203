/** World coordinates against astropy: recorded ones, and where astropy is there, new ones. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeWith, pythonPath, pythonWith, runCommand } from "../../../tools/oracles.ts";
import { FitsHeader, isFitsError, radioHeader, stokesCodeOf, stokesName, Wcs } from "../src/index.ts";

interface GoldenCase {
  readonly cards: Readonly<Record<string, string | number>>;
  readonly pixels: readonly (readonly number[])[];
  readonly world: readonly (readonly (number | null)[])[];
  readonly back: readonly (readonly (number | null)[])[];
  readonly stepDeg: number;
  readonly lonAxis: number;
}

const golden = join(import.meta.dirname, "golden");
const TOLERANCE_DEG = 1e-9;

function headerOf(cards: GoldenCase["cards"]): FitsHeader {
  const header = new FitsHeader();
  for (const [keyword, value] of Object.entries(cards)) header.set(keyword, value);
  return header;
}

/** Angle between two places on the sky. */
function separationDeg(lon1: number, lat1: number, lon2: number, lat2: number): number {
  const [a, b, c, d] = [lon1, lat1, lon2, lat2].map((angle) => (angle * Math.PI) / 180) as [
    number,
    number,
    number,
    number,
  ];
  const x = Math.cos(b) * Math.cos(a) - Math.cos(d) * Math.cos(c);
  const y = Math.cos(b) * Math.sin(a) - Math.cos(d) * Math.sin(c);
  const z = Math.sin(b) - Math.sin(d);
  return (2 * Math.asin(Math.min(1, Math.hypot(x, y, z) / 2)) * 180) / Math.PI;
}

/** Compares all pixels of all cases. @returns how many had a place on the sky and how many had none */
function compareCases(cases: readonly GoldenCase[]): { readonly placeCount: number; readonly noneCount: number } {
  let placeCount = 0;
  let noneCount = 0;
  for (const { cards, pixels, world, back, stepDeg, lonAxis } of cases) {
    const wcs = new Wcs(headerOf(cards));
    const latAxis = 1 - lonAxis;
    for (const [index, pixel] of pixels.entries()) {
      const found = wcs.pixelToWorld(pixel);
      const expected = world[index]!;
      const what = `${JSON.stringify(cards)} at ${JSON.stringify(pixel)}: ${JSON.stringify(found)}`;
      if (expected.includes(null)) {
        expect(found.every(Number.isNaN), what).toBe(true);
        noneCount++;
        continue;
      }
      placeCount++;
      const [lon, lat] = [expected[lonAxis]!, expected[latAxis]!];
      expect(separationDeg(found[lonAxis]!, found[latAxis]!, lon, lat), what).toBeLessThan(TOLERANCE_DEG);
      for (let axis = 2; axis < found.length; axis++) {
        expect(Math.abs(found[axis]! - expected[axis]!), what).toBeLessThanOrEqual(1e-15 * Math.abs(expected[axis]!));
      }
      const again = wcs.worldToPixel(expected as readonly number[]);
      for (const [axis, position] of back[index]!.entries()) {
        const differenceDeg = Math.abs(again[axis]! - position!) * (axis < 2 ? stepDeg : 1);
        expect(differenceDeg, `${what} and back ${JSON.stringify(again)}`).toBeLessThan(TOLERANCE_DEG);
      }
    }
  }
  return { placeCount, noneCount };
}

describe("world coordinates", () => {
  test("are those that astropy gave for recorded headers", () => {
    const cases = JSON.parse(readFileSync(join(golden, "wcs.json"), "utf8")) as readonly GoldenCase[];
    const { placeCount, noneCount } = compareCases(cases);
    expect(placeCount).toBeGreaterThan(400);
    expect(noneCount).toBeGreaterThan(40);
  });

  test("of a header of its own go there and back", () => {
    const beam = { majorDeg: 0.01, minorDeg: 0.008, positionAngleDeg: 12 };
    const header = radioHeader({
      projection: "SIN",
      raDeg: 359.99,
      decDeg: 54.5,
      referencePx: [2400, 2400],
      pixelSizeDeg: 3 / 3600,
      freqHz: 1.405e9,
      freqStepHz: 187.5e6,
      beam,
      restFreqHz: 1.405e9,
      dateObs: "2025-10-03T11:48:56.0",
    });
    header.set("NAXIS", 4);
    const wcs = new Wcs(header);
    expect(wcs.celestial).toEqual({ lonAxis: 0, latAxis: 1, projection: "SIN", frame: "ICRS", equinoxYears: 2000 });
    expect(wcs.pixelToWorld([2400, 2400, 0, 0])).toEqual([359.99, expect.closeTo(54.5, 12), 1.405e9, 1]);
    const [ra, dec] = wcs.pixelToWorld([1200, 3600]) as [number, number];
    expect(ra).toBeLessThan(90); // RA grows to the left, across 0
    const [x, y] = wcs.worldToPixel([ra, dec]) as [number, number];
    expect(Math.hypot(x - 1200, y - 3600)).toBeLessThan(1e-9);
  });

  test.each([
    ["a projection that is not known", { CTYPE1: "RA---ZPN", CTYPE2: "DEC--ZPN" }, "unsupported", "CTYPE1"],
    ["distortion", { CTYPE1: "RA---TAN-SIP", CTYPE2: "DEC--TAN-SIP" }, "unsupported", "CTYPE1"],
    ["polynomials of TAN", { CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", PV1_5: 0.25 }, "unsupported", "PV1_5"],
    ["a frequency that is not linear", { CTYPE1: "FREQ-W2F" }, "unsupported", "CTYPE1"],
    ["a unit that is not known", { CTYPE1: "FREQ", CUNIT1: "furlong" }, "unsupported", "CUNIT1"],
    ["one axis of the sky alone", { CTYPE1: "RA---SIN" }, "corrupt", "CTYPE1"],
    ["two projections", { CTYPE1: "RA---SIN", CTYPE2: "DEC--TAN" }, "corrupt", "CTYPE2"],
    ["a matrix without inverse", { CTYPE1: "RA---SIN", CTYPE2: "DEC--SIN", CDELT1: 0 }, "corrupt", "CDELT1"],
    ["a latitude that is none", { CTYPE1: "RA---SIN", CTYPE2: "DEC--SIN", CRVAL2: 91 }, "corrupt", "CRVAL2"],
  ] as const)("are refused for %s", (_what, cards, tag, keyword) => {
    let caught: unknown;
    try {
      new Wcs(headerOf({ NAXIS: 2, ...cards }));
    } catch (error) {
      caught = error;
    }
    expect(isFitsError(caught, tag)).toBe(true);
    expect((caught as Error).message).toContain(keyword);
  });

  test("name the Stokes parameters", () => {
    expect([1, 4, -5, -8, 9].map(stokesName)).toEqual(["I", "V", "XX", "YX", undefined]);
    expect(["I", "YX", "Z"].map(stokesCodeOf)).toEqual([1, -8, undefined]);
  });
});

describeWith(pythonWith("astropy", "numpy"), "world coordinates beside astropy", () => {
  test("are the same for new headers", () => {
    const seed = Math.floor(Math.random() * 1e6);
    const output = runCommand(pythonPath, [join(golden, "generate-wcs.py"), String(seed), "100"]);
    const cases = JSON.parse(output) as readonly GoldenCase[];
    expect(cases.length, `seed ${seed}`).toBeGreaterThan(75);
    const { placeCount } = compareCases(cases);
    expect(placeCount, `seed ${seed}`).toBeGreaterThan(500);
  });
});
