import {
  earthOrientationAt,
  earthRotationAngleRad,
  formatUtc,
  greenwichApparentSiderealTimeRad,
  greenwichMeanSiderealTimeRad,
  type Instant,
  instantFromJd,
  parseUtc,
  type TimeScale,
  taiOfUtc,
  ttOfTai,
  ut1OfUtc,
  utcFromJd,
  utcOfTai,
} from "@contimg/sky";
import { expect, test } from "vitest";
import { goldenTimes, largest, MAS_RAD, nearZeroRad, type Parts } from "./golden-values.ts";

// Measured against astropy 5.2 and ERFA 2.0: time scales 1e-5 µs, UT1 − UTC 1e-8 µs, sidereal times 0.0003 mas.
const TIME_TOLERANCE_SEC = 1e-6;
const ANGLE_TOLERANCE_RAD = 0.1 * MAS_RAD;

const secFrom = (instant: Instant<TimeScale>, [day, rest]: Parts) =>
  (instant.dayJd - day + (instant.restDay - rest)) * 86_400;

test("a text with microseconds becomes the same UTC as astropy's, also within a leap second", () => {
  expect(largest(goldenTimes.map(({ text, utc }) => secFrom(parseUtc(text), utc)))).toBeLessThan(TIME_TOLERANCE_SEC);
});

test("a UTC is written as the text it came from, also within a leap second", () => {
  for (const { text, utc } of goldenTimes) expect(formatUtc(utcFromJd(...utc), { decimalCount: 6 })).toBe(text);
});

test("TAI, TT and UT1 agree with astropy to a microsecond", () => {
  const differences = goldenTimes.flatMap(({ utc, tai, tt, ut1 }) => {
    const from = utcFromJd(...utc);
    return [secFrom(taiOfUtc(from), tai), secFrom(ttOfTai(taiOfUtc(from)), tt), secFrom(ut1OfUtc(from), ut1)];
  });
  expect(largest(differences)).toBeLessThan(TIME_TOLERANCE_SEC);
});

test("TAI goes back to UTC, also within a leap second", () => {
  const differences = goldenTimes.map(({ utc, tai }) => secFrom(utcOfTai(instantFromJd("tai", ...tai)), utc));
  expect(largest(differences)).toBeLessThan(TIME_TOLERANCE_SEC);
});

test("UT1 − UTC and the pole are interpolated as astropy does", () => {
  const found = goldenTimes.map(({ utc }) => earthOrientationAt(utcFromJd(...utc)));
  expect(largest(goldenTimes.map(({ dut1Sec }, k) => found[k]!.ut1MinusUtcSec - dut1Sec))).toBeLessThan(1e-9);
  expect(largest(goldenTimes.map(({ xPoleRad }, k) => found[k]!.xPoleRad - xPoleRad))).toBeLessThan(1e-15);
  expect(largest(goldenTimes.map(({ yPoleRad }, k) => found[k]!.yPoleRad - yPoleRad))).toBeLessThan(1e-15);
});

test("Earth rotation angle and Greenwich sidereal times agree with ERFA to 0.1 mas", () => {
  const differences = goldenTimes.flatMap((golden) => {
    const ut1 = instantFromJd("ut1", ...golden.ut1);
    const tt = instantFromJd("tt", ...golden.tt);
    return [
      earthRotationAngleRad(ut1) - golden.eraRad,
      greenwichMeanSiderealTimeRad(ut1, tt) - golden.gmstRad,
      greenwichApparentSiderealTimeRad(ut1, tt) - golden.gastRad,
    ].map(nearZeroRad);
  });
  expect(largest(differences)).toBeLessThan(ANGLE_TOLERANCE_RAD);
});
