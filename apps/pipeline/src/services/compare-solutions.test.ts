import { describe, expect, test } from "vitest";
import { type ComparedSolutions, compareSolutions, whyNotComparable } from "./compare-solutions.ts";

const ANTENNA_COUNT = 5;
const CHAN_COUNT = 3;
const RAD_PER_DEG = Math.PI / 180;

type GainOf = (antennaId: number, cell: number) => { readonly amplitude: number; readonly phaseDeg: number };

/** Rows of antennas in the given order, two receptors, as CASA has them. */
function gains(gainOf: GainOf, order = [0, 1, 2, 3, 4], flagged: readonly number[] = []): ComparedSolutions {
  const cellCount = 2 * CHAN_COUNT;
  const values = order.flatMap((antennaId) =>
    Array.from({ length: cellCount }, (_, cell) => {
      const { amplitude, phaseDeg } = gainOf(antennaId, cell);
      return [amplitude * Math.cos(phaseDeg * RAD_PER_DEG), amplitude * Math.sin(phaseDeg * RAD_PER_DEG)];
    }),
  );
  return {
    visCal: "B Jones",
    rowCount: order.length,
    cellShape: [2, CHAN_COUNT],
    antennaIds: Int32Array.from(order),
    spectralWindowIds: new Int32Array(order.length),
    gains: Float32Array.from(values.flat()),
    delaysNs: null,
    flags: Uint8Array.from(
      order.flatMap((antennaId) => Array<number>(cellCount).fill(flagged.includes(antennaId) ? 1 : 0)),
    ),
  };
}

const base: GainOf = (antennaId, cell) => ({
  amplitude: 0.05 + 0.01 * antennaId,
  phaseDeg: 70 * antennaId + 31 * cell,
});

describe("two tables of gains", () => {
  test("that are the same in another order and with another common phase do not differ", () => {
    const turned: GainOf = (antennaId, cell) => ({
      ...base(antennaId, cell),
      phaseDeg: base(antennaId, cell).phaseDeg + 40 * cell + 12,
    });
    const { total, antennas } = compareSolutions(gains(base), gains(turned, [3, 1, 4, 0, 2]));
    expect(total.commonCount).toBe(ANTENNA_COUNT * 2 * CHAN_COUNT);
    // Gains are kept in single precision.
    expect(total.amplitudeRatio).toBeCloseTo(1, 5);
    expect(total.phaseRmsDeg).toBeLessThan(1e-4);
    expect(antennas.map(({ antennaId }) => antennaId)).toEqual([0, 1, 2, 3, 4]);
  });

  test("differ in the antenna that does, by as much", () => {
    const one: GainOf = (antennaId, cell) => {
      const { amplitude, phaseDeg } = base(antennaId, cell);
      return antennaId === 2 ? { amplitude: 1.2 * amplitude, phaseDeg: phaseDeg + 10 } : { amplitude, phaseDeg };
    };
    const { antennas, total } = compareSolutions(gains(base), gains(one));
    // One of five antennas turns the mean of unit vectors by atan(sin 10° / (4 + cos 10°)).
    const commonDeg = Math.atan2(Math.sin(10 * RAD_PER_DEG), 4 + Math.cos(10 * RAD_PER_DEG)) / RAD_PER_DEG;
    expect(antennas.map(({ amplitudeRatio }) => amplitudeRatio!.toFixed(4))).toEqual([
      "1.0000",
      "1.0000",
      "1.2000",
      "1.0000",
      "1.0000",
    ]);
    expect(antennas[2]!.phaseRmsDeg).toBeCloseTo(10 - commonDeg, 3);
    expect(antennas[0]!.phaseRmsDeg).toBeCloseTo(commonDeg, 3);
    expect(total.phaseRmsDeg).toBeCloseTo(Math.sqrt(((10 - commonDeg) ** 2 + 4 * commonDeg ** 2) / 5), 3);
  });

  test("are compared only where both have solutions", () => {
    const { antennas, total } = compareSolutions(gains(base, undefined, [1]), gains(base, [0, 1, 2, 3], [3]));
    expect(antennas.map(({ commonCount }) => commonCount)).toEqual([6, 0, 6, 0, 0]);
    expect(antennas[1]).toMatchObject({
      amplitudeRatio: null,
      phaseRmsDeg: null,
      flaggedFraction: { first: 1, second: 0 },
    });
    // An antenna that a table does not have has no solutions there.
    expect(antennas[4]!.flaggedFraction).toEqual({ first: 0, second: 1 });
    expect(total.flaggedFraction).toEqual({ first: 1 / 5, second: 1 / 4 });
  });

  test("with a gain of zero leave it out", () => {
    const zero: GainOf = (antennaId, cell) => ({ ...base(antennaId, cell), amplitude: antennaId === 0 ? 0 : 0.1 });
    const { antennas } = compareSolutions(gains(zero), gains(base));
    expect(antennas[0]!.commonCount).toBe(0);
  });
});

test("two tables of delays differ beyond what all antennas share", () => {
  const delays = (delaysNs: readonly number[]): ComparedSolutions => ({
    ...gains(base),
    visCal: "K Jones",
    cellShape: [1, 1],
    gains: null,
    delaysNs: Float32Array.from(delaysNs),
    flags: new Uint8Array(ANTENNA_COUNT),
  });
  const { antennas, total } = compareSolutions(delays([1, 2, 3, 4, 5]), delays([4, 5, 6, 7, 13]));
  expect(antennas.map(({ delayRmsNs }) => delayRmsNs)).toEqual([1, 1, 1, 1, 4]);
  expect(total).toMatchObject({ delayRmsNs: 2, amplitudeRatio: null, phaseRmsDeg: null });
});

test("tables of different kinds or shapes are not compared", () => {
  const one = gains(base);
  expect(whyNotComparable(one, one)).toBeUndefined();
  expect(whyNotComparable(one, { ...one, visCal: "G Jones" })).toBe("one has B Jones, the other G Jones");
  expect(whyNotComparable(one, { ...one, cellShape: [2, 1] })).toBe(
    "one has 3 channels of 2 polarisations, the other 1 channels of 2 polarisations",
  );
});
