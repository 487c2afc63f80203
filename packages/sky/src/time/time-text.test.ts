import fc from "fast-check";
import { expect, test } from "vitest";
import { TimeTextError } from "../errors.ts";
import { dateOfMjd, mjdOfDate } from "./calendar.ts";
import { instantFromJd, jdOf, mjdOf, mjdSecOf, utcFromJd, utcFromMjdSec } from "./instant.ts";
import { formatUtc, parseUtc } from "./time-text.ts";

test("known dates have their known MJD", () => {
  expect(mjdOfDate(1858, 11, 17)).toBe(0);
  expect(mjdOfDate(2000, 1, 1)).toBe(51_544);
  expect(mjdOfDate(2000, 2, 29) + 1).toBe(mjdOfDate(2000, 3, 1));
  expect(mjdOfDate(2100, 2, 28) + 1).toBe(mjdOfDate(2100, 3, 1));
  expect(dateOfMjd(60_951)).toEqual({ yearNumber: 2025, monthNumber: 10, dayNumber: 3 });
});

test("every day of 1600 years has a date that leads back to it", () => {
  for (let mjd = -300_000; mjd < 300_000; mjd += 7) {
    const { yearNumber, monthNumber, dayNumber } = dateOfMjd(mjd);
    expect(mjdOfDate(yearNumber, monthNumber, dayNumber)).toBe(mjd);
  }
});

test("all forms of a text mean the same instant", () => {
  const forms = ["2025-10-03T11:48:56.5", "2025-10-03 11:48:56.500Z", "2025/10/03/11:48:56.5", "2025/10/3 11:48:56.5"];
  for (const text of forms) expect(parseUtc(text)).toEqual(parseUtc(forms[0]!));
  expect(jdOf(parseUtc("2025-10-03"))).toBe(2_460_951.5);
  expect(mjdOf(parseUtc("2025-10-03T06:00"))).toBe(60_951.25);
});

test("a text that is no date, or a date or time that does not exist, is refused with what was found", () => {
  for (const text of [
    "",
    "yesterday",
    "2025-10-03T11:48:56+02:00",
    "2025-10/03",
    "2025-02-29",
    "2025-13-01",
    "2025-10-03T24:00:00",
    "2025-10-03T11:60:00",
    "2025-10-03T23:59:60",
  ]) {
    expect(() => parseUtc(text)).toThrow(TimeTextError);
    expect(() => parseUtc(text)).toThrow(JSON.stringify(text));
  }
});

test("a leap second exists on its day only", () => {
  expect(formatUtc(parseUtc("2016-12-31T23:59:60.25"))).toBe("2016-12-31T23:59:60.250");
  expect(() => parseUtc("2016-12-31T23:59:61")).toThrow(TimeTextError);
  expect(() => parseUtc("2016-12-30T23:59:60")).toThrow(TimeTextError);
});

test("rounding carries into minutes, days and years", () => {
  const late = parseUtc("2025-12-31T23:59:59.9996");
  expect(formatUtc(late)).toBe("2026-01-01T00:00:00.000");
  expect(formatUtc(late, { decimalCount: 4 })).toBe("2025-12-31T23:59:59.9996");
  expect(formatUtc(late, { style: "casa", decimalCount: 0 })).toBe("2026/01/01/00:00:00");
  expect(formatUtc(parseUtc("2016-12-31T23:59:59.9996"))).toBe("2016-12-31T23:59:60.000");
});

test("text with microseconds goes to UTC and back unchanged", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 41_684, max: 88_000 }),
      fc.integer({ min: 0, max: 86_399_999_999 }),
      (mjd, micros) => {
        const text = formatUtc(instantFromJd("utc", 2_400_000.5 + mjd, micros / 86_400e6), { decimalCount: 6 });
        expect(formatUtc(parseUtc(text), { decimalCount: 6 })).toBe(text);
      },
    ),
  );
});

test("a UVH5 time keeps every bit, and an MS time its microseconds", () => {
  fc.assert(
    fc.property(fc.double({ min: 2.4e6, max: 2.6e6, noNaN: true }), (timeJd) => {
      expect(jdOf(utcFromJd(timeJd))).toBe(timeJd);
      const timeMjdSec = mjdSecOf(utcFromJd(timeJd));
      expect(Math.abs(mjdSecOf(utcFromMjdSec(timeMjdSec)) - timeMjdSec)).toBeLessThanOrEqual(1e-6);
    }),
  );
});
