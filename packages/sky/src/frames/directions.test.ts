import fc from "fast-check";
import { expect, test } from "vitest";
import { TimeOutOfRangeError } from "../errors.ts";
import { geocentricToGeodetic, geodeticToGeocentricM } from "../geometry/geodesy.ts";
import { parseUtc } from "../time/time-text.ts";
import { separationRad, unitVector } from "../vector/vector.ts";
import {
  azElToItrf,
  cirsToIcrs,
  hourAngleDecToIcrs,
  hourAngleDecToItrf,
  icrsToCirs,
  icrsToItrf,
  icrsToObserved,
  itrfToIcrs,
  itrfToObserved,
  meridianCentreIcrs,
} from "./directions.ts";
import { observeFrom } from "./observing-epoch.ts";

const site = { latitudeRad: 0.65, longitudeRad: -2.064, altitudeM: 1188 };
const epoch = observeFrom(parseUtc("2025-10-03T11:48:56.436"), site);
const angle = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const direction = fc.record({ raRad: angle(0, 2 * Math.PI), decRad: angle(-Math.PI / 2, Math.PI / 2) });

test("ICRS goes to ITRF, to CIRS and to what is observed, and back to 1e-14", () => {
  fc.assert(
    fc.property(direction, ({ raRad, decRad }) => {
      const there = { raRad, decRad };
      const { cirsRaRad, cirsDecRad } = icrsToCirs(epoch, there);
      const { hourAngleRad, decRad: seenDecRad } = icrsToObserved(epoch, there);
      for (const back of [
        itrfToIcrs(epoch, icrsToItrf(epoch, there)),
        cirsToIcrs(epoch, cirsRaRad, cirsDecRad),
        hourAngleDecToIcrs(epoch, hourAngleRad, seenDecRad),
      ]) {
        expect(separationRad(unitVector(back.raRad, back.decRad), unitVector(raRad, decRad))).toBeLessThan(1e-14);
      }
    }),
  );
});

test("hour angle and azimuth are two names of one direction", () => {
  fc.assert(
    fc.property(angle(-3.1, 3.1), angle(-1.5, 1.5), (hourAngleRad, decRad) => {
      const vector = hourAngleDecToItrf(site, hourAngleRad, decRad);
      const seen = itrfToObserved(site, vector);
      expect(seen.hourAngleRad).toBeCloseTo(hourAngleRad, 12);
      expect(seen.decRad).toBeCloseTo(decRad, 12);
      expect(separationRad(azElToItrf(site, seen.azimuthRad, seen.elevationRad), vector)).toBeLessThan(1e-14);
    }),
  );
});

test("the meridian south of the zenith is at azimuth 180°, and hour angle grows to the west", () => {
  const south = itrfToObserved(site, hourAngleDecToItrf(site, 0, 0.2));
  expect(south.azimuthRad).toBeCloseTo(Math.PI, 12);
  expect(south.elevationRad).toBeCloseTo(Math.PI / 2 - 0.45, 12);
  expect(itrfToObserved(site, hourAngleDecToItrf(site, 0.5, 0)).azimuthRad).toBeGreaterThan(Math.PI);
  expect(itrfToObserved(site, { x: -Math.cos(2.064), y: Math.sin(2.064), z: 0 }).hourAngleRad).toBeCloseTo(Math.PI, 9);
});

test("the meridian's right ascension grows by 15.04″ a second", () => {
  const later = observeFrom(parseUtc("2025-10-03T11:49:56.436"), site);
  const ra = (at: typeof epoch) => meridianCentreIcrs(at, 0.65).raRad;
  expect((((ra(later) - ra(epoch)) / 60) * 648_000) / Math.PI).toBeCloseTo(15.04, 1);
});

test("a time outside the ephemeris is refused even where Earth orientation may degrade", () => {
  const far = parseUtc("2070-01-01");
  expect(() => observeFrom(far, site)).toThrow(TimeOutOfRangeError);
  expect(() => observeFrom(far, site, { outOfRange: "degrade" })).toThrow(
    "ephemeris: expected a time within MJD 41682 to 73490",
  );
  expect(observeFrom(parseUtc("2050-01-01"), site, { outOfRange: "degrade" }).orientation.quality).toBe("degraded");
});

test("geodetic and geocentric positions go into each other from the deep to high orbits, and at the poles", () => {
  fc.assert(
    fc.property(
      angle(-Math.PI / 2, Math.PI / 2),
      angle(-3.14, 3.14),
      angle(-1e6, 1e8),
      (latitudeRad, longitudeRad, altitudeM) => {
        const [xM, yM, zM] = geodeticToGeocentricM(latitudeRad, longitudeRad, altitudeM);
        const back = geocentricToGeodetic(xM!, yM!, zM!);
        expect(back.latitudeRad).toBeCloseTo(latitudeRad, 12);
        expect(Math.abs(back.altitudeM - altitudeM)).toBeLessThan(1e-7);
      },
    ),
  );
  expect(geocentricToGeodetic(0, 0, 6_356_752.314245179).latitudeRad).toBeCloseTo(Math.PI / 2, 14);
});
