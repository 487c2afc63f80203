import { describe, expect, it } from "vitest";
import { createGainTable, type GainTable, gainIndex } from "./gain-table.ts";
import { normaliseGains } from "./normalise-gains.ts";
import { fillGaps, fitAmplitudes, smoothBandpass } from "./smooth-bandpass.ts";

const BINS = 32;
const SPW = Int32Array.from({ length: BINS }, (_, bin) => (bin < 20 ? 0 : 1));

function bandpass(amplitude: (bin: number) => number, phase: (bin: number) => number): GainTable {
  const table = createGainTable({ antennaCount: 3, intervalCount: 1, polCount: 2, binCount: BINS });
  table.flags.fill(0);
  for (let at = 0; at < table.flags.length; at++) {
    const bin = Math.floor(at / 2) % BINS;
    table.gains[2 * at] = amplitude(bin) * Math.cos(phase(bin));
    table.gains[2 * at + 1] = amplitude(bin) * Math.sin(phase(bin));
  }
  return table;
}

const lengthOf = (table: GainTable, antenna: number, bin: number, pol: number): number => {
  const at = 2 * gainIndex(table, 0, antenna, bin, pol);
  return Math.hypot(table.gains[at] as number, table.gains[at + 1] as number);
};
const phaseOf = (table: GainTable, antenna: number, bin: number, pol: number): number => {
  const at = 2 * gainIndex(table, 0, antenna, bin, pol);
  return Math.atan2(table.gains[at + 1] as number, table.gains[at] as number);
};

describe("normalising", () => {
  const amplitude = (bin: number): number => (bin < 20 ? 2 : 7) * (1 + 0.3 * Math.sin(bin));

  it.each(["rms", "mean"] as const)(
    "each antenna and window gets %s 1 over what is not flagged; phases stay",
    (statistic) => {
      const table = bandpass(amplitude, (bin) => bin);
      table.gains[2 * gainIndex(table, 0, 1, 5, 0)] = 1e6;
      table.flags[gainIndex(table, 0, 1, 5, 0)] = 1;
      const before = table.gains.slice();
      const divisors = normaliseGains(table, { scope: "antenna", statistic, spwOfBin: SPW });
      for (const [spw, bins] of [
        [0, [...SPW.keys()].slice(0, 20)],
        [1, [...SPW.keys()].slice(20)],
      ] as const) {
        const good = bins.filter((bin) => bin !== 5);
        const power = statistic === "rms" ? 2 : 1;
        const mean = good.reduce((sum, bin) => sum + lengthOf(table, 1, bin, 0) ** power, 0) / good.length;
        expect(mean).toBeCloseTo(1, 12);
        expect(divisors.flags[gainIndex(divisors, 0, 1, spw, 0)]).toBe(0);
      }
      for (const bin of [3, 29]) {
        const at = gainIndex(table, 0, 1, bin, 0);
        const divisor = divisors.gains[2 * gainIndex(divisors, 0, 1, SPW[bin] as number, 0)] as number;
        expect((table.gains[2 * at] as number) * divisor).toBeCloseTo(before[2 * at] as number, 12);
        expect((table.gains[2 * at + 1] as number) * divisor).toBeCloseTo(before[2 * at + 1] as number, 12);
      }
    },
  );

  it("of the array keeps ratios of antennas", () => {
    const table = bandpass(amplitude, () => 0);
    for (let bin = 0; bin < BINS; bin++) table.gains[2 * gainIndex(table, 0, 2, bin, 0)] = 3;
    normaliseGains(table, { scope: "array" });
    let sum = 0;
    for (let antenna = 0; antenna < 3; antenna++)
      for (let bin = 0; bin < BINS; bin++) sum += lengthOf(table, antenna, bin, 0) ** 2;
    expect(sum / (3 * BINS)).toBeCloseTo(1, 12);
    expect(lengthOf(table, 0, 4, 0) / lengthOf(table, 2, 4, 0)).toBeCloseTo(amplitude(4) / 3, 12);
  });

  it("leaves alone what is flagged or 0 everywhere", () => {
    const table = bandpass(
      () => 0,
      () => 0,
    );
    table.flags.fill(1, 0, 2 * BINS);
    const divisors = normaliseGains(table, { scope: "antenna" });
    expect(divisors.flags.every((flag) => flag === 1)).toBe(true);
    expect(table.gains.every((value) => value === 0)).toBe(true);
  });
});

describe("gaps", () => {
  it("up to a length are filled between solutions of one window, evenly in amplitude and phase", () => {
    const table = bandpass(
      (bin) => 1 + bin,
      (bin) => 0.5 * bin,
    );
    for (const bin of [0, 4, 5, 6, 10, 11, 12, 13, 19, 20, 25]) {
      const at = gainIndex(table, 0, 1, bin, 1);
      table.flags[at] = 1;
      table.gains[2 * at] = 99;
    }
    expect(fillGaps(table, 3, SPW)).toBe(4);
    for (const bin of [4, 5, 6, 25]) {
      expect(table.flags[gainIndex(table, 0, 1, bin, 1)]).toBe(0);
      expect(lengthOf(table, 1, bin, 1)).toBeCloseTo(1 + bin, 9);
      expect(Math.cos(phaseOf(table, 1, bin, 1) - 0.5 * bin)).toBeCloseTo(1, 9);
    }
    for (const bin of [0, 10, 13, 19, 20]) expect(table.flags[gainIndex(table, 0, 1, bin, 1)]).toBe(1);
  });
});

describe("smoothing", () => {
  it.each([
    { kind: "boxcar", widthCount: 5 },
    { kind: "hanning", widthCount: 5 },
    { kind: "gaussian", widthCount: 4 },
  ] as const)("keeps a flat band with a delay as it is: %o", (window) => {
    const table = bandpass(
      () => 3,
      (bin) => 0.9 * bin,
    );
    table.gains[2 * gainIndex(table, 0, 0, 7, 0)] = 50;
    table.flags[gainIndex(table, 0, 0, 7, 0)] = 1;
    smoothBandpass(table, window, SPW);
    for (let bin = 0; bin < BINS; bin++) {
      if (bin === 7) continue;
      expect(lengthOf(table, 0, bin, 0)).toBeCloseTo(3, 9);
      expect(Math.cos(phaseOf(table, 0, bin, 0) - 0.9 * bin)).toBeCloseTo(1, 9);
    }
    expect(table.flags[gainIndex(table, 0, 0, 7, 0)]).toBe(1);
    expect(table.gains[2 * gainIndex(table, 0, 0, 7, 0)]).toBe(50);
  });

  it("averages amplitudes with the weights of its window, not across windows of the band", () => {
    const table = bandpass(
      (bin) => (bin === 10 || bin === 21 ? 5 : 1),
      () => 0.2,
    );
    const hanning = bandpass(
      (bin) => (bin === 10 ? 5 : 1),
      () => 0.2,
    );
    smoothBandpass(table, { kind: "boxcar", widthCount: 3 }, SPW);
    expect([9, 10, 11, 12].map((bin) => lengthOf(table, 2, bin, 0))).toEqual(
      [7, 7, 7, 3].map((n) => expect.closeTo(n / 3, 9)),
    );
    expect([19, 20, 22].map((bin) => lengthOf(table, 2, bin, 0))).toEqual(
      [1, 3, 7 / 3].map((n) => expect.closeTo(n, 9)),
    );
    // Hanning of 3: weights ½, 1, ½.
    smoothBandpass(hanning, { kind: "hanning", widthCount: 3 });
    expect([9, 10].map((bin) => lengthOf(hanning, 0, bin, 1))).toEqual([2, 3].map((n) => expect.closeTo(n, 9)));
    expect(() => smoothBandpass(table, { kind: "boxcar", widthCount: 4 })).toThrow(/odd number/);
  });
});

describe("polynomials", () => {
  it("of their own degree are kept, phases too; others become the best fit", () => {
    const cubic = (bin: number): number => 9 + 0.1 * bin - 0.02 * bin ** 2 + 0.0005 * bin ** 3;
    const table = bandpass(cubic, (bin) => bin);
    table.flags[gainIndex(table, 0, 0, 3, 0)] = 1;
    fitAmplitudes(table, 3);
    for (let bin = 0; bin < BINS; bin++) {
      expect(lengthOf(table, 0, bin, 1)).toBeCloseTo(cubic(bin), 9);
      expect(Math.cos(phaseOf(table, 0, bin, 1) - bin)).toBeCloseTo(1, 12);
    }
    const noisy = bandpass(
      (bin) => 2 + (bin % 2 === 0 ? 0.1 : -0.1),
      () => 0,
    );
    fitAmplitudes(noisy, 0, SPW);
    expect(lengthOf(noisy, 0, 8, 0)).toBeCloseTo(2, 9);
    const few = bandpass(
      () => 2,
      () => 0,
    );
    few.flags.fill(1);
    few.flags[4] = 0;
    few.flags[8] = 0;
    fitAmplitudes(few, 5);
    expect(lengthOf(few, 0, 2, 0)).toBeCloseTo(2, 9);
  });
});
