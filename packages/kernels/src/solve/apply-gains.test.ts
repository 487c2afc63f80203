import { describe, expect, it } from "vitest";
import { type ApplyRows, applyGains, composeGains, createInverseGains, invertGains } from "./apply-gains.ts";
import { createGainTable, type GainTable, gainIndex } from "./gain-table.ts";

const CHANNELS = 3;

function gainsOf(): GainTable {
  const table = createGainTable({ antennaCount: 3, intervalCount: 2, polCount: 2, binCount: CHANNELS });
  table.flags.fill(0);
  for (let at = 0; at < table.flags.length; at++) {
    table.gains[2 * at] = 0.3 * Math.cos(at) * (1 + (at % 5));
    table.gains[2 * at + 1] = 0.3 * Math.sin(at) * (1 + (at % 5));
  }
  return table;
}

/** Rows that `table` made of a sky of (row + 1) + i (channel + 1). */
function rowsOf(table: GainTable, correlationCount: 2 | 4): ApplyRows & { readonly weights: Float32Array } {
  const polPairs: (readonly [number, number])[] =
    correlationCount === 2
      ? [
          [0, 0],
          [1, 1],
        ]
      : [
          [0, 0],
          [0, 1],
          [1, 0],
          [1, 1],
        ];
  const ant1 = Int32Array.of(0, 2, 1);
  const ant2 = Int32Array.of(1, 0, 1);
  const intervalOfRow = Int32Array.of(0, 1, 1);
  const vis = new Float32Array(2 * 3 * CHANNELS * correlationCount);
  let at = 0;
  for (let row = 0; row < 3; row++) {
    for (let chan = 0; chan < CHANNELS; chan++) {
      for (const [p, q] of polPairs) {
        const i = 2 * gainIndex(table, intervalOfRow[row] as number, ant1[row] as number, chan, p);
        const j = 2 * gainIndex(table, intervalOfRow[row] as number, ant2[row] as number, chan, q);
        const g = table.gains;
        const re = (g[i] as number) * (g[j] as number) + (g[i + 1] as number) * (g[j + 1] as number);
        const im = (g[i + 1] as number) * (g[j] as number) - (g[i] as number) * (g[j + 1] as number);
        vis[at++] = re * (row + 1) - im * (chan + 1);
        vis[at++] = re * (chan + 1) + im * (row + 1);
      }
    }
  }
  return {
    vis,
    flags: new Uint8Array(vis.length / 2),
    weights: new Float32Array(3 * correlationCount).fill(10),
    rowCount: 3,
    channelCount: CHANNELS,
    correlationCount,
    ant1,
    ant2,
    intervalOfRow,
    polPairs,
  };
}

describe.each([2, 4] as const)("%d correlations", (correlationCount) => {
  it("become the sky they were made of, in place or elsewhere", () => {
    const table = gainsOf();
    const rows = rowsOf(table, correlationCount);
    const original = rows.vis.slice();
    const out = new Float32Array(rows.vis.length);
    expect(applyGains(invertGains(table), rows, out)).toBe(0);
    for (let at = 0; at < out.length / 2; at++) {
      const row = Math.floor(at / (CHANNELS * correlationCount));
      const chan = Math.floor(at / correlationCount) % CHANNELS;
      expect(out[2 * at]).toBeCloseTo(row + 1, 5);
      expect(out[2 * at + 1]).toBeCloseTo(chan + 1, 5);
    }
    expect(rows.vis).toEqual(original);
    const again = { ...rows, weights: new Float32Array(3 * correlationCount) };
    applyGains(invertGains(table), again, again.vis);
    expect(again.vis).toEqual(out);
  });
});

const powerOf = (table: GainTable, interval: number, antenna: number, chan: number, pol: number): number => {
  const at = 2 * gainIndex(table, interval, antenna, chan, pol);
  return (table.gains[at] as number) ** 2 + (table.gains[at + 1] as number) ** 2;
};

describe("weights", () => {
  it("of each sample are multiplied by the power of both gains", () => {
    const table = gainsOf();
    const rows = rowsOf(table, 2);
    const spectralWeights = new Float32Array(3 * CHANNELS * 2).fill(4);
    applyGains(invertGains(table), { ...rows, spectralWeights }, rows.vis);
    // Row 1, channel 2, YY: antennas 2 and 0, interval 1.
    const expected = 4 * powerOf(table, 1, 2, 2, 1) * powerOf(table, 1, 0, 2, 1);
    expect(spectralWeights[(CHANNELS + 2) * 2 + 1]).toBeCloseTo(expected, 4);
  });

  it("of a row are multiplied by the mean over channels that are not flagged", () => {
    const table = gainsOf();
    const rows = rowsOf(table, 2);
    rows.flags[0] = 1; // row 0, channel 0, XX
    rows.flags.fill(1, 2 * CHANNELS, 4 * CHANNELS); // row 1
    applyGains(invertGains(table), rows, rows.vis);
    const power = (chan: number): number => powerOf(table, 0, 0, chan, 0) * powerOf(table, 0, 1, chan, 0);
    expect(rows.weights[0]).toBeCloseTo((10 * (power(1) + power(2))) / 2, 4);
    expect([rows.weights[2], rows.weights[3]]).toEqual([0, 0]);
  });
});

describe("a sample without gain", () => {
  it("is flagged and 0: flagged, zero or infinite gains, no interval", () => {
    const table = gainsOf();
    table.flags[gainIndex(table, 0, 0, 1, 0)] = 1;
    table.gains.fill(0, 2 * gainIndex(table, 0, 1, 2, 1), 2 * gainIndex(table, 0, 1, 2, 1) + 2);
    table.gains[2 * gainIndex(table, 1, 2, 0, 0)] = Infinity;
    const rows = { ...rowsOf(gainsOf(), 2), intervalOfRow: Int32Array.of(0, 1, -1) };
    rows.flags[1] = 1; // flagged before: calibrated all the same
    expect(applyGains(invertGains(table), rows, rows.vis)).toBe(3 + 6);
    const flagged = [...rows.flags.keys()].filter((at) => rows.flags[at] === 1);
    expect(flagged).toEqual([1, 2, 5, 6, 12, 13, 14, 15, 16, 17]);
    for (const at of flagged.slice(1)) expect([rows.vis[2 * at], rows.vis[2 * at + 1]]).toEqual([0, 0]);
    expect(rows.vis[2]).toBeCloseTo(1, 5);
    expect(rows.weights[4]).toBe(0);
  });
});

describe("several gains", () => {
  const shape = { antennaCount: 3, polCount: 2 };
  const random = (intervalCount: number, binCount: number, seed: number): GainTable => {
    const table = createGainTable({ ...shape, intervalCount, binCount });
    for (let at = 0; at < table.flags.length; at++) {
      table.flags[at] = (at * seed) % 11 === 0 ? 1 : 0;
      table.gains[2 * at] = Math.sin(at * seed + 1);
      table.gains[2 * at + 1] = Math.cos(3 * at + seed);
    }
    return table;
  };

  it("are inverted as their product, in any order, each spread over channels and intervals that it does not tell apart", () => {
    const factors = [random(1, CHANNELS, 5), random(2, 1, 7), random(2, CHANNELS, 13), random(1, 1, 17)];
    const out = createInverseGains({ ...shape, intervalCount: 2, channelCount: CHANNELS });
    const other = createInverseGains({ ...shape, intervalCount: 2, channelCount: CHANNELS });
    composeGains(factors, out);
    composeGains(factors.toReversed(), other);
    let withoutCount = 0;
    for (let interval = 0; interval < 2; interval++) {
      for (let antenna = 0; antenna < 3; antenna++) {
        for (let chan = 0; chan < CHANNELS; chan++) {
          for (let pol = 0; pol < 2; pol++) {
            let [re, im, isGain] = [1, 0, true];
            for (const table of factors) {
              const from = gainIndex(
                table,
                Math.min(interval, table.intervalCount - 1),
                antenna,
                Math.min(chan, table.binCount - 1),
                pol,
              );
              const [gRe, gIm] = [table.gains[2 * from] as number, table.gains[2 * from + 1] as number];
              [re, im] = [re * gRe - im * gIm, re * gIm + im * gRe];
              isGain &&= table.flags[from] === 0;
            }
            const at = ((interval * 3 + antenna) * CHANNELS + chan) * 2 + pol;
            const power = isGain ? re * re + im * im : 0;
            expect(out.powers[at]).toBeCloseTo(power, 6);
            expect(other.powers[at]).toBeCloseTo(power, 6);
            if (!isGain) withoutCount++;
            expect(out.inverse[2 * at]).toBe(isGain ? Math.fround(re / power) : 0);
            expect(out.inverse[2 * at + 1]).toBe(isGain ? Math.fround(-im / power) : 0);
          }
        }
      }
    }
    expect(withoutCount).toBeGreaterThan(5);
  });

  it("are left alone for antennas that nobody wants", () => {
    const out = createInverseGains({ ...shape, intervalCount: 1, channelCount: CHANNELS });
    out.powers.fill(9);
    composeGains(
      [gainsOf()].map((table) => ({ ...table, intervalCount: 1, ...firstInterval(table) })),
      out,
      Uint8Array.of(1, 0, 1),
    );
    const perAntenna = CHANNELS * 2;
    expect(out.powers.subarray(perAntenna, 2 * perAntenna).every((power) => power === 9)).toBe(true);
    expect(out.powers.subarray(0, perAntenna).includes(9)).toBe(false);
  });

  it("of other shapes are refused", () => {
    const out = createInverseGains({ ...shape, intervalCount: 2, channelCount: CHANNELS });
    expect(() => composeGains([random(3, 1, 1)], out)).toThrow(/intervals of a factor: expected 2 or 1, found 3/);
    expect(() => composeGains([random(1, 2, 1)], out)).toThrow(/bins of a factor: expected 3 or 1, found 2/);
  });
});

const firstInterval = ({ gains, flags }: GainTable) => ({
  gains: gains.slice(0, gains.length / 2),
  flags: flags.slice(0, flags.length / 2),
});

it("refuses what does not fit", () => {
  const table = gainsOf();
  const rows = rowsOf(table, 2);
  const inverse = invertGains(table);
  expect(() => applyGains(inverse, { ...rows, channelCount: 2 }, rows.vis)).toThrow(
    /channels of the gains: expected 2, found 3/,
  );
  expect(() => applyGains(inverse, { ...rows, ant1: Int32Array.of(0, 3, 1) }, rows.vis)).toThrow(
    /ant1: expected 0 … 2, found 3/,
  );
  expect(() =>
    applyGains(
      inverse,
      {
        ...rows,
        polPairs: [
          [0, 0],
          [2, 2],
        ],
      },
      rows.vis,
    ),
  ).toThrow(/polPairs/);
  expect(() => applyGains(inverse, rows, new Float32Array(2))).toThrow(/out: expected 36, found 2/);
  expect(() => invertGains({ ...table, flags: new Uint8Array(3) })).toThrow(/flags: expected 36, found 3/);
});
