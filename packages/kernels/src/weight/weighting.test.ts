import { describe, expect, test } from "vitest";
import { channelsHz, uvwOf } from "../../test/gridding-reference.ts";
import { uniformFrom } from "../../test/uniform-from.ts";
import { channelSamples } from "../grid/index.ts";
import {
  addToWeightGrid,
  createWeightGrid,
  createWeighting,
  fillImagingWeights,
  mergeWeightGrid,
  type UvSelection,
  type WeightingScheme,
} from "./index.ts";

const freqHz = channelsHz(1.3e9, 7e6, 9);
const uvwM = uvwOf({ decDeg: 30, antennaCount: 8, timeCount: 5, freqHz, radiusM: 400, seed: 1 });
const samples = channelSamples(uvwM, freqHz);
const sampleCount = (uvwM.length / 3) * freqHz.length;
const uniform = uniformFrom(3);
const weights = Float32Array.from({ length: sampleCount }, () => 0.1 + uniform());
const flags = Uint8Array.from({ length: sampleCount }, () => (uniform() < 0.25 ? 1 : 0));
const size = { widthPx: 120, heightPx: 90, pixelRad: 2e-4 };

function uvLambda(sample: number): readonly [number, number] {
  const row = Math.floor(sample / freqHz.length);
  const waves = freqHz[sample % freqHz.length] / 299_792_458;
  return [uvwM[3 * row] * waves, uvwM[3 * row + 1] * waves];
}

/** Every sample beside every other. */
function explicitWeights(scheme: WeightingScheme, selection: UvSelection): Float64Array {
  const { uvLeastLambda = 0, uvMostLambda = 1e30, taperFwhmRad } = selection;
  const cells: string[] = [];
  const counted: number[] = [];
  for (let sample = 0; sample < sampleCount; sample++) {
    let [u, v] = uvLambda(sample);
    if (v < 0) [u, v] = [-u, -v];
    cells.push(`${Math.floor(u * size.widthPx * size.pixelRad)} ${Math.floor(v * size.heightPx * size.pixelRad)}`);
    const length = Math.hypot(u, v);
    const isIn = flags[sample] === 0 && length >= uvLeastLambda && length <= uvMostLambda;
    counted.push(isIn ? weights[sample] : 0);
  }
  const densities = cells.map((cell) =>
    counted.reduce((sum, weight, other) => (cells[other] === cell ? sum + weight : sum), 0),
  );
  const total = counted.reduce((sum, weight) => sum + weight, 0);
  // Σ over cells of W² is Σ over samples of w W.
  const squares = counted.reduce((sum, weight, sample) => sum + weight * (densities[sample] ?? 0), 0);
  return Float64Array.from(counted, (weight, sample) => {
    if (weight === 0) return 0;
    const density = densities[sample] ?? 0;
    const [u, v] = uvLambda(sample);
    // A Gaussian of that width in the image is, in uv, one of full width 4 ln 2 / (π FWHM).
    const uvFwhm = taperFwhmRad === undefined ? Infinity : (4 * Math.LN2) / (Math.PI * taperFwhmRad);
    const tapered = weight / 2 ** (((2 * Math.hypot(u, v)) / uvFwhm) ** 2);
    if (scheme.kind === "natural") return tapered;
    if (scheme.kind === "uniform") return tapered / density;
    return tapered / (1 + (density * 25 * 100 ** -scheme.robustFactor) / (squares / total));
  });
}

const schemes: readonly WeightingScheme[] = [
  { kind: "natural" },
  { kind: "uniform" },
  { kind: "briggs", robustFactor: -1 },
  { kind: "briggs", robustFactor: 0.5 },
];
const selections: readonly UvSelection[] = [
  {},
  { uvLeastLambda: 500 },
  { uvLeastLambda: 300, uvMostLambda: 2000, taperFwhmRad: 3e-4 },
];

describe.each(schemes)("$kind weights, robust $robustFactor", (scheme) => {
  test.each(selections)("are those of the formula with %j", (selection) => {
    const grid = createWeightGrid(size, samples);
    addToWeightGrid(grid, { samples, weights, flags }, selection);
    const out = new Float32Array(sampleCount);
    const sum = fillImagingWeights(createWeighting(grid, scheme, selection), { samples, weights, flags }, out);
    const expected = explicitWeights(scheme, selection);
    let worst = 0;
    for (let sample = 0; sample < sampleCount; sample++) {
      worst = Math.max(worst, Math.abs(out[sample] - expected[sample]) / (expected[sample] || 1));
    }
    expect(worst).toBeLessThan(1e-6);
    expect(out.some((weight) => weight > 0)).toBe(true);
    expect(sum / expected.reduce((total, weight) => total + weight, 0)).toBeCloseTo(1, 6);
  });
});

test("weights found in parts are those found at once, and may replace the data's", () => {
  const rows = uvwM.length / 3;
  const half = Math.floor(rows / 2);
  const whole = createWeightGrid(size, samples);
  addToWeightGrid(whole, { samples, weights, flags });
  const [first, second] = [createWeightGrid(size, samples), createWeightGrid(size, samples)];
  const cut = half * freqHz.length;
  const part = (start: number, end: number): Parameters<typeof addToWeightGrid>[1] => ({
    samples: channelSamples(uvwM.subarray(3 * start, 3 * end), freqHz),
    weights: start === 0 ? weights.subarray(0, cut) : weights.subarray(cut),
    flags: start === 0 ? flags.subarray(0, cut) : flags.subarray(cut),
  });
  addToWeightGrid(first, part(0, half));
  addToWeightGrid(second, part(half, rows));
  mergeWeightGrid(first, second);
  for (let cell = 0; cell < whole.weights.length; cell++)
    expect(first.weights[cell]).toBeCloseTo(whole.weights[cell], 10);
  const own = weights.slice();
  const out = new Float32Array(sampleCount);
  const weighting = createWeighting(whole, { kind: "briggs", robustFactor: 0 });
  fillImagingWeights(weighting, { samples, weights, flags }, out);
  fillImagingWeights(weighting, { samples, weights: own, flags }, own);
  expect(own).toEqual(out);
});

test("without samples all weights are 0, and what is no number is refused", () => {
  const grid = createWeightGrid(size, samples);
  const none = new Uint8Array(sampleCount).fill(1);
  addToWeightGrid(grid, { samples, weights, flags: none });
  const out = new Float32Array(sampleCount).fill(1);
  const weighting = createWeighting(grid, { kind: "briggs", robustFactor: 0 });
  expect(fillImagingWeights(weighting, { samples, weights, flags: none }, out)).toBe(0);
  expect(out.every((weight) => weight === 0)).toBe(true);
  expect(() => createWeighting(grid, { kind: "briggs", robustFactor: NaN })).toThrow("robust");
  expect(() => createWeightGrid({ ...size, pixelRad: 0 }, samples)).toThrow("pixelRad");
  expect(() => mergeWeightGrid(grid, createWeightGrid({ ...size, widthPx: 500 }, samples))).toThrow("weight grids");
});
