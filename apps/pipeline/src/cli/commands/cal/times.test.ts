import { describe, expect, test } from "vitest";
import { calTypes, daysOfTypes, mjdText, mjdTime, offsetText } from "./times.ts";

describe("a time", () => {
  test.each([
    ["60977.5", 60_977.5],
    ["2025-10-29T12:00:00", 60_977.5],
    ["2025-10-29 12:00", 60_977.5],
    ["2025/10/29/12:00:00", 60_977.5],
    ["2025-10-29", 60_977],
    ["2024-02-29", 60_369],
  ])("%s is MJD %f", (text, mjd) => expect(mjdTime(text)).toBe(mjd));

  test.each([
    "2025-02-31T00:00:00",
    "2025-02-29",
    "2025-13-01",
    "yesterday",
    "2460977.5",
    "",
    "6097",
    "-60977",
    "60977,5",
  ])('"%s" is refused, and the message says what is right', (text) => {
    expect(() => mjdTime(text)).toThrow(
      `expected a UTC time such as 2025-10-29T13:54:17, or an MJD such as 60977.5794, found "${text}"`,
    );
  });

  test("is shown to the second", () => expect(mjdText(60_977.5 + 0.4 / 86_400)).toBe("2025-10-29T12:00:00"));

  test.each([
    [0, "same time"],
    [-20 / 1440, "20 min earlier"],
    [2.5 / 24, "2.5 h later"],
    [-3, "3.0 d earlier"],
  ])("%f days off is %s", (offsetDay, text) => expect(offsetText(offsetDay)).toBe(text));
});

test("types and days by type are as they are written", () => {
  expect(calTypes("BP, 2G")).toEqual(["BP", "2G"]);
  expect(daysOfTypes("BP=7, GP=0.5")).toEqual({ BP: 7, GP: 0.5 });
  expect(() => calTypes("bp")).toThrow(/expected some of K, BA, BP, GA, GP, 2G, FLUX; found "bp"/);
});

test.each(["BP", "BP=", "BP=-1", "BP=1e3", "B=1", ""])('"%s" is not days by type', (text) => {
  expect(() => daysOfTypes(text)).toThrow(/expected days by type, such as BP=7,GP=0.5/);
});
