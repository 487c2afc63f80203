/** The columns of a binary table as its header describes them. */
import { FitsCorruptError, FitsLimitError } from "../errors.ts";
import type { FitsHeader } from "../header/header.ts";
import { type NativeType, nativeTypeOf, type Scaling, scalingFrom } from "../image/scale.ts";
import { type ColumnFormat, numberTypeOf, parseDimensions, parseFormat } from "./tform.ts";

/** Kinds of values. */
export type ColumnKind = "numbers" | "complex" | "text" | "logical" | "bits";

/** One column. */
export interface TableColumn {
  /** TTYPE, empty when there is none. */
  readonly name: string;
  /** From 0. */
  readonly index: number;
  readonly kind: ColumnKind;
  readonly format: ColumnFormat;
  /** Shape of one cell, first axis first; empty for one value. Of text without its characters; of variable-length cells empty. */
  readonly cellShape: readonly number[];
  /** Characters of one string. */
  readonly charCount: number;
  /** TUNIT, empty when there is none. */
  readonly unit: string;
  readonly scaling: Scaling;
  /** Type of what reading gives for numbers and the parts of complex ones. */
  readonly nativeType: NativeType | undefined;
  readonly rowStartByte: number;
}

/** @throws FitsCorruptError, FitsMissingError, FitsLimitError */
export function describeColumns(header: FitsHeader, rowBytes: number): readonly TableColumn[] {
  const fieldCount = header.requiredInteger("TFIELDS");
  if (fieldCount < 0 || fieldCount > 999) {
    const place = header.placeOf("TFIELDS");
    throw new FitsLimitError({ file: header.file, place, expected: "0 to 999", found: String(fieldCount) });
  }
  const columns: TableColumn[] = [];
  let rowStartByte = 0;
  for (let index = 0; index < fieldCount; index++) {
    const column = describeColumn(header, index, rowStartByte);
    rowStartByte += column.format.rowBytes;
    if (rowStartByte > rowBytes) {
      const expected = `columns within NAXIS1 = ${rowBytes} bytes`;
      throw corrupt(header, `TFORM${index + 1}`, expected, `${rowStartByte} bytes up to this one`);
    }
    columns.push(column);
  }
  return columns;
}

function describeColumn(header: FitsHeader, index: number, rowStartByte: number): TableColumn {
  const number = index + 1;
  const text = header.requiredText(`TFORM${number}`);
  const format = parseFormat(text);
  if (format === undefined) throw corrupt(header, `TFORM${number}`, "a format such as 1E or 1PJ(5)", text);
  const kind = kindOf(format);
  const stored = kind === "numbers" ? numberTypeOf(format.element) : undefined;
  const isInteger = stored !== undefined && !stored.startsWith("float");
  const scaling =
    kind === "numbers" || kind === "complex"
      ? scalingFrom(header, `TSCAL${number}`, `TZERO${number}`, `TNULL${number}`, isInteger)
      : { bscale: 1, bzero: 0, blank: undefined };
  const name = header.has(`TTYPE${number}`) ? (header.text(`TTYPE${number}`) ?? "") : "";
  const unit = header.has(`TUNIT${number}`) ? (header.text(`TUNIT${number}`) ?? "") : "";
  const nativeType = stored === undefined ? numberTypeOf(format.element) : nativeTypeOf(stored, scaling);
  const dimensions = header.has(`TDIM${number}`) ? parseDimensions(header.text(`TDIM${number}`) ?? "") : undefined;
  const { cellShape, charCount } = shapeOf(format, dimensions);
  return { name, index, kind, format, cellShape, charCount, unit, scaling, nativeType, rowStartByte };
}

function kindOf({ element }: ColumnFormat): ColumnKind {
  if (element === "A") return "text";
  if (element === "L") return "logical";
  if (element === "X") return "bits";
  return element === "C" || element === "M" ? "complex" : "numbers";
}

/** TDIM counts where it describes exactly the elements that there are; otherwise a cell is a list. */
function shapeOf(
  { element, repeatCount, descriptor, substringCount }: ColumnFormat,
  dimensions: readonly number[] | undefined,
): { readonly cellShape: readonly number[]; readonly charCount: number } {
  if (descriptor !== undefined) return { cellShape: [], charCount: 0 };
  const fits = dimensions !== undefined && dimensions.reduce((product, length) => product * length, 1) === repeatCount;
  if (element === "A") {
    if (fits && dimensions.length > 1) return { cellShape: dimensions.slice(1), charCount: dimensions[0]! };
    if (substringCount !== undefined && substringCount > 0 && substringCount < repeatCount) {
      return { cellShape: [Math.floor(repeatCount / substringCount)], charCount: substringCount };
    }
    return { cellShape: [], charCount: repeatCount };
  }
  if (fits) return { cellShape: dimensions, charCount: 0 };
  return { cellShape: repeatCount === 1 ? [] : [repeatCount], charCount: 0 };
}

function corrupt(header: FitsHeader, keyword: string, expected: string, found: string): FitsCorruptError {
  return new FitsCorruptError({ file: header.file, place: header.placeOf(keyword), expected, found });
}
