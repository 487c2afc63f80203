import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frequencyRuns } from "../src/predict/frequency-runs.ts";
import {
  componentShapes,
  createPredictor,
  fillSpectra,
  fillUvwRates,
  type PredictMode,
  type PredictorOptions,
  type PredictSky,
  predictRows,
  setDirection,
} from "../src/predict/index.ts";
import { predictReference, type ReferenceComponent } from "./predict-reference.ts";
import { uniformFrom } from "./uniform-from.ts";

const CHAN_WIDTH_HZ = 244_140.625;
const EXPOSURE_SEC = 12.884902;
const BAND_HZ = Float64Array.from({ length: 768 }, (_, chan) => 1_498_643_188.4765625 - chan * CHAN_WIDTH_HZ);

/** Components within 1.5° of the centre; every other one a Gaussian of up to 2′ when asked for. */
function skyOf(seed: number, count: number, gaussian: boolean): ReferenceComponent[] {
  const uniform = uniformFrom(seed);
  return Array.from({ length: count }, (_, index) => {
    const drop = 20 * uniform();
    return {
      l: 0.05 * (uniform() - 0.5),
      m: 0.05 * (uniform() - 0.5),
      fluxJy: 0.1 + uniform(),
      referenceFreqHz: 1.4e9,
      spectralIndexRatio: -1.5 * uniform(),
      curvatureRatio: uniform() - 0.5,
      beam: (freqHz: number) => Math.exp(-drop * (freqHz / 1.4e9 - 0.5) ** 2),
      ...(gaussian && index % 2 === 0
        ? { majorRad: 6e-4 * uniform(), minorRad: 2e-4 * uniform(), positionAngleRad: 7 * uniform() }
        : {}),
    };
  });
}

function arraysOf(components: readonly ReferenceComponent[], freqHz: Float64Array): PredictSky {
  const lmn = new Float64Array(3 * components.length);
  for (const [index, { l, m }] of components.entries()) setDirection(lmn, index, l, m);
  const spectraJy = new Float64Array(components.length * freqHz.length);
  const beams = Float64Array.from(components.flatMap(({ beam }) => [...freqHz].map(beam)));
  fillSpectra(components, freqHz, spectraJy, beams);
  const shapesRad = componentShapes(components);
  return { componentCount: components.length, lmn, spectraJy, ...(shapesRad === undefined ? {} : { shapesRad }) };
}

/** Largest difference from the definition over rows and channels, relative to the sum of fluxes. */
function worstRatio(
  components: readonly ReferenceComponent[],
  freqHz: Float64Array,
  uvwM: Float64Array,
  smear: boolean,
  options: PredictorOptions = {},
  exposureSec = EXPOSURE_SEC,
): number {
  const predictor = createPredictor(freqHz, { ...options, correlationFactors: [1] });
  const rates = new Float64Array(uvwM.length);
  fillUvwRates(uvwM, 0.95, rates);
  const out = new Float32Array((2 * freqHz.length * uvwM.length) / 3);
  const rows = smear ? { uvwM, uvwRateMPerSec: rates, exposureSec } : { uvwM };
  predictRows(predictor, arraysOf(components, freqHz), rows, out);
  const total = components.reduce((sum, { fluxJy }) => sum + fluxJy, 0);
  let worst = 0;
  const triple = (array: Float64Array, row: number): [number, number, number] => [
    array[3 * row] as number,
    array[3 * row + 1] as number,
    array[3 * row + 2] as number,
  ];
  for (let row = 0; row < uvwM.length / 3; row++) {
    const reference = {
      uvwM: triple(uvwM, row),
      ...(smear ? { uvwRateMPerSec: triple(rates, row), exposureSec } : {}),
      ...(options.chanWidthHz === undefined ? {} : { chanWidthHz: options.chanWidthHz as number }),
    };
    for (const [chan, hz] of freqHz.entries()) {
      const [re, im] = predictReference(components, reference, hz);
      const at = 2 * (row * freqHz.length + chan);
      worst = Math.max(worst, Math.abs((out[at] as number) - re), Math.abs((out[at + 1] as number) - im));
    }
  }
  return worst / total;
}

/** Baselines from 0 to 2.7 km. */
function baselines(seed: number, count: number): Float64Array {
  const uniform = uniformFrom(seed);
  return Float64Array.from({ length: 3 * count }, (_, at) => (at < 3 ? 0 : 3000 * (uniform() - 0.5)));
}

describe("prediction and its definition", () => {
  it.each([
    ["points", false, false, {}],
    ["Gaussians", true, false, {}],
    ["points smeared by time and channel", false, true, { chanWidthHz: CHAN_WIDTH_HZ }],
    ["Gaussians smeared by time and channel", true, true, { chanWidthHz: 6 * CHAN_WIDTH_HZ }],
  ])("agree to the rounding of float32 for %s", (_, gaussian, smear, options) => {
    // Half a unit in the last place of float32 is 6e-8 of a value, which is at most the sum of fluxes.
    expect(worstRatio(skyOf(3, 11, gaussian), BAND_HZ, baselines(4, 12), smear, options)).toBeLessThan(6.1e-8);
  });

  it.each([3, 30, 100, 1000])(
    "agree for integrations of %d s, over which phases turn by little or many times",
    (exposureSec) => {
      for (let seed = 20; seed < 30; seed++) {
        // One component: nothing hides behind the sum of fluxes.
        expect(worstRatio(skyOf(seed, 1, false), BAND_HZ, baselines(seed, 12), true, {}, exposureSec)).toBeLessThan(
          6.1e-8,
        );
      }
    },
  );

  it("agree for rising, irregular and single channels", () => {
    const sky = skyOf(5, 4, true);
    const uniform = uniformFrom(6);
    const irregular = Float64Array.from({ length: 33 }, () => 1.3e9 + 2e8 * uniform());
    for (const freqHz of [
      BAND_HZ.toReversed(),
      irregular,
      Float64Array.of(1.4e9),
      BAND_HZ.filter((_, c) => c % 5 > 0),
    ]) {
      expect(worstRatio(sky, freqHz, baselines(7, 4), true)).toBeLessThan(6.1e-8);
    }
  });

  it("agree over 5000 channels: the recurrence is begun anew", () => {
    const freqHz = Float64Array.from({ length: 5000 }, (_, chan) => 1e9 + chan * 1e5);
    expect(frequencyRuns(freqHz, 0).map(({ channelCount }) => channelCount)).toEqual([1024, 1024, 1024, 1024, 904]);
    expect(worstRatio(skyOf(8, 3, false), freqHz, baselines(9, 3), false)).toBeLessThan(6.1e-8);
  });
});

describe("rates of UVW", () => {
  it("are the derivatives of UVW as the hour angle advances", () => {
    const dec = 0.7;
    const uvwAt = (ha: number): Float64Array => {
      const [x, y, z] = [1200, -300, 700];
      const across = Math.cos(ha) * x - Math.sin(ha) * y;
      return Float64Array.of(
        Math.sin(ha) * x + Math.cos(ha) * y,
        -Math.sin(dec) * across + Math.cos(dec) * z,
        Math.cos(dec) * across + Math.sin(dec) * z,
      );
    };
    const rates = new Float64Array(3);
    fillUvwRates(uvwAt(0.3), dec, rates);
    const stepSec = 1;
    const turn = 7.292115146706979e-5 * stepSec;
    const before = uvwAt(0.3 - turn);
    const after = uvwAt(0.3 + turn);
    for (let axis = 0; axis < 3; axis++) {
      expect(rates[axis]).toBeCloseTo(((after[axis] as number) - (before[axis] as number)) / (2 * stepSec), 8);
    }
  });

  it("give the mean over the integration of a sky predicted in many short steps", () => {
    const sky = skyOf(10, 1, false);
    const uvwM = Float64Array.of(2000, -900, 500);
    const rates = new Float64Array(3);
    fillUvwRates(uvwM, 0.95, rates);
    const predictor = createPredictor(BAND_HZ.subarray(0, 3), { correlationFactors: [1] });
    const arrays = arraysOf(sky, BAND_HZ.subarray(0, 3));
    const smeared = new Float32Array(6);
    predictRows(predictor, arrays, { uvwM, uvwRateMPerSec: rates, exposureSec: EXPOSURE_SEC }, smeared);
    const steps = 400;
    const mean = new Float32Array(6);
    for (let step = 0; step < steps; step++) {
      const offSec = ((step + 0.5) / steps - 0.5) * EXPOSURE_SEC;
      const moved = uvwM.map((value, axis) => value + offSec * (rates[axis] as number));
      predictRows(predictor, arrays, { uvwM: moved }, mean, "add");
    }
    for (let at = 0; at < 6; at++) expect((mean[at] as number) / steps).toBeCloseTo(smeared[at] as number, 5);
  });
});

describe("properties", () => {
  const coordinate = fc.double({ min: -2000, max: 2000, noNaN: true });
  const freqHz = BAND_HZ.subarray(0, 17);

  it("the reversed baseline has the conjugate", () => {
    fc.assert(
      fc.property(coordinate, coordinate, coordinate, fc.integer({ min: 1, max: 5 }), (u, v, w, count) => {
        const sky = arraysOf(skyOf(count, count, true), freqHz);
        const predictor = createPredictor(freqHz, { correlationFactors: [1] });
        const out = new Float32Array(4 * freqHz.length);
        predictRows(predictor, sky, { uvwM: Float64Array.of(u, v, w, -u, -v, -w) }, out);
        for (let chan = 0; chan < freqHz.length; chan++) {
          expect(out[2 * (freqHz.length + chan)]).toBeCloseTo(out[2 * chan] as number, 6);
          expect(out[2 * (freqHz.length + chan) + 1]).toBeCloseTo(-(out[2 * chan + 1] as number), 6);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("a point at the centre has its spectrum on every baseline", () => {
    const point = { l: 0, m: 0, fluxJy: 2, referenceFreqHz: 1.4e9, spectralIndexRatio: -1, beam: () => 0.5 };
    const out = new Float32Array(4 * freqHz.length);
    const rows = { uvwM: Float64Array.of(900, 800, 700) };
    predictRows(createPredictor(freqHz, { chanWidthHz: 1e6 }), arraysOf([point], freqHz), rows, out);
    for (const [chan, hz] of freqHz.entries()) {
      for (let correlation = 0; correlation < 2; correlation++) {
        expect(out[4 * chan + 2 * correlation]).toBeCloseTo(1.4e9 / hz, 6);
        expect(out[4 * chan + 2 * correlation + 1]).toBe(0);
      }
    }
  });

  it.each([
    ["add", 2],
    ["subtract", 0],
  ] as [PredictMode, number][])("%s changes what is there", (mode, factor) => {
    const sky = arraysOf(skyOf(12, 3, false), freqHz);
    const predictor = createPredictor(freqHz, { correlationFactors: [1, 0, 0, 1] });
    const rows = { uvwM: baselines(13, 5), rowStart: 2, rowEnd: 4 };
    const once = new Float32Array(2 * 2 * 4 * freqHz.length);
    predictRows(predictor, sky, rows, once);
    const twice = once.slice();
    predictRows(predictor, sky, rows, twice, mode);
    expect(twice.every((value, at) => Math.abs(value - factor * (once[at] as number)) < 1e-6)).toBe(true);
    expect([once[2], once[3], once[4], once[5]]).toEqual([0, 0, 0, 0]); // XY and YX
  });

  it("no component gives zeros", () => {
    const out = new Float32Array(4 * freqHz.length).fill(7);
    const empty = { componentCount: 0, lmn: new Float64Array(0), spectraJy: new Float64Array(0) };
    predictRows(createPredictor(freqHz), empty, { uvwM: Float64Array.of(1, 2, 3) }, out);
    expect(out.every((value) => value === 0)).toBe(true);
  });
});

it("refuses what cannot be", () => {
  const freqHz = BAND_HZ.subarray(0, 3);
  const sky = arraysOf(skyOf(1, 2, false), freqHz);
  const predictor = createPredictor(freqHz);
  expect(() => setDirection(new Float64Array(3), 0, 0.9, 0.9)).toThrow(/at most 1, found 1.62/);
  expect(() => createPredictor(Float64Array.of(1e9, -1))).toThrow(/freqHz\[1\]: expected a frequency above 0/);
  expect(() => predictRows(predictor, sky, { uvwM: new Float64Array(3) }, new Float32Array(11))).toThrow(
    /out: expected at least 12/,
  );
  expect(() =>
    predictRows(predictor, { ...sky, componentCount: 3 }, { uvwM: new Float64Array(3) }, new Float32Array(12)),
  ).toThrow(/lmn: expected at least 9/);
});
