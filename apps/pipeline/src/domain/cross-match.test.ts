import fc from "fast-check";
import { expect, test } from "vitest";
import { pointSource, separationDeg } from "./catalog-source.ts";
import { neighbourFinder } from "./cross-match.ts";

/** Crowded places: about 0h, about both poles, and anywhere. */
const place = fc.oneof(
  fc.tuple(fc.constantFrom(0, 359.999, 0.001, 359.99), fc.double({ min: -0.01, max: 0.01, noNaN: true })),
  fc.tuple(
    fc.double({ min: 0, max: 360, noNaN: true, maxExcluded: true }),
    fc.constantFrom(90, -90, 89.999, -89.995, 89.99),
  ),
  fc.tuple(
    fc.double({ min: 0, max: 360, noNaN: true, maxExcluded: true }),
    fc.double({ min: -90, max: 90, noNaN: true }),
  ),
);

test("finds what a look at every source finds, the nearest first", () => {
  fc.assert(
    fc.property(
      fc.array(place, { maxLength: 60 }),
      place,
      fc.double({ min: 1, max: 600, noNaN: true }),
      (places, [raDeg, decDeg], radiusArcsec) => {
        const sources = places.map(([ra, dec], at) => pointSource(`s${at}`, ra, dec, 1));
        const centre = pointSource("centre", raDeg, decDeg, 1);
        const near = neighbourFinder(sources)(centre, radiusArcsec);
        const expected = sources.filter((source) => separationDeg(centre, source) * 3600 <= radiusArcsec);
        expect(new Set(near.map(({ source }) => source))).toEqual(new Set(expected));
        expect(near).toHaveLength(expected.length);
        const separations = near.map(({ sepArcsec }) => sepArcsec);
        expect(separations).toEqual(separations.toSorted((a, b) => a - b));
      },
    ),
    { numRuns: 500 },
  );
});

test("sources on both sides of 0h are neighbours", () => {
  const sources = [pointSource("west", 359.9995, 0, 1), pointSource("east", 0.0005, 0, 1), pointSource("far", 1, 0, 1)];
  const names = (raDeg: number) =>
    neighbourFinder(sources)(pointSource("", raDeg, 0, 1), 5).map(({ source }) => source.name);
  expect([names(0), names(359.9995), names(0.0005)]).toEqual(
    [
      ["west", "east"],
      ["west", "east"],
      ["east", "west"],
    ].map((list) => expect.arrayContaining(list)),
  );
});
