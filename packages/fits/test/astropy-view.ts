/** What astropy sees in a file, and what this package sees, in the same form. */
import { join } from "node:path";
import { pythonPath, runCommand } from "../../../tools/oracles.ts";
import type { ColumnValues, FitsCard, FitsValue, Hdu, NativeArray } from "../src/index.ts";
import { BinTable, FitsImage } from "../src/index.ts";

/** A value of a keyword as JSON holds it exactly. */
export type ViewedValue =
  | string
  | boolean
  | null
  | { readonly int: string }
  | { readonly float: string }
  | { readonly complex: readonly string[] };

export interface ViewedColumn {
  readonly name: string;
  readonly unit?: string | null;
  readonly shape?: readonly number[];
  readonly values?: readonly string[];
  readonly cells?: readonly (readonly string[])[];
}

export interface ViewedHdu {
  readonly name: string;
  readonly kind: string;
  readonly cards: readonly (readonly [keyword: string, value: ViewedValue, comment: string])[];
  /** As numpy has it: last axis of FITS first. */
  readonly shape?: readonly number[];
  readonly dtype?: string;
  readonly values?: readonly string[];
  readonly columns?: readonly ViewedColumn[];
}

/** Every HDU of every file, read and checked by astropy. */
export function astropyViews(paths: readonly string[]): readonly (readonly ViewedHdu[])[] {
  const output = runCommand(pythonPath, [join(import.meta.dirname, "describe-fits.py"), ...paths]);
  return output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as readonly ViewedHdu[]);
}

/** Numbers of Python's text, with everything else as it is, so that 1e-05 and 0.00001 are the same. */
export function numbersOf(texts: readonly string[]): readonly unknown[] {
  return texts.map((text) => (/^-?(\d+)$/.test(text) ? BigInt(text) : pythonNumber(text)));
}

function pythonNumber(text: string): unknown {
  if (text === "nan") return NaN;
  if (text === "inf" || text === "-inf") return text === "inf" ? Infinity : -Infinity;
  return /^-?[\d.]+(e[+-]\d+)?$/.test(text) ? Number(text) : text;
}

/** A typed array in the same form. */
export function exactly(values: NativeArray): readonly unknown[] {
  const isFloat = values instanceof Float32Array || values instanceof Float64Array;
  return Array.from(values as ArrayLike<number | bigint>, (value) => (isFloat ? value : BigInt(value)));
}

/** Values of a column in the same form; text stays text. */
export function exactlyColumn(column: ColumnValues): readonly unknown[] {
  return column.kind === "text" ? column.values : exactly(column.values);
}

/** A keyword's value in the form of astropy's. */
export function viewedValue({ value, isReal }: FitsCard): ViewedValue | undefined {
  return value === undefined ? undefined : viewed(value, isReal);
}

function viewed(value: FitsValue, isReal: boolean): ViewedValue {
  if (typeof value === "number") return isReal ? { float: String(value) } : { int: String(value) };
  if (typeof value === "bigint") return { int: String(value) };
  if (value !== null && typeof value === "object") return { complex: [String(value.re), String(value.im)] };
  return value;
}

/** Image values of an HDU as float64, or exactly. */
export async function imageOf(
  hdu: Hdu,
): Promise<{ readonly shape: readonly number[]; readonly values: readonly unknown[] }> {
  const image = new FitsImage(hdu);
  const { data, shape } = await image.readNative();
  return { shape: [...shape].reverse(), values: exactly(data) };
}

export async function columnsOf(hdu: Hdu): Promise<readonly ViewedTable[]> {
  const table = new BinTable(hdu);
  const data = await table.readColumns(table.columns.map(({ index }) => index));
  return table.columns.map(({ name, unit }, index) => {
    const column = data[index]!;
    if (column.kind === "variable") return { name, unit, cells: column.cells.map(exactlyColumn) };
    return { name, unit, shape: [...column.cellShape].reverse(), values: exactlyColumn(column) };
  });
}

export interface ViewedTable {
  readonly name: string;
  readonly unit: string;
  readonly shape?: readonly number[];
  readonly values?: readonly unknown[];
  readonly cells?: readonly (readonly unknown[])[];
}
