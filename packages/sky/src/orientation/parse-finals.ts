import { TableTextError } from "../errors.ts";
import { type LeapSeconds, taiMinusUtcSec } from "../time/leap-seconds.ts";
import type { EarthOrientation } from "./earth-orientation.ts";

const TABLE = "finals2000A";
const ARCSEC_RAD = Math.PI / 648_000;

/**
 * Reads the text of finals2000A.all, .daily or .data of the IERS: MJD, pole and UT1 − UTC of Bulletin A, replaced by
 * Bulletin B's where a row has them, as astropy does. Rows without values, at the end of the file, are left out.
 *
 * @throws TableTextError when a field is no number, a day is missing, or no row has values
 */
export function parseFinals2000A(text: string, leapSeconds: LeapSeconds): EarthOrientation {
  const ut1MinusTaiSec: number[] = [];
  const xPoleRad: number[] = [];
  const yPoleRad: number[] = [];
  let startMjd = 0;
  let lastMeasuredMjd = 0;
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === "") return;
    const field = (name: string, from: number, to: number): number | undefined => {
      const found = line.slice(from, to).trim();
      if (found === "") return undefined;
      const value = Number(found);
      if (!Number.isFinite(value)) {
        throw new TableTextError({ table: TABLE, lineNumber: index + 1, field: name, expected: "a number", found });
      }
      return value;
    };
    const mjd = field("MJD", 7, 15);
    const ofBulletinA = [field("x", 18, 27), field("y", 37, 46), field("UT1-UTC", 58, 68)];
    const ofBulletinB = [field("x (B)", 134, 144), field("y (B)", 144, 154), field("UT1-UTC (B)", 154, 165)];
    if (ofBulletinA.includes(undefined)) return;
    const expectedMjd = ut1MinusTaiSec.length === 0 ? mjd : startMjd + ut1MinusTaiSec.length;
    if (mjd === undefined || mjd !== expectedMjd || !Number.isInteger(mjd)) {
      throw new TableTextError({
        table: TABLE,
        lineNumber: index + 1,
        field: "MJD",
        expected: expectedMjd === undefined ? "a number" : `whole day ${expectedMjd}`,
        found: String(mjd),
      });
    }
    if (ut1MinusTaiSec.length === 0) startMjd = mjd;
    if (line[16] === "I" && line[57] === "I") lastMeasuredMjd = mjd;
    const [x, y, ut1MinusUtc] = (ofBulletinB.includes(undefined) ? ofBulletinA : ofBulletinB) as number[];
    xPoleRad.push(x! * ARCSEC_RAD);
    yPoleRad.push(y! * ARCSEC_RAD);
    ut1MinusTaiSec.push(ut1MinusUtc! - taiMinusUtcSec(mjd, leapSeconds, "degrade"));
  });
  if (ut1MinusTaiSec.length < 2) {
    throw new TableTextError({
      table: TABLE,
      lineNumber: 0,
      field: "rows",
      expected: "at least two days",
      found: String(ut1MinusTaiSec.length),
    });
  }
  return {
    leapSeconds,
    startMjd,
    endMjd: startMjd + ut1MinusTaiSec.length - 1,
    lastMeasuredMjd,
    ut1MinusTaiSec: Float64Array.from(ut1MinusTaiSec),
    xPoleRad: Float64Array.from(xPoleRad),
    yPoleRad: Float64Array.from(yPoleRad),
  };
}
