/** Pictures: limits and stretches against astropy, colours by their formula's own promise, pixels where they belong. */
import { inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { describeWith, pythonWith, runPython } from "../../../tools/oracles.ts";
import {
  bytesInMemory,
  colorTable,
  encodePng,
  type FitsFile,
  FitsHeader,
  FitsWriter,
  measureImage,
  memoryTarget,
  openFitsSource,
  percentileLimits,
  quicklook,
  radioHeader,
  reduceImage,
  type Stretch,
  stretched,
  zscaleLimits,
} from "../src/index.ts";
import { skyTicks } from "../src/quicklook/axis-ticks.ts";

const WIDTH = 90;
const HEIGHT = 70;

/** Numbers that look like noise with a few sources, the same each time. */
function noisy(count: number, seed: number): Float64Array {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Float64Array.from({ length: count }, (_, i) => {
    const noise = uniform() + uniform() + uniform() - 1.5;
    return i % 97 === 0 ? noise + 40 * uniform() : i % 131 === 0 ? NaN : noise;
  });
}

async function imageFile(values: Float64Array, header = new FitsHeader()): Promise<FitsFile> {
  const target = memoryTarget();
  await new FitsWriter(target).addImage({
    shape: [WIDTH, HEIGHT, values.length / WIDTH / HEIGHT],
    type: "float64",
    values,
    header,
  });
  return openFitsSource(bytesInMemory(target.bytes()));
}

/** Size and pixels of a PNG of true colour with the filter "up", as this package writes it. */
function decoded(png: Uint8Array): { readonly widthPx: number; readonly heightPx: number; readonly rgb: Uint8Array } {
  const view = new DataView(png.buffer, png.byteOffset, png.length);
  expect(Array.from(png.subarray(0, 8))).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  const [widthPx, heightPx] = [view.getUint32(16), view.getUint32(20)];
  const dataBytes = view.getUint32(33);
  const rows = inflateSync(png.subarray(41, 41 + dataBytes));
  const rgb = new Uint8Array(3 * widthPx * heightPx);
  for (let row = 0; row < heightPx; row++) {
    expect(rows[row * (3 * widthPx + 1)]).toBe(2);
    for (let at = 0; at < 3 * widthPx; at++) {
      const above = row === 0 ? 0 : rgb[(row - 1) * 3 * widthPx + at]!;
      rgb[row * 3 * widthPx + at] = rows[row * (3 * widthPx + 1) + 1 + at]! + above;
    }
  }
  return { widthPx, heightPx, rgb };
}

describe("a quick-look picture", () => {
  test("has the first row at the bottom, black for the low limit, white for the high one, grey for what is NaN", async () => {
    const values = new Float64Array(WIDTH * HEIGHT).fill(0.5);
    values[0] = -3;
    values[WIDTH - 1] = 9;
    values[WIDTH * HEIGHT - 1] = NaN;
    const file = await imageFile(values);
    const limits = { lowValue: 0, highValue: 1 };
    const { png } = await quicklook(file.image(), { limits, hasFrame: false });
    const { widthPx, heightPx, rgb } = decoded(png);
    expect([widthPx, heightPx]).toEqual([WIDTH, HEIGHT]);
    const at = (x: number, y: number): number[] =>
      Array.from(rgb.subarray(3 * (y * WIDTH + x), 3 * (y * WIDTH + x) + 3));
    expect(at(0, HEIGHT - 1)).toEqual([0, 0, 0]);
    expect(at(WIDTH - 1, HEIGHT - 1)).toEqual([255, 255, 255]);
    expect(at(WIDTH - 1, 0)).toEqual([200, 200, 200]);
    expect(at(10, 10)).toEqual([128, 128, 128]);
  });

  test("with a frame has room for axes, bar and beam, and does without what the header lacks", async () => {
    const values = noisy(WIDTH * HEIGHT, 3);
    const beam = { majorDeg: 0.04, minorDeg: 0.02, positionAngleDeg: 45 };
    const radio = { projection: "SIN", raDeg: 0, decDeg: 54, referencePx: [45, 35], pixelSizeDeg: 0.004 } as const;
    const header = radioHeader({ ...radio, freqHz: 1.4e9, freqStepHz: 1e8, beam });
    const framed = await quicklook((await imageFile(values, header)).image());
    const bare = await quicklook((await imageFile(values)).image());
    const odd = await quicklook((await imageFile(values, new FitsHeader().set("CTYPE1", "RA---ZPN"))).image());
    expect(framed.widthPx).toBeGreaterThan(WIDTH + 50);
    expect([bare.widthPx, bare.heightPx]).toEqual([framed.widthPx, framed.heightPx]);
    const { rgb, widthPx } = decoded(framed.png);
    expect(decoded(odd.png).rgb).toEqual(decoded(bare.png).rgb);
    expect(rgb).not.toEqual(decoded(bare.png).rgb);
    let inkCount = 0;
    for (let y = 0; y < framed.heightPx; y++)
      for (let x = 0; x < 60; x++) inkCount += rgb[3 * (y * widthPx + x)]! < 60 ? 1 : 0;
    expect(inkCount).toBeGreaterThan(100); // labels of declination
  });

  test("shows the beam as it lies on the sky: north is up, east is left", async () => {
    const radio = { projection: "SIN", raDeg: 0, decDeg: 54, referencePx: [45, 35], pixelSizeDeg: 0.004 } as const;
    const leaning = async (positionAngleDeg: number): Promise<number> => {
      const beam = { majorDeg: 0.06, minorDeg: 0.02, positionAngleDeg };
      const header = radioHeader({ ...radio, freqHz: 1.4e9, freqStepHz: 1e8, beam });
      const image = (await imageFile(new Float64Array(WIDTH * HEIGHT), header)).image();
      const { rgb, widthPx, heightPx } = decoded(
        (await quicklook(image, { limits: { lowValue: -1, highValue: 1 } })).png,
      );
      const pixels = Array.from(
        { length: widthPx * heightPx },
        (_, at) => [at % widthPx, Math.floor(at / widthPx), rgb[3 * at]!] as const,
      );
      const image128 = pixels.filter(([, , red]) => red === 128);
      const [left, right] = [Math.min(...image128.map(([x]) => x)), Math.max(...image128.map(([x]) => x))];
      const ink = pixels.filter(
        ([x, y, red]) =>
          red === 30 && x > left && x < left + (right - left) / 2 && y > image128[0]![1] && y < image128.at(-1)![1],
      );
      const mean = (of: 0 | 1): number => ink.reduce((sum, pixel) => sum + pixel[of], 0) / ink.length;
      const [x0, y0] = [mean(0), mean(1)];
      return ink.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0) / ink.length;
    };
    expect(await leaning(45)).toBeGreaterThan(1); // upper left to lower right
    expect(await leaning(-45)).toBeLessThan(-1);
    expect(Math.abs(await leaning(0))).toBeLessThan(0.5);
  });

  test("of a large image shows the means of blocks", async () => {
    const values = noisy(2 * WIDTH * HEIGHT, 5);
    const file = await imageFile(values);
    const plane = await reduceImage(file.image(), 30, 1);
    expect([plane.widthPx, plane.heightPx, plane.blockPx]).toEqual([30, 24, 3]);
    for (let y = 0; y < plane.heightPx; y++) {
      for (let x = 0; x < plane.widthPx; x++) {
        const inside: number[] = [];
        for (let row = 3 * y; row < Math.min(HEIGHT, 3 * y + 3); row++) {
          for (let column = 3 * x; column < 3 * x + 3; column++) {
            const value = Math.fround(values[WIDTH * HEIGHT + row * WIDTH + column]!);
            if (!Number.isNaN(value)) inside.push(value);
          }
        }
        const mean = inside.reduce((sum, value) => sum + value, 0) / inside.length;
        expect(plane.values[y * plane.widthPx + x]).toBe(Math.fround(mean));
      }
    }
    await expect(reduceImage(file.image(), 30, 2)).rejects.toThrow(RangeError);
  });

  test("of nothing but NaN is grey", async () => {
    const { png, limits } = await quicklook((await imageFile(new Float64Array(WIDTH * HEIGHT).fill(NaN))).image(), {
      hasFrame: false,
    });
    expect(limits).toEqual({ lowValue: 0, highValue: 1 });
    expect(decoded(png).rgb.every((part) => part === 200)).toBe(true);
  });

  test("of cubehelix grows evenly in brightness, as its author weighs it", () => {
    const colors = colorTable("cubehelix");
    for (let level = 0; level < 256; level++) {
      const [red, green, blue] = colors.subarray(3 * level, 3 * level + 3) as unknown as [number, number, number];
      const isClipped = [red, green, blue].some((part) => part === 0 || part === 255);
      if (!isClipped) expect(Math.abs(0.3 * red + 0.59 * green + 0.11 * blue - level)).toBeLessThan(1);
    }
    for (const map of ["grey", "cubehelix", "heat"] as const) {
      expect(Array.from(colorTable(map).subarray(0, 3))).toEqual([0, 0, 0]);
      expect(Array.from(colorTable(map).subarray(765))).toEqual([255, 255, 255]);
    }
  });

  test("has ticks at whole steps, across 0 hours as well", () => {
    const ra = Array.from({ length: 101 }, (_, i) => (360.95 - 0.02 * i) % 360); // from 3m48s over 0h to 23h55m48s
    const ticks = skyTicks(ra, true);
    expect(ticks.map(({ label }) => label)).toEqual(["00h02m", "00h00m", "23h58m", "23h56m"]);
    expect(ticks.find(({ label }) => label === "00h00m")!.positionPx).toBeCloseTo(47.5, 6);
    const dec = Array.from({ length: 101 }, (_, i) => -0.5 + 0.01 * i);
    expect(skyTicks(dec, false).map(({ label }) => label)).toContain("-00°20'");
    expect(skyTicks([NaN, NaN], true)).toEqual([]);
  });

  test("is a PNG only of as many bytes as its size", async () => {
    await expect(encodePng(new Uint8Array(11), 2, 2)).rejects.toThrow(RangeError);
  });
});

describe("statistics of an image", () => {
  test("are those of the slow way", async () => {
    const values = noisy(2 * WIDTH * HEIGHT, 7);
    const image = (await imageFile(values)).image();
    const found = await measureImage(image);
    const finite = Array.from(values).filter(Number.isFinite);
    const sorted = finite.toSorted((a, b) => a - b);
    const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
    const deviation = Math.sqrt(finite.reduce((sum, value) => sum + (value - mean) ** 2, 0) / finite.length);
    expect(found.pixelCount).toBe(values.length);
    expect(found.finiteCount).toBe(finite.length);
    expect([found.minValue, found.maxValue]).toEqual([sorted[0], sorted.at(-1)]);
    const [x, y, z] = found.maxPx as [number, number, number];
    expect(values[(z * HEIGHT + y) * WIDTH + x]).toBe(found.maxValue);
    expect(found.meanValue).toBeCloseTo(mean, 12);
    expect(found.deviationValue).toBeCloseTo(deviation, 12);
    const middle = (list: readonly number[]): number => (list[(list.length - 1) >> 1]! + list[list.length >> 1]!) / 2;
    expect(found.medianValue).toBe(middle(sorted));
    const distances = finite.map((value) => Math.abs(value - found.medianValue)).toSorted((a, b) => a - b);
    expect(found.robustDeviationValue).toBeCloseTo(1.4826 * middle(distances), 5);
    expect((await measureImage(image, 1)).pixelCount).toBe(WIDTH * HEIGHT);
    await expect(measureImage(image, 2)).rejects.toThrow(RangeError);
  });
});

describeWith(pythonWith("astropy", "numpy"), "limits and stretches beside astropy", () => {
  test("are the same", () => {
    const arrays = [
      noisy(5000, 1),
      noisy(999, 2),
      noisy(60, 3),
      Float64Array.of(1, 2, 3),
      new Float64Array(400).fill(7),
    ];
    const stretches: readonly Stretch[] = ["linear", "sqrt", "log", "asinh"];
    const program = `
import json, sys
import numpy as np
from astropy.visualization import AsinhStretch, LinearStretch, LogStretch, PercentileInterval, SqrtStretch, ZScaleInterval
arrays = [np.array([np.nan if x is None else x for x in a]) for a in json.load(sys.stdin)]
x = np.linspace(0, 1, 21)
print(json.dumps({
    "zscale": [list(map(float, ZScaleInterval(n_samples=1000).get_limits(a[np.isfinite(a)]))) for a in arrays],
    "percentile": [list(map(float, PercentileInterval(99).get_limits(a[np.isfinite(a)]))) for a in arrays],
    "stretches": [list(map(float, s(x))) for s in (LinearStretch(), SqrtStretch(), LogStretch(), AsinhStretch())],
}))
`;
    const output = runPython(program, [], JSON.stringify(arrays.map((array) => Array.from(array))));
    const expected = JSON.parse(output) as Readonly<Record<"zscale" | "percentile" | "stretches", readonly number[][]>>;
    for (const [index, array] of arrays.entries()) {
      const zscale = zscaleLimits(array);
      const percentile = percentileLimits(array, 99);
      const found = [zscale.lowValue, zscale.highValue, percentile.lowValue, percentile.highValue];
      const wanted = [...expected.zscale[index]!, ...expected.percentile[index]!];
      for (const [at, value] of found.entries()) {
        expect(Math.abs(value - wanted[at]!), `array ${index}, limit ${at}`).toBeLessThan(
          1e-10 * (1 + Math.abs(wanted[at]!)),
        );
      }
    }
    for (const [index, stretch] of stretches.entries()) {
      for (let i = 0; i <= 20; i++) expect(stretched(i / 20, stretch)).toBeCloseTo(expected.stretches[index]![i]!, 12);
    }
  });
});
