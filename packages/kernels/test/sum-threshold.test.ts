import { expect, it } from "vitest";
import { createSumThreshold, setThresholds, sumThresholdLine, sumThresholdPlane } from "../src/flag/sum-threshold.ts";
import { uniformFrom } from "./uniform-from.ts";

/** The definition in words, window by window. */
function slowLine(values: readonly number[], flags: readonly number[], first: number, windowMax: number): number[] {
  let now = [...flags];
  for (
    let length = 1, threshold = first;
    length <= windowMax && length <= values.length;
    length *= 2, threshold /= 1.5
  ) {
    const next = [...now];
    for (let start = 0; start + length <= values.length; start++) {
      let sum = 0;
      let count = 0;
      for (let i = start; i < start + length; i++) {
        if (now[i] !== 0) continue;
        sum += values[i] as number;
        count++;
      }
      if (Math.abs(sum) > threshold * count) next.fill(1, start, start + length);
    }
    now = next;
  }
  return now;
}

/** Quarters, whose sums are exact in any order. */
function randomLine(uniform: () => number, length: number): { values: Float32Array; flags: Uint8Array } {
  const values = Float32Array.from({ length }, () => {
    const noise = Math.round(8 * (uniform() + uniform() + uniform() - 1.5)) / 4;
    return noise + (uniform() < 0.05 ? Math.round(40 * uniform()) / 4 : 0);
  });
  const flags = Uint8Array.from({ length }, () => (uniform() < 0.1 ? 1 : 0));
  return { values, flags };
}

it("does what its definition says, for random lines, flags and thresholds", () => {
  const uniform = uniformFrom(5);
  const work = createSumThreshold(200);
  let grown = 0;
  for (let round = 0; round < 400; round++) {
    const { values, flags } = randomLine(uniform, 1 + Math.floor(199 * uniform()));
    const first = 1 + Math.round(32 * uniform()) / 4;
    const expected = slowLine([...values], [...flags], first, 64);
    setThresholds(work, first);
    const before = [...flags];
    const found = sumThresholdLine(work, values, flags, 0, 1, values.length);
    expect([...flags]).toEqual(expected);
    expect(found).toBe(before.some((flag, at) => flag !== flags[at]));
    if (found) grown++;
  }
  expect(grown).toBeGreaterThan(100);
  expect(grown).toBeLessThan(400);
});

it("treats a plane as its rows and then its columns", () => {
  const uniform = uniformFrom(6);
  const [timeCount, channelCount] = [12, 50];
  const { values, flags } = randomLine(uniform, timeCount * channelCount);
  const work = createSumThreshold(channelCount, 16);
  setThresholds(work, 5);
  const expected = [...flags];
  for (let time = 0; time < timeCount; time++) {
    const at = time * channelCount;
    const line = slowLine([...values.subarray(at, at + channelCount)], expected.slice(at, at + channelCount), 5, 16);
    expected.splice(at, channelCount, ...line);
  }
  for (let channel = 0; channel < channelCount; channel++) {
    const places = Array.from({ length: timeCount }, (_, time) => time * channelCount + channel);
    const line = slowLine(
      places.map((at) => values[at] as number),
      places.map((at) => expected[at] as number),
      5,
      16,
    );
    for (const [time, at] of places.entries()) expected[at] = line[time] as number;
  }
  sumThresholdPlane(work, values, flags, timeCount, channelCount);
  expect([...flags]).toEqual(expected);
});

it("finds a long weak signal that no single sample shows, and a lone spike alone", () => {
  const work = createSumThreshold(128);
  setThresholds(work, 6);
  const weak = new Float32Array(128).fill(2, 40, 56);
  const flags = new Uint8Array(128);
  sumThresholdLine(work, weak, flags, 0, 1, 128);
  expect(flags.subarray(40, 56).every((flag) => flag === 1)).toBe(true);
  const spike = new Float32Array(128);
  spike[70] = 1e6;
  flags.fill(0);
  sumThresholdLine(work, spike, flags, 0, 1, 128);
  expect([...flags.keys()].filter((at) => flags[at] === 1)).toEqual([70]);
});
