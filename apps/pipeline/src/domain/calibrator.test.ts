import { expect, test } from "vitest";
import { type CalibratorMatch, calibratorsText, chooseCalibrators, lBandFluxJy } from "./calibrator.ts";
import { msClassOf } from "./measurement-set.ts";

const match = (name: string, weightedFluxJy: number, more: Partial<CalibratorMatch> = {}): CalibratorMatch => ({
  name,
  raDeg: 128.7,
  decDeg: 55.5,
  sepDeg: 0.5,
  fluxJy: 8.8,
  beamFactor: 0.5,
  weightedFluxJy,
  transitMjd: 60951.6,
  transitsWithin: true,
  quality: "P",
  ...more,
});

test("the one with most flux × beam comes first; the weak and the unfit are left out", () => {
  const matches = [
    match("weak", 0.99),
    match("second", 4),
    match("confused", 20, { quality: "C" }),
    match("unfit", 20, { quality: "X" }),
    match("unknown", 20, { quality: "?" }),
    match("first", 7, { quality: "S" }),
    match("third", 2),
    match("fourth", 1),
  ];
  expect(chooseCalibrators(matches).map(({ name }) => name)).toEqual(["first", "second", "third"]);
  expect(chooseCalibrators(matches.toReversed()).map(({ name }) => name)).toEqual(["first", "second", "third"]);
});

test("of equal ones the nearer to the centre, then the name, decides", () => {
  const matches = [match("b", 2), match("c", 2, { sepDeg: 0.1 }), match("a", 2)];
  expect(chooseCalibrators(matches).map(({ name }) => name)).toEqual(["c", "a", "b"]);
});

test("the queue gets JSON with the names that operators know", () => {
  expect(JSON.parse(calibratorsText([match("0834+555", 4.4)]))).toEqual([
    { name: "0834+555", ra_deg: 128.7, dec_deg: 55.5, sep_deg: 0.5, weighted_flux: 4.4 },
  ]);
  expect(calibratorsText([])).toBe("[]");
});

test("a group goes with the calibrators when one of them transits in it", () => {
  expect(msClassOf([])).toBe("science");
  expect(msClassOf([match("beside", 5, { transitsWithin: false })])).toBe("science");
  expect(msClassOf([match("beside", 5, { transitsWithin: false }), match("within", 2)])).toBe("calibrators");
});

test("a flux that the list does not give is not known", () => {
  const calibrator = { name: "a", raDeg: 0, decDeg: 0, positionCode: "A", b1950Name: "b", altName: null };
  const band = { wavelength: "6cm", bandCode: "C", fluxJy: 3, uvMinKLambda: null, uvMaxKLambda: null } as const;
  expect(lBandFluxJy({ ...calibrator, bands: [{ ...band, qualities: ["P", "P", "P", "P"] }] })).toBeNull();
});
