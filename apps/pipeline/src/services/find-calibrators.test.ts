import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localSiderealTimeRad, shippedEarthOrientation, utcFromMjdSec } from "@contimg/sky";
import { afterAll, expect, test } from "vitest";
import { catalogStore } from "../adapters/sqlite/catalog-store.ts";
import { defaultCalibratorChoice, type VlaCalibrator } from "../domain/calibrator.ts";
import type { SubbandHeader } from "../domain/subband-header.ts";
import { dsa110Beam } from "../stages/calibrate/calibrators-in-group.ts";
import { calibratorNamed, calibratorsOf, driftWindowOf, dsa110Site, hasCalibratorsAtDec } from "./find-calibrators.ts";

const DEG = Math.PI / 180;
const GROUP_DAY = 309.24 / 86_400;
const folder = mkdtempSync(join(tmpdir(), "contimg-calibrators-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const calibrator = (name: string, raDeg: number, decDeg: number, fluxJy: number): VlaCalibrator => ({
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
      qualities: ["P", "P", "P", "P"],
      fluxJy,
      uvMinKLambda: null,
      uvMaxKLambda: null,
    },
  ],
});

function catalogOf(...calibrators: readonly VlaCalibrator[]) {
  const path = join(folder, "vla_calibrators.sqlite3");
  const making = catalogStore.buildCalibrators(path);
  making.add(calibrators);
  making.finish({ inputs: [], builtUnixSec: 0, software: "" });
  return catalogStore.openCalibrators(path);
}

/** When the meridian is at so many degrees of date. */
function mjdOfMeridian(raDeg: number): number {
  let mjd = 60_951;
  for (let step = 0; step < 3; step++) {
    const lstDeg = localSiderealTimeRad(utcFromMjdSec(mjd * 86_400), dsa110Site) / DEG;
    const behindDeg = step === 0 ? (raDeg - lstDeg + 720) % 360 : ((raDeg - lstDeg + 900) % 360) - 180;
    mjd += behindDeg / 360 / 1.0027379;
  }
  return mjd;
}

const groupAt = (raDeg: number, decDeg: number) => {
  const middle = mjdOfMeridian(raDeg);
  return { startMjd: middle - GROUP_DAY / 2, endMjd: middle + GROUP_DAY / 2, ptDecRad: decDeg * DEG, site: dsa110Site };
};

const chosen = (catalog: ReturnType<typeof catalogOf>, raDeg: number, decDeg: number, minWeightedFluxJy = 1) =>
  calibratorsOf(
    catalog,
    groupAt(raDeg, decDeg),
    { ...defaultCalibratorChoice, minWeightedFluxJy },
    dsa110Beam,
    shippedEarthOrientation(),
  );

test.each([359.9, 0, 0.1, 0.4])("groups at %d degrees see calibrators on both sides of 0h", (raDeg) => {
  const catalog = catalogOf(
    calibrator("west", 359.9, 54.6, 5),
    calibrator("east", 0.1, 54.6, 4),
    calibrator("opposite", 180, 54.6, 50),
  );
  expect(chosen(catalog, raDeg, 54.7).map(({ name }) => name)).toEqual(["west", "east"]);
  catalog.close();
});

test("a group near the pole sees what is beyond it", () => {
  const catalog = catalogOf(calibrator("beyond", 180, 89.5, 5), calibrator("south", 0, 80, 5));
  expect(chosen(catalog, 0, 89.5).map(({ name }) => name)).toEqual(["beyond"]);
  catalog.close();
});

test("weak through the beam is weak", () => {
  const catalog = catalogOf(calibrator("strong far off", 128.7, 57, 3), calibrator("faint", 128.7, 54.6, 1.2));
  expect(chosen(catalog, 128.7, 54.6).map(({ name }) => name)).toEqual(["faint"]);
  expect(chosen(catalog, 128.7, 54.6, 0.01).map(({ name }) => name)).toEqual(["faint", "strong far off"]);
  expect(chosen(catalog, 128.7, 54.6, 1.3)).toEqual([]);
  catalog.close();
});

test("a group lasts from the start of its first integration to the end of its last", () => {
  const header = {
    phasing: { kind: "meridian", apparentDecRad: 0.9 },
    site: dsa110Site,
    timeJd: Float64Array.of(2_460_952.25, 2_460_952.25, 2_460_952.5),
    integrationTimeSec: Float64Array.of(86.4, 86.4, 86.4),
  } as unknown as SubbandHeader;
  expect(driftWindowOf(header)).toEqual({
    startMjd: expect.closeTo(60_951.7495, 9),
    endMjd: expect.closeTo(60_952.0005, 9),
    ptDecRad: 0.9,
    site: dsa110Site,
  });
  expect(driftWindowOf({ ...header, phasing: { kind: "unphased" } })).toBeNull();
});

test("a name that nobody has is refused with what a name is like", () => {
  const catalog = catalogOf(calibrator("0834+555", 128.7, 55.6, 8.8));
  expect(calibratorNamed(catalog, "0834+555")).toHaveLength(1);
  expect(() => calibratorNamed(catalog, "3C9")).toThrow(
    expect.objectContaining({
      code: "CALIBRATOR_UNKNOWN",
      message: expect.stringMatching(/^3C9: expected .* as 0834\+555, found none/),
    }),
  );
  catalog.close();
});

test.each([
  [54, true],
  [55.5, true],
  // Through the beam it is below 1 Jy.
  [57, false],
  [-20, false],
])("at declination %d a calibrator of 5 Jy at 54 degrees can be solved on: %s", (decDeg, expected) => {
  const catalog = catalogOf(calibrator("0001+540", 0.2, 54, 5), calibrator("1200+540", 180, 54, 0.5));
  expect(hasCalibratorsAtDec(catalog, decDeg, defaultCalibratorChoice, dsa110Beam)).toBe(expected);
  catalog.close();
});
