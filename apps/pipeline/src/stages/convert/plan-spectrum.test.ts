import { describe, expect, test } from "vitest";
import { fillMissing, planSpws, type SubbandChannels } from "./plan-spectrum.ts";

const WIDTH_HZ = 244_140.625;
const TOP_HZ = 1_498_643_188.4765625;

/** The real layout: sb00 highest, channels descending inside it. */
const subband = (index: number, order: "descending" | "ascending" = "descending"): SubbandChannels => {
  const freqHz = Float64Array.from({ length: 48 }, (_, chan) => TOP_HZ - (48 * index + chan) * WIDTH_HZ);
  return {
    subbandIndex: index,
    sourceIndex: index,
    freqHz: order === "descending" ? freqHz : freqHz.toReversed(),
    channelWidthHz: new Float64Array(48).fill(WIDTH_HZ),
    spwOfChan: null,
  };
};
const all = Array.from({ length: 16 }, (_, k) => subband(k));
const isAscending = (values: Float64Array) => values.every((value, k) => k === 0 || value > values[k - 1]!);

describe("planSpws", () => {
  test("frequencies ascend within and across windows, whatever the order in the file", () => {
    for (const subbands of [all, all.map((_, k) => subband(k, "ascending"))]) {
      const spws = planSpws("g", subbands, false);
      expect(spws).toHaveLength(16);
      expect(isAscending(Float64Array.from(spws.flatMap((spw) => [...spw.freqHz])))).toBe(true);
      for (const spw of spws) {
        const segment = spw.segments[0]!;
        const source = subbands[segment.sourceIndex!]!;
        expect([...segment.chanIndexIn].map((chan) => source.freqHz[chan])).toEqual([...spw.freqHz]);
      }
    }
    expect(planSpws("g", all, false)[0]!.freqHz[0]).toBe(1_311_387_329.1015625);
  });

  test("merged, one window holds all channels in the same order", () => {
    const [spw, ...others] = planSpws("g", all, true);
    expect(others).toHaveLength(0);
    expect(spw!.freqHz).toEqual(Float64Array.from(planSpws("g", all, false).flatMap((each) => [...each.freqHz])));
    expect(spw!.segments.map((segment) => segment.chanStartOut)).toEqual(Array.from({ length: 16 }, (_, k) => 48 * k));
  });

  test("a missing subband gets the frequencies it would have had", () => {
    const present = all.filter((channels) => channels.subbandIndex !== 0 && channels.subbandIndex !== 7);
    const filled = fillMissing("g", present, [0, 7]);
    expect(filled.map((channels) => [...channels.freqHz])).toEqual(all.map((channels) => [...channels.freqHz]));
    expect(filled[7]!.sourceIndex).toBeNull();
  });

  test("two files of the same frequencies are refused", () => {
    expect(() => planSpws("g", [subband(3), { ...subband(3), subbandIndex: 4 }], false)).toThrow(
      /begins at .* inside subband/,
    );
  });

  test("windows of one file are told apart by their number", () => {
    const spwOfChan = Int32Array.from({ length: 48 }, (_, k) => (k < 24 ? 7 : 2));
    const spws = planSpws("g", [{ ...subband(0), spwOfChan }], false);
    expect(spws.map((spw) => spw.freqHz.length)).toEqual([24, 24]);
    expect(isAscending(Float64Array.from(spws.flatMap((spw) => [...spw.freqHz])))).toBe(true);
  });
});
