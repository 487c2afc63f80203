/** Cells and keywords as plain data, which JSON can say. */

import type { Column, KeywordSet, KeywordValue, NumericArray } from "@contimg/casacore-tables/node";
import type { HeadCell, KeywordEntry, PlainValue } from "../../../ports/ms-inspector.ts";
import { tableProblem } from "./open-inspected.ts";
import { elementCountOf } from "./shapes.ts";

/** A number; a string for 64-bit integers that a double cannot hold; null for NaN and infinities. */
function plainNumber(value: number | bigint): PlainValue {
  if (typeof value === "bigint") {
    const rounded = Number(value);
    return BigInt(rounded) === value ? rounded : value.toString();
  }
  return Number.isFinite(value) ? value : null;
}

interface Flat {
  readonly values: readonly PlainValue[];
  readonly nonFiniteCount: number;
}

function flatValues(type: string, data: NumericArray | readonly string[]): Flat {
  if (type === "string") return { values: data as readonly string[], nonFiniteCount: 0 };
  if (type === "bool") return { values: Array.from(data as Uint8Array, (value) => value !== 0), nonFiniteCount: 0 };
  const numbers = Array.from(data as NumericArray as Float64Array, plainNumber);
  if (type !== "complex" && type !== "dcomplex")
    return { values: numbers, nonFiniteCount: numbers.filter((value) => value === null).length };
  const values: PlainValue[] = [];
  let nonFiniteCount = 0;
  for (let k = 0; k < numbers.length; k += 2) {
    values.push([numbers[k]!, numbers[k + 1]!]);
    if (numbers[k] === null || numbers[k + 1] === null) nonFiniteCount++;
  }
  return { values, nonFiniteCount };
}

/** Nested lists; `shape` is casacore's, whose first axis varies fastest and so is the innermost list. */
function nested(values: readonly PlainValue[], shape: readonly number[]): PlainValue {
  let level = values;
  for (const length of shape.slice(0, -1)) {
    const next: PlainValue[] = [];
    for (let start = 0; start < level.length; start += length) next.push(level.slice(start, start + length));
    level = next;
  }
  return level;
}

function plainKeyword(keyword: KeywordValue): readonly [string, PlainValue] {
  switch (keyword.kind) {
    case "table":
      return ["table", keyword.value.table];
    case "record":
      return ["record", plainRecord(keyword.value)];
    case "array": {
      const { type, shape, data } = keyword.value;
      return [`${type} [${shape.toReversed().join(", ")}]`, nested(flatValues(type, data).values, shape)];
    }
    case "scalar": {
      const { value } = keyword;
      if (typeof value === "object") return [keyword.type, [plainNumber(value.re), plainNumber(value.im)]];
      if (typeof value === "number" || typeof value === "bigint") return [keyword.type, plainNumber(value)];
      return [keyword.type, value];
    }
  }
}

function plainRecord(keywords: KeywordSet): { readonly [name: string]: PlainValue } {
  return Object.fromEntries([...keywords].map(([name, value]) => [name, plainKeyword(value)[1]]));
}

export function keywordEntries(keywords: KeywordSet): readonly KeywordEntry[] {
  return [...keywords].map(([name, keyword]) => {
    const [type, value] = plainKeyword(keyword);
    return { name, type, value };
  });
}

/** One cell; a storage error becomes its reason. */
export function headCell(column: Column, row: number): HeadCell {
  try {
    const isComplex = column.type === "complex" || column.type === "dcomplex";
    if (column.type === "record")
      return { kind: "value", value: plainRecord(column.getRecord(row)), shape: [], isComplex, nonFiniteCount: 0 };
    if (column.form === "scalar") {
      const data = column.getScalarRange(row, row + 1);
      const { values, nonFiniteCount } = flatValues(column.type, data);
      return { kind: "value", value: values[0]!, shape: [], isComplex, nonFiniteCount };
    }
    const shape = column.shapeOf(row);
    if (shape === undefined) return { kind: "undefined" };
    if (elementCountOf(shape) === 0)
      return { kind: "value", value: [], shape: shape.toReversed(), isComplex, nonFiniteCount: 0 };
    const { values, nonFiniteCount } = flatValues(column.type, column.getArray(row).data);
    return { kind: "value", value: nested(values, shape), shape: shape.toReversed(), isComplex, nonFiniteCount };
  } catch (error) {
    return { kind: "unreadable", reason: tableProblem(error) };
  }
}
