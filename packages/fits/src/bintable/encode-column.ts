/** One column of a table that is written: its bytes and its keywords. */
import { FitsWriteError } from "../errors.ts";
import { quantizeInto } from "../image/quantize.ts";
import { type NativeType, newArray, type Scaling, storageOf, typeOfArray } from "../image/scale.ts";
import { type ColumnValues, encodeColumn } from "./column-values.ts";
import type { FixedColumnSpec, VariableColumnSpec } from "./table-spec.ts";
import { bytesOfElements, type ElementCode } from "./tform.ts";

/** A column ready to be written. */
export interface EncodedColumn {
  /** TFORM. */
  readonly form: string;
  /** TDIM, empty when there is none. */
  readonly dimensions: string;
  readonly scaling: Scaling;
  /** Bytes of one row. */
  readonly rowBytes: number;
  /** All rows, one behind the other. */
  readonly bytes: Uint8Array;
  /** Cells of variable length, one behind the other. */
  readonly heap: readonly Uint8Array[];
}

const LETTERS: Readonly<Partial<Record<NativeType, ElementCode>>> = {
  uint8: "B",
  int16: "I",
  int32: "J",
  int64: "K",
  float32: "E",
  float64: "D",
};

/** Where a column stands, for errors. */
export interface ColumnPlace {
  readonly file: string;
  readonly place: string;
}

/** @throws FitsWriteError when there are not as many values as rows ask for, or one cannot be stored */
export function encodeFixedColumn(spec: FixedColumnSpec, rowCount: number, at: ColumnPlace): EncodedColumn {
  const cellShape = spec.cellShape ?? [];
  const perRow = cellShape.reduce((product, length) => product * length, 1);
  const partCount = spec.kind === "complex" ? 2 : 1;
  if (spec.values.length !== rowCount * perRow * partCount) {
    const expected = `${rowCount * perRow * partCount} values for ${rowCount} rows of [${cellShape}]`;
    throw new FitsWriteError({ ...at, expected, found: `${spec.values.length}` });
  }
  const charCount = spec.kind === "text" ? charCountOf(spec, at) : 0;
  const { bytes, letter, scaling } = encodeValues(spec, spec.kind === "text" ? charCount : perRow, spec, at);
  const repeatCount = spec.kind === "text" ? perRow * charCount : perRow;
  const axes = spec.kind === "text" && cellShape.length > 0 ? [charCount, ...cellShape] : cellShape;
  return {
    form: `${repeatCount}${letter}`,
    dimensions: axes.length > 1 ? `(${axes.join(",")})` : "",
    scaling,
    rowBytes: bytesOfElements(letter, repeatCount),
    bytes,
    heap: [],
  };
}

/**
 * @param heapStartByte  where the cells of this column will begin in the heap
 * @throws FitsWriteError as `encodeFixedColumn`, and when cells are of different types
 */
export function encodeVariableColumn(
  spec: VariableColumnSpec,
  rowCount: number,
  heapStartByte: number,
  at: ColumnPlace,
): EncodedColumn {
  if (spec.cells.length !== rowCount) {
    throw new FitsWriteError({ ...at, expected: `${rowCount} cells`, found: `${spec.cells.length}` });
  }
  const first = spec.cells[0] ?? ({ kind: "numbers", values: new Uint8Array(0) } as const);
  const heap: Uint8Array[] = [];
  const counts: number[] = [];
  let form: { readonly letter: string; readonly scaling: Scaling } | undefined;
  for (const [row, cell] of spec.cells.entries()) {
    if (cell.kind !== first.kind) {
      throw new FitsWriteError({ ...at, expected: `${first.kind} as in row 0`, found: `${cell.kind} in row ${row}` });
    }
    if (cell.kind === "text" && cell.values.length !== 1) {
      throw new FitsWriteError({ ...at, expected: "one string", found: `${cell.values.length} in row ${row}` });
    }
    const count =
      cell.kind === "text" ? cell.values[0]!.length : cell.values.length / (cell.kind === "complex" ? 2 : 1);
    const { bytes, letter, scaling } = encodeValues(cell, count, spec, at);
    if (form !== undefined && (form.letter !== letter || Number(form.scaling.bzero) !== Number(scaling.bzero))) {
      throw new FitsWriteError({ ...at, expected: "cells of one type", found: `another in row ${row}` });
    }
    form = { letter, scaling };
    heap.push(bytes);
    counts.push(count);
  }
  const { letter, scaling } = form ?? encodeValues(first, 0, spec, at);
  const endByte = heapStartByte + heap.reduce((sum, bytes) => sum + bytes.length, 0);
  const descriptor = spec.descriptor ?? (endByte > 0x7fffffff ? "Q" : "P");
  if (descriptor === "P" && endByte > 0x7fffffff) {
    throw new FitsWriteError({ ...at, expected: "a heap below 2 GiB for P", found: `${endByte} bytes` });
  }
  const rowBytes = descriptor === "P" ? 8 : 16;
  const bytes = new Uint8Array(rowCount * rowBytes);
  const view = new DataView(bytes.buffer);
  let offsetBytes = heapStartByte;
  for (const [row, count] of counts.entries()) {
    if (descriptor === "P") {
      view.setInt32(row * 8, count);
      view.setInt32(row * 8 + 4, offsetBytes);
    } else {
      view.setBigInt64(row * 16, BigInt(count));
      view.setBigInt64(row * 16 + 8, BigInt(offsetBytes));
    }
    offsetBytes += heap[row]!.length;
  }
  const maxCount = counts.reduce((max, count) => Math.max(max, count), 0);
  return { form: `1${descriptor}${letter}(${maxCount})`, dimensions: "", scaling, rowBytes, bytes, heap };
}

function charCountOf(spec: FixedColumnSpec & { readonly kind: "text" }, at: ColumnPlace): number {
  const longest = spec.values.reduce((max, text) => Math.max(max, text.length), 0);
  const charCount = spec.charCount ?? Math.max(1, longest);
  if (longest > charCount) {
    throw new FitsWriteError({ ...at, expected: `strings of at most ${charCount} characters`, found: `${longest}` });
  }
  return charCount;
}

/** @param unitCount  characters of a string, bits of a cell */
function encodeValues(
  values: ColumnValues,
  unitCount: number,
  spec: FixedColumnSpec | VariableColumnSpec,
  at: ColumnPlace,
): { readonly bytes: Uint8Array; readonly letter: ElementCode; readonly scaling: Scaling } {
  const storage = spec.kind === "variable" ? undefined : spec.storage;
  const plain = { bscale: 1, bzero: 0, blank: undefined };
  const encoded = (stored: NativeType, of: ColumnValues = values): Uint8Array => {
    const bytes = encodeColumn(of, unitCount, stored);
    if (bytes === undefined) {
      const expected = of.kind === "text" ? "printable ASCII" : of.kind === "bits" ? "0 or 1" : "0, 1 or 255";
      throw new FitsWriteError({ ...at, expected, found: "something else" });
    }
    return bytes;
  };
  if (values.kind === "text") return { bytes: encoded("uint8"), letter: "A", scaling: plain };
  if (values.kind === "logical") return { bytes: encoded("uint8"), letter: "L", scaling: plain };
  if (values.kind === "bits") return { bytes: encoded("uint8"), letter: "X", scaling: plain };
  if (values.kind === "complex") {
    return { bytes: encoded("float32"), letter: values.values instanceof Float32Array ? "C" : "M", scaling: plain };
  }
  const type = typeOfArray(values.values);
  if (storage !== undefined) {
    if (type !== "float32" && type !== "float64") {
      throw new FitsWriteError({ ...at, expected: "float32 or float64 to store as integers", found: type });
    }
    const scaling = { bscale: storage.bscale ?? 1, bzero: storage.bzero ?? 0, blank: storage.blank };
    const stored = newArray(storage.type, values.values.length);
    quantizeInto(values.values as Float32Array | Float64Array, scaling, stored, at.file, at.place);
    return {
      bytes: encoded(storage.type, { kind: "numbers", values: stored }),
      letter: LETTERS[storage.type]!,
      scaling,
    };
  }
  const { stored, bzero } = storageOf(type);
  return { bytes: encoded(stored), letter: LETTERS[stored]!, scaling: { bscale: 1, bzero, blank: spec.nullValue } };
}
