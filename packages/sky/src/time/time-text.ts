import { TimeTextError } from "../errors.ts";
import { dateOfMjd, mjdOfDate } from "./calendar.ts";
import { civilDay, DAY_SEC, instantFromJd, MJD_ZERO_JD, type Utc } from "./instant.ts";
import { type LeapSeconds, SHIPPED_LEAP_SECONDS, utcDayLengthSec } from "./leap-seconds.ts";

const FORMS = "YYYY-MM-DDTHH:MM:SS[.s] or YYYY/MM/DD/HH:MM:SS[.s]";
const PATTERN = /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?:[T /](\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d*)?))?(Z)?)?$/;

/**
 * Reads a UTC: `2025-10-03T11:48:56.436` with T or blank, optional Z, or CASA's `2025/10/03/11:48:56.436`; seconds, or
 * the whole time of day, may be left out. Second 60 exists on days with a leap second.
 *
 * @throws TimeTextError for another form, or for a date or time of day that does not exist
 */
export function parseUtc(text: string, leapSeconds: LeapSeconds = SHIPPED_LEAP_SECONDS): Utc {
  const match = PATTERN.exec(text.trim());
  if (!match) throw new TimeTextError(FORMS, text);
  const [, year, , month, day, hour = "0", minute = "0", second = "0"] = match;
  const mjd = mjdOfDate(Number(year), Number(month), Number(day));
  const date = dateOfMjd(mjd);
  if (date.monthNumber !== Number(month) || date.dayNumber !== Number(day)) {
    throw new TimeTextError("a date of the calendar", text);
  }
  const lengthSec = utcDayLengthSec(mjd, leapSeconds);
  const isLastMinute = Number(hour) === 23 && Number(minute) === 59;
  const minuteSec = isLastMinute ? 60 + lengthSec - DAY_SEC : 60;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) >= minuteSec) {
    throw new TimeTextError("a time of day that exists", text);
  }
  const elapsedSec = (Number(hour) * 60 + Number(minute)) * 60 + Number(second);
  return instantFromJd("utc", MJD_ZERO_JD + mjd, elapsedSec / lengthSec);
}

export interface FormatUtcOptions {
  /** "iso" (default): `2025-10-03T11:48:56.436`; "casa": `2025/10/03/11:48:56.436`. */
  readonly style?: "iso" | "casa";
  /** Digits after the second's point, 0 to 9; default 3. Values are rounded, and carry into minutes, days and years. */
  readonly decimalCount?: number;
  readonly leapSeconds?: LeapSeconds;
}

/** A UTC as text. */
export function formatUtc(utc: Utc, options: FormatUtcOptions = {}): string {
  const { style = "iso", decimalCount = 3, leapSeconds = SHIPPED_LEAP_SECONDS } = options;
  const day = civilDay(utc);
  let mjd = day.mjd;
  const unitsPerSec = 10 ** decimalCount;
  const lengthSec = utcDayLengthSec(mjd, leapSeconds);
  let units = Math.round(day.elapsedFraction * lengthSec * unitsPerSec);
  if (units >= lengthSec * unitsPerSec) {
    mjd += 1;
    units -= lengthSec * unitsPerSec;
  }
  const wholeSec = Math.floor(units / unitsPerSec);
  const minuteOfDay = Math.min(Math.floor(wholeSec / 60), 24 * 60 - 1); // a leap second belongs to the last minute
  const digits = (value: number, width: number) => String(value).padStart(width, "0");
  const { yearNumber, monthNumber, dayNumber } = dateOfMjd(mjd);
  const date = [digits(yearNumber, 4), digits(monthNumber, 2), digits(dayNumber, 2)];
  const time = [Math.floor(minuteOfDay / 60), minuteOfDay % 60, wholeSec - minuteOfDay * 60].map((n) => digits(n, 2));
  const fraction = decimalCount === 0 ? "" : `.${digits(units - wholeSec * unitsPerSec, decimalCount)}`;
  return style === "iso"
    ? `${date.join("-")}T${time.join(":")}${fraction}`
    : `${date.join("/")}/${time.join(":")}${fraction}`;
}
