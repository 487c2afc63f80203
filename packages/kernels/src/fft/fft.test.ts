import { describe, expect, test } from "vitest";
import { normalFrom, uniformFrom } from "../../test/uniform-from.ts";
import { createEngine, type Engine, type EngineKind } from "../engine/engine.ts";
import { createLayout } from "../engine/layout.ts";
import { teamOf } from "../engine/team.ts";
import { type Fft2dPlan, type FftDirection, fft2d, imageOf, planFft2d, prepareFft2d } from "./fft-2d.ts";
import { fastLength, radicesOf } from "./line-fft.ts";

const kinds: readonly EngineKind[] = ["wasm", "plain"];

function prepared(kind: EngineKind, widthPx: number, heightPx: number): { engine: Engine; plan: Fft2dPlan } {
  const layout = createLayout();
  const plan = planFft2d(layout, { widthPx, heightPx });
  const engine = createEngine(layout.byteCount, kind);
  prepareFft2d(engine, plan);
  return { engine, plan };
}

/** [height][width][re, im] into the plan's rows. */
function put(engine: Engine, plan: Fft2dPlan, values: Float64Array): void {
  const image = imageOf(engine, plan);
  for (let row = 0; row < plan.heightPx; row++) {
    image.set(values.subarray(2 * row * plan.widthPx, 2 * (row + 1) * plan.widthPx), (row * plan.rowStrideBytes) / 4);
  }
}

function taken(engine: Engine, plan: Fft2dPlan): Float64Array {
  const image = imageOf(engine, plan);
  const values = new Float64Array(2 * plan.widthPx * plan.heightPx);
  for (let row = 0; row < plan.heightPx; row++) {
    const start = (row * plan.rowStrideBytes) / 4;
    values.set(image.subarray(start, start + 2 * plan.widthPx), 2 * row * plan.widthPx);
  }
  return values;
}

function noise(count: number, seed: number): Float64Array {
  const normal = normalFrom(uniformFrom(seed));
  return Float64Array.from({ length: count }, () => Math.fround(normal()));
}

/** Σ x e^(±2πi jk/n) along one axis, as it is written. */
function explicitLine(values: Float64Array, start: number, step: number, length: number, sign: number): void {
  const out = new Float64Array(2 * length);
  for (let k = 0; k < length; k++) {
    for (let j = 0; j < length; j++) {
      const angleRad = (sign * 2 * Math.PI * ((j * k) % length)) / length;
      const re = values[start + 2 * j * step];
      const im = values[start + 2 * j * step + 1];
      out[2 * k] += re * Math.cos(angleRad) - im * Math.sin(angleRad);
      out[2 * k + 1] += re * Math.sin(angleRad) + im * Math.cos(angleRad);
    }
  }
  for (let k = 0; k < length; k++) {
    values[start + 2 * k * step] = out[2 * k];
    values[start + 2 * k * step + 1] = out[2 * k + 1];
  }
}

function explicit(values: Float64Array, widthPx: number, heightPx: number, direction: FftDirection): Float64Array {
  const sign = direction === "forward" ? -1 : 1;
  const out = values.slice();
  for (let row = 0; row < heightPx; row++) explicitLine(out, 2 * row * widthPx, 1, widthPx, sign);
  for (let col = 0; col < widthPx; col++) explicitLine(out, 2 * col, widthPx, heightPx, sign);
  return out;
}

function relativeRms(found: Float64Array, expected: Float64Array): number {
  let difference = 0;
  let power = 0;
  for (let index = 0; index < expected.length; index++) {
    difference += (found[index] - expected[index]) ** 2;
    power += expected[index] ** 2;
  }
  return Math.sqrt(difference / power);
}

const sizes: readonly (readonly [number, number])[] = [
  [2, 2],
  [4, 6],
  [10, 8],
  [16, 16],
  [18, 20],
  [30, 64],
  [54, 50],
  [100, 12],
  [120, 90],
  [128, 162],
];

describe.each(kinds)("the %s transform", (kind) => {
  describe.each(["forward", "inverse"] as const)("%s", (direction) => {
    test.each(sizes)("of %i × %i is the explicit sum", (widthPx, heightPx) => {
      const { engine, plan } = prepared(kind, widthPx, heightPx);
      const values = noise(2 * widthPx * heightPx, widthPx + heightPx);
      put(engine, plan, values);
      fft2d(engine, plan, direction, teamOf(engine));
      expect(relativeRms(taken(engine, plan), explicit(values, widthPx, heightPx, direction))).toBeLessThan(3e-7);
    });
  });

  test.each([
    [1000, 1024],
    [2048, 36],
    [1620, 750],
  ])("of %i × %i there and back gives what it was given", (widthPx, heightPx) => {
    const { engine, plan } = prepared(kind, widthPx, heightPx);
    const values = noise(2 * widthPx * heightPx, 5);
    put(engine, plan, values);
    fft2d(engine, plan, "forward", teamOf(engine));
    // Parseval: the power grows by the number of pixels.
    const power = (numbers: Float64Array): number => numbers.reduce((sum, value) => sum + value * value, 0);
    expect(power(taken(engine, plan)) / power(values) / (widthPx * heightPx)).toBeCloseTo(1, 6);
    fft2d(engine, plan, "inverse", teamOf(engine));
    const back = taken(engine, plan).map((value) => value / (widthPx * heightPx));
    expect(relativeRms(back, values)).toBeLessThan(6e-7);
  });

  test("of a single pixel is one wave", () => {
    const { engine, plan } = prepared(kind, 24, 40);
    imageOf(engine, plan).set([1, 0], (3 * plan.rowStrideBytes) / 4 + 2 * 5);
    fft2d(engine, plan, "forward", teamOf(engine));
    const found = taken(engine, plan);
    for (let row = 0; row < 40; row++) {
      for (let col = 0; col < 24; col++) {
        const angleRad = -2 * Math.PI * ((3 * row) / 40 + (5 * col) / 24);
        expect(found[2 * (row * 24 + col)]).toBeCloseTo(Math.cos(angleRad), 6);
        expect(found[2 * (row * 24 + col) + 1]).toBeCloseTo(Math.sin(angleRad), 6);
      }
    }
  });
});

test("what is no size is refused", () => {
  expect(() => planFft2d(createLayout(), { widthPx: 14, heightPx: 16 })).toThrow("factors 2, 3 and 5 only, found 14");
  expect(() => planFft2d(createLayout(), { widthPx: 15, heightPx: 16 })).toThrow("even numbers, found 15 × 16");
  expect(() => radicesOf(0)).toThrow(RangeError);
  expect(() => radicesOf(2.5)).toThrow(RangeError);
});

test("the fast length is the next even one of factors 2, 3 and 5", () => {
  const isFast = (length: number): boolean => {
    let rest = length;
    for (const factor of [2, 3, 5]) while (rest % factor === 0) rest /= factor;
    return rest === 1 && length % 2 === 0;
  };
  for (let least = 1; least < 3000; least++) {
    let expected = least;
    while (!isFast(expected)) expected++;
    expect(fastLength(least)).toBe(expected);
  }
});
