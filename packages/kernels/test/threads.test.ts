/** Threads that share a memory: the same bits however many they are, and no waiting for one that failed. */
import { describe, expect, test } from "vitest";
import { createEngine, createLayout, type EngineKind } from "../src/engine/index.ts";
import { imageOf, planFft2d, prepareFft2d } from "../src/fft/index.ts";
import { channelSamples, orderSamples, planGridding, prepareGridding } from "../src/grid/index.ts";
import { channelsHz, randomData, uvwOf } from "./gridding-reference.ts";
import { runTeam } from "./run-team.ts";
import type { GriddingTask } from "./team-tasks.ts";
import { uniformFrom } from "./uniform-from.ts";

const tasksUrl = new URL("./team-tasks.ts", import.meta.url).href;

test("parts of a step are done once each, and steps one after another", async () => {
  const engine = createEngine(2 * 65536, "plain");
  expect(await runTeam(engine, 3, tasksUrl, "addInSteps", 500)).toEqual(["done", "done", "done"]);
  const values = new Int32Array(engine.buffer, 65536, 1000);
  for (let part = 0; part < 500; part++) {
    expect(values[part]).toBe(20 * part);
    expect(values[500 + part]).toBe(210 * (499 - part)); // Σ of 1 … 20 times what one round adds
  }
});

test("a thread that fails stops the others", async () => {
  const engine = createEngine(65536, "plain");
  expect((await runTeam(engine, 3, tasksUrl, "fail", 0)).toSorted()).toEqual([
    "RangeError",
    "TeamFailure",
    "TeamFailure",
  ]);
});

describe.each(["wasm", "plain"] as const)("the %s transform", (kind: EngineKind) => {
  test("is the same bits with 1, 2 and 4 threads", async () => {
    const results: Float32Array[] = [];
    for (const threadCount of [1, 2, 4]) {
      const layout = createLayout();
      const plan = planFft2d(layout, { widthPx: 120, heightPx: 200, threadCount });
      const engine = createEngine(layout.byteCount, kind);
      prepareFft2d(engine, plan);
      const uniform = uniformFrom(1);
      const image = imageOf(engine, plan);
      for (let index = 0; index < image.length; index++) image[index] = uniform() - 0.5;
      expect(await runTeam(engine, threadCount, tasksUrl, "transform", plan)).not.toContain("unknown");
      results.push(imageOf(engine, plan).slice());
    }
    expect(results[0]?.some((value) => value !== 0)).toBe(true);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});

function sharedFloats(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(4 * length));
}

describe.each(["wasm", "plain"] as const)("%s gridding and degridding", (kind: EngineKind) => {
  test("are the same bits with 1, 2 and 4 threads", async () => {
    const freqHz = channelsHz(1.3e9, 4e6, 10);
    const uvwM = uvwOf({ decDeg: 30, antennaCount: 10, timeCount: 4, freqHz, radiusM: 250, seed: 1 });
    const samples = channelSamples(uvwM, freqHz);
    const data = randomData((uvwM.length / 3) * freqHz.length, 1);
    const results: { image: Float32Array; vis: Float32Array }[] = [];
    for (const threadCount of [1, 2, 4]) {
      const plan = planGridding(samples, { widthPx: 120, heightPx: 100, pixelRad: 4e-4, threadCount });
      const engine = createEngine(plan.byteCount, kind);
      prepareGridding(engine, plan);
      const order = orderSamples(plan, samples, data.flags);
      const [image, vis] = [sharedFloats(120 * 100), sharedFloats(data.vis.length)];
      const task: GriddingTask = { plan, order, samples, data, image, vis };
      const ends = await runTeam(engine, threadCount, tasksUrl, "gridAndDegrid", task);
      expect(ends).toEqual(Array.from({ length: threadCount }, () => "done"));
      results.push({ image, vis });
    }
    expect(results[0]?.image.some((value) => value !== 0)).toBe(true);
    expect(results[0]?.vis.some((value) => value !== 0)).toBe(true);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});
