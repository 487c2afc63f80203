/** Formats of columns of binary tables: FITS standard 4.0, 7.3.1 to 7.3.5. */
import type { NativeType } from "../image/scale.ts";

/** Letter of an element type: logical, bit, byte, integers, characters, floats, complex. */
export type ElementCode = "L" | "X" | "B" | "I" | "J" | "K" | "A" | "E" | "D" | "C" | "M";

/** A parsed TFORM. */
export interface ColumnFormat {
  readonly element: ElementCode;
  /** Elements in a row; of a variable-length column the descriptors, 0 or 1. */
  readonly repeatCount: number;
  /** Set for a variable-length column: 32-bit or 64-bit descriptors. */
  readonly descriptor?: "P" | "Q";
  /** Largest number of elements in a row of a variable-length column, where it is said. */
  readonly maxCount?: number;
  /** Characters of each of several strings in a cell, by the older convention `rAw`. */
  readonly substringCount?: number;
  /** Bytes in a row of the table. */
  readonly rowBytes: number;
}

/** Bytes of one element; bits are counted apart. */
const ELEMENT_BYTES: Readonly<Record<ElementCode, number>> = {
  L: 1,
  X: 1,
  B: 1,
  I: 2,
  J: 4,
  K: 8,
  A: 1,
  E: 4,
  D: 8,
  C: 8,
  M: 16,
};

const NUMBERS: Readonly<Partial<Record<ElementCode, NativeType>>> = {
  B: "uint8",
  I: "int16",
  J: "int32",
  K: "int64",
  E: "float32",
  D: "float64",
  C: "float32",
  M: "float64",
};

const FORMAT = /^(\d*)([LXBIJKAEDCM])(.*)$/;
const VARIABLE = /^([01]?)([PQ])([LXBIJKAEDCM])(?:\((\d+)\))?$/;

/** @returns undefined when the text is no format */
export function parseFormat(text: string): ColumnFormat | undefined {
  const trimmed = text.trim();
  const variable = VARIABLE.exec(trimmed);
  if (variable !== null) {
    const [, repeat, descriptor, element, max] = variable;
    const repeatCount = repeat === "0" ? 0 : 1;
    return {
      element: element as ElementCode,
      repeatCount,
      descriptor: descriptor as "P" | "Q",
      ...(max === undefined ? {} : { maxCount: Number(max) }),
      rowBytes: repeatCount * (descriptor === "P" ? 8 : 16),
    };
  }
  const [, repeat, letter, rest = ""] = FORMAT.exec(trimmed) ?? [];
  if (letter === undefined) return undefined;
  const element = letter as ElementCode;
  const repeatCount = repeat === "" ? 1 : Number(repeat);
  if (!Number.isSafeInteger(repeatCount * 16)) return undefined;
  const substring = element === "A" ? /^(\d+)$/.exec(rest) : null;
  return {
    element,
    repeatCount,
    ...(substring === null ? {} : { substringCount: Number(substring[1]) }),
    rowBytes: bytesOfElements(element, repeatCount),
  };
}

/** Bytes that so many elements take. */
export function bytesOfElements(element: ElementCode, count: number): number {
  return element === "X" ? Math.ceil(count / 8) : count * ELEMENT_BYTES[element];
}

/** The type of the numbers of an element (of each part, for complex); undefined for logicals, bits and characters. */
export function numberTypeOf(element: ElementCode): NativeType | undefined {
  return NUMBERS[element];
}

/** Parses TDIM, first axis first. @returns undefined when the text is none */
export function parseDimensions(text: string): readonly number[] | undefined {
  const [, inner] = /^\(([\d,\s]+)\)$/.exec(text.trim()) ?? [];
  const lengths = inner?.split(",").map((length) => (length.trim() === "" ? NaN : Number(length)));
  return lengths?.every((length) => Number.isSafeInteger(length)) ? lengths : undefined;
}
