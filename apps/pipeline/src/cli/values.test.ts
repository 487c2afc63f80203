import { describe, expect, test } from "vitest";
import { parseAngleDeg } from "../stages/convert/phase-centre-text.ts";
import { julianDate, phaseCentre, positiveNumber, utcUnixSec, wholeNumber } from "./values.ts";

const DEG = Math.PI / 180;

describe("angles as astronomers write them", () => {
  test.each([
    ["177.2", true, 177.2],
    ["-54.6deg", false, -54.6],
    ["11h48m50.1s", true, (11 + 48 / 60 + 50.1 / 3600) * 15],
    ["11:48:50.1", true, (11 + 48 / 60 + 50.1 / 3600) * 15],
    ["+54d26m30s", false, 54 + 26 / 60 + 30 / 3600],
    ["-00:26:30", false, -(26 / 60 + 30 / 3600)],
  ])("%s", (text, isRa, expectedDeg) => {
    expect(parseAngleDeg(text, isRa)).toBeCloseTo(expectedDeg, 12);
  });

  test.each(["", "11h", "11h61m00s", "north"])('"%s" is none', (text) => {
    expect(parseAngleDeg(text, true)).toBeUndefined();
  });
});

describe("--phase-center", () => {
  test("is a word or an ICRS direction; right ascension comes out within one turn", () => {
    expect(phaseCentre("mid")).toEqual({ kind: "mid" });
    expect(phaseCentre("none")).toEqual({ kind: "none" });
    const { kind, ...direction } = phaseCentre("-10,54.5") as { kind: string; raRad: number; decRad: number };
    expect(kind).toBe("icrs");
    expect(direction.raRad).toBeCloseTo(350 * DEG, 12);
    expect(direction.decRad).toBeCloseTo(54.5 * DEG, 12);
  });

  test.each(["zenith", "10", "10,91", "10,20,30", "400,1"])('refuses "%s"', (text) => {
    expect(() => phaseCentre(text)).toThrow(/expected mid, none or RA,DEC/);
  });
});

test.each(["0", "-3", "NaN", "Infinity", "", "six"])('"%s" is no number above 0', (text) => {
  expect(() => positiveNumber("--quack")(text)).toThrow(/^--quack: expected a number/);
  expect(positiveNumber("--quack")("2.5")).toBe(2.5);
});

describe("times", () => {
  const expected = Date.UTC(2025, 9, 3, 11, 48, 50.5 - 0.5) / 1000 + 0.5;

  test.each(["2025-10-03T11:48:50.5", "2025-10-03 11:48:50.5Z", "2025/10/03/11:48:50.5"])("%s", (text) => {
    expect(utcUnixSec(text)).toBeCloseTo(expected, 6);
  });

  test("a date alone is its midnight; a Julian date is one", () => {
    expect(utcUnixSec("2025-10-03")).toBe(Date.UTC(2025, 9, 3) / 1000);
    expect(julianDate("2460951.992331495")).toBe(2460951.992331495);
    expect(julianDate("2025-10-03T12:00:00")).toBe(2460952);
  });

  test.each(["yesterday", "2025-13-03", "2025-10-03T25:00:00"])('refuses "%s"', (text) => {
    expect(() => utcUnixSec(text)).toThrow(/expected a UTC time such as/);
  });
});

test("whole numbers say their range", () => {
  expect(wholeNumber("--n", 1, 64)("16")).toBe(16);
  expect(() => wholeNumber("--n", 1, 64)("1.5")).toThrow('--n: expected a whole number from 1 to 64, found "1.5"');
  expect(() => wholeNumber("--n", 1)("0")).toThrow('--n: expected a whole number from 1 on, found "0"');
});
