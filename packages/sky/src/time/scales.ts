import { civilDay, DAY_SEC, instantFromJd, MJD_ZERO_JD, type Tai, type Tt, type Utc } from "./instant.ts";
import {
  type LeapSeconds,
  type OutOfRangePolicy,
  SHIPPED_LEAP_SECONDS,
  taiMinusUtcSec,
  utcDayLengthSec,
} from "./leap-seconds.ts";

/** TT − TAI, by definition. */
export const TT_MINUS_TAI_SEC = 32.184;

/**
 * TAI of a UTC.
 *
 * @throws TimeOutOfRangeError before 1972, and after the table's expiry unless `policy` is "degrade"
 */
export function taiOfUtc(
  utc: Utc,
  leapSeconds: LeapSeconds = SHIPPED_LEAP_SECONDS,
  policy: OutOfRangePolicy = "error",
): Tai {
  const { mjd, elapsedFraction } = civilDay(utc);
  const offsetSec = taiMinusUtcSec(mjd, leapSeconds, policy);
  const extraSec = utcDayLengthSec(mjd, leapSeconds) - DAY_SEC;
  return instantFromJd("tai", utc.dayJd, utc.restDay + (offsetSec + extraSec * elapsedFraction) / DAY_SEC);
}

/**
 * UTC of a TAI. Within a leap second the day's fraction goes on past what 86 400 s would be.
 *
 * @throws TimeOutOfRangeError as `taiOfUtc`
 */
export function utcOfTai(
  tai: Tai,
  leapSeconds: LeapSeconds = SHIPPED_LEAP_SECONDS,
  policy: OutOfRangePolicy = "error",
): Utc {
  // The offset holds from a UTC midnight on; try the day of TAI and, while its start lies after the instant, the day before.
  let { mjd } = civilDay(tai);
  const secSince = (startMjd: number) =>
    (tai.dayJd - (MJD_ZERO_JD + startMjd) + tai.restDay) * DAY_SEC - taiMinusUtcSec(startMjd, leapSeconds, policy);
  let elapsedSec = secSince(mjd);
  if (elapsedSec < 0) {
    mjd -= 1;
    elapsedSec = secSince(mjd);
  }
  const lengthSec = utcDayLengthSec(mjd, leapSeconds);
  if (lengthSec !== DAY_SEC) return instantFromJd("utc", MJD_ZERO_JD + mjd, elapsedSec / lengthSec);
  return instantFromJd("utc", tai.dayJd, tai.restDay - taiMinusUtcSec(mjd, leapSeconds, policy) / DAY_SEC);
}

export function ttOfTai(tai: Tai): Tt {
  return instantFromJd("tt", tai.dayJd, tai.restDay + TT_MINUS_TAI_SEC / DAY_SEC);
}

export function taiOfTt(tt: Tt): Tai {
  return instantFromJd("tai", tt.dayJd, tt.restDay - TT_MINUS_TAI_SEC / DAY_SEC);
}
