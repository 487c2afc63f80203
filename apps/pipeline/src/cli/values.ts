/** Flag values that are more than a number: each parser says what it expected and what it found. */

import { InvalidArgumentError } from "commander";
import type { PhaseCentreChoice } from "../stages/convert/config.ts";
import { parsePhaseCentre } from "../stages/convert/phase-centre-text.ts";

export function wholeNumber(name: string, least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isInteger(value) || value < least || value > most) {
      const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
      throw new InvalidArgumentError(`${name}: expected a whole number ${range}, found "${text}"`);
    }
    return value;
  };
}

export function finiteNumber(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value))
      throw new InvalidArgumentError(`${name}: expected a number, found "${text}"`);
    return value;
  };
}

/** A number above 0. */
export function positiveNumber(name: string): (text: string) => number {
  const parse = finiteNumber(name);
  return (text) => {
    const value = parse(text);
    if (value > 0) return value;
    throw new InvalidArgumentError(`${name}: expected a number above 0, found "${text}"`);
  };
}

export function phaseCentre(text: string): PhaseCentreChoice {
  const choice = parsePhaseCentre(text);
  if (choice === undefined) {
    throw new InvalidArgumentError(
      `expected mid, none or RA,DEC (ICRS; degrees, or 11h48m50s,+54d26m30s), found "${text}"`,
    );
  }
  return choice;
}

/** A UTC instant: `2025-10-03T11:48:50`, `2025-10-03 11:48:50`, `2025/10/03/11:48:50` (CASA) or a date alone. */
export function utcUnixSec(text: string): number {
  const match = /^(\d{4})[-/](\d{2})[-/](\d{2})(?:[T /](\d{2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?)?Z?$/.exec(text.trim());
  const [year, month, day, hour, minute, second] = (match?.slice(1) ?? []).map((part) => Number(part ?? 0));
  if (!match || !month || month > 12 || !day || day > 31 || hour! > 23 || minute! > 59 || second! >= 61) {
    throw new InvalidArgumentError(`expected a UTC time such as 2025-10-03T11:48:50, found "${text}"`);
  }
  return Date.UTC(year!, month - 1, day, hour, minute) / 1000 + second!;
}

const UNIX_EPOCH_JD = 2_440_587.5;
const SEC_PER_DAY = 86_400;

/** A UTC instant as for {@link utcUnixSec}, or a Julian date: `2460951.992331495`. */
export function julianDate(text: string): number {
  if (/^\d{7}(\.\d+)?$/.test(text.trim())) return Number(text);
  return UNIX_EPOCH_JD + utcUnixSec(text) / SEC_PER_DAY;
}
