import { unpackIntegers } from "../encoding/packed-integers.ts";
import { TimeOutOfRangeError } from "../errors.ts";
import { civilDay, DAY_SEC, instantFromJd, type Ut1, type Utc } from "../time/instant.ts";
import { type LeapSeconds, type OutOfRangePolicy, SHIPPED_LEAP_SECONDS, taiMinusUtcSec } from "../time/leap-seconds.ts";
import { taiOfUtc } from "../time/scales.ts";
import { ORIENTATION_ROWS } from "./orientation-table.generated.ts";

/** How the Earth turns and where its pole is: one row a day, with the leap seconds that belong to it. */
export interface EarthOrientation {
  readonly leapSeconds: LeapSeconds;
  /** First and last day with values. */
  readonly startMjd: number;
  readonly endMjd: number;
  /** Until this day values are measured, then predicted. */
  readonly lastMeasuredMjd: number;
  /** UT1 − TAI at 0 h UTC; it has no jumps, so it can be interpolated across a leap second. [day] */
  readonly ut1MinusTaiSec: Float64Array;
  /** Pole, positive towards Greenwich and towards 90° west. [day] */
  readonly xPoleRad: Float64Array;
  readonly yPoleRad: Float64Array;
}

/** Earth orientation at one instant, with how far it can be trusted. */
export interface OrientationValues {
  readonly ut1MinusTaiSec: number;
  readonly ut1MinusUtcSec: number;
  readonly xPoleRad: number;
  readonly yPoleRad: number;
  /** "degraded": outside the table, UT1 − UTC and pole are those of its nearest day. */
  readonly quality: "measured" | "predicted" | "degraded";
  /**
   * Errors to expect: 0.1 ms and 1 mas measured; 20 ms and 80 mas predicted (Bulletin A for a year ahead); degraded 0.9 s,
   * the most that UTC allows, and 0.7″.
   */
  readonly ut1UncertaintySec: number;
  readonly poleUncertaintyRad: number;
}

const ARCSEC_RAD = Math.PI / 648_000;
const UNCERTAINTIES = {
  measured: { ut1UncertaintySec: 1e-4, poleUncertaintyRad: 1e-3 * ARCSEC_RAD },
  predicted: { ut1UncertaintySec: 0.02, poleUncertaintyRad: 0.08 * ARCSEC_RAD },
  degraded: { ut1UncertaintySec: 0.9, poleUncertaintyRad: 0.7 * ARCSEC_RAD },
} as const;

let shipped: EarthOrientation | undefined;

/** The table shipped with the package: finals2000A.all of the IERS, from 1973. Unpacked when first asked for (3 ms). */
export function shippedEarthOrientation(): EarthOrientation {
  if (shipped !== undefined) return shipped;
  const { startMjd, dayCount, lastMeasuredMjd } = ORIENTATION_ROWS;
  const read = (packed: string, scale: number) => {
    const values = unpackIntegers(packed, dayCount);
    let step = 0;
    let sum = 0;
    for (let day = 0; day < dayCount; day++) {
      step += values[day]!;
      sum += step;
      values[day] = sum * scale;
    }
    return values;
  };
  shipped = {
    leapSeconds: SHIPPED_LEAP_SECONDS,
    startMjd,
    endMjd: startMjd + dayCount - 1,
    lastMeasuredMjd,
    ut1MinusTaiSec: read(ORIENTATION_ROWS.ut1MinusTaiPacked, 1e-7),
    xPoleRad: read(ORIENTATION_ROWS.xPolePacked, 1e-6 * ARCSEC_RAD),
    yPoleRad: read(ORIENTATION_ROWS.yPolePacked, 1e-6 * ARCSEC_RAD),
  };
  return shipped;
}

/**
 * Earth orientation at a UTC, interpolated linearly from day to day (UT1 as UT1 − TAI, as astropy does). No
 * corrections for tides within the day are added (below 0.1 ms and 1 mas), nor celestial pole offsets.
 *
 * @param policy  at a time outside the table, or after the expiry of its leap seconds: "error" throws, "degrade"
 *   returns the values of the nearest day with `quality` "degraded" and the uncertainty that follows
 * @throws TimeOutOfRangeError as said; before 1972 always, because UTC had no whole seconds then
 */
export function earthOrientationAt(
  utc: Utc,
  table: EarthOrientation = shippedEarthOrientation(),
  policy: OutOfRangePolicy = "error",
): OrientationValues {
  const { mjd, elapsedFraction } = civilDay(utc);
  const isOutside =
    mjd < table.startMjd || mjd + elapsedFraction > table.endMjd || mjd + elapsedFraction > table.leapSeconds.expiryMjd;
  if (isOutside && policy === "error") {
    throw new TimeOutOfRangeError({
      table: "Earth orientation",
      foundMjd: mjd + elapsedFraction,
      startMjd: table.startMjd,
      endMjd: Math.min(table.endMjd, table.leapSeconds.expiryMjd),
      hint: "read newer tables with parseFinals2000A and parseLeapSeconds, or ask for degraded values",
    });
  }
  const taiMinusUtc = taiMinusUtcSec(mjd, table.leapSeconds, policy);
  const lastRow = table.endMjd - table.startMjd;
  const row = mjd - table.startMjd;
  if (row < 0 || row + elapsedFraction > lastRow) {
    const nearest = row < 0 ? 0 : lastRow;
    const nearestMjd = table.startMjd + nearest;
    const ut1MinusUtcSec = table.ut1MinusTaiSec[nearest]! + taiMinusUtcSec(nearestMjd, table.leapSeconds, policy);
    return {
      ut1MinusTaiSec: ut1MinusUtcSec - taiMinusUtc,
      ut1MinusUtcSec,
      xPoleRad: table.xPoleRad[nearest]!,
      yPoleRad: table.yPoleRad[nearest]!,
      quality: "degraded",
      ...UNCERTAINTIES.degraded,
    };
  }
  const between = (values: Float64Array) =>
    row === lastRow ? values[row]! : values[row]! + elapsedFraction * (values[row + 1]! - values[row]!);
  const ut1MinusTaiSec = between(table.ut1MinusTaiSec);
  const quality = isOutside ? "degraded" : mjd + elapsedFraction <= table.lastMeasuredMjd ? "measured" : "predicted";
  return {
    ut1MinusTaiSec,
    ut1MinusUtcSec: ut1MinusTaiSec + taiMinusUtc,
    xPoleRad: between(table.xPoleRad),
    yPoleRad: between(table.yPoleRad),
    quality,
    ...UNCERTAINTIES[quality],
  };
}

/** UT1 of a UTC. @throws TimeOutOfRangeError as `earthOrientationAt` */
export function ut1OfUtc(
  utc: Utc,
  table: EarthOrientation = shippedEarthOrientation(),
  policy: OutOfRangePolicy = "error",
): Ut1 {
  const tai = taiOfUtc(utc, table.leapSeconds, policy);
  const { ut1MinusTaiSec } = earthOrientationAt(utc, table, policy);
  return instantFromJd("ut1", tai.dayJd, tai.restDay + ut1MinusTaiSec / DAY_SEC);
}
