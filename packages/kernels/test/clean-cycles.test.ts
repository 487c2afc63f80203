/** Visibilities of known points through weighting, imaging, cleaning and restoring, on channels and on nodes. */
import { describe, expect, test } from "vitest";
import { cleanStep, fitBeam, restoreModel, startClean } from "../src/clean/index.ts";
import { createEngine, teamOf } from "../src/engine/index.ts";
import {
  channelSamples,
  degridVisibilities,
  gridVisibilities,
  orderSamples,
  planGridding,
  prepareGridding,
  type SampleData,
  type Samples,
} from "../src/grid/index.ts";
import { createPredictor, predictRows, setDirection } from "../src/predict/index.ts";
import { compressVisibilities, planResampling, prepareResampling, weightNodes } from "../src/resample/index.ts";
import { addToWeightGrid, createWeightGrid, createWeighting, fillImagingWeights } from "../src/weight/index.ts";
import { channelsHz, directionOf, explicitVisibilities, relativeRms, uvwOf } from "./gridding-reference.ts";
import { normalFrom, uniformFrom } from "./uniform-from.ts";

const size = { widthPx: 160, heightPx: 160, pixelRad: 1.2e-4 };
const freqHz = channelsHz(1.35e9, 1e6, 64);
const uvwM = uvwOf({ decDeg: 20, antennaCount: 24, timeCount: 6, freqHz, radiusM: 170, seed: 8 });
const samples = channelSamples(uvwM, freqHz);
const sampleCount = (uvwM.length / 3) * freqHz.length;
const sky = [
  [80, 80, 1],
  [40, 60, 0.6],
  [43, 66, 0.3],
  [120, 130, 0.8],
  [70, 20, 0.2],
] as const;
const SIGMA_JY = 1;

const truth = new Float32Array(size.widthPx * size.heightPx);
for (const [column, row, flux] of sky) truth[row * size.widthPx + column] = flux;
const noise = normalFrom(uniformFrom(6));
const vis = Float32Array.from(explicitVisibilities(samples, truth, size), (value) => value + SIGMA_JY * noise());
const flags = new Uint8Array(sampleCount);
flags.fill(1, 3000, 9000);
const weightGrid = createWeightGrid({ widthPx: 192, heightPx: 192, pixelRad: size.pixelRad }, samples);
addToWeightGrid(weightGrid, { samples, flags });
const weights = new Float32Array(sampleCount);
const weightSum = fillImagingWeights(
  createWeighting(weightGrid, { kind: "briggs", robustFactor: 0.5 }),
  { samples, flags },
  weights,
);

/** Images and predicts one kind of samples. */
function imagerOf(of: Samples) {
  const plan = planGridding(of, { ...size, accuracyRatio: 1e-5 });
  const engine = createEngine(plan.byteCount);
  prepareGridding(engine, plan);
  const order = orderSamples(plan, of);
  return {
    image: (data: SampleData): Float32Array => {
      const image = new Float32Array(truth.length);
      gridVisibilities(engine, plan, order, of, data, image, teamOf(engine));
      return image.map((value) => value / weightSum);
    },
    predict: (model: Float32Array, out: Float32Array): Float32Array => {
      degridVisibilities(engine, plan, order, of, model, out, teamOf(engine));
      return out;
    },
  };
}

interface Cycles {
  readonly psf: Float32Array;
  residualOf(model: Float32Array): Float32Array;
}

function onChannels(): Cycles {
  const imager = imagerOf(samples);
  return {
    psf: imager.image({ weights, flags }),
    residualOf: (model) => {
      const predicted = imager.predict(model, new Float32Array(vis.length));
      return imager.image({ vis: vis.map((value, index) => value - (predicted[index] ?? 0)), weights, flags });
    },
  };
}

function onNodes(): Cycles {
  const resampling = planResampling(uvwM, freqHz, { ...size, toleranceRatio: 1e-5 });
  const engine = createEngine(resampling.byteCount);
  prepareResampling(engine, resampling);
  const team = teamOf(engine);
  const imager = imagerOf(resampling.nodes);
  const data = new Float32Array(2 * resampling.nodeCount);
  compressVisibilities(engine, resampling, { vis, weights, flags }, data, team);
  const ofPsf = new Float32Array(2 * resampling.nodeCount);
  compressVisibilities(engine, resampling, { weights, flags }, ofPsf, team);
  return {
    psf: imager.image({ vis: ofPsf }),
    residualOf: (model) => {
      const nodes = imager.predict(model, new Float32Array(data.length));
      weightNodes(engine, resampling, nodes, { weights, flags }, nodes, team);
      return imager.image({ vis: data.map((value, index) => value - (nodes[index] ?? 0)) });
    },
  };
}

function cleaned({ psf, residualOf }: Cycles) {
  const clean = startClean({ ...size, autoMaskSigma: 5, autoThresholdSigma: 1, majorGain: 0.8 });
  let residual = residualOf(clean.model);
  for (let cycle = 0; cycle < 20; cycle++) {
    const { next } = cleanStep(clean, residual, psf);
    residual = residualOf(clean.model);
    if (next !== "major") break;
  }
  const beam = fitBeam(psf, size.widthPx, size.heightPx, size.pixelRad);
  const restored = residual.slice();
  restoreModel(clean.model, beam, size.widthPx, size.heightPx, size.pixelRad, restored);
  return { clean, residual, restored, beam };
}

// Noise of the weighted sum: σ √Σw² / Σw.
const imageSigmaJy = (SIGMA_JY * Math.sqrt(weights.reduce((sum, weight) => sum + weight * weight, 0))) / weightSum;

describe.each([
  ["channels", onChannels],
  ["nodes", onNodes],
])("on %s", (_name, start) => {
  const result = cleaned(start());

  test("each point has its flux, to the noise", () => {
    for (const [column, row, flux] of sky) {
      expect(Math.abs((result.restored[row * size.widthPx + column] ?? NaN) - flux)).toBeLessThan(4 * imageSigmaJy);
    }
  });

  test("what is left is the noise that the weights leave", () => {
    const rms = Math.sqrt(result.residual.reduce((sum, value) => sum + value * value, 0) / result.residual.length);
    expect(rms / imageSigmaJy).toBeGreaterThan(0.93);
    expect(rms / imageSigmaJy).toBeLessThan(1.05);
  });

  test("the beam is about as wide as the longest baselines resolve", () => {
    const longest = Math.max(
      ...Array.from({ length: uvwM.length / 3 }, (_, row) => Math.hypot(uvwM[3 * row], uvwM[3 * row + 1])),
    );
    const fringeRad = 299_792_458 / 1.38e9 / longest;
    expect(result.beam.minorRad / fringeRad).toBeGreaterThan(0.6);
    expect(result.beam.majorRad / fringeRad).toBeLessThan(2.5);
  });
});

test("nodes and channels give the same residual for the same model", () => {
  const [channels, nodes] = [onChannels().residualOf(truth), onNodes().residualOf(truth)];
  const worst = Math.max(...channels.map((value, pixel) => Math.abs(value - (nodes[pixel] ?? NaN))));
  // Prediction, resampling and gridding leave 1e-5 of the brightest point, 1 Jy, each.
  expect(worst).toBeLessThan(2e-5);
});

test("predicting an image is predicting its pixels as components", () => {
  const model = new Float32Array(truth.length);
  model[60 * size.widthPx + 40] = 1;
  const { l, m } = directionOf(size.widthPx, size.heightPx, size.pixelRad, 40, 60);
  const lmn = new Float64Array(3);
  setDirection(lmn, 0, l, m);
  const spectraJy = new Float64Array(freqHz.length).fill(1);
  const expected = new Float32Array(vis.length);
  const predictor = createPredictor(freqHz, { correlationFactors: [1] });
  predictRows(predictor, { componentCount: 1, lmn, spectraJy }, { uvwM }, expected);
  expect(relativeRms(imagerOf(samples).predict(model, new Float32Array(vis.length)), expected)).toBeLessThan(1e-5);
});
