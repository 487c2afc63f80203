import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createGainTable, type GainTable, gainIndex } from "./gain-table.ts";
import { interpolateGains, multiplyGains, spreadGains } from "./interpolate-gains.ts";

/** Gains of one antenna and polarisation along time or frequency. */
function seriesOf(along: "time" | "frequency", gains: readonly (readonly [number, number] | null)[]): GainTable {
  const table = createGainTable({
    antennaCount: 1,
    polCount: 1,
    intervalCount: along === "time" ? gains.length : 1,
    binCount: along === "time" ? 1 : gains.length,
  });
  for (const [k, gain] of gains.entries()) {
    if (gain === null) continue;
    table.flags[k] = 0;
    table.gains[2 * k] = gain[0] * Math.cos(gain[1]);
    table.gains[2 * k + 1] = gain[0] * Math.sin(gain[1]);
  }
  return table;
}

const polar = (table: GainTable, k: number): [number, number] => [
  Math.hypot(table.gains[2 * k] as number, table.gains[2 * k + 1] as number),
  Math.atan2(table.gains[2 * k + 1] as number, table.gains[2 * k] as number),
];

describe.each(["time", "frequency"] as const)("between solutions along %s", (along) => {
  const table = seriesOf(along, [[1, 3], null, [2, -3], [4, -2.5]]);
  const x = Float64Array.of(10, 20, 30, 50);

  it("amplitude and phase go evenly, the phase the shorter way", () => {
    const to = interpolateGains(table, along, x, Float64Array.of(10, 20, 25, 40), "linear");
    const turn = 2 * Math.PI - 6; // from 3 to −3 across half a turn
    for (const [k, expected] of [
      [1, 3],
      [1.5, 3 + turn / 2],
      [1.75, 3 + 0.75 * turn - 2 * Math.PI],
      [3, -2.75],
    ].entries()) {
      const [length, phase] = polar(to, k);
      expect(length).toBeCloseTo(expected[0] as number, 12);
      expect(Math.cos(phase - (expected[1] as number))).toBeCloseTo(1, 12);
    }
    expect([...to.flags]).toEqual([0, 0, 0, 0]);
  });

  it("the nearest holds, the earlier of two; outside the first and last hold", () => {
    const at = Float64Array.of(19, 20, 21, -5, 99);
    const to = interpolateGains(table, along, x, at, "nearest");
    expect([0, 1, 2, 3, 4].map((k) => Math.round(polar(to, k)[0]))).toEqual([1, 1, 2, 1, 4]);
    const linear = interpolateGains(table, along, x, at, "linear");
    expect([3, 4].map((k) => polar(linear, k)[0])).toEqual([polar(table, 0)[0], polar(table, 3)[0]]);
  });

  it("falling values are as good as rising ones", () => {
    const falling = seriesOf(along, [[4, -2.5], [2, -3], null, [1, 3]]);
    const at = Float64Array.of(5, 12, 25, 31, 60);
    const found = interpolateGains(falling, along, x.toReversed(), at, "linear");
    const expected = interpolateGains(table, along, x, at, "linear");
    for (const [k, value] of expected.gains.entries()) expect(found.gains[k]).toBeCloseTo(value, 12);
  });

  it("what is farther than allowed from a solution is flagged", () => {
    const to = interpolateGains(table, along, x, Float64Array.of(14, 20, 26, 56), "linear", 5);
    expect([...to.flags]).toEqual([0, 1, 0, 1]);
  });

  it("without solutions all is flagged", () => {
    const to = interpolateGains(
      seriesOf(along, [null, null]),
      along,
      Float64Array.of(1, 2),
      Float64Array.of(1.5),
      "linear",
    );
    expect([...to.flags]).toEqual([1]);
    expect([...to.gains]).toEqual([1, 0]);
  });

  it("refuses x of the wrong length or that turns back", () => {
    expect(() => interpolateGains(table, along, x.subarray(1), x, "linear")).toThrow(/x: expected 4 values/);
    expect(() => interpolateGains(table, along, Float64Array.of(1, 2, 2, 3), x, "linear")).toThrow(/x\[2\]/);
  });
});

it("at the solutions themselves nothing changes", () => {
  const gain = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.tuple(fc.double({ min: 0.1, max: 9, noNaN: true }), fc.double({ min: -3, max: 3, noNaN: true })),
    },
    fc.constant(null),
  );
  fc.assert(
    fc.property(
      fc.array(gain, { minLength: 1, maxLength: 9 }),
      fc.constantFrom("linear", "nearest"),
      (gains, method) => {
        const table = seriesOf("time", gains);
        const x = Float64Array.from(gains, (_, k) => 3 * k + 1);
        const to = interpolateGains(table, "time", x, x, method);
        for (const [k, flag] of table.flags.entries()) {
          if (flag === 1) continue;
          expect(to.flags[k]).toBe(0);
          expect(to.gains[2 * k]).toBeCloseTo(table.gains[2 * k] as number, 10);
          expect(to.gains[2 * k + 1]).toBeCloseTo(table.gains[2 * k + 1] as number, 10);
        }
      },
    ),
  );
});

it("products are of complex numbers; what one lacks the product lacks", () => {
  const product = multiplyGains(seriesOf("time", [[2, 1], [3, 1], null]), seriesOf("time", [[5, 0.5], null, [1, 1]]));
  expect(polar(product, 0)[0]).toBeCloseTo(10, 12);
  expect(polar(product, 0)[1]).toBeCloseTo(1.5, 12);
  expect([...product.flags]).toEqual([0, 1, 1]);
  expect(() => multiplyGains(product, seriesOf("time", [null]))).toThrow(/intervalCount: expected 3, found 1/);
});

it("gains of windows spread over channels, of times over rows", () => {
  const table = createGainTable({ antennaCount: 2, intervalCount: 2, polCount: 2, binCount: 2 });
  table.flags.fill(0);
  for (let at = 0; at < table.flags.length; at++) table.gains[2 * at] = at;
  table.flags[gainIndex(table, 1, 0, 1, 1)] = 1;
  const to = spreadGains(table, Int32Array.of(1, 0, 1, -1), Int32Array.of(1, -1, 0));
  expect([to.binCount, to.intervalCount]).toEqual([4, 3]);
  expect(to.gains[2 * gainIndex(to, 2, 1, 0, 1)]).toBe(gainIndex(table, 0, 1, 1, 1));
  expect(to.gains[2 * gainIndex(to, 0, 0, 1, 0)]).toBe(gainIndex(table, 1, 0, 0, 0));
  expect(to.flags[gainIndex(to, 0, 0, 2, 1)]).toBe(1);
  expect(to.flags[gainIndex(to, 0, 0, 2, 0)]).toBe(0);
  expect(to.flags[gainIndex(to, 0, 0, 3, 0)]).toBe(1);
  expect(to.flags[gainIndex(to, 1, 0, 0, 0)]).toBe(1);
});
