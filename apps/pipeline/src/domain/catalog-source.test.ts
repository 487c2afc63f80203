import fc from "fast-check";
import { expect, test } from "vitest";
import { normalizedRaDeg, raReachDeg, separationDeg, spectralIndexOf } from "./catalog-source.ts";

const RAD = Math.PI / 180;
const ra = fc.double({ min: 0, max: 360, noNaN: true, maxExcluded: true });
const dec = fc.double({ min: -90, max: 90, noNaN: true });

/** By unit vectors: half the chord. */
function chordSeparationDeg(raA: number, decA: number, raB: number, decB: number): number {
  const vector = (raDeg: number, decDeg: number) => [
    Math.cos(decDeg * RAD) * Math.cos(raDeg * RAD),
    Math.cos(decDeg * RAD) * Math.sin(raDeg * RAD),
    Math.sin(decDeg * RAD),
  ];
  const [a, b] = [vector(raA, decA), vector(raB, decB)];
  const length = (sign: number) => Math.hypot(...a.map((value, axis) => value + sign * b[axis]!));
  return (2 * Math.atan2(length(-1), length(1))) / RAD;
}

test("a separation is that of unit vectors", () => {
  fc.assert(
    fc.property(ra, dec, ra, dec, (raA, decA, raB, decB) => {
      const sepDeg = separationDeg({ raDeg: raA, decDeg: decA }, { raDeg: raB, decDeg: decB });
      // 1e-12° is 4 nas; both formulas round some 1e-14.
      expect(Math.abs(sepDeg - chordSeparationDeg(raA, decA, raB, decB))).toBeLessThan(1e-12);
    }),
    { numRuns: 1000 },
  );
});

test.each([
  [{ raDeg: 359.9, decDeg: 0 }, { raDeg: 0.1, decDeg: 0 }, 0.2],
  [{ raDeg: 10, decDeg: 89.9 }, { raDeg: 190, decDeg: 89.9 }, 0.2],
  [{ raDeg: 77, decDeg: -90 }, { raDeg: 200, decDeg: -90 }, 0],
  [{ raDeg: 0, decDeg: 0 }, { raDeg: 180, decDeg: 0 }, 180],
  [{ raDeg: 5, decDeg: 20 }, { raDeg: 5, decDeg: 20 + 1e-9 }, 1e-9],
])("from %o to %o are %d degrees", (a, b, expectedDeg) => {
  expect(Math.abs(separationDeg(a, b) - expectedDeg)).toBeLessThan(1e-13);
});

test("a circle reaches in right ascension as far as it is said to, and no further", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -89, max: 89, noNaN: true }),
      fc.double({ min: 0.001, max: 20, noNaN: true }),
      (decDeg, radiusDeg) => {
        const reachDeg = raReachDeg(decDeg, radiusDeg);
        if (reachDeg === 180) {
          expect(Math.abs(decDeg) + radiusDeg).toBeGreaterThanOrEqual(90);
          return;
        }
        // All around the circle, by the position angle.
        let furthestDeg = 0;
        for (let angle = 0; angle < 360; angle += 0.25) {
          const [sinR, cosR] = [Math.sin(radiusDeg * RAD), Math.cos(radiusDeg * RAD)];
          const [sinD, cosD] = [Math.sin(decDeg * RAD), Math.cos(decDeg * RAD)];
          const east = sinR * Math.sin(angle * RAD);
          const towards = cosD * cosR - sinD * sinR * Math.cos(angle * RAD);
          furthestDeg = Math.max(furthestDeg, Math.atan2(east, towards) / RAD);
        }
        expect(furthestDeg).toBeLessThanOrEqual(reachDeg + 1e-9);
        expect(furthestDeg).toBeGreaterThan(0.999 * reachDeg);
      },
    ),
    { numRuns: 100 },
  );
});

test.each([
  [360, 0],
  [-0.1, 359.9],
  [725, 5],
  [-1e-20, 0],
  [359.999, 359.999],
])("right ascension %d is %d", (raDeg, expectedDeg) => {
  expect(normalizedRaDeg(raDeg)).toBeCloseTo(expectedDeg, 10);
  expect(normalizedRaDeg(raDeg)).toBeLessThan(360);
});

test("an index is that of the power law", () => {
  expect(spectralIndexOf(2, 1.4e9, 2 * (3 / 1.4) ** -0.7, 3e9)).toBeCloseTo(-0.7, 12);
});
