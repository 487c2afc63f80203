import { describe, expect, test } from "vitest";
import { type JudgedSolutions, judgeQuality, measureQuality, quantile } from "./cal-quality.ts";

const CHAN_COUNT = 64;
const RAD_PER_DEG = Math.PI / 180;

interface Solution {
  readonly amplitude?: number;
  readonly phaseDeg?: number;
  readonly isFlagged?: boolean;
  readonly snr?: number;
}

/** A bandpass of two receptors and one interval; what is not said is a perfect solution of amplitude 1. */
function bandpass(
  antennaCount: number,
  solutionOf: (antennaId: number, chan: number, receptor: number) => Solution,
): JudgedSolutions {
  const all = Array.from({ length: antennaCount * CHAN_COUNT * 2 }, (_, at) =>
    solutionOf(Math.floor(at / 2 / CHAN_COUNT), Math.floor(at / 2) % CHAN_COUNT, at % 2),
  );
  return {
    kind: "bandpass",
    rowCount: antennaCount,
    cellShape: [2, CHAN_COUNT],
    antennaNames: Array.from({ length: antennaCount }, (_, id) => `pad${id + 1}`),
    antennaIds: Int32Array.from({ length: antennaCount }, (_, id) => id),
    spectralWindowIds: new Int32Array(antennaCount),
    timesMjdSec: new Float64Array(antennaCount).fill(5e9),
    gains: Float32Array.from(
      all.flatMap(({ amplitude = 1, phaseDeg = 0 }) => [
        amplitude * Math.cos(phaseDeg * RAD_PER_DEG),
        amplitude * Math.sin(phaseDeg * RAD_PER_DEG),
      ]),
    ),
    delaysNs: null,
    flags: Uint8Array.from(all, ({ isFlagged }) => Number(isFlagged === true)),
    snrRatio: Float32Array.from(all, ({ snr = 100 }) => snr),
  };
}

/** Gains of one channel at several times. */
function gains(
  antennaCount: number,
  timeCount: number,
  phaseDegOf: (antennaId: number, time: number) => number,
): JudgedSolutions {
  const rows = Array.from({ length: antennaCount * timeCount }, (_, row) => [
    row % antennaCount,
    Math.floor(row / antennaCount),
  ]) as [number, number][];
  return {
    kind: "gain",
    rowCount: rows.length,
    cellShape: [1, 1],
    antennaNames: Array.from({ length: antennaCount }, (_, id) => `pad${id + 1}`),
    antennaIds: Int32Array.from(rows, ([id]) => id),
    spectralWindowIds: new Int32Array(rows.length),
    timesMjdSec: Float64Array.from(rows, ([, time]) => 5e9 + 60 * time),
    gains: Float32Array.from(
      rows.flatMap(([id, time]) => {
        const phaseRad = phaseDegOf(id, time) * RAD_PER_DEG;
        return [0.07 * Math.cos(phaseRad), 0.07 * Math.sin(phaseRad)];
      }),
    ),
    delaysNs: null,
    flags: new Uint8Array(rows.length),
    snrRatio: null,
  };
}

const verdictOf = (solutions: JudgedSolutions) => judgeQuality(measureQuality(solutions));

describe("figures", () => {
  test("quantiles are those of numpy", () => {
    const sorted = Float64Array.of(1, 2, 4, 8);
    expect([0, 0.16, 0.5, 0.84, 1].map((fraction) => quantile(sorted, fraction))).toEqual([1, 1.48, 3, 6.08, 8]);
    expect(quantile(new Float64Array(0), 0.5)).toBeNull();
  });

  test("what is flagged counts for nothing but the flagged fraction", () => {
    const quality = measureQuality(
      bandpass(12, (_, chan) => (chan < 16 ? { isFlagged: true, amplitude: Number.NaN, snr: 0 } : { amplitude: 1.5 })),
    );
    expect(quality.present).toMatchObject({ flaggedFraction: 0.25, medianGain: 1.5, lowGain: 1.5, medianSnr: 100 });
    expect(quality.present.phaseScatterDeg).toBe(0);
  });

  test("an antenna that is not there does not make the others worse", () => {
    const quality = measureQuality(bandpass(14, (id) => ({ isFlagged: id < 3 })));
    expect(quality.absent).toEqual(["pad1", "pad2", "pad3"]);
    expect(quality.antennas).toHaveLength(11);
    expect(quality.present.flaggedFraction).toBe(0);
  });

  test.each([1, 5, 20])("phases that jump by ±%i° scatter by that, whatever phase an antenna has", (jumpDeg) => {
    const quality = measureQuality(
      bandpass(10, (id, chan) => ({ phaseDeg: 171 + 37 * id + (chan % 2 === 0 ? jumpDeg : -jumpDeg) })),
    );
    // √(−2 ln cos δ) = δ (1 + δ²/12 + …)
    expect(quality.present.phaseScatterDeg! / jumpDeg).toBeCloseTo(1 + (jumpDeg * RAD_PER_DEG) ** 2 / 12, 3);
  });

  test("phases of one interval of gains say nothing; of several, how they move", () => {
    expect(measureQuality(gains(10, 1, (id) => 100 * id)).present.phaseScatterDeg).toBeNull();
    const scatterDeg = measureQuality(gains(10, 2, (id, time) => 100 * id + 10 * time)).present.phaseScatterDeg;
    expect(scatterDeg).toBeCloseTo(5, 1);
  });

  test("random phases scatter by more than any limit", () => {
    let state = 1;
    const uniform = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const solutions = bandpass(10, () => ({ phaseDeg: 360 * uniform() }));
    expect(measureQuality(solutions).present.phaseScatterDeg).toBeGreaterThan(90);
    expect(verdictOf(solutions).verdict).toBe("bad");
  });
});

describe("the verdict", () => {
  test("of a perfect table is good, without reasons", () => {
    expect(verdictOf(bandpass(96, () => ({})))).toEqual({ verdict: "good", reasons: [] });
  });

  test("lets real gains of 0.07 pass, which a lower limit of 0.1 refused", () => {
    expect(verdictOf(bandpass(96, () => ({ amplitude: 0.07 }))).verdict).toBe("good");
  });

  test.each<[string, "usable" | "bad", (id: number, chan: number) => Solution, RegExp]>([
    [
      "a few antennas without solutions",
      "usable",
      (id) => ({ isFlagged: id === 4 }),
      /1 antennas have no solution: pad5/,
    ],
    ["a quarter flagged", "usable", (_, chan) => ({ isFlagged: chan < 16 }), /25\.0 % flagged/],
    ["half flagged", "bad", (_, chan) => ({ isFlagged: chan < 32 }), /50\.0 % flagged, expected 30\.0 % at most/],
    ["a weak source", "usable", () => ({ snr: 5 }), /SNR 5\.0 in the median/],
    ["no source", "bad", () => ({ snr: 1 }), /SNR 1\.0 in the median, expected 3 at least/],
    ["one antenna far too low", "usable", (id) => ({ amplitude: id === 0 ? 1e-4 : 1 }), /1 of 24 antennas .*pad1$/],
    ["most antennas far too high", "bad", (id) => ({ amplitude: id < 16 ? 50 : 1 }), /16 of 24 antennas .*pad8 …$/],
    ["few antennas", "usable", (id) => ({ isFlagged: id > 4 }), /only 5 antennas have solutions/],
    ["too few antennas", "bad", (id) => ({ isFlagged: id > 2 }), /3 antennas have solutions, expected 4 at least/],
    ["no solution at all", "bad", () => ({ isFlagged: true }), /0 antennas have solutions/],
  ])("of %s is %s", (_, expected, solutionOf, reason) => {
    const { verdict, reasons } = verdictOf(bandpass(24, solutionOf));
    expect(verdict).toBe(expected);
    expect(reasons.map(({ text }) => text).join("; ")).toMatch(reason);
  });

  test.each([Number.NaN, Infinity])(
    "of a table with solutions of %d that are not flagged is bad, and its figures are of the rest",
    (value) => {
      const solutions = bandpass(24, (id, chan) => ({ amplitude: id === 3 && chan === 5 ? value : 0.2 }));
      const { verdict, reasons } = verdictOf(solutions);
      expect(verdict).toBe("bad");
      expect(reasons).toEqual([{ severity: "bad", text: "2 solutions are no numbers and are not flagged" }]);
      expect(measureQuality(solutions).present.medianGain).toBeCloseTo(0.2, 6);
      const flagged = bandpass(24, (id, chan) => ({
        amplitude: value,
        ...(id === 3 && chan === 5 ? {} : { amplitude: 0.2 }),
        isFlagged: id === 3 && chan === 5,
      }));
      expect(verdictOf(flagged)).toEqual({ verdict: "good", reasons: [] });
    },
  );

  test("names antennas without a name by number", () => {
    const solutions = {
      ...bandpass(12, (id) => ({ isFlagged: id < 2 })),
      antennaNames: Array.from({ length: 12 }, () => ""),
    };
    expect(verdictOf(solutions).reasons).toEqual([
      { severity: "warning", text: "2 antennas have no solution: number 0, number 1" },
    ]);
  });

  test("of delays looks at their size", () => {
    const base = bandpass(12, () => ({}));
    const delays = (delayNs: number): JudgedSolutions => ({
      ...base,
      kind: "delay",
      gains: null,
      delaysNs: new Float32Array(base.flags.length).fill(-delayNs),
    });
    expect(verdictOf(delays(20)).verdict).toBe("good");
    expect(verdictOf(delays(800))).toMatchObject({ verdict: "bad", reasons: [{ text: /delays above 500 ns/ }] });
  });
});
