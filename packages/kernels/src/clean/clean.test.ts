import { describe, expect, test } from "vitest";
import { normalFrom, uniformFrom } from "../../test/uniform-from.ts";
import {
  type Beam,
  beamHeight,
  type CleanOptions,
  cleanStep,
  fitBeam,
  noiseSigma,
  restoreModel,
  startClean,
} from "./index.ts";

const [widthPx, heightPx, pixelRad] = [64, 60, 1e-5];
const DEG = Math.PI / 180;

function imageOf(value: (l: number, m: number) => number): Float32Array {
  return Float32Array.from({ length: widthPx * heightPx }, (_, pixel) =>
    value((widthPx / 2 - (pixel % widthPx)) * pixelRad, (Math.floor(pixel / widthPx) - heightPx / 2) * pixelRad),
  );
}

describe("the beam", () => {
  test.each([0, 20, 65, 90, 140, 179])("of a Gaussian at %i° is that Gaussian", (angleDeg) => {
    const beam: Beam = { majorRad: 6.5 * pixelRad, minorRad: 3.7 * pixelRad, angleRad: angleDeg * DEG };
    const fitted = fitBeam(
      imageOf((l, m) => 3 * beamHeight(beam, l, m)),
      widthPx,
      heightPx,
      pixelRad,
    );
    expect(fitted.majorRad / beam.majorRad).toBeCloseTo(1, 5);
    expect(fitted.minorRad / beam.minorRad).toBeCloseTo(1, 5);
    expect(Math.sin(2 * (fitted.angleRad - beam.angleRad))).toBeCloseTo(0, 5);
    expect(Math.cos(2 * (fitted.angleRad - beam.angleRad))).toBeCloseTo(1, 5);
  });

  test("leans from north to east", () => {
    // Long from north-east to south-west: east is to the left.
    const beam: Beam = { majorRad: 6e-5, minorRad: 3e-5, angleRad: 45 * DEG };
    const psf = imageOf((l, m) => beamHeight(beam, l, m));
    const at = (column: number, row: number): number => psf[row * widthPx + column] ?? NaN;
    expect(at(widthPx / 2 - 2, heightPx / 2 + 2)).toBeGreaterThan(at(widthPx / 2 + 2, heightPx / 2 + 2));
  });

  test("falls to half at half its width", () => {
    const beam: Beam = { majorRad: 6e-5, minorRad: 3e-5, angleRad: 0 };
    expect(beamHeight(beam, 0, 3e-5)).toBeCloseTo(0.5, 12);
    expect(beamHeight(beam, 1.5e-5, 0)).toBeCloseTo(0.5, 12);
  });

  test("minimises the misfit of a lobe that is no Gaussian", () => {
    const psf = imageOf((l, m) => Math.cos(4e4 * l) * Math.cos(3e4 * m) * Math.exp(-((l / 5e-5) ** 2)));
    const beam = fitBeam(psf, widthPx, heightPx, pixelRad);
    const misfit = (tried: Beam): number => {
      let sum = 0;
      for (let pixel = 0; pixel < psf.length; pixel++) {
        const l = (widthPx / 2 - (pixel % widthPx)) * pixelRad;
        const m = (Math.floor(pixel / widthPx) - heightPx / 2) * pixelRad;
        if (psf[pixel] >= 0.35 && Math.hypot(l, m) < 6e-5) sum += (psf[pixel] - beamHeight(tried, l, m)) ** 2;
      }
      return sum;
    };
    const best = misfit(beam);
    for (const factor of [0.99, 1.01]) {
      expect(misfit({ ...beam, majorRad: factor * beam.majorRad })).toBeGreaterThan(best);
      expect(misfit({ ...beam, minorRad: factor * beam.minorRad })).toBeGreaterThan(best);
    }
    expect(misfit({ ...beam, angleRad: beam.angleRad + 0.05 })).toBeGreaterThan(best);
  });

  test("of what is no lobe is refused", () => {
    expect(() => fitBeam(new Float32Array(widthPx * heightPx), widthPx, heightPx, pixelRad)).toThrow("a peak above 0");
    expect(() =>
      fitBeam(
        imageOf((l, m) => (l === 0 && m === 0 ? 1 : 0)),
        widthPx,
        heightPx,
        pixelRad,
      ),
    ).toThrow("1 pixels");
    expect(() =>
      fitBeam(
        imageOf((l) => 1 + 1e3 * l),
        widthPx,
        heightPx,
        pixelRad,
      ),
    ).toThrow("higher pixel");
  });
});

test("a restored image is the residual and a beam for each component", () => {
  const beam: Beam = { majorRad: 5e-5, minorRad: 3e-5, angleRad: 30 * DEG };
  const model = new Float32Array(widthPx * heightPx);
  const uniform = uniformFrom(1);
  const image = Float32Array.from(model, () => uniform());
  const expected = Float64Array.from(image);
  for (const [column, row, flux] of [
    [0, 0, 1],
    [31, 40, -2],
    [63, 59, 0.5],
  ] as const) {
    model[row * widthPx + column] = flux;
    for (let pixel = 0; pixel < model.length; pixel++) {
      const l = (column - (pixel % widthPx)) * pixelRad;
      const m = (Math.floor(pixel / widthPx) - row) * pixelRad;
      expected[pixel] += flux * beamHeight(beam, l, m);
    }
  }
  restoreModel(model, beam, widthPx, heightPx, pixelRad, image);
  expect(Math.max(...image.map((value, pixel) => Math.abs(value - (expected[pixel] ?? NaN))))).toBeLessThan(1e-6);
});

test("the noise is that of most pixels", () => {
  const normal = normalFrom(uniformFrom(5));
  const image = Float32Array.from({ length: 40_000 }, (_, pixel) => (pixel % 50 === 0 ? 1000 : 2 + 0.5 * normal()));
  image.fill(0, 0, 2000);
  image.fill(NaN, 2000, 2100);
  expect(noiseSigma(image) / 0.5).toBeCloseTo(1, 1);
  expect(noiseSigma(new Float32Array(10))).toBe(0);
});

/** A point spread function with sidelobes, and the image of a few points. */
const psf = imageOf(
  (l, m) => Math.exp(-((Math.hypot(l, m) / 2.2e-5) ** 2)) * Math.cos(2.5e4 * l) * Math.cos(2.1e4 * m),
);
const sources = [
  [20, 20, 5],
  [24, 22, 3],
  [45, 40, -1],
] as const;

function dirtyOf(points: readonly (readonly [number, number, number])[]): Float32Array {
  const dirty = new Float32Array(widthPx * heightPx);
  for (const [column, row, flux] of points) {
    for (let pixel = 0; pixel < dirty.length; pixel++) {
      const x = (pixel % widthPx) - column + widthPx / 2;
      const y = Math.floor(pixel / widthPx) - row + heightPx / 2;
      if (x >= 0 && x < widthPx && y >= 0 && y < heightPx) dirty[pixel] += flux * (psf[y * widthPx + x] ?? 0);
    }
  }
  return dirty;
}

function pointsOf(model: Float32Array): readonly (readonly [number, number, number])[] {
  return [...model.entries()]
    .filter(([, flux]) => flux !== 0)
    .map(([pixel, flux]) => [pixel % widthPx, Math.floor(pixel / widthPx), flux] as const);
}

/** Cleans to the end; major cycles by the sum over components. */
function cleaned(options: Partial<CleanOptions>, points = sources as readonly (readonly [number, number, number])[]) {
  const clean = startClean({ widthPx, heightPx, ...options });
  const dirty = dirtyOf(points);
  let residual = dirty.slice();
  const steps = [];
  for (;;) {
    const step = cleanStep(clean, residual, psf);
    steps.push(step);
    const modelled = dirtyOf(pointsOf(clean.model));
    residual = dirty.map((value, pixel) => value - (modelled[pixel] ?? 0));
    if (step.next !== "major") return { clean, steps, residual };
  }
}

describe.each(["clark", "hogbom"] as const)("%s", (minorCycle) => {
  test("finds the points and their fluxes", () => {
    const { clean, steps, residual } = cleaned({ minorCycle, thresholdJyPerBeam: 1e-3 });
    expect(steps.at(-1)?.next).toBe("threshold");
    expect(Math.max(...residual.map(Math.abs))).toBeLessThan(1.01e-3);
    for (const [column, row, flux] of sources) {
      expect(clean.model[row * widthPx + column]).toBeCloseTo(flux, 2);
    }
  });

  test("takes what it should in one cycle", () => {
    const clean = startClean({ widthPx, heightPx, minorCycle, majorGain: 0.6, thresholdJyPerBeam: 1e-3 });
    const step = cleanStep(clean, dirtyOf(sources), psf);
    expect(step.peakJyPerBeam).toBeCloseTo(5, 1);
    expect(step.cycleThresholdJyPerBeam).toBeCloseTo(0.4 * step.peakJyPerBeam, 6);
    expect(step.next).toBe("major");
    expect(step.iterationCount).toBe(clean.iterationCount);
  });

  test("stops at its iterations, keeps to its mask, its border and its sign", () => {
    expect(cleaned({ minorCycle, iterationLimitCount: 7 }).clean.iterationCount).toBe(7);
    const mask = new Uint8Array(widthPx * heightPx);
    mask[40 * widthPx + 45] = 1;
    const masked = cleaned({ minorCycle, mask, thresholdJyPerBeam: 0.01 }).clean;
    expect(pointsOf(masked.model).map(([column, row]) => [column, row])).toEqual([[45, 40]]);
    const positive = cleaned({ minorCycle, allowsNegative: false, thresholdJyPerBeam: 0.05 }).clean;
    expect(positive.model.every((flux) => flux >= -0.2)).toBe(true);
    expect(positive.model[40 * widthPx + 45]).toBe(0);
    const inside = cleaned({
      minorCycle,
      borderFraction: 0.4,
      thresholdJyPerBeam: 0.5,
      iterationLimitCount: 500,
    }).clean;
    expect(pointsOf(inside.model).every(([column, row]) => column >= 24 && column < 40 && row >= 24 && row < 36)).toBe(
      true,
    );
  });

  test("makes a mask of what it found and goes on in it", () => {
    const noise = normalFrom(uniformFrom(3));
    const dirty = dirtyOf(sources).map((value) => value + 0.01 * noise());
    const clean = startClean({
      widthPx,
      heightPx,
      minorCycle,
      autoMaskSigma: 5,
      autoThresholdSigma: 1,
      majorGain: 0.8,
    });
    let residual = dirty.slice();
    let components = 0;
    for (let cycle = 0; cycle < 40; cycle++) {
      const before = clean.autoMask;
      const { next } = cleanStep(clean, residual, psf);
      if (before === undefined && clean.autoMask !== undefined)
        components = clean.autoMask.filter((value) => value === 1).length;
      const modelled = dirtyOf(pointsOf(clean.model));
      residual = dirty.map((value, pixel) => value - (modelled[pixel] ?? 0));
      if (next !== "major") break;
    }
    expect(components).toBeGreaterThan(2);
    expect(pointsOf(clean.model).length).toBe(components);
    expect(noiseSigma(residual)).toBeLessThan(0.012);
  });
});

test("an empty residual ends at once", () => {
  const clean = startClean({ widthPx, heightPx, autoMaskSigma: 5 });
  expect(cleanStep(clean, new Float32Array(widthPx * heightPx), psf).next).toBe("nothing");
});

test("options that contradict each other are refused", () => {
  expect(() => startClean({ widthPx, heightPx, autoMaskSigma: 1, autoThresholdSigma: 3 })).toThrow("autoMaskSigma");
  expect(() => startClean({ widthPx, heightPx, loopGain: 0 })).toThrow("loopGain");
  expect(() => startClean({ widthPx, heightPx, majorGain: 1.5 })).toThrow("majorGain");
  expect(() => startClean({ widthPx, heightPx, mask: new Uint8Array(3) })).toThrow(
    "mask: expected 3840 pixels, found 3",
  );
});
