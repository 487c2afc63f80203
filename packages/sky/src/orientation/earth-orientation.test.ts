import { expect, test } from "vitest";
import { TableTextError, TimeOutOfRangeError } from "../errors.ts";
import { instantFromJd } from "../time/instant.ts";
import { SHIPPED_LEAP_SECONDS } from "../time/leap-seconds.ts";
import { earthOrientationAt, shippedEarthOrientation } from "./earth-orientation.ts";
import { parseFinals2000A } from "./parse-finals.ts";

const at = (mjd: number) => instantFromJd("utc", 2_400_000.5, mjd);
/** Two rows of finals2000A.all about the leap second at the end of 2016, Bulletin B with other values than A. */
const ROW_2016 =
  "161231 57753.00 I  0.084012 0.000048  0.264101 0.000041  I-0.4084000 0.0000073  1.1090 0.0065  I     0.086    0.024    -0.118    0.058   .084000   .264100  -.4084100     0.100    -0.100  ";
const ROW_2017 =
  "17 1 1 57754.00 P  0.082000 0.000048  0.265000 0.000041  P 0.5904000 0.0000073  1.1090 0.0065  P     0.086    0.024    -0.118    0.058                                                     ";

test("UT1 − UTC jumps with a leap second while UT1 − TAI goes on", () => {
  const table = parseFinals2000A(`${ROW_2016}\n${ROW_2017}\n17 1 2 57755.00\n`, SHIPPED_LEAP_SECONDS);
  expect([table.startMjd, table.endMjd, table.lastMeasuredMjd]).toEqual([57_753, 57_754, 57_753]);
  const noon = earthOrientationAt(at(57_753.5), table);
  expect(noon.ut1MinusUtcSec).toBeCloseTo((-0.40841 - 0.4096) / 2, 12);
  expect(earthOrientationAt(at(57_754), table).ut1MinusUtcSec).toBeCloseTo(0.5904, 12);
  expect(noon.quality).toBe("predicted");
  expect(earthOrientationAt(at(57_753), table).quality).toBe("measured");
  expect(earthOrientationAt(at(57_753), table).yPoleRad).toBeCloseTo((0.2641 * Math.PI) / 648_000, 16);
});

test("outside the table a time is refused, or answered with the nearest day and how uncertain that is", () => {
  const table = shippedEarthOrientation();
  for (const mjd of [table.startMjd - 1, table.leapSeconds.expiryMjd + 0.5, table.endMjd + 10, Number.NaN]) {
    expect(() => earthOrientationAt(at(mjd), table)).toThrow(TimeOutOfRangeError);
  }
  const beyond = earthOrientationAt(at(table.endMjd + 1000), table, "degrade");
  expect(beyond.quality).toBe("degraded");
  expect(beyond.ut1UncertaintySec).toBe(0.9);
  expect(beyond.xPoleRad).toBe(table.xPoleRad.at(-1));
  const afterExpiry = earthOrientationAt(at(table.leapSeconds.expiryMjd + 0.5), table, "degrade");
  expect(afterExpiry.quality).toBe("degraded");
  expect(earthOrientationAt(at(table.startMjd - 1), table, "degrade").ut1MinusUtcSec).toBeCloseTo(
    earthOrientationAt(at(table.startMjd), table).ut1MinusUtcSec,
    12,
  );
});

test("values join without a step from day to day", () => {
  const table = shippedEarthOrientation();
  for (let mjd = table.startMjd + 1; mjd < 61_580; mjd += 97) {
    const before = earthOrientationAt(at(mjd - 1e-9), table).ut1MinusTaiSec;
    expect(Math.abs(before - earthOrientationAt(at(mjd), table).ut1MinusTaiSec)).toBeLessThan(1e-10);
  }
});

test("a text that is no such table is refused with line and field", () => {
  expect(() => parseFinals2000A("", SHIPPED_LEAP_SECONDS)).toThrow("at least two days");
  expect(() => parseFinals2000A(`${ROW_2016}\n${ROW_2016}`, SHIPPED_LEAP_SECONDS)).toThrow(
    'finals2000A, line 2: MJD: expected whole day 57754, found "57753"',
  );
  const broken = ROW_2017.replace("0.5904000", "0.59o4000");
  expect(() => parseFinals2000A(`${ROW_2016}\n${broken}`, SHIPPED_LEAP_SECONDS)).toThrow(
    'finals2000A, line 2: UT1-UTC: expected a number, found "0.59o4000"',
  );
  expect(() => parseFinals2000A(broken, SHIPPED_LEAP_SECONDS)).toThrow(TableTextError);
});
