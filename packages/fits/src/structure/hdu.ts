/** What one HDU holds and how many bytes it takes, from its header alone: FITS standard 4.0, 4.4.1 and 7. */
import { FitsCorruptError, FitsLimitError } from "../errors.ts";
import type { FitsHeader } from "../header/header.ts";

/** Bits of one element: unsigned byte, signed integers, negative for floating point. */
export type Bitpix = 8 | 16 | 32 | 64 | -32 | -64;

/** Kinds of HDU. `groups` is the random groups structure, `other` an extension of another standard. */
export type HduKind = "image" | "bintable" | "ascii-table" | "groups" | "other";

/** The layout of one HDU. */
export interface HduLayout {
  readonly kind: HduKind;
  readonly bitpix: Bitpix;
  /** NAXISn, first axis first: it varies fastest. Empty when there are no data. */
  readonly shape: readonly number[];
  /** PCOUNT: bytes of the heap of a table. */
  readonly parameterCount: number;
  readonly groupCount: number;
  /** Bytes of data without the padding to whole blocks. */
  readonly dataBytes: number;
}

const BITPIX = [8, 16, 32, 64, -32, -64];
const MAX_AXIS_COUNT = 999;

/** @throws FitsCorruptError, FitsMissingError; FitsLimitError when the size is beyond what a number counts exactly */
export function describeHdu(header: FitsHeader): HduLayout {
  const bitpix = header.requiredInteger("BITPIX");
  if (!isBitpix(bitpix)) throw corrupt(header, "BITPIX", BITPIX.join(", "), String(bitpix));
  const axisCount = header.requiredInteger("NAXIS");
  if (axisCount < 0 || axisCount > MAX_AXIS_COUNT) throw corrupt(header, "NAXIS", "0 to 999", String(axisCount));
  const shape: number[] = [];
  for (let axis = 1; axis <= axisCount; axis++) {
    const length = header.requiredInteger(`NAXIS${axis}`);
    if (length < 0) throw corrupt(header, `NAXIS${axis}`, "0 or more", String(length));
    shape.push(length);
  }
  const kind = kindOf(header, shape);
  const parameterCount = countOf(header, "PCOUNT", 0);
  const groupCount = countOf(header, "GCOUNT", 1);
  const sized = kind === "groups" ? shape.slice(1) : shape;
  const elementCount = sized.length === 0 ? 0 : sized.reduce((product, length) => product * length, 1);
  const dataBytes = (Math.abs(bitpix) / 8) * groupCount * (parameterCount + elementCount);
  if (!Number.isSafeInteger(dataBytes)) {
    const place = header.placeOf("NAXIS");
    throw new FitsLimitError({ file: header.file, place, expected: "less than 2^53 bytes", found: `${dataBytes}` });
  }
  return { kind, bitpix, shape, parameterCount, groupCount, dataBytes };
}

function kindOf(header: FitsHeader, shape: readonly number[]): HduKind {
  const extension = header.has("XTENSION") ? header.requiredText("XTENSION") : undefined;
  if (extension === undefined) return shape[0] === 0 && header.value("GROUPS") === true ? "groups" : "image";
  if (extension === "IMAGE") return "image";
  if (extension === "BINTABLE" || extension === "A3DTABLE") return "bintable";
  return extension === "TABLE" ? "ascii-table" : "other";
}

function countOf(header: FitsHeader, keyword: string, absentCount: number): number {
  const value = header.integer(keyword) ?? absentCount;
  if (value < 0) throw corrupt(header, keyword, "0 or more", String(value));
  return value;
}

function isBitpix(value: number): value is Bitpix {
  return BITPIX.includes(value);
}

function corrupt(header: FitsHeader, keyword: string, expected: string, found: string): FitsCorruptError {
  return new FitsCorruptError({ file: header.file, place: header.placeOf(keyword), expected, found });
}
