import { TableTextError, TimeOutOfRangeError } from "../errors.ts";
import { mjdOfDate } from "./calendar.ts";
import { LEAP_SECOND_EXPIRY_MJD, LEAP_SECOND_ROWS } from "./leap-second-table.generated.ts";

/** TAI − UTC since 1972. */
export interface LeapSeconds {
  /** Days from which the values hold, ascending. */
  readonly startMjd: Float64Array;
  /** Whole seconds, one for each start. */
  readonly taiMinusUtcSec: Float64Array;
  /** Until when the table is known to be complete. */
  readonly expiryMjd: number;
}

/** What to do at a time that a table does not cover. */
export type OutOfRangePolicy = "error" | "degrade";

const TABLE = "leap seconds";

/** The table shipped with the package, from the IERS's Leap_Second.dat. */
export const SHIPPED_LEAP_SECONDS: LeapSeconds = {
  startMjd: Float64Array.from(LEAP_SECOND_ROWS, ([startMjd]) => startMjd),
  taiMinusUtcSec: Float64Array.from(LEAP_SECOND_ROWS, ([, seconds]) => seconds),
  expiryMjd: LEAP_SECOND_EXPIRY_MJD,
};

/**
 * TAI − UTC in whole seconds on a UTC day.
 *
 * @throws TimeOutOfRangeError before 1972; and after the table's expiry unless `policy` is "degrade", when the last
 *   value is returned, which is then wrong by a second for each leap second that the table does not know
 */
export function taiMinusUtcSec(utcMjd: number, table: LeapSeconds, policy: OutOfRangePolicy = "error"): number {
  const { startMjd, taiMinusUtcSec: seconds, expiryMjd } = table;
  const isLate = utcMjd > expiryMjd;
  if (!(utcMjd >= startMjd[0]!) || (isLate && policy === "error")) {
    throw new TimeOutOfRangeError({
      table: TABLE,
      foundMjd: utcMjd,
      startMjd: startMjd[0]!,
      endMjd: expiryMjd,
      ...(isLate ? { hint: "read a newer Leap_Second.dat with parseLeapSeconds" } : {}),
    });
  }
  let row = startMjd.length - 1;
  while (startMjd[row]! > utcMjd) row--;
  return seconds[row]!;
}

/** Length of a UTC day: 86 401 s when a leap second is added at its end. Days that no table knows have 86 400 s. */
export function utcDayLengthSec(utcMjd: number, table: LeapSeconds): number {
  const row = table.startMjd.indexOf(utcMjd + 1);
  return row < 1 ? 86_400 : 86_400 + table.taiMinusUtcSec[row]! - table.taiMinusUtcSec[row - 1]!;
}

const MONTHS = "january february march april may june july august september october november december".split(" ");

/**
 * Reads the text of Leap_Second.dat (IERS Earth Orientation Centre): rows of MJD, day, month, year, TAI − UTC.
 *
 * @throws TableTextError when there is no row, no expiry, or a row that is not of that form or not in order
 */
export function parseLeapSeconds(text: string): LeapSeconds {
  const startMjd: number[] = [];
  const seconds: number[] = [];
  let expiryMjd: number | undefined;
  const problem = (lineNumber: number, field: string, expected: string, found: string) =>
    new TableTextError({ table: "Leap_Second.dat", lineNumber, field, expected, found });
  text.split(/\r?\n/).forEach((line, index) => {
    const expires = /expires on\s+(\d+)\s+([A-Za-z]+)\s+(\d+)/.exec(line);
    if (expires) {
      const month = MONTHS.indexOf(expires[2]!.toLowerCase()) + 1;
      if (month === 0) throw problem(index + 1, "expiry", "a month's English name", expires[2]!);
      expiryMjd = mjdOfDate(Number(expires[3]), month, Number(expires[1]));
    }
    if (line.trim() === "" || line.trim().startsWith("#")) return;
    const row = /^\s*(\d+)(?:\.0*)?\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*$/.exec(line);
    if (!row) throw problem(index + 1, "row", "MJD day month year seconds", line);
    const [mjd, day, month, year, taiMinusUtc] = row.slice(1).map(Number) as [number, number, number, number, number];
    const dateMjd = mjdOfDate(year, month, day);
    if (mjd !== dateMjd) throw problem(index + 1, "MJD", `${dateMjd} for ${year}-${month}-${day}`, String(mjd));
    if (startMjd.length > 0 && mjd <= startMjd.at(-1)!) {
      throw problem(index + 1, "MJD", `more than ${startMjd.at(-1)}`, String(mjd));
    }
    startMjd.push(mjd);
    seconds.push(taiMinusUtc);
  });
  if (startMjd.length === 0) throw problem(0, "rows", "at least one", "none");
  if (expiryMjd === undefined) throw problem(0, "expiry", '"File expires on <day> <month> <year>"', "none");
  return { startMjd: Float64Array.from(startMjd), taiMinusUtcSec: Float64Array.from(seconds), expiryMjd };
}
