/** Numbers and angles as catalogues write them. */

import { type Place, quoted, refusal } from "./refuse.ts";

/** What stands where a survey says nothing. */
const BLANK = /^(?:|null|nan|none|-+|\?)$/i;

/** null where the cell is blank. */
export function optionalNumber(text: string, place: Place, field: string): number | null {
  const trimmed = text.trim();
  const value = Number(trimmed);
  // Number("") is 0.
  if (trimmed !== "" && Number.isFinite(value)) return value;
  if (BLANK.test(trimmed)) return null;
  throw refusal(place, field, "a number", quoted(text));
}

export function requiredNumber(text: string, place: Place, field: string): number {
  const value = optionalNumber(text, place, field);
  if (value === null) throw refusal(place, field, "a number", text.trim() === "" ? "nothing" : quoted(text));
  return value;
}

const SEXAGESIMAL = /^([-+]?)(\d{1,3})[ :hd]\s*(\d{1,2})(?:[ :m']\s*(\d{1,2}(?:\.\d*)?)[s"]?)?$/;

/** Whole, minutes and seconds, as their sum; undefined where the text is not of that form. */
function sexagesimal(text: string): number | undefined {
  const match = SEXAGESIMAL.exec(text);
  if (!match) return undefined;
  const [, sign, whole, minutes, seconds = "0"] = match;
  // Some catalogues round seconds to 60.
  if (Number(minutes) >= 60 || Number(seconds) > 60) return undefined;
  const size = Number(whole) + Number(minutes) / 60 + Number(seconds) / 3600;
  return sign === "-" ? -size : size;
}

/** In degrees, or in hours as `08 34 54.90`, `08:34:54.90` or `08h34m54.90s`. @returns 0 ≤ RA < 360 */
export function parseRaDeg(text: string, place: Place, field: string): number {
  const trimmed = text.trim();
  const degrees = /[ :h]/.test(trimmed) ? (sexagesimal(trimmed) ?? Number.NaN) * 15 : Number(trimmed || "?");
  if (degrees >= 0 && degrees <= 360) return degrees === 360 ? 0 : degrees;
  throw refusal(place, field, "degrees within 0 to 360, or hours as 08 34 54.90", quoted(text));
}

/** In degrees, or as `+55 34 21.1`, `+55:34:21.1` or `55d34'21.1"`. */
export function parseDecDeg(text: string, place: Place, field: string): number {
  const trimmed = text.trim();
  const degrees = /[ :d]/.test(trimmed) ? (sexagesimal(trimmed) ?? Number.NaN) : Number(trimmed || "?");
  if (degrees >= -90 && degrees <= 90) return degrees;
  throw refusal(place, field, "degrees within -90 to 90, or as +55 34 21.1", quoted(text));
}
