import { expect, test } from "vitest";
import { airyFwhmRad, airyPower } from "./airy-beam.ts";
import { besselJ1 } from "./bessel-j1.ts";

test("J1 is odd, and solves Bessel's equation to rounding on both sides of each change of method", () => {
  for (let x = 0.3; x < 60; x += 0.37) {
    expect(besselJ1(-x)).toBe(-besselJ1(x));
    const step = 1e-3;
    const [before, here, after] = [besselJ1(x - step), besselJ1(x), besselJ1(x + step)];
    const second = (after - 2 * here + before) / step ** 2;
    const first = (after - before) / (2 * step);
    // Differences of values good to 1e-14 over a step of 1e-3 leave 1e-7.
    expect(Math.abs(x * x * second + x * first + (x * x - 1) * here)).toBeLessThan(2e-6 * x * x + 1e-7);
  }
});

test("J1 is continuous where the method changes", () => {
  for (const x of [8, 25]) {
    expect(Math.abs(besselJ1(x) - besselJ1(x * (1 - Number.EPSILON)))).toBeLessThan(3e-14);
  }
});

test("the beam is 1 at the centre, one half at half its width, 0 at the first null", () => {
  const fwhmRad = airyFwhmRad(1.4e9, 4.65);
  expect(airyPower(0, 1.4e9, 4.65)).toBe(1);
  expect(airyPower(1e-12, 1.4e9, 4.65)).toBeCloseTo(1, 15);
  expect(airyPower(fwhmRad / 2, 1.4e9, 4.65)).toBeCloseTo(0.5, 12);
  expect((fwhmRad * 180) / Math.PI).toBeCloseTo(2.715, 2);
  const nullRad = Math.asin((3.831_705_970_207_512 * 299_792_458) / (Math.PI * 4.65 * 1.4e9));
  expect(airyPower(nullRad, 1.4e9, 4.65)).toBeLessThan(1e-28);
});

test("a dish smaller than the wave has no half-power width", () => {
  expect(airyFwhmRad(1e8, 0.1)).toBeNaN();
});
