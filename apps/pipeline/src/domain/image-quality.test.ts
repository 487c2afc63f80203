import fc from "fast-check";
import { expect, test } from "vitest";
import { judgeImage, measureImage, robustScatter } from "./image-quality.ts";

const beam = { majorArcsec: 50, minorArcsec: 30, paDeg: 90 };

/** Normal deviates by Box and Muller, from a generator of 32 bits (Marsaglia's xorshift). */
function noise(count: number, sigma: number, seed: number): Float32Array {
  let state = seed;
  const uniform = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 2 ** 32;
  };
  return Float32Array.from(
    { length: count },
    () => sigma * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

test("the noise is that of the residual, sources hardly count", () => {
  const residual = noise(250_000, 2e-3, 12_345);
  expect(robustScatter(residual) / 2e-3).toBeCloseTo(1, 2);
  const crowded = Float32Array.from(residual, (value, at) => (at % 100 === 0 ? value + 1 : value));
  // One pixel in a hundred far outside moves the median of the rest by a hundredth of its slope: 1.6 %.
  expect(robustScatter(crowded) / 2e-3).toBeLessThan(1.02);
});

test("blank pixels are no pixels", () => {
  const image = Float32Array.of(Number.NaN, 3, -1, Number.NaN, 0.5);
  const figures = measureImage(image, noise(1000, 0.1, 7), beam);
  expect(figures).toMatchObject({ peakJyPerBeam: 3, lowestJyPerBeam: -1, pixelCount: 3, brightPixelCount: 1 });
});

test("the scatter does not depend on order, and follows scale and offset", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 50 }), (values) => {
      const scatter = robustScatter(Float32Array.from(values));
      expect(robustScatter(Float32Array.from(values.toReversed()))).toBe(scatter);
      expect(robustScatter(Float32Array.from(values, (value) => 4 * value + 8))).toBeCloseTo(4 * scatter, 3);
    }),
  );
});

test("a verdict has its reasons", () => {
  const residual = noise(10_000, 1e-3, 99);
  const bright = residual.map((value, at) => (at < 20 ? 1 : value));
  expect(judgeImage(measureImage(bright, residual, beam))).toEqual({ verdict: "good", reasons: [] });
  const holed = bright.map((value, at) => (at === 30 ? -0.3 : value));
  expect(judgeImage(measureImage(holed, residual, beam))).toEqual({
    verdict: "usable",
    reasons: [{ severity: "warning", text: "the deepest hole is 30 % of the peak" }],
  });
  const empty = judgeImage(measureImage(residual, residual, beam));
  expect(empty.verdict).toBe("bad");
  expect(empty.reasons.map(({ text }) => text).join()).toMatch(
    /pixels above five times the noise, expected at least 10/,
  );
  const blank = new Float32Array(100);
  expect(judgeImage(measureImage(blank, blank, null))).toMatchObject({ verdict: "bad" });
  const nothing = new Float32Array(100).fill(Number.NaN);
  expect(judgeImage(measureImage(nothing, nothing, null)).reasons[0]!.text).toMatch(/no noise/);
});
