import { describe, expect, it } from "vitest";
import { normalFrom, uniformFrom } from "../../test/uniform-from.ts";
import { type DelayPeak, findDelayPeak } from "./delay-spectrum.ts";
import { gainIndex } from "./gain-table.ts";
import { createNormalCells, type NormalCells } from "./normal-cells.ts";
import { type DelayOptions, type DelaySolutions, delayGains, solveDelays } from "./solve-delays.ts";

const ANTENNAS = 9;
const BINS = 96;
const BAND_HZ = Float64Array.from({ length: BINS }, (_, bin) => 1.49e9 - bin * 1.9e6);

interface Delays {
  readonly cells: NormalCells;
  /** `[antenna]`, relative to antenna 0. */
  readonly delaysSec: Float64Array;
  readonly phasesRad: Float64Array;
}

/** Sums of antennas with delays up to `rangeSec`, lengths of about 0.3, and phases; σ of each sum as noise of unit weight. */
function simulate(seed: number, rangeSec: number, noise: number, freqHz = BAND_HZ): Delays {
  const uniform = uniformFrom(seed);
  const normal = normalFrom(uniform);
  const delaysSec = Float64Array.from({ length: ANTENNAS }, () => rangeSec * (uniform() - 0.5));
  const phasesRad = Float64Array.from({ length: ANTENNAS }, () => 6 * uniform());
  const lengths = Float64Array.from({ length: ANTENNAS }, () => 0.2 + 0.2 * uniform());
  const cells = createNormalCells({ antennaCount: ANTENNAS, intervalCount: 1, polCount: 1, binCount: freqHz.length });
  const sorted = freqHz.toSorted();
  const centreHz = ((sorted[0] as number) + (sorted.at(-1) as number)) / 2;
  let at = 0;
  const angle = (antenna: number, hz: number): number =>
    (phasesRad[antenna] as number) + 2 * Math.PI * (delaysSec[antenna] as number) * (hz - centreHz);
  for (let i = 0; i < ANTENNAS; i++) {
    for (let j = i + 1; j < ANTENNAS; j++) {
      for (const hz of freqHz) {
        const phase = angle(i, hz) - angle(j, hz);
        const length = (lengths[i] as number) * (lengths[j] as number);
        cells.sums[at++] = length * Math.cos(phase) + noise * normal();
        cells.sums[at++] = length * Math.sin(phase) + noise * normal();
        cells.sums[at++] = 1;
      }
    }
  }
  const first = delaysSec[0] as number;
  const firstPhase = phasesRad[0] as number;
  return {
    cells,
    delaysSec: delaysSec.map((value) => value - first),
    phasesRad: phasesRad.map((value) => value - firstPhase),
  };
}

const solve = (delays: Delays, options: DelayOptions = {}, freqHz = BAND_HZ): DelaySolutions =>
  solveDelays(delays.cells, freqHz, { referenceAnt: 0, ...options });

const worstSec = (found: DelaySolutions, truth: Delays): number =>
  Math.max(...truth.delaysSec.map((delay, antenna) => Math.abs((found.delaysSec[antenna] as number) - delay)));

const PEAK_SEC = 1 / (95 * 1.9e6); // 1/bandwidth, 5.5 ns

describe("delays", () => {
  it("of noise-free data are found to 1e-6 of 1/bandwidth, large ones as well as small, with phases", () => {
    for (const rangeSec of [1e-12, 3e-9, 2e-7]) {
      const truth = simulate(1, rangeSec, 0);
      const found = solve(truth);
      expect(found.outcomes[0]).toMatchObject({ verdict: "converged", referenceAnt: 0 });
      expect(worstSec(found, truth)).toBeLessThan(1e-6 * PEAK_SEC);
      for (let antenna = 0; antenna < ANTENNAS; antenna++) {
        expect(Math.cos((found.phasesRad[antenna] as number) - (truth.phasesRad[antenna] as number))).toBeCloseTo(1, 9);
        expect(found.flags[antenna]).toBe(0);
      }
    }
  });

  it("need no regular channels", () => {
    const uniform = uniformFrom(8);
    const freqHz = BAND_HZ.filter(() => uniform() < 0.5);
    const truth = simulate(2, 2e-7, 0, freqHz);
    expect(worstSec(solve(truth, {}, freqHz), truth)).toBeLessThan(1e-6 * PEAK_SEC);
    const holes = simulate(2, 2e-7, 0);
    for (let at = 0; at < holes.cells.sums.length; at += 3) {
      if (uniform() < 0.5) holes.cells.sums.fill(0, at, at + 3);
    }
    expect(worstSec(solve(holes), holes)).toBeLessThan(1e-6 * PEAK_SEC);
  });

  it("are found where no single baseline and channel shows them, to within their errors", () => {
    let squares = 0;
    let count = 0;
    for (let seed = 10; seed < 40; seed++) {
      // Signal 0.09, noise 0.2: an SNR of 0.45 for each baseline and channel.
      const truth = simulate(seed, 2e-7, 0.2);
      const found = solve(truth);
      expect(found.outcomes[0]?.residualSigma).toBeCloseTo(0.2, 2);
      for (let antenna = 1; antenna < ANTENNAS; antenna++) {
        const off = (found.delaysSec[antenna] as number) - (truth.delaysSec[antenna] as number);
        const error = Math.hypot(found.errorsSec[antenna] as number, found.errorsSec[0] as number);
        squares += (off / error) ** 2;
        count++;
        expect(Math.abs(off)).toBeLessThan(5 * error);
      }
    }
    // 240 values, each with the reference's error in it.
    expect(squares / count).toBeGreaterThan(0.6);
    expect(squares / count).toBeLessThan(1.5);
  });

  it("are flagged of antennas without signal; the strongest is the reference when none is named", () => {
    const truth = simulate(3, 2e-7, 0.01);
    const normal = normalFrom(uniformFrom(77));
    let at = 0;
    for (let i = 0; i < ANTENNAS; i++) {
      for (let j = i + 1; j < ANTENNAS; j++) {
        for (let bin = 0; bin < BINS; bin++, at += 3) {
          if (i === 4 || j === 4) truth.cells.sums.set([0.01 * normal(), 0.01 * normal()], at);
          if (i === 6 || j === 6) truth.cells.sums.fill(0, at, at + 3);
        }
      }
    }
    const found = solveDelays(truth.cells, BAND_HZ, { minSnr: 6 });
    expect([...found.flags]).toEqual([0, 0, 0, 0, 1, 0, 1, 0, 0]);
    const { referenceAnt } = found.outcomes[0] as { referenceAnt: number };
    expect(found.delaysSec[referenceAnt]).toBe(0);
    expect(found.outcomes[0]?.verdict).toBe("converged");
    const first = found.delaysSec[0] as number;
    for (const antenna of [1, 2, 3, 5, 7, 8]) {
      expect((found.delaysSec[antenna] as number) - first).toBeCloseTo(truth.delaysSec[antenna] as number, 10);
    }
  });

  it("do not exist without data, which is an outcome", () => {
    const cells = createNormalCells({ antennaCount: 3, intervalCount: 1, polCount: 1, binCount: 2 });
    const found = solveDelays(cells, Float64Array.of(1e9, 2e9));
    expect(found.outcomes).toMatchObject([{ verdict: "no-data", referenceAnt: -1 }]);
    expect([...found.flags]).toEqual([1, 1, 1]);
    expect(() => solveDelays(cells, Float64Array.of(1e9))).toThrow(/freqHz: expected one for each of 2 or more bins/);
    expect(() => solveDelays(cells, Float64Array.of(1e9, 1e9))).toThrow(/same twice/);
  });

  it("as gains undo themselves", () => {
    const truth = simulate(4, 2e-8, 0);
    const table = delayGains(solve(truth), BAND_HZ, 1.4e9);
    for (const [bin, hz] of BAND_HZ.entries()) {
      const at = 2 * gainIndex(table, 0, 5, bin, 0);
      const angle = 2 * Math.PI * (truth.delaysSec[5] as number) * (hz - 1.4e9);
      expect(table.gains[at]).toBeCloseTo(Math.cos(angle), 5);
      expect(table.gains[at + 1]).toBeCloseTo(Math.sin(angle), 5);
    }
  });
});

it("the highest peak of a delay spectrum is found between grid points, wherever it lies", () => {
  const offsetHz = BAND_HZ.map((hz) => hz - 1.4e9);
  const scratch = new Float64Array(4 * BINS);
  const peak: DelayPeak = { delaySec: 0, phaseRad: 0, height: 0 };
  for (let k = 0; k < 50; k++) {
    const delaySec = 2e-7 * Math.sin(11 * k);
    const series = new Float64Array(2 * BINS);
    for (const [bin, hz] of offsetHz.entries()) {
      series[2 * bin] = 2 * Math.cos(2 * Math.PI * delaySec * hz + 1);
      series[2 * bin + 1] = 2 * Math.sin(2 * Math.PI * delaySec * hz + 1);
    }
    findDelayPeak(series, offsetHz, 1 / PEAK_SEC, 2.1e-7, scratch, peak);
    expect(Math.abs(peak.delaySec - delaySec)).toBeLessThan(1e-8 * PEAK_SEC);
    expect(peak.phaseRad).toBeCloseTo(1, 6);
    expect(peak.height).toBeCloseTo(2 * BINS, 6);
  }
});
