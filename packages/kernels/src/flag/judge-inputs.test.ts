import { expect, it } from "vitest";
import { measureBaseline } from "./baseline-statistics.ts";
import { type BaselineFigures, judgeInputs } from "./judge-inputs.ts";

interface Input {
  readonly gain: number;
  readonly systemPower: number;
}

/** An array of ten such inputs, some changed, on a source of this power. */
function figures(changed: Readonly<Record<number, Partial<Input>>>, sourcePower: number): BaselineFigures[] {
  const inputs = Array.from({ length: 10 }, (_, antenna): Input => {
    return { gain: 0.9 + 0.02 * antenna, systemPower: 1 + 0.01 * ((antenna * 7) % 10), ...changed[antenna] };
  });
  const baselines: BaselineFigures[] = [];
  for (const [ant1, one] of inputs.entries()) {
    for (const [ant2, other] of inputs.entries()) {
      if (ant2 <= ant1) continue;
      const gainPower = (one.gain * other.gain) ** 2;
      const noisePower = gainPower * one.systemPower * other.systemPower;
      const totalPower = noisePower + gainPower * sourcePower;
      baselines.push({ ant1, ant2, correlation: 0, sampleCount: 100, flaggedCount: 3, noisePower, totalPower });
    }
  }
  return baselines;
}

const bad = (baselines: readonly BaselineFigures[]) =>
  judgeInputs(baselines)
    .filter(({ verdict }) => verdict !== "good")
    .map(({ antenna, verdict, reasons }) => [antenna, verdict, reasons]);

it("an array as it should be has no bad input, and ten good verdicts", () => {
  expect(bad(figures({}, 5))).toEqual([]);
  expect(judgeInputs(figures({}, 5)).map(({ antenna }) => antenna)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

it("noise against what correlates tells a noisy input from a high gain", () => {
  expect(bad(figures({ 3: { systemPower: 8 }, 6: { gain: 6 } }, 5))).toEqual([
    [3, "noisy", ["noisy for what it correlates"]],
  ]);
  const verdict = judgeInputs(figures({ 3: { systemPower: 8 } }, 5))[3];
  expect(verdict?.sensitivityRatio).toBeGreaterThan(7);
  expect(verdict?.sensitivityRatio).toBeLessThan(9);
});

it("on an empty sky noise alone is judged", () => {
  expect(bad(figures({ 3: { systemPower: 8 } }, 0))).toEqual([[3, "noisy", ["noisy beside the array"]]]);
});

it("no power, noise only, and nearly all flagged are dead", () => {
  expect(bad(figures({ 2: { gain: 1e-3 } }, 5))).toEqual([[2, "dead", ["no power"]]]);
  const deaf = figures({}, 5).map((one) =>
    one.ant1 === 4 || one.ant2 === 4 ? { ...one, totalPower: one.noisePower } : one,
  );
  expect(bad(deaf)).toEqual([[4, "dead", ["no correlated power"]]]);
  const flagged = figures({}, 5).map((one) =>
    one.ant1 === 4 || one.ant2 === 4 ? { ...one, flaggedCount: 100, noisePower: NaN, totalPower: NaN } : one,
  );
  expect(bad(flagged)).toEqual([[4, "dead", ["nearly all flagged"]]]);
});

it("correlations are judged apart, whatever the antennas' order", () => {
  const second = figures({ 5: { gain: 1e-3 } }, 5).map((one) => ({ ...one, correlation: 1 }));
  const both = [...figures({}, 5), ...second];
  const verdicts = judgeInputs(both);
  expect(
    verdicts.filter(({ verdict }) => verdict === "dead").map(({ antenna, correlation }) => [antenna, correlation]),
  ).toEqual([[5, 1]]);
  const relabelled = both.map((one) => ({ ...one, ant1: 9 - one.ant2, ant2: 9 - one.ant1 }));
  expect(
    judgeInputs(relabelled)
      .filter(({ verdict }) => verdict === "dead")
      .map(({ antenna }) => antenna),
  ).toEqual([4]);
});

it("measures a baseline: noise by neighbouring channels, flagged samples left out", () => {
  // 10 ± 1 in turns on a slope: second differences are 4, so E|n|² is 16 / 6.
  const channelCount = 12;
  const vis = new Float32Array(2 * 3 * channelCount);
  for (let at = 0; at < vis.length / 2; at++) {
    vis[2 * at] = at % 2 === 0 ? 9 : 11;
    vis[2 * at + 1] = 5 * (at % channelCount);
  }
  const flags = new Uint8Array(vis.length / 2);
  vis[2 * 20] = 1e9;
  flags[20] = 1;
  vis[2 * 30 + 1] = Number.NaN;
  const block = { vis, flags, rowCount: 3, channelCount, correlationCount: 1 };
  const measured = measureBaseline(block, Int32Array.of(0, 1, 2), 0);
  expect(measured).toMatchObject({ sampleCount: 36, flaggedCount: 2 });
  expect(measured.noisePower).toBeCloseTo(16 / 6, 12);
  // The first row is whole, the others lack one 9 each, at channels 8 and 6: the median of their means.
  const slope = (lost: number): number => 25 * (506 - lost * lost);
  const means = [101 + slope(0) / 12, (5 * 81 + 6 * 121 + slope(8)) / 11, (5 * 81 + 6 * 121 + slope(6)) / 11];
  expect(measured.totalPower).toBeCloseTo(means.sort((one, other) => one - other)[1] as number, 9);
  flags.fill(1);
  expect(measureBaseline(block, Int32Array.of(0, 1, 2), 0).noisePower).toBeNaN();
});
