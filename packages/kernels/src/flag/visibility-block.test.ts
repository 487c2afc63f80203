import { expect, it } from "vitest";
import { gatherAmplitudes, gatherFlags, rowsByBaseline, scatterFlags } from "./visibility-block.ts";

/** Four rows of two channels and two correlations; the amplitude of a sample is 5 times its number. */
function numbered() {
  const vis = Float32Array.from({ length: 32 }, (_, at) => (at % 2 === 0 ? 3 : -4) * (at >> 1));
  return { vis, flags: new Uint8Array(16), rowCount: 4, channelCount: 2, correlationCount: 2 };
}

it("gathers amplitudes of one correlation of some rows; flagged and broken samples are flagged and 0", () => {
  const block = numbered();
  block.flags[5] = 1;
  block.vis[2 * 15] = Number.NaN;
  const amplitudes = new Float32Array(6).fill(-1);
  const flags = new Uint8Array(6).fill(9);
  expect(gatherAmplitudes(block, Int32Array.of(1, 3), 1, amplitudes, flags)).toBe(2);
  expect([...amplitudes]).toEqual([0, 35, 65, 0, -1, -1]);
  expect([...flags]).toEqual([1, 0, 0, 1, 9, 9]);
  expect(block.flags.reduce((sum, flag) => sum + flag, 0)).toBe(1);
});

it("scatters flags back to where they came from, and never clears one", () => {
  const block = numbered();
  block.flags[5] = 1;
  block.flags[7] = 1;
  expect(scatterFlags(Uint8Array.of(1, 0, 0, 1), block, Int32Array.of(1, 3), 1)).toBe(1);
  expect([...block.flags.keys()].filter((at) => block.flags[at] === 1)).toEqual([5, 7, 15]);
  const plane = new Uint8Array(4);
  gatherFlags(block, Int32Array.of(1, 3), 1, plane);
  expect([...plane]).toEqual([1, 1, 0, 1]);
});

it("lists the rows of each ordered pair of antennas in the order of the block", () => {
  const rows = rowsByBaseline(Int32Array.of(0, 1, 0, 1, 0), Int32Array.of(1, 0, 1, 1, 1));
  expect([...rows].map(([key, list]) => [key, [...list]])).toEqual([
    ["0-1", [0, 2, 4]],
    ["1-0", [1]],
    ["1-1", [3]],
  ]);
});
