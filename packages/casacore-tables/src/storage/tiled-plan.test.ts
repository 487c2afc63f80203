import { expect, test } from "vitest";
import { byteOffsetOfRow, elementCountOfRows } from "./tiled-plan.ts";
import { encodeRows } from "./tiled-rows.ts";
import { planTiles } from "./tiled-writer.ts";

const little = { isLittleEndian: true };

test("rows of DATA lie one behind the other, and the file ends with a whole tile", () => {
  const plan = planTiles("DATA", "f", "complex", [2, 48], 1_787_904, little);
  expect(plan.rowBitCount).toBe(2 * 48 * 64);
  expect(plan.tileRowCount).toBe(1365);
  expect(plan.sizeBytes).toBe(Math.ceil(1_787_904 / 1365) * 1365 * 768);
  expect(byteOffsetOfRow(plan, 1_787_903)).toBe(1_787_903 * 768);
  expect(elementCountOfRows(plan, 3)).toBe(576);
});

test("a column of few rows is one tile, not a megabyte", () => {
  expect(planTiles("DATA", "f", "complex", [2, 48], 10, little).sizeBytes).toBe(7680);
});

test("tiles of flags have a multiple of 8 rows, so that none shares a byte with the next", () => {
  const plan = planTiles("FLAG", "f", "bool", [3, 1], 20, { ...little, tileRowCount: 5 });
  expect(plan.tileRowCount).toBe(8);
  expect(plan.sizeBytes).toBe(3 * 3);
  expect(byteOffsetOfRow(plan, 16)).toBe(6);
  expect(() => byteOffsetOfRow(plan, 5)).toThrow(/multiple of 8 rows/);
  expect(() => byteOffsetOfRow(plan, 21)).toThrow(/expected 0 … 20/);
});

test("flags that end within a byte are refused unless they are the last, as the byte belongs to others too", () => {
  const plan = planTiles("FLAG", "f", "bool", [3], 20, little);
  expect(() => encodeRows(plan, 0, new Uint8Array(3 * 4))).toThrow(/row 4 of FLAG does not start at a byte/);
  expect(encodeRows(plan, 16, new Uint8Array(3 * 4).fill(1)).bytes).toEqual(Uint8Array.of(0xff, 0x0f));
});

test("values that are not whole rows, of another type, or past the end are refused", () => {
  const plan = planTiles("D", "f", "double", [3], 4, little);
  expect(() => encodeRows(plan, 0, new Float64Array(4))).toThrow(/whole rows of 3/);
  expect(() => encodeRows(plan, 0, new Float32Array(3))).toThrow(/Float64Array/);
  expect(() => encodeRows(plan, 3, new Float64Array(6))).toThrow(/rows up to 4, found 5/);
});

test("big-endian rows are turned, and the caller's values are left as they are", () => {
  const plan = planTiles("S", "f", "short", [2], 1, { isLittleEndian: false });
  const values = Int16Array.of(1, 256);
  expect(encodeRows(plan, 0, values).bytes).toEqual(Uint8Array.of(0, 1, 1, 0));
  expect(values).toEqual(Int16Array.of(1, 256));
});
