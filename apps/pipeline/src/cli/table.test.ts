import { expect, test } from "vitest";
import { tableLines, usesColor } from "./table.ts";

test("columns are as wide as their widest cell, and colours take no width", () => {
  const rows = [
    [{ text: "a" }, { text: "failed", colorCode: 31 }, { text: "" }],
    [{ text: "long name" }, { text: "x" }, { text: "end" }],
  ];
  expect(tableLines(["name", "state", "note"], rows, false)).toEqual([
    "name      | state  | note",
    "==========+========+=====",
    "a         | failed |",
    "long name | x      | end",
  ]);
  expect(tableLines(["name", "state", "note"], rows, true)[2]).toBe("a         | \u001b[31mfailed\u001b[0m |");
});

test("colours are for terminals whose user has not refused them", () => {
  expect(usesColor({ isTTY: true }, {})).toBe(true);
  expect(usesColor({ isTTY: true }, { NO_COLOR: "" })).toBe(true);
  expect(usesColor({ isTTY: true }, { NO_COLOR: "1" })).toBe(false);
  expect(usesColor({}, {})).toBe(false);
});
