/** The values that callers give, checked against the column and brought to one form. */
import { writeRecord } from "../aipsio/record.ts";
import { AipsIoWriter } from "../aipsio/writer.ts";
import { elementCount, numericLayouts } from "../table/data-types.ts";
import type { ColumnDesc, ComplexValue, KeywordSet, NumericArray } from "../table/model.ts";
import type { CellInput, ShapedCell } from "../table/table-spec.ts";

/** One cell: numbers as a typed array (complex interleaved, bool one byte a value), strings as a list. A scalar has shape []. */
export interface CellValue {
  readonly shape: readonly number[];
  readonly data: NumericArray | readonly string[];
}

/** Bits that a cell of this column takes inline, when all cells have the same size there; undefined for the others. */
export function inlineBitCount(desc: ColumnDesc): number | undefined {
  if (desc.type === "string" || desc.type === "record") return undefined;
  const bits = desc.type === "bool" ? 1 : 8 * numericLayouts[desc.type].elementBytes;
  if (desc.form === "scalar") return bits;
  return isDirect(desc) ? bits * elementCount(desc.shape as readonly number[]) : undefined;
}

/** Whether the arrays of the column are stored with the scalars, rather than in a file of arrays. */
export function isDirect(desc: ColumnDesc): boolean {
  return desc.form === "array" && (desc.option & 1) !== 0 && desc.shape !== undefined;
}

/** What a cell holds that was never given a value: zero for scalars and for arrays of a fixed shape, nothing for others. */
export function emptyCell(desc: ColumnDesc): CellValue | undefined {
  if (desc.type === "record") return undefined;
  const shape = desc.form === "scalar" ? [] : desc.shape;
  if (shape === undefined) return undefined;
  const count = elementCount(shape);
  if (desc.type === "string") return { shape, data: new Array<string>(count).fill("") };
  const layout = numericLayouts[desc.type];
  if (desc.defaultValue !== undefined && desc.form === "scalar") return toCellValue(desc, desc.defaultValue);
  return { shape, data: layout.create(count * layout.parts) };
}

/**
 * Brings a cell to one form.
 *
 * @param cellShape  shape of the cell where the input is a plain list and the column has no fixed shape
 * @returns undefined when there is no value
 * @throws RangeError when the value does not fit the column: its type, its range, its number of axes, or its shape
 */
export function toCellValue(
  desc: ColumnDesc,
  input: CellInput,
  cellShape: readonly number[] | undefined = desc.shape,
): CellValue | undefined {
  if (input === undefined) return emptyCell(desc);
  if (desc.type === "record") {
    const bytes = encodeRecord(input instanceof Map ? (input as KeywordSet) : refuse(desc, "a keyword set", input));
    return { shape: [bytes.length], data: bytes };
  }
  if (desc.form === "scalar") return { shape: [], data: toData(desc, [input as number], 1) };
  if (input === null || typeof input !== "object" || input instanceof Map) return refuse(desc, "an array", input);
  if (isShaped(input)) return checkShape(desc, input.shape, toData(desc, input.data, elementCount(input.shape)));
  const list = input as ArrayLike<number>;
  const shape = cellShape ?? shapeOfList(desc, list.length / partsOf(desc));
  return checkShape(desc, shape, toData(desc, list, elementCount(shape)));
}

/** A record cell as the bytes that are stored, in a vector of uchar. */
export function encodeRecord(record: KeywordSet): Uint8Array {
  const writer = new AipsIoWriter();
  writeRecord(writer, record);
  return writer.finish();
}

function partsOf(desc: ColumnDesc): number {
  return desc.type === "string" || desc.type === "record" ? 1 : numericLayouts[desc.type].parts;
}

function isShaped(input: CellInput & object): input is ShapedCell {
  return !Array.isArray(input) && !ArrayBuffer.isView(input) && "shape" in input;
}

function shapeOfList(desc: ColumnDesc, count: number): readonly number[] {
  if (desc.ndim > 1) {
    if (count === 0) return new Array<number>(desc.ndim).fill(0);
    return refuse(desc, `{ shape, data } with ${desc.ndim} axes`, "a list");
  }
  return [count];
}

function checkShape(desc: ColumnDesc, shape: readonly number[], data: CellValue["data"]): CellValue {
  if (desc.ndim > 0 && shape.length !== desc.ndim) return refuse(desc, `${desc.ndim} axes`, `shape [${shape}]`);
  if (desc.shape !== undefined && !sameShape(desc.shape, shape)) {
    return refuse(desc, `shape [${desc.shape}]`, `shape [${shape}]`);
  }
  return { shape, data };
}

/** Whether two shapes are equal. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}

function toData(desc: ColumnDesc, input: ArrayLike<unknown>, count: number): CellValue["data"] {
  if (desc.type === "string") {
    if (input.length !== count) return refuse(desc, `${count} strings`, `${input.length}`);
    for (let i = 0; i < count; i++) if (typeof input[i] !== "string") refuse(desc, "a string", input[i]);
    return Array.isArray(input) ? (input as string[]) : Array.from(input as ArrayLike<string>);
  }
  const layout = numericLayouts[desc.type as Exclude<typeof desc.type, "record">];
  const sample = layout.create(0);
  if (Object.getPrototypeOf(input) === Object.getPrototypeOf(sample)) {
    if (input.length !== count * layout.parts) return refuse(desc, `${count} values`, `${input.length / layout.parts}`);
    return input as unknown as NumericArray;
  }
  const data = layout.create(count * layout.parts);
  if (layout.parts === 2 && input.length === count && (count === 0 || typeof input[0] === "object")) {
    for (let i = 0; i < count; i++) {
      const value = input[i] as ComplexValue;
      data[2 * i] = value.re;
      data[2 * i + 1] = value.im;
    }
    return data;
  }
  if (layout.parts === 2 && typeof input[0] === "number" && input.length === 1 && count === 1) {
    data[0] = input[0];
    return data;
  }
  if (input.length !== data.length) return refuse(desc, `${count} values`, `${input.length / layout.parts}`);
  for (let i = 0; i < data.length; i++) setNumber(desc, data, i, input[i]);
  return data;
}

function setNumber(desc: ColumnDesc, data: NumericArray, index: number, value: unknown): void {
  if (data instanceof BigInt64Array) {
    if (typeof value === "bigint") data[index] = value;
    else if (typeof value === "number" && Number.isSafeInteger(value)) data[index] = BigInt(value);
    else refuse(desc, "an integer", value);
    if (typeof value === "bigint" && data[index] !== value) refuse(desc, "64 bits", value);
    return;
  }
  const number = typeof value === "boolean" && desc.type === "bool" ? Number(value) : value;
  if (typeof number !== "number") return refuse(desc, `a value of type ${desc.type}`, value);
  data[index] = desc.type === "bool" && number !== 0 ? 1 : number;
  const isFloating = data instanceof Float32Array || data instanceof Float64Array;
  if (!isFloating && desc.type !== "bool" && data[index] !== number)
    refuse(desc, `a value of type ${desc.type}`, value);
}

function refuse(desc: ColumnDesc, expected: string, found: unknown): never {
  throw new RangeError(`column ${desc.name}: expected ${expected}, found ${inWords(found)}`);
}

function inWords(found: unknown): string {
  if (typeof found === "string") return found;
  return typeof found === "number" || typeof found === "bigint" || typeof found === "boolean"
    ? `${found}`
    : `a value of type ${typeof found}`;
}
