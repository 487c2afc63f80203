import { expect, test } from "vitest";
import { RandomStream } from "./random.ts";

test("equal seeds give equal numbers, and every seed of a list counts", () => {
  const first = (...seeds: number[]) => new RandomStream(...seeds).nextUint32();
  expect(first(110, 0, 7)).toBe(first(110, 0, 7));
  const streams = [[110], [111], [110, 0], [110, 1], [0, 110], [110, 0, 7], [110 + 2 ** 40]];
  expect(new Set(streams.map((seeds) => first(...seeds))).size).toBe(streams.length);
});

test("uniform numbers fill their range evenly", () => {
  const random = new RandomStream(5);
  const counts = new Array<number>(64).fill(0);
  const drawCount = 128_000;
  for (let k = 0; k < drawCount; k++) counts[Math.floor(random.uniform(0, 64))]!++;
  const expected = drawCount / 64;
  const chi2 = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 63 degrees of freedom: 63 ± 11; the seed is fixed.
  expect(chi2).toBeGreaterThan(30);
  expect(chi2).toBeLessThan(105);
});

test("normal numbers have the moments of a normal distribution, and neighbours are independent", () => {
  const random = new RandomStream(9);
  const drawCount = 200_000;
  const values = Array.from({ length: drawCount }, () => random.normal());
  const mean = (f: (value: number, k: number) => number) => values.reduce((sum, v, k) => sum + f(v, k), 0) / drawCount;
  expect(Math.abs(mean((v) => v))).toBeLessThan(0.01);
  expect(Math.abs(mean((v) => v * v) - 1)).toBeLessThan(0.015);
  expect(Math.abs(mean((v) => v ** 4) - 3)).toBeLessThan(0.1);
  expect(Math.abs(mean((v, k) => v * values[(k + 1) % drawCount]!))).toBeLessThan(0.01);
  expect(random.normal(5, 0)).toBe(5);
});

test("streams of neighbouring seeds are not alike", () => {
  const one = new RandomStream(110, 0, 99, 3, 4);
  const two = new RandomStream(110, 0, 99, 3, 5);
  let product = 0;
  for (let k = 0; k < 100_000; k++) product += one.normal() * two.normal();
  expect(Math.abs(product / 100_000)).toBeLessThan(0.015);
});
