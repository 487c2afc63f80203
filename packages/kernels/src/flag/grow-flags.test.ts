import { expect, it } from "vitest";
import { addFlagStatistics, createFlagStatistics } from "./flag-statistics.ts";
import { createGrowWork, extendCorrelations, type GrowOptions, growPlane } from "./grow-flags.ts";

const NONE: GrowOptions = { growTimeRatio: 1, growFreqRatio: 1, flagNearTime: false, flagNearFreq: false };

const PLANE = [
  [0, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 1, 0, 1],
];

it.each<[Partial<GrowOptions>, number[][]]>([
  [{}, PLANE],
  [
    { growTimeRatio: 0.5 },
    [
      [0, 1, 0, 0],
      [0, 1, 0, 0],
      [0, 1, 0, 1],
    ],
  ],
  [{ growTimeRatio: 0.7 }, PLANE],
  [
    { growTimeRatio: 0 },
    [
      [0, 1, 0, 1],
      [0, 1, 0, 1],
      [0, 1, 0, 1],
    ],
  ],
  [
    { growFreqRatio: 0.4 },
    [
      [0, 0, 0, 0],
      [0, 1, 0, 0],
      [1, 1, 1, 1],
    ],
  ],
  [{ growFreqRatio: 0.5 }, PLANE],
  [
    { flagNearTime: true },
    [
      [0, 1, 0, 0],
      [0, 1, 0, 1],
      [0, 1, 0, 1],
    ],
  ],
  [
    { flagNearFreq: true },
    [
      [0, 0, 0, 0],
      [1, 1, 1, 0],
      [1, 1, 1, 1],
    ],
  ],
])("grows a plane by %o", (changes, expected) => {
  const flags = Uint8Array.from(PLANE.flat());
  const newCount = growPlane(createGrowWork(12), flags, 3, 4, { ...NONE, ...changes });
  expect([...flags]).toEqual(expected.flat());
  expect(newCount).toBe(expected.flat().reduce((sum, flag) => sum + flag, 0) - 3);
});

it("refuses ratios out of range and planes too large", () => {
  const work = createGrowWork(4);
  expect(() => growPlane(work, new Uint8Array(4), 2, 2, { ...NONE, growFreqRatio: 50 })).toThrow("50");
  expect(() => growPlane(work, new Uint8Array(6), 2, 3, NONE)).toThrow("at most 4");
});

it("extends to all correlations, and counts by antenna, channel, correlation and baseline", () => {
  const flags = Uint8Array.of(0, 1, 0, 0, 0, 0, 1, 1);
  const block = { vis: new Float32Array(16), flags, rowCount: 2, channelCount: 2, correlationCount: 2 };
  expect(extendCorrelations(block)).toBe(1);
  expect([...flags]).toEqual([1, 1, 0, 0, 0, 0, 1, 1]);
  flags[4] = 1;
  const statistics = createFlagStatistics(3, 2, 2);
  addFlagStatistics(statistics, block, Int32Array.of(2, 1), Int32Array.of(0, 1));
  expect([...statistics.flaggedByAntenna]).toEqual([2, 3, 2]);
  expect([...statistics.samplesByAntenna]).toEqual([4, 4, 4]);
  expect([...statistics.flaggedByChannel]).toEqual([3, 2]);
  expect([...statistics.flaggedByCorrelation]).toEqual([3, 2]);
  expect([...statistics.samplesByChannel, ...statistics.samplesByCorrelation]).toEqual([4, 4, 4, 4]);
  expect([...statistics.flaggedByBaseline]).toEqual([0, 0, 2, 0, 3, 0, 0, 0, 0]);
  expect(() => addFlagStatistics(statistics, block, Int32Array.of(3, 1), Int32Array.of(0, 1))).toThrow("0 to 2");
  const wide = createFlagStatistics(3, 4, 2);
  expect(() => addFlagStatistics(wide, block, Int32Array.of(2, 1), Int32Array.of(0, 1))).toThrow("expected 4 channels");
});
