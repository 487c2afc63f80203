import { describe, expect, it } from "vitest";
import { createGainTable, type GainTable, gainIndex } from "./gain-table.ts";
import { rankReferences, referenceGains } from "./reference-gains.ts";

const ANTENNAS = 5;

/** Antennas turn slowly, each cell by an arbitrary phase in addition. */
function table(intervalCount: number, binCount: number): GainTable {
  const gains = createGainTable({ antennaCount: ANTENNAS, intervalCount, polCount: 2, binCount });
  gains.flags.fill(0);
  for (let interval = 0; interval < intervalCount; interval++) {
    for (let bin = 0; bin < binCount; bin++) {
      for (let pol = 0; pol < 2; pol++) {
        for (let antenna = 0; antenna < ANTENNAS; antenna++) {
          const phase = truePhase(antenna, interval + bin, pol) + 10 * Math.sin(7 * interval + 3 * bin + pol);
          const at = 2 * gainIndex(gains, interval, antenna, bin, pol);
          gains.gains[at] = 0.3 * Math.cos(phase);
          gains.gains[at + 1] = 0.3 * Math.sin(phase);
        }
      }
    }
  }
  return gains;
}

const truePhase = (antenna: number, cell: number, pol: number): number =>
  antenna * 1.3 + pol + 0.01 * cell * (antenna - 2);

const phaseOf = (gains: GainTable, interval: number, antenna: number, bin: number, pol: number): number => {
  const at = 2 * gainIndex(gains, interval, antenna, bin, pol);
  return Math.atan2(gains.gains[at + 1] as number, gains.gains[at] as number);
};
const wrap = (angle: number): number => angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));

describe("ranking", () => {
  it("prefers antennas with solutions, then the centre, then low numbers; wishes come first", () => {
    const gains = table(10, 1);
    for (let interval = 0; interval < 4; interval++) gains.flags[gainIndex(gains, interval, 2, 0, 1)] = 1; // YY alone
    for (let interval = 0; interval < 10; interval++) gains.flags[gainIndex(gains, interval, 4, 0, 0)] = 1;
    const positionsM = Float64Array.from(
      { length: 15 },
      (_, at) => (at % 3 === 0 ? [900, 10, 0, -10, 5][at / 3] : 0) as number,
    );
    expect([...rankReferences(gains)]).toEqual([0, 1, 3, 2, 4]);
    // The median of 900, 10, 0, −10, 5 is 5.
    expect([...rankReferences(gains, { positionsM })]).toEqual([1, 3, 0, 2, 4]);
    expect([...rankReferences(gains, { positionsM, preferredAnt: [4, 2, 0] })]).toEqual([2, 0, 1, 3, 4]);
    expect(() => rankReferences(gains, { positionsM: new Float64Array(4) })).toThrow(
      /positionsM: expected 15, found 4/,
    );
  });

  it("is stable against a few flags", () => {
    const gains = table(100, 1);
    for (let interval = 0; interval < 4; interval++) gains.flags[gainIndex(gains, interval, 0, 0, 0)] = 1;
    expect(rankReferences(gains)[0]).toBe(0);
    for (let interval = 4; interval < 8; interval++) gains.flags[gainIndex(gains, interval, 0, 0, 0)] = 1;
    expect(rankReferences(gains)[0]).toBe(1);
  });
});

describe("referencing", () => {
  it("gives the reference phase 0 and keeps differences", () => {
    const gains = table(6, 3);
    const before = table(6, 3);
    const result = referenceGains(gains, Int32Array.of(3, 0, 1, 2, 4), "time");
    expect([...result.antennas]).toEqual(new Array(6).fill(3));
    expect(result).toMatchObject({ handedOverCount: 0, flaggedCount: 0 });
    for (let interval = 0; interval < 6; interval++) {
      for (let bin = 0; bin < 3; bin++) {
        expect(gains.gains[2 * gainIndex(gains, interval, 3, bin, 1) + 1]).toBe(0);
        expect(phaseOf(gains, interval, 3, bin, 1)).toBe(0);
        const difference = phaseOf(before, interval, 1, bin, 0) - phaseOf(before, interval, 3, bin, 0);
        expect(wrap(phaseOf(gains, interval, 1, bin, 0) - difference)).toBeCloseTo(0, 9);
      }
    }
  });

  it.each(["time", "frequency"] as const)(
    "hands over without a jump where the reference is flagged, along %s",
    (axis) => {
      const gains = axis === "time" ? table(12, 1) : table(1, 12);
      const at = (cell: number, antenna: number): number =>
        axis === "time" ? gainIndex(gains, cell, antenna, 0, 0) : gainIndex(gains, 0, antenna, cell, 0);
      const phase = (cell: number, antenna: number): number =>
        axis === "time" ? phaseOf(gains, cell, antenna, 0, 0) : phaseOf(gains, 0, antenna, cell, 0);
      for (const cell of [0, 1, 5, 6, 7, 11]) gains.flags[at(cell, 0)] = 1;
      gains.flags[at(6, 1)] = 1; // the first to stand in is missing too
      const result = referenceGains(gains, Int32Array.of(0, 1, 2, 3, 4), axis);
      expect(result.antennas[0]).toBe(0);
      expect(result).toMatchObject({ handedOverCount: 6, flaggedCount: 0 });
      for (let cell = 0; cell + 1 < 12; cell++) {
        for (let antenna = 1; antenna < ANTENNAS; antenna++) {
          if (gains.flags[at(cell, antenna)] === 1 || gains.flags[at(cell + 1, antenna)] === 1) continue;
          // Antennas move by 0.02 at most against one another; arbitrary phases of cells are radians.
          expect(Math.abs(wrap(phase(cell + 1, antenna) - phase(cell, antenna)))).toBeLessThan(0.09);
        }
      }
      expect(phase(5, 1)).toBeCloseTo(phase(4, 1), 12);
      expect(phase(1, 1)).toBeCloseTo(phase(2, 1), 12);
    },
  );

  it("takes another reference when the first is flagged most of the time, and none when all are", () => {
    const gains = table(10, 1);
    for (let interval = 0; interval < 6; interval++) gains.flags[gainIndex(gains, interval, 0, 0, 0)] = 1;
    for (let antenna = 0; antenna < ANTENNAS; antenna++) {
      for (let interval = 0; interval < 10; interval++) gains.flags[gainIndex(gains, interval, antenna, 0, 1)] = 1;
    }
    const { antennas } = referenceGains(gains, Int32Array.of(0, 4, 1, 2, 3), "time");
    expect([...antennas]).toEqual([4, -1]);
  });

  it("flags cells that share no antenna with others", () => {
    const gains = table(3, 1);
    for (let interval = 0; interval < 3; interval++) {
      for (let antenna = 0; antenna < ANTENNAS; antenna++) {
        if (antenna < 3 !== interval < 2) gains.flags[gainIndex(gains, interval, antenna, 0, 0)] = 1;
      }
    }
    const result = referenceGains(gains, Int32Array.of(0, 1, 2, 3, 4), "time");
    expect(result.flaggedCount).toBe(1);
    expect([0, 1, 2, 3, 4].every((antenna) => gains.flags[gainIndex(gains, 2, antenna, 0, 0)] === 1)).toBe(true);
  });
});
