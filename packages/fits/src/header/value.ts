/** Values of keywords and how they are written: FITS standard 4.0, 4.2. */

/** A complex value. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

/**
 * What a keyword can hold. Integers that a number cannot hold exactly are bigints; `null` is a keyword that is there
 * without a value.
 */
export type FitsValue = string | number | bigint | boolean | Complex | null;

const INTEGER = /^[+-]?\d+$/;
// The exponent may be written with D, and either side of the point may be empty, but not both.
const REAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[EDed][+-]?\d+)?$/;
const COMPLEX = /^\(([^,]*),([^,]*)\)$/;

/** A value and whether its text was that of a floating-point number, which `1.0` is and `1` is not. */
export interface ParsedValue {
  readonly value: FitsValue;
  readonly isReal: boolean;
}

/** Parses what stands between `= ` and the comment, unless it is a string. @returns undefined when it is no value */
export function parsePlainValue(text: string): ParsedValue | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return { value: null, isReal: false };
  if (trimmed === "T" || trimmed === "F") return { value: trimmed === "T", isReal: false };
  if (INTEGER.test(trimmed)) {
    const value = Number(trimmed);
    return { value: Number.isSafeInteger(value) ? value : BigInt(trimmed.replace(/^\+/, "")), isReal: false };
  }
  const real = parseReal(trimmed);
  if (real !== undefined) return { value: real, isReal: true };
  const [, reText, imText] = COMPLEX.exec(trimmed) ?? [];
  const re = parseReal(reText?.trim() ?? "");
  const im = parseReal(imText?.trim() ?? "");
  return re === undefined || im === undefined ? undefined : { value: { re, im }, isReal: true };
}

function parseReal(text: string): number | undefined {
  return REAL.test(text) ? Number(text.replace(/[Dd]/, "E")) : undefined;
}

/**
 * The shortest decimal number that is read back as exactly this one, always with a point: `180.0`, `1.0E-07`.
 *
 * @returns undefined for what FITS cannot write: infinities and NaN
 */
export function realText(x: number): string | undefined {
  if (!Number.isFinite(x)) return undefined;
  if (Object.is(x, -0)) return "-0.0";
  const [digits = "", exponent] = String(x).split("e");
  const withPoint = digits.includes(".") ? digits : `${digits}.0`;
  if (exponent === undefined) return withPoint;
  const [, sign, power = ""] = /^([+-]?)(\d+)$/.exec(exponent) ?? [];
  return `${withPoint}E${sign === "-" ? "-" : "+"}${power.padStart(2, "0")}`;
}

/** A value that is no string as text. @returns undefined when FITS cannot write it */
export function plainValueText(value: Exclude<FitsValue, string>, isReal: boolean): string | undefined {
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "T" : "F";
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") {
    return !isReal && Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : realText(value);
  }
  const re = realText(value.re);
  const im = realText(value.im);
  return re === undefined || im === undefined ? undefined : `(${re}, ${im})`;
}
