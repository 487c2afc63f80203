export type TimeScale = "utc" | "tai" | "tt" | "ut1";

/**
 * An instant as the sum of two parts of a Julian date, dayJd + restDay, so that a microsecond is not lost: one float64
 * near 2.46e6 days only resolves 40 µs. `dayJd` is a whole number, |restDay| ≤ 0.5.
 *
 * A UTC day with a leap second is 86 401 s long, and fractions of that day are fractions of its own length.
 */
export interface Instant<Scale extends TimeScale> {
  readonly scale: Scale;
  readonly dayJd: number;
  readonly restDay: number;
}
export type Utc = Instant<"utc">;
export type Tai = Instant<"tai">;
export type Tt = Instant<"tt">;
export type Ut1 = Instant<"ut1">;

/** Julian date at MJD 0. */
export const MJD_ZERO_JD = 2_400_000.5;
/** Julian date of the epoch J2000.0. */
export const J2000_JD = 2_451_545;
export const DAY_SEC = 86_400;
export const CENTURY_DAYS = 36_525;

/** An instant from two parts of a Julian date in any split, brought to normal form without loss. */
export function instantFromJd<Scale extends TimeScale>(scale: Scale, dayJd: number, restDay = 0): Instant<Scale> {
  const wholeJd = Math.round(dayJd);
  const rest = dayJd - wholeJd + restDay;
  const carryJd = Math.round(rest);
  // The two differences are taken apart: each is exact, or keeps the smaller part's digits.
  return { scale, dayJd: wholeJd + carryJd, restDay: carryJd === 0 ? rest : dayJd - wholeJd - carryJd + restDay };
}

/** UTC from a Julian date, such as UVH5's `time_array`, optionally with a second part. */
export function utcFromJd(dayJd: number, restDay = 0): Utc {
  return instantFromJd("utc", dayJd, restDay);
}

/** UTC from UTC seconds since MJD 0 (days of 86 400 s), such as the `TIME` of a Measurement Set. */
export function utcFromMjdSec(timeMjdSec: number): Utc {
  const wholeMjd = Math.floor(timeMjdSec / DAY_SEC);
  return instantFromJd("utc", MJD_ZERO_JD + wholeMjd, (timeMjdSec - wholeMjd * DAY_SEC) / DAY_SEC);
}

/** The Julian date as one number, good to 40 µs in this century. */
export function jdOf(instant: Instant<TimeScale>): number {
  return instant.dayJd + instant.restDay;
}

/** The modified Julian date as one number, good to 1 µs. */
export function mjdOf(instant: Instant<TimeScale>): number {
  return instant.dayJd - MJD_ZERO_JD + instant.restDay;
}

/** Seconds since MJD 0 in days of 86 400 s, good to 1 µs: MS `TIME` of a UTC. */
export function mjdSecOf(instant: Instant<TimeScale>): number {
  return (instant.dayJd - MJD_ZERO_JD) * DAY_SEC + instant.restDay * DAY_SEC;
}

/** The day (MJD, a whole number) on which an instant falls, and how much of it is over, in [0, 1). */
export function civilDay(instant: Instant<TimeScale>): { readonly mjd: number; readonly elapsedFraction: number } {
  const fromMidnight = instant.restDay + 0.5;
  const wholeMjd = instant.dayJd - 2_400_001;
  return fromMidnight < 1
    ? { mjd: wholeMjd, elapsedFraction: fromMidnight }
    : { mjd: wholeMjd + 1, elapsedFraction: fromMidnight - 1 };
}

/** a − b in days of the scale that both have. */
export function daysBetween<Scale extends TimeScale>(a: Instant<Scale>, b: Instant<Scale>): number {
  return a.dayJd - b.dayJd + (a.restDay - b.restDay);
}

/** Time since J2000.0 in centuries of 36 525 days. */
export function centuriesSinceJ2000(instant: Instant<TimeScale>): number {
  return (instant.dayJd - J2000_JD + instant.restDay) / CENTURY_DAYS;
}
