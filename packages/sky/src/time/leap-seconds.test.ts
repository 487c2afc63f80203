import { expect, test } from "vitest";
import { TableTextError, TimeOutOfRangeError } from "../errors.ts";
import { utcFromMjdSec } from "./instant.ts";
import { parseLeapSeconds, SHIPPED_LEAP_SECONDS, taiMinusUtcSec, utcDayLengthSec } from "./leap-seconds.ts";
import { taiOfTt, taiOfUtc, ttOfTai, utcOfTai } from "./scales.ts";

const HEAD = "#  File expires on 28 June 2027\n#\n";

test("TAI − UTC steps at the day that the table names", () => {
  expect(taiMinusUtcSec(57_753, SHIPPED_LEAP_SECONDS)).toBe(36);
  expect(taiMinusUtcSec(57_754, SHIPPED_LEAP_SECONDS)).toBe(37);
  expect(utcDayLengthSec(57_753, SHIPPED_LEAP_SECONDS)).toBe(86_401);
  expect(utcDayLengthSec(57_754, SHIPPED_LEAP_SECONDS)).toBe(86_400);
});

test("before 1972 and after the expiry a time is refused; after it a degraded value can be had", () => {
  expect(() => taiMinusUtcSec(41_316, SHIPPED_LEAP_SECONDS, "degrade")).toThrow(TimeOutOfRangeError);
  expect(() => taiMinusUtcSec(Number.NaN, SHIPPED_LEAP_SECONDS, "degrade")).toThrow(TimeOutOfRangeError);
  expect(() => taiMinusUtcSec(70_000, SHIPPED_LEAP_SECONDS)).toThrow(
    "leap seconds: expected a time within MJD 41317 to 61584, found MJD 70000; read a newer Leap_Second.dat with parseLeapSeconds",
  );
  expect(taiMinusUtcSec(70_000, SHIPPED_LEAP_SECONDS, "degrade")).toBe(37);
});

test("a table's text is read, and faults in it are named by line", () => {
  const table = parseLeapSeconds(`${HEAD}    41317.0    1  1 1972       10\n    41499.0    1  7 1972       11\n`);
  expect([...table.startMjd]).toEqual([41_317, 41_499]);
  expect([...table.taiMinusUtcSec]).toEqual([10, 11]);
  expect(table.expiryMjd).toBe(61_584);
  expect(() => parseLeapSeconds("")).toThrow(TableTextError);
  expect(() => parseLeapSeconds("    41317.0    1  1 1972       10\n")).toThrow("expiry");
  expect(() => parseLeapSeconds(`${HEAD}<html>`)).toThrow("Leap_Second.dat, line 3: row: expected MJD day month year");
  expect(() => parseLeapSeconds(`${HEAD} 41318.0 1 1 1972 10`)).toThrow("expected 41317 for 1972-1-1");
  expect(() => parseLeapSeconds(`${HEAD} 41499.0 1 7 1972 11\n 41317.0 1 1 1972 10`)).toThrow("more than 41499");
  expect(() => parseLeapSeconds("# File expires on 28 Juno 2027")).toThrow("a month's English name");
});

test("UTC goes to TAI and TT and back over leap seconds", () => {
  for (let offsetSec = -2.5; offsetSec < 3; offsetSec += 0.25) {
    const utc = utcFromMjdSec(57_754 * 86_400 + offsetSec);
    const back = utcOfTai(taiOfTt(ttOfTai(taiOfUtc(utc))));
    expect(Math.abs(back.dayJd - utc.dayJd + (back.restDay - utc.restDay)) * 86_400).toBeLessThan(1e-9);
  }
});
