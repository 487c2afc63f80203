import { describe, expect, it } from "vitest";
import { createRfiSearch, RFI_SEARCH_DEFAULTS, type RfiSearchOptions, searchPlane } from "../src/flag/index.ts";
import { plainSteps } from "../src/flag/plain-steps.ts";
import { wasmSteps } from "../src/flag/wasm-steps.ts";
import { normalFrom, uniformFrom } from "./uniform-from.ts";

/** What a plane is made of besides noise. */
interface Content {
  readonly level: number;
  /** Parts of the samples. */
  readonly interference: number;
  readonly flagged: number;
  /** Whole lines. */
  readonly flaggedTimes: readonly number[];
  readonly flaggedChannels: readonly number[];
}

const QUIET: Content = { level: 5, interference: 0, flagged: 0, flaggedTimes: [], flaggedChannels: [] };

function fill(
  { amplitudes, flags }: { amplitudes: Float32Array; flags: Uint8Array },
  [timeCount, channelCount]: readonly [number, number],
  content: Content,
  seed: number,
): void {
  const uniform = uniformFrom(seed);
  const normal = normalFrom(uniform);
  for (let at = 0; at < timeCount * channelCount; at++) {
    const channel = at % channelCount;
    const gain = 1 + 0.2 * (Math.floor(channel / 16) % 3);
    const strength = 10 ** (1 + 4 * uniform());
    amplitudes[at] =
      Math.hypot(content.level * gain + normal(), normal()) + (uniform() < content.interference ? strength : 0);
    const isFlagged =
      uniform() < content.flagged ||
      content.flaggedTimes.includes(Math.floor(at / channelCount)) ||
      content.flaggedChannels.includes(channel);
    flags[at] = isFlagged ? 1 : 0;
  }
  // A carrier, a burst, and what only long windows see.
  if (content.interference === 0) return;
  for (let time = 0; time < timeCount; time++) amplitudes[time * channelCount + (channelCount >> 1)] += 20;
  for (let channel = 0; channel < channelCount; channel++) amplitudes[(timeCount >> 1) * channelCount + channel] += 1.5;
}

const SIZES: readonly (readonly [number, number])[] = [
  [24, 768],
  [7, 50],
  [1, 9],
  [70, 37],
  [3, 130],
  [16, 64],
  [9, 1],
];

const CONTENTS: readonly (readonly [string, Content])[] = [
  ["noise", QUIET],
  ["noise alone", { ...QUIET, level: 0 }],
  ["interference", { ...QUIET, interference: 0.01 }],
  ["much interference", { ...QUIET, interference: 0.2 }],
  ["flags and interference", { ...QUIET, interference: 0.01, flagged: 0.2 }],
  [
    "whole lines flagged",
    { ...QUIET, interference: 0.005, flaggedTimes: [0, 1, 5], flaggedChannels: [3, 4, 5, 6, 40] },
  ],
  ["nearly all flagged", { ...QUIET, interference: 0.01, flagged: 0.97 }],
];

const OPTIONS: readonly RfiSearchOptions[] = [
  { ...RFI_SEARCH_DEFAULTS, subbandChannelCount: 48 },
  { ...RFI_SEARCH_DEFAULTS, subbandChannelCount: 10, firstThresholdSigmaRatio: 3, windowLengthMaxCount: 16 },
  { ...RFI_SEARCH_DEFAULTS, binChannelCount: 3, sigmaTimeCount: 3, rhoRatio: 1.1, etaTimeRatio: 0.6, roundCount: 1 },
  { ...RFI_SEARCH_DEFAULTS, rhoRatio: 4, windowLengthMaxCount: 4, firstThresholdSigmaRatio: 30, sigmaTimeCount: 0 },
];

describe.each(SIZES.map((size) => ({ size, name: size.join(" times × ") })))("in $name channels", ({ size }) => {
  it.each(CONTENTS)("both forms of the search flag the same samples of %s", (_, content) => {
    for (const [place, options] of OPTIONS.entries()) {
      const twins = (["wasm", "plain"] as const).map((kind) => createRfiSearch(size[0] + 2, size[1], options, kind));
      // Twice, the second time with fewer integrations: nothing of a plane may be left for the next.
      for (const timeCount of [size[0], Math.max(1, size[0] - 1)]) {
        const [results, flags] = [
          twins.map(search),
          twins.map((twin) => [...twin.flags.subarray(0, timeCount * size[1])]),
        ];
        function search(twin: (typeof twins)[number]) {
          fill(twin, [timeCount, size[1]], content, 100 * place + timeCount);
          return searchPlane(twin, timeCount);
        }
        expect(flags[0]).toEqual(flags[1]);
        const [one, other] = results as [(typeof results)[0], (typeof results)[0]];
        expect(one).toEqual({ ...other, residualSigma: expect.any(Number) });
        if (Number.isNaN(other.residualSigma)) expect(one.residualSigma).toBeNaN();
        // Sums in another order differ by rounding, and an order statistic of float32 by a unit in its last place.
        else expect(Math.abs(one.residualSigma - other.residualSigma)).toBeLessThan(3e-7 * other.medianAmplitude);
      }
    }
  });
});

describe("steps in WebAssembly", () => {
  const size = [30, 100] as const;
  const options = { ...RFI_SEARCH_DEFAULTS, windowLengthMaxCount: 32 };
  const steps = () => [wasmSteps(...size, options), plainSteps(...size, options)] as const;
  const count = size[0] * size[1];

  it("threshold as the plain ones do at equality, which quarters meet often", () => {
    const twins = steps();
    let flagged = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const [one, other] = twins.map(({ planes, threshold, countFlags }) => {
        const uniform = uniformFrom(seed);
        for (let at = 0; at < count; at++) {
          planes.residuals[at] =
            Math.round(8 * (uniform() + uniform() + uniform() - 1.5)) / 4 + (uniform() < 0.01 ? 9 : 0);
          planes.flags[at] = uniform() < 0.1 ? 1 : 0;
        }
        // ρ is 1.5: with thirds all thresholds are whole or quarters down to windows of 8.
        threshold(1.5 ** 3 * (1 + (seed % 4) / 4), size[0]);
        flagged += countFlags(count);
        return [...planes.flags];
      });
      expect(one).toEqual(other);
    }
    expect(flagged).toBeGreaterThan(0.15 * count * 120);
    expect(flagged).toBeLessThan(0.95 * count * 120);
  });

  it("find the median of any values", () => {
    const [wasm] = steps();
    const normal = normalFrom(uniformFrom(3));
    for (const length of [1, 2, 3, 127, 128, 129, 500, count]) {
      for (const scale of [1e-30, 1, 1e30]) {
        for (let at = 0; at < length; at++) {
          wasm.planes.residuals[at] = at % 7 === 0 ? Math.round(normal()) : scale * normal();
        }
        wasm.planes.flags.fill(0);
        expect(wasm.drawSample("residuals", length, 1)).toBe(length);
        const sorted = wasm.planes.residuals.slice(0, length).sort();
        expect(wasm.median(length)).toBe(sorted[length >> 1]);
      }
    }
    expect(wasm.median(0)).toBeNaN();
  });

  it("count, compare and clip to the last sample", () => {
    const [wasm] = steps();
    const { planes } = wasm;
    for (const length of [count, count - 1, count - 7, 5]) {
      planes.flags.fill(0);
      planes.previousFlags.fill(0);
      planes.amplitudes.fill(1);
      planes.amplitudes[length - 1] = 2;
      if (length < count) planes.amplitudes[length] = 2;
      wasm.clipAbove(1.9999999999, length);
      expect([wasm.countFlags(count), planes.flags[length - 1], wasm.sameFlags(length)]).toEqual([1, 1, false]);
      expect(wasm.sameFlags(length - 1)).toBe(true);
      wasm.clipAbove(1, length);
      expect(wasm.countFlags(length)).toBe(1);
      wasm.clipAbove(0.9999999999, length);
      expect(wasm.countFlags(count)).toBe(length);
    }
  });
});
