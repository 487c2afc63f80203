import {
  baselinePathM,
  baselineUvw,
  hourAngleDecToItrf,
  icrsToItrf,
  observeFrom,
  phaseShiftPathM,
  tangentAxes,
  unitVector,
  utcFromJd,
  uvwForPhaseCentre,
} from "@contimg/sky";
import { describe, expect, test } from "vitest";
import { goldenUvw, largest } from "./golden-values.ts";

const ARCSEC_RAD = Math.PI / 648_000;
const cases = goldenUvw.map((golden) => ({
  golden,
  epoch: observeFrom(utcFromJd(...golden.utc), golden.site),
  antennasM: Float64Array.from(golden.antennasM),
}));

// Measured: 0.002 µm.
test("rigid UVW agree with pyuvdata's construction from ERFA's parts to a micrometre", () => {
  const differences = cases.flatMap(({ golden, epoch, antennasM }) => {
    const found = uvwForPhaseCentre(epoch, antennasM, golden.centre, { axes: "rigid" });
    return golden.rigidUvwM.map((value, k) => found[k]! - value);
  });
  expect(largest(differences)).toBeLessThan(1e-6);
});

// Measured: 0.002 µm over baselines from the array centre of up to 2.6 km.
test("paths from the meridian or another hour angle to ICRS sources agree with atco13 to a micrometre", () => {
  const differences = cases.flatMap(({ golden, epoch, antennasM }) => {
    const centre = hourAngleDecToItrf(golden.site, golden.hourAngleRad, golden.ptDecRad);
    return golden.sources.flatMap((source) => {
      const found = phaseShiftPathM(antennasM, centre, icrsToItrf(epoch, source));
      return source.pathM.map((value, ant) => found[ant]! - value);
    });
  });
  expect(largest(differences)).toBeLessThan(1e-6);
});

describe("what u·l + v·m + w·(n − 1) misses of the path to a source, as an angle on the sky", () => {
  function missedArcsec(axes: "sky" | "rigid"): number {
    const angles = cases.flatMap(({ golden, epoch, antennasM }) => {
      const uvwM = uvwForPhaseCentre(epoch, antennasM, golden.centre, { axes });
      return golden.sources.flatMap(({ l, m, n, pathM }) =>
        pathM.map((path, ant) => {
          const [u, v, w] = uvwM.subarray(3 * ant, 3 * ant + 3);
          const lengthM = Math.hypot(u!, v!, w!);
          return (u! * l + v! * m + w! * (n - 1) - path) / lengthM / ARCSEC_RAD;
        }),
      );
    });
    return largest(angles);
  }

  // Measured 0.011″ (θ² · 1e-4 = 0.014″ at 1.5°) and 0.38″ (θ · 1e-4 = 0.54″).
  test("is below 0.02″ within 1.5° for axes along the sky", () => expect(missedArcsec("sky")).toBeLessThan(0.02));
  test("is the differential aberration for rigid axes, which is why they are not the default", () => {
    expect(missedArcsec("rigid")).toBeGreaterThan(0.2);
    expect(missedArcsec("rigid")).toBeLessThan(0.6);
  });
});

test("w is the path to the centre itself, for both axes", () => {
  for (const { golden, epoch, antennasM } of cases) {
    const s = icrsToItrf(epoch, golden.centre);
    for (const axes of ["sky", "rigid"] as const) {
      const uvwM = uvwForPhaseCentre(epoch, antennasM, golden.centre, { axes });
      const wM = s.x * antennasM[0]! + s.y * antennasM[1]! + s.z * antennasM[2]!;
      expect(uvwM[2]).toBeCloseTo(wM, 9);
    }
  }
});

test("the tangent axes are those of l, m, n", () => {
  for (const { golden } of cases) {
    const { l, m, n } = tangentAxes(golden.centre);
    for (const source of golden.sources) {
      const s = unitVector(source.raRad, source.decRad);
      expect(s.x * l.x + s.y * l.y + s.z * l.z).toBeCloseTo(source.l, 12);
      expect(s.x * m.x + s.y * m.y + s.z * m.z).toBeCloseTo(source.m, 12);
      expect(s.x * n.x + s.y * n.y + s.z * n.z).toBeCloseTo(source.n, 12);
    }
  }
});

test("baselines are antenna 2 minus antenna 1, and lists of unequal length are refused", () => {
  const ant1 = Int32Array.of(0, 1);
  const ant2 = Int32Array.of(1, 1);
  expect(baselineUvw(Float64Array.of(1, 2, 3, 10, 20, 30), ant1, ant2)).toEqual(Float64Array.of(9, 18, 27, 0, 0, 0));
  expect(baselinePathM(Float64Array.of(5, 7), ant1, ant2)).toEqual(Float64Array.of(2, 0));
  expect(() => baselineUvw(new Float64Array(6), ant1, Int32Array.of(1))).toThrow("ant2 holds 1 elements, expected 2");
  expect(() => baselinePathM(new Float64Array(2), ant1, Int32Array.of(1))).toThrow("ant2 holds 1 elements, expected 2");
});
