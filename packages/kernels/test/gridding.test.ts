/** Gridding and degridding beside the sums that they stand for. */
import { describe, expect, test } from "vitest";
import { createEngine, type Engine, type EngineKind, teamOf } from "../src/engine/index.ts";
import {
  channelSamples,
  degridVisibilities,
  type GriddingOptions,
  type GriddingPlan,
  gridVisibilities,
  orderSamples,
  planGridding,
  prepareGridding,
  type SampleOrder,
  type Samples,
} from "../src/grid/index.ts";
import {
  channelsHz,
  explicitImage,
  explicitVisibilities,
  longestBaselineM,
  randomData,
  relativeRms,
  uvwOf,
} from "./gridding-reference.ts";
import { uniformFrom } from "./uniform-from.ts";

const kinds: readonly EngineKind[] = ["wasm", "plain"];
const DEG = Math.PI / 180;

interface Set {
  readonly samples: Samples;
  readonly plan: GriddingPlan;
  readonly engine: Engine;
  readonly data: ReturnType<typeof randomData>;
  readonly order: SampleOrder;
}

/** A field whose sides subtend an angle, seen by an array that its pixels just resolve. */
function setOf(
  kind: EngineKind,
  size: { widthPx: number; heightPx: number; fieldDeg: number },
  options: { accuracyRatio?: number; decDeg?: number; seed?: number; antennaCount?: number; timeCount?: number } = {},
): Set {
  const { decDeg = 16, seed = 1, antennaCount = 7, timeCount = 4 } = options;
  const pixelRad = (2 * Math.sin((size.fieldDeg / 2) * DEG)) / size.widthPx;
  const freqHz = channelsHz(1.3e9, 5e6, 6);
  const radiusM = longestBaselineM(pixelRad, 1.33e9) / (2 * Math.SQRT2);
  const uvwM = uvwOf({ decDeg, antennaCount, timeCount, freqHz, radiusM, seed });
  const samples = channelSamples(uvwM, freqHz);
  const gridding: GriddingOptions = { ...size, pixelRad, ...pick(options) };
  const plan = planGridding(samples, gridding);
  const engine = createEngine(plan.byteCount, kind);
  prepareGridding(engine, plan);
  const data = randomData((uvwM.length / 3) * freqHz.length, seed);
  return { samples, plan, engine, data, order: orderSamples(plan, samples, data.flags) };
}

function pick({ accuracyRatio }: { accuracyRatio?: number }): { accuracyRatio?: number } {
  return accuracyRatio === undefined ? {} : { accuracyRatio };
}

function imageOf({ engine, plan, order, samples, data }: Set, vis = data.vis): Float32Array {
  const image = new Float32Array(plan.widthPx * plan.heightPx);
  gridVisibilities(engine, plan, order, samples, { ...data, vis }, image, teamOf(engine));
  return image;
}

function visibilitiesOf({ engine, plan, order, samples, data }: Set, model: Float32Array): Float32Array {
  const vis = new Float32Array(data.vis.length);
  degridVisibilities(engine, plan, order, samples, model, vis, teamOf(engine));
  return vis;
}

/** Corners, centre and edges, then random pixels. */
function somePixels({ widthPx, heightPx }: GriddingPlan): (readonly [number, number])[] {
  const uniform = uniformFrom(9);
  return [
    [0, 0],
    [widthPx - 1, 0],
    [0, heightPx - 1],
    [widthPx - 1, heightPx - 1],
    [widthPx >> 1, heightPx >> 1],
    [0, heightPx >> 1],
    [widthPx >> 1, 0],
    ...Array.from({ length: 60 }, () => [Math.floor(uniform() * widthPx), Math.floor(uniform() * heightPx)] as const),
  ];
}

function imageError(set: Set): number {
  const image = imageOf(set);
  const pixels = somePixels(set.plan);
  const kept = set.data.weights.map((weight, sample) => (set.data.flags[sample] === 0 ? weight : 0));
  const expected = explicitImage(set.samples, set.data.vis, kept, set.plan, pixels);
  return relativeRms(
    pixels.map(([column, row]) => image[row * set.plan.widthPx + column] ?? NaN),
    expected,
  );
}

/** A model of some dozen points, anywhere in the image, corners among them. */
function someModel({ widthPx, heightPx }: GriddingPlan): Float32Array {
  const model = new Float32Array(widthPx * heightPx);
  const uniform = uniformFrom(4);
  for (const [column, row] of somePixels({ widthPx, heightPx } as GriddingPlan).slice(0, 30)) {
    model[row * widthPx + column] = 0.1 + uniform();
  }
  return model;
}

function predictionError(set: Set): number {
  const model = someModel(set.plan);
  const found = visibilitiesOf(set, model);
  const expected = explicitVisibilities(set.samples, model, set.plan);
  const isKept = (_: number, index: number): boolean => set.data.flags[index >> 1] === 0;
  return relativeRms([...found].filter(isKept), [...expected].filter(isKept));
}

const fields = [
  { widthPx: 64, heightPx: 64, fieldDeg: 0.5 },
  { widthPx: 100, heightPx: 72, fieldDeg: 4 },
  { widthPx: 54, heightPx: 90, fieldDeg: 30 },
  { widthPx: 96, heightPx: 96, fieldDeg: 70 },
  { widthPx: 61, heightPx: 75, fieldDeg: 120 },
];
const accuracies = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6];

describe.each(kinds)("%s", (kind) => {
  describe.each(fields)("a field of $widthPx × $heightPx over $fieldDeg°", (field) => {
    test.each(accuracies)("is imaged and predicted to %s", (accuracyRatio) => {
      const set = setOf(kind, field, { accuracyRatio });
      expect(imageError(set)).toBeLessThan(accuracyRatio);
      expect(predictionError(set)).toBeLessThan(accuracyRatio);
    });
  });

  test.each([-25, 16, 54, 88])("a field at declination %i° is imaged and predicted to 1e-5", (decDeg) => {
    const set = setOf(kind, { widthPx: 80, heightPx: 80, fieldDeg: 10 }, { accuracyRatio: 1e-5, decDeg, seed: 3 });
    expect(imageError(set)).toBeLessThan(1e-5);
    expect(predictionError(set)).toBeLessThan(1e-5);
  });

  test("a single row does", () => {
    const set = setOf(
      kind,
      { widthPx: 48, heightPx: 60, fieldDeg: 20 },
      { accuracyRatio: 1e-4, antennaCount: 2, timeCount: 1, seed: 12 },
    );
    expect(imageError(set)).toBeLessThan(1e-4);
    expect(predictionError(set)).toBeLessThan(1e-4);
  });

  test("the one is the transpose of the other", () => {
    const set = setOf(kind, { widthPx: 70, heightPx: 50, fieldDeg: 40 }, { accuracyRatio: 1e-4 });
    const uniform = uniformFrom(8);
    const model = Float32Array.from({ length: 70 * 50 }, () => uniform() - 0.5);
    const image = imageOf(set);
    const vis = visibilitiesOf(set, model);
    const { data } = set;
    let inImage = 0;
    for (let pixel = 0; pixel < model.length; pixel++) inImage += model[pixel] * image[pixel];
    let inData = 0;
    let inDataSize = 0;
    for (let sample = 0; sample < data.flags.length; sample++) {
      if (data.flags[sample] !== 0) continue;
      for (const part of [2 * sample, 2 * sample + 1]) {
        inData += data.weights[sample] * data.vis[part] * vis[part];
        inDataSize += Math.abs(data.weights[sample] * data.vis[part] * vis[part]);
      }
    }
    // The products cancel: what is compared with is the size of a random sum of them.
    expect(Math.abs(inImage - inData)).toBeLessThan(1e-5 * (inDataSize / Math.sqrt(data.flags.length)));
  });

  test("sums are imaged as the sum of images", () => {
    const set = setOf(kind, { widthPx: 64, heightPx: 64, fieldDeg: 5 });
    const other = randomData(set.data.flags.length, 77).vis;
    const both = set.data.vis.map((value, index) => 2 * value - 3 * (other[index] ?? 0));
    const [a, b] = [imageOf(set), imageOf(set, other)];
    const expected = a.map((value, pixel) => 2 * value - 3 * (b[pixel] ?? 0));
    // Cells are float32 sums; the kernel's correction at the field's edge magnifies their rounding.
    expect(relativeRms(imageOf(set, both), expected)).toBeLessThan(5e-6);
  });

  test("pixels too large for the longest baselines are summed all the same", () => {
    // Baselines reach 2.5 times beyond the grid's period: what is imaged is the sum at the pixels, aliases and all.
    const [widthPx, heightPx, pixelRad] = [40, 36, 4e-3];
    const uvwM = uvwOf({
      decDeg: 30,
      antennaCount: 6,
      timeCount: 3,
      freqHz: new Float64Array(),
      radiusM: 100,
      seed: 2,
    });
    const samples = channelSamples(uvwM, channelsHz(1.4e9, 1e7, 4));
    const plan = planGridding(samples, { widthPx, heightPx, pixelRad, accuracyRatio: 1e-4 });
    expect(2 * plan.halfUCount).toBeGreaterThan(plan.gridWidthCount);
    expect(2 * plan.halfVCount).toBeGreaterThan(plan.gridHeightCount);
    const engine = createEngine(plan.byteCount, kind);
    prepareGridding(engine, plan);
    const data = randomData((uvwM.length / 3) * 4, 6);
    const set = { samples, plan, engine, data, order: orderSamples(plan, samples, data.flags) };
    expect(imageError(set)).toBeLessThan(1e-4);
    expect(predictionError(set)).toBeLessThan(1e-4);
  });

  test("what is flagged or without weight does not matter, even if it is no number", () => {
    const set = setOf(kind, { widthPx: 64, heightPx: 64, fieldDeg: 5 });
    const { data } = set;
    const without = imageOf(set);
    data.weights[5] = 0;
    data.flags[5] = 0;
    const vis = data.vis.map((value, index) =>
      data.flags[index >> 1] !== 0 || data.weights[index >> 1] === 0 ? NaN : value,
    );
    const image = imageOf(set, vis);
    expect(image.every((value) => Number.isFinite(value))).toBe(true);
    expect(relativeRms(image, without)).toBeLessThan(0.1);
    const order = orderSamples(set.plan, set.samples, data.flags, data.weights);
    expect(imageOf({ ...set, order }, vis)).toEqual(image);
  });

  test("nothing gives an empty image", () => {
    const set = setOf(kind, { widthPx: 32, heightPx: 32, fieldDeg: 5 });
    set.data.flags.fill(1);
    const order = orderSamples(set.plan, set.samples, set.data.flags);
    expect(order.runCount).toBe(0);
    expect(imageOf({ ...set, order }).every((value) => value === 0)).toBe(true);
    expect(visibilitiesOf({ ...set, order }, someModel(set.plan)).every((value) => value === 0)).toBe(true);
  });
});

test("a group of the telescope is planned within the memory that there is", () => {
  const uvwM = Float64Array.from([1800, 1700, 600, -200, 30, 1]);
  const samples = channelSamples(uvwM, channelsHz(1.31e9, 244_140.625, 768));
  const plan = planGridding(samples, { widthPx: 4800, heightPx: 4800, pixelRad: 1.4544e-5, threadCount: 2 });
  expect(plan.byteCount).toBeLessThan(2e9);
});

test("what cannot be imaged is refused", () => {
  const samples = channelSamples(Float64Array.from([1, 2, 3]), Float64Array.from([1e9]));
  const size = { widthPx: 64, heightPx: 64, pixelRad: 1e-4 };
  expect(() => planGridding(samples, { ...size, accuracyRatio: 1e-8 })).toThrow("accuracy: expected 0.000001 to 0.1");
  expect(() => planGridding(samples, { ...size, pixelRad: 0 })).toThrow("pixelRad");
  expect(() => planGridding(samples, { ...size, widthPx: 10.5 })).toThrow("widthPx: expected 1 or more, found 10.5");
  expect(() => planGridding(channelSamples(Float64Array.from([1, NaN, 3]), Float64Array.from([1e9])), size)).toThrow(
    "uvw: v is not a number",
  );
  expect(() => planGridding(channelSamples(Float64Array.from([1, 2, 3]), Float64Array.from([0])), size)).toThrow(
    "frequency",
  );
  const plan = planGridding(samples, size);
  const engine = createEngine(65536);
  expect(() =>
    gridVisibilities(engine, plan, orderSamples(plan, samples), samples, {}, new Float32Array(4096), teamOf(engine)),
  ).toThrow(`memory: expected at least ${plan.byteCount} bytes`);
});
