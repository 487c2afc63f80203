import { shippedEarthOrientation } from "@contimg/sky";
import { describe, expect, test } from "vitest";
import { describeWith, pythonWith, runPython } from "../../../../../tools/oracles.ts";
import type { VlaCalibrator } from "../../domain/calibrator.ts";
import { separationDeg } from "../../domain/catalog-source.ts";
import {
  bestGroupFor,
  calibratorsInGroup,
  type DriftWindow,
  dsa110Beam,
  middleOfDrift,
} from "./calibrators-in-group.ts";
import { transitsBetween } from "./transit.ts";

const site = { latitudeRad: 0.6498455107238486, longitudeRad: -2.064427799136453, altitudeM: 1188.0519 };
const DEG = Math.PI / 180;
const GROUP_DAY = 309.24 / 86_400;
const orientation = shippedEarthOrientation();

const calibrator = (name: string, raDeg: number, decDeg: number, fluxJy: number | null): VlaCalibrator => ({
  name,
  raDeg,
  decDeg,
  positionCode: "A",
  b1950Name: "",
  altName: null,
  bands: [
    {
      wavelength: "20cm",
      bandCode: "L",
      qualities: ["X", "X", "P", "S"],
      fluxJy,
      uvMinKLambda: null,
      uvMaxKLambda: null,
    },
  ],
});

/** A group whose middle is so long after the transit of a direction, at its own apparent declination or beside it. */
function groupAround(raDeg: number, decDeg: number, lateSec = 0, northDeg = 0): DriftWindow {
  const direction = { raRad: raDeg * DEG, decRad: decDeg * DEG };
  const transitMjd = transitsBetween(60_951, 60_952, direction, site, orientation)[0]!;
  const middle = transitMjd + lateSec / 86_400;
  // Apparent declination where it transits: the meridian's ICRS declination is the source's when the beam looks at it.
  let ptDecRad = decDeg * DEG;
  for (let step = 0; step < 4; step++) {
    const window = { startMjd: transitMjd - 1e-6, endMjd: transitMjd + 1e-6, ptDecRad, site };
    ptDecRad += decDeg * DEG - middleOfDrift(window, orientation).decRad;
  }
  return {
    startMjd: middle - GROUP_DAY / 2,
    endMjd: middle + GROUP_DAY / 2,
    ptDecRad: ptDecRad + northDeg * DEG,
    site,
  };
}

const see = (window: DriftWindow, ...calibrators: readonly VlaCalibrator[]) =>
  calibratorsInGroup(calibrators, window, dsa110Beam, orientation);

test("a calibrator that transits in the middle of its group is on the axis then", () => {
  const window = groupAround(128.7288, 55.5725);
  const [match] = see(window, calibrator("0834+555", 128.7288, 55.5725, 8.8));
  expect(match).toMatchObject({ name: "0834+555", fluxJy: 8.8, transitsWithin: true, quality: "P" });
  expect(match!.sepDeg).toBeLessThan(1e-6);
  expect(match!.transitMjd).toBeCloseTo((window.startMjd + window.endMjd) / 2, 8);
  expect(match!.weightedFluxJy).toBe(8.8 * match!.beamFactor);
  // 0.36° off at both ends: the beam hardly falls.
  expect(match!.beamFactor).toBeGreaterThan(0.97);
  expect(match!.beamFactor).toBeLessThan(1);
});

test.each([
  [0, true],
  [154, true],
  [-154, true],
  [155.5, false],
  [-155.5, false],
])("%d seconds off the middle, it transits within the group: %s", (lateSec, isWithin) => {
  const [match] = see(groupAround(128.7288, 55.5725, lateSec), calibrator("a", 128.7288, 55.5725, 8.8));
  expect(match!.transitsWithin).toBe(isWithin);
});

describe("about 0 hours", () => {
  test.each([359.9, 0.1, 0, 359.999])("a calibrator at %d degrees is found from either side", (raDeg) => {
    for (const centreDeg of [359.9, 0.1]) {
      const [match] = see(groupAround(centreDeg, 54.6), calibrator("a", raDeg, 54.6, 5));
      const expectedDeg = separationDeg({ raDeg: centreDeg, decDeg: 54.6 }, { raDeg, decDeg: 54.6 });
      // Aberration stretches the sky by 1e-4.
      expect(Math.abs(match!.sepDeg - expectedDeg)).toBeLessThan(1e-4);
      expect(match!.transitsWithin).toBe(true);
    }
  });
});

test("without a flux there is no calibrator, and behind the dish there is no beam", () => {
  const window = groupAround(128.7288, 55.5725);
  expect(see(window, calibrator("unknown", 128.7288, 55.5725, null))).toEqual([]);
  expect(see(window, calibrator("behind", 308.7, -55.5, 100))[0]).toMatchObject({ beamFactor: 0, weightedFluxJy: 0 });
});

test("the order of strength is that of flux × beam, not of flux", () => {
  const window = groupAround(128.7288, 55.5725);
  const [strong, near] = see(window, calibrator("strong", 128.7288, 57.5, 10), calibrator("near", 128.7288, 55.6, 5));
  expect(strong!.weightedFluxJy).toBeLessThan(near!.weightedFluxJy);
});

test("of several groups the one in which it transits is the one to solve on", () => {
  const target = calibrator("0834+555", 128.7288, 55.5725, 8.8);
  const groups = [-309.24, 0, 309.24, 618.48].map((lateSec) => {
    const window = groupAround(128.7288, 55.5725, lateSec);
    return { lateSec, window, matches: see(window, target) };
  });
  expect(bestGroupFor("0834+555", groups)?.lateSec).toBe(0);
  expect(bestGroupFor("0834+555", groups.toReversed())?.lateSec).toBe(0);
  expect(bestGroupFor("none", groups)).toBeUndefined();
});

describeWith(pythonWith("scipy", "numpy"), "beside scipy", () => {
  test("the beam of a group is the mean of the Airy pattern along the drift", () => {
    const northDeg = 0.8;
    const [match] = see(groupAround(128.7288, 55.5725, 60, northDeg), calibrator("a", 128.7288, 55.5725, 1));
    // Flat sky about the centre: the source drifts westwards, 60 s early in the middle.
    const answer = runPython(`
import numpy as np
from scipy.special import j1
dec = np.radians(${55.5725})
t = np.linspace(-${309.24 / 2}, ${309.24 / 2}, 20001) + 60
x = 2 * np.pi * t / 86164.0905 * np.cos(dec)
y = np.radians(${northDeg})
z = np.pi * ${dsa110Beam.diameterM} * ${dsa110Beam.freqHz} / 299792458 * np.sin(np.hypot(x, y))
print(np.mean((2 * j1(z) / z) ** 2))`);
    // Thirteen samples of a smooth curve, and a plane for the sphere: 1e-3.
    expect(match!.beamFactor).toBeCloseTo(Number(answer), 3);
  });
});
