/** Images of nodes beside the sums over channels that they stand for. */
import { describe, expect, test } from "vitest";
import { createEngine, type Engine, type EngineKind, teamOf } from "../src/engine/index.ts";
import {
  channelSamples,
  degridVisibilities,
  gridVisibilities,
  orderSamples,
  planGridding,
  prepareGridding,
} from "../src/grid/index.ts";
import {
  compressVisibilities,
  expandVisibilities,
  planResampling,
  prepareResampling,
  type ResamplingPlan,
  weightNodes,
} from "../src/resample/index.ts";
import {
  channelsHz,
  explicitImage,
  explicitVisibilities,
  randomData,
  relativeRms,
  uvwOf,
} from "./gridding-reference.ts";
import { uniformFrom } from "./uniform-from.ts";

const kinds: readonly EngineKind[] = ["wasm", "plain"];
const size = { widthPx: 60, heightPx: 48, pixelRad: 1e-3 };
/** Two bands with a gap, the second falling: three runs and a channel by itself. */
const freqHz = Float64Array.from([...channelsHz(1.3e9, 2.5e5, 200), 1.36e9, ...channelsHz(1.48e9, -2.5e5, 190)]);
const uvwM = uvwOf({ decDeg: 54, antennaCount: 6, timeCount: 2, freqHz, radiusM: 30, seed: 5 });
const data = randomData((uvwM.length / 3) * freqHz.length, 3);
data.flags.fill(1, 40, 90);

function prepared(kind: EngineKind, toleranceRatio: number): { plan: ResamplingPlan; engine: Engine } {
  const plan = planResampling(uvwM, freqHz, { ...size, toleranceRatio });
  const engine = createEngine(plan.byteCount, kind);
  prepareResampling(engine, plan);
  return { plan, engine };
}

function gridded(plan: ResamplingPlan, nodes: Float32Array, accuracyRatio: number): Float32Array {
  const gridding = planGridding(plan.nodes, { ...size, accuracyRatio });
  const engine = createEngine(gridding.byteCount);
  prepareGridding(engine, gridding);
  const image = new Float32Array(size.widthPx * size.heightPx);
  const order = orderSamples(gridding, plan.nodes);
  gridVisibilities(engine, gridding, order, plan.nodes, { vis: nodes }, image, teamOf(engine));
  return image;
}

function predicted(plan: ResamplingPlan, model: Float32Array, accuracyRatio: number): Float32Array {
  const gridding = planGridding(plan.nodes, { ...size, accuracyRatio });
  const engine = createEngine(gridding.byteCount);
  prepareGridding(engine, gridding);
  const nodes = new Float32Array(2 * plan.nodeCount);
  const order = orderSamples(gridding, plan.nodes);
  degridVisibilities(engine, gridding, order, plan.nodes, model, nodes, teamOf(engine));
  return nodes;
}

const uniform = uniformFrom(2);
const pixels = Array.from(
  { length: 40 },
  () => [Math.floor(uniform() * size.widthPx), Math.floor(uniform() * size.heightPx)] as const,
);
const model = new Float32Array(size.widthPx * size.heightPx);
for (const [column, row] of pixels.slice(0, 12)) model[row * size.widthPx + column] = uniform();
const samples = channelSamples(uvwM, freqHz);
const kept = data.weights.map((weight, sample) => (data.flags[sample] === 0 ? weight : 0));
const at = (image: Float32Array): number[] => pixels.map(([column, row]) => image[row * size.widthPx + column] ?? NaN);

describe.each(kinds)("%s", (kind) => {
  test.each([1e-3, 1e-4, 1e-5])("nodes make the image of the channels to %s", (toleranceRatio) => {
    const { plan, engine } = prepared(kind, toleranceRatio);
    expect(plan.nodeCount).toBeLessThan(data.flags.length / 2);
    const nodes = new Float32Array(2 * plan.nodeCount);
    compressVisibilities(engine, plan, data, nodes, teamOf(engine));
    const expected = explicitImage(samples, data.vis, kept, size, pixels);
    expect(relativeRms(at(gridded(plan, nodes, toleranceRatio / 2)), expected)).toBeLessThan(toleranceRatio);
  });

  test.each([1e-3, 1e-5])("channels are interpolated from nodes to %s", (toleranceRatio) => {
    const { plan, engine } = prepared(kind, toleranceRatio);
    const vis = new Float32Array(data.vis.length);
    expandVisibilities(engine, plan, predicted(plan, model, toleranceRatio / 2), vis, teamOf(engine));
    expect(relativeRms(vis, explicitVisibilities(samples, model, size))).toBeLessThan(toleranceRatio);
  });

  test("a major cycle on nodes images what one on channels does", () => {
    const { plan, engine } = prepared(kind, 1e-5);
    const team = teamOf(engine);
    const expected = explicitVisibilities(samples, model, size);
    const residual = data.vis.map((value, index) => value - (expected[index] ?? 0));
    const nodes = new Float32Array(2 * plan.nodeCount);
    compressVisibilities(engine, plan, data, nodes, team);
    const fromModel = predicted(plan, model, 1e-5);
    weightNodes(engine, plan, fromModel, data, fromModel, team);
    const left = nodes.map((value, index) => value - (fromModel[index] ?? 0));
    const image = explicitImage(samples, Float32Array.from(residual), kept, size, pixels);
    expect(relativeRms(at(gridded(plan, left, 1e-5)), image)).toBeLessThan(3e-5);
  });

  test("without data, nodes are those of the point spread function", () => {
    const { plan, engine } = prepared(kind, 1e-4);
    const nodes = new Float32Array(2 * plan.nodeCount);
    const { weights, flags } = data;
    compressVisibilities(engine, plan, { weights, flags }, nodes, teamOf(engine));
    const image = gridded(plan, nodes, 1e-4);
    const sum = kept.reduce((total, weight) => total + weight, 0);
    const centre = image[(size.heightPx / 2) * size.widthPx + size.widthPx / 2] ?? NaN;
    // The errors of resampling and of gridding, 1e-4 each, may add.
    expect(Math.abs(centre / sum - 1)).toBeLessThan(2e-4);
  });

  test("what is flagged may be no number", () => {
    const { plan, engine } = prepared(kind, 1e-4);
    const nodes = new Float32Array(2 * plan.nodeCount);
    const vis = data.vis.map((value, index) => (data.flags[index >> 1] === 0 ? value : NaN));
    compressVisibilities(engine, plan, { ...data, vis }, nodes, teamOf(engine));
    expect(nodes.every((value) => Number.isFinite(value))).toBe(true);
  });
});

test("long baselines keep their channels, short ones hardly need any", () => {
  const pair = Float64Array.from([20_000, 0, 0, 10, 5, 1]);
  const plan = planResampling(pair, channelsHz(1.3e9, 2.5e5, 768), { ...size, toleranceRatio: 1e-4 });
  const counts = [0, 1].map((row) => (plan.nodes.rowStarts?.[row + 1] ?? 0) - (plan.nodes.rowStarts?.[row] ?? 0));
  expect(counts[0]).toBe(768);
  expect(counts[1]).toBeLessThan(30);
  expect(plan.nodes.wavesPerM.every((waves) => waves > 0)).toBe(true);
});

test("a tolerance that is none is refused", () => {
  expect(() => planResampling(uvwM, freqHz, { ...size, toleranceRatio: 0 })).toThrow("tolerance");
});
