import { expect, it } from "vitest";
import { exampleMs, exampleWindow } from "../../../test/flag/example-ms.ts";
import { parseAntennas, parseBaselines, parseChannels, parseScans, parseTimes } from "./parse-selection.ts";

const { antennas, windows } = exampleMs();

it("antennas go by name before station", () => {
  expect(parseAntennas(" 30, pad,S2 ,", antennas, "ms")).toEqual([2, 3, 1]);
  expect(parseAntennas("", antennas, "ms")).toEqual([]);
  const named = [
    { name: "A", station: "B", diameterM: 1 },
    { name: "B", station: "A", diameterM: 1 },
  ];
  expect(parseAntennas("B", named, "ms")).toEqual([1]);
  expect(() => parseAntennas("0", antennas, "ms")).toThrow(
    '--antenna: expected a name or station of ANTENNA (1, 2, 30, pad), found "0"',
  );
});

it("baselines are pairs", () => {
  expect(parseBaselines("1&30,2 & pad", antennas, "ms")).toEqual([
    [0, 2],
    [1, 3],
  ]);
  expect(() => parseBaselines("1&2&30", antennas, "ms")).toThrow("two antennas");
});

const marked = (text: string, some = windows) => parseChannels(text, some, "ms")?.map((marks) => [...marks].join(""));

it("channels go by window, ranges include their ends", () => {
  expect(parseChannels("", windows, "ms")).toBeNull();
  expect(marked("1")).toEqual(["00000000", "11111111"]);
  expect(marked("0:1~2;5,*:7")).toEqual(["01100101", "00000001"]);
  expect(marked("0~1:0")).toEqual(["10000000", "10000000"]);
  // Two descriptions of one window.
  expect(marked("0:3", [exampleWindow(0, 4, 1), exampleWindow(0, 4, 1)])).toEqual(["0001", "0001"]);
  for (const text of ["2", "0:8", "0:3~1", "0:1:2", "x", "0:"])
    expect(() => marked(text), text).toThrow("--spw: expected");
});

it("scans are those there are within a range", () => {
  expect(parseScans("2~9,1", [1, 2, 5], "ms")).toEqual([2, 5, 1]);
  expect(() => parseScans("3~4", [1, 2, 5], "ms")).toThrow('--scan: expected one of 1, 2, 5, found "3~4"');
});

it("times are UTC, the start before the end", () => {
  // MJD 60951 is 2025-10-03.
  expect(parseTimes("2025-10-03T00:00:10~2025/10/03/00:01:00.5", "ms")).toEqual([
    { startSec: 60_951 * 86_400 + 10, endSec: 60_951 * 86_400 + 60.5 },
  ]);
  expect(() => parseTimes("2025-10-03T00:00:10~2025-10-03T00:00:10", "ms")).toThrow("START before END");
  expect(() => parseTimes("2025-10-03T00:00:10", "ms")).toThrow("START~END");
});
