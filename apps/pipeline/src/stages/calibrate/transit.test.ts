import { shippedEarthOrientation } from "@contimg/sky";
import { expect, test } from "vitest";
import {
  describeWith,
  pythonWith,
  runPython,
  sharedData,
  sharedDataDir,
  testWith,
} from "../../../../../tools/oracles.ts";
import { transitNear, transitsBetween } from "./transit.ts";

const site = { latitudeRad: 0.6498455107238486, longitudeRad: -2.064427799136453, altitudeM: 1188.0519 };
const DEG = Math.PI / 180;
const orientation = shippedEarthOrientation();
const between = (fromMjd: number, toMjd: number, raDeg: number, decDeg: number) =>
  transitsBetween(fromMjd, toMjd, { raRad: raDeg * DEG, decRad: decDeg * DEG }, site, orientation);

const SOURCES = [
  [128.72876715, 55.57251972],
  [24.4220808, 33.15975917],
  [0.1, 54.6],
  [359.9, 54.6],
  [0, -30],
  [200, 89],
  [341.9, 16.1],
] as const;

/** Hour angles of astropy at our transits, in seconds of time; and how often each source transits, from a coarse look. */
const ASTROPY = `
import sys, json, numpy as np
from astropy.utils import iers
iers.conf.auto_download = False
iers.conf.auto_max_age = None
given = json.load(sys.stdin)
if given["finals"]:
    iers.LeapSeconds.open(given["leap"])
    iers.earth_orientation_table.set(iers.IERS_A.open(given["finals"]))
import astropy.units as u
from astropy.coordinates import SkyCoord, EarthLocation, HADec
from astropy.time import Time
s = given["site"]
where = EarthLocation.from_geodetic(s["longitudeRad"] * u.rad, s["latitudeRad"] * u.rad, s["altitudeM"] * u.m)
def ha(source, mjd):
    frame = HADec(obstime=Time(mjd, format="mjd", scale="utc"), location=where, pressure=0 * u.hPa)
    return SkyCoord(source[0] * u.deg, source[1] * u.deg, frame="icrs").transform_to(frame).ha.wrap_at(180 * u.deg).hour
answers = []
for source, transits in zip(given["sources"], given["transits"]):
    coarse = ha(source, np.arange(given["from"], given["to"] + 1e-9, 1 / 96))
    count = int(np.sum((coarse[:-1] < 0) & (coarse[1:] >= 0)))
    answers.append({"count": count, "offsetSec": [float(x) * 3600 for x in ha(source, np.array(transits))]})
print(json.dumps(answers))
`;

function compareWithAstropy(fromMjd: number, toMjd: number, tables: { finals: string; leap: string }): void {
  const transits = SOURCES.map(([raDeg, decDeg]) => between(fromMjd, toMjd, raDeg, decDeg));
  const input = JSON.stringify({ site, sources: SOURCES, transits, from: fromMjd, to: toMjd, ...tables });
  const answers = JSON.parse(runPython(ASTROPY, [], input)) as { count: number; offsetSec: number[] }[];
  for (const [at, { count, offsetSec }] of answers.entries()) {
    expect(transits[at], `${SOURCES[at]!.join()}`).toHaveLength(count);
    // Measured below 0.5 ms; tables of UT1 of other issues differ by milliseconds, and a schedule needs 1 s.
    for (const offset of offsetSec) expect(Math.abs(offset)).toBeLessThan(0.01);
  }
}

describeWith(pythonWith("astropy", "numpy"), "beside astropy", () => {
  test("transits of 2021 are at hour angle 0, and none is missed", () => {
    compareWithAstropy(59_215.3, 59_219.3, { finals: "", leap: "" });
  });

  testWith([sharedData()], "so are those of 2025, with the tables of the IERS", () => {
    const reference = `${sharedDataDir()!}/reference`;
    compareWithAstropy(60_951, 60_956, {
      finals: `${reference}/finals2000A.all`,
      leap: `${reference}/Leap_Second.dat`,
    });
  });
});

test("transits follow each other by a sidereal day, and halves of a span add up", () => {
  const all = between(60_951, 60_981, 128.7, 55.57);
  expect(all).toHaveLength(30);
  // Aberration and nutation change the place by a fraction of a second a day.
  for (let at = 1; at < all.length; at++)
    expect(Math.abs((all[at]! - all[at - 1]!) * 86_400 - 86_164.0905)).toBeLessThan(0.2);
  const half = all[11]!;
  expect(
    [...between(60_951, half, 128.7, 55.57), ...between(half, 60_981, 128.7, 55.57)].map((mjd) => mjd.toFixed(8)),
  ).toEqual(all.map((mjd) => mjd.toFixed(8)));
});

test("the nearest transit is within half a sidereal day, on either side of it", () => {
  const [transit] = between(60_951, 60_952, 0.1, 54.6) as [number];
  const direction = { raRad: 0.1 * DEG, decRad: 54.6 * DEG };
  for (const offsetDay of [-0.49, -0.2, 0, 0.3, 0.49])
    expect(transitNear(transit + offsetDay, direction, site, orientation)).toBeCloseTo(transit, 8);
});

test("sources at 359.9 and 0.1 degrees transit 48 seconds apart", () => {
  const [west] = between(60_951, 60_952, 359.9, 54.6) as [number];
  const [east] = between(60_951, 60_952, 0.1, 54.6) as [number];
  // 0.2° of right ascension; seen from the Earth they are a little further or nearer.
  expect((east - west) * 86_400).toBeCloseTo((0.2 / 360) * 86_164.0905, 0);
});

test("transits of years that no table covers are told all the same", () => {
  expect(between(64_000, 64_001, 128.7, 55.57)).toHaveLength(1);
});
