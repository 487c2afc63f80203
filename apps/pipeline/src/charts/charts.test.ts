import { crc32, inflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { heatMap } from "./heat-map.ts";
import { amplitudePalette, NO_VALUE, paletteIndexes, phasePalette } from "./palettes.ts";
import { createPanel } from "./panel.ts";
import { encodePng } from "./png.ts";
import { pointChart } from "./point-chart.ts";
import { element, svgPicture } from "./svg.ts";
import { paddedRange, roundStep, ticksOf, tickText } from "./ticks.ts";

const axes = { x: { label: "x", range: [0, 10] as const }, y: { label: "y", range: [0, 1] as const } };
const options = { title: "t", width: 200, height: 100, ...axes };

describe("markup", () => {
  test("texts and attributes cannot become tags", () => {
    expect(element("text", { id: 'a"b' }, `<script>&'`).markup).toBe(
      '<text id="a&quot;b">&lt;script&gt;&amp;&#39;</text>',
    );
    expect(element("g", { x: 1.23456, y: undefined }, element("a")).markup).toBe('<g x="1.23"><a/></g>');
  });

  test("a picture says its size and its title to those who cannot see it", () => {
    const { markup } = svgPicture({ width: 20, height: 10 }, "a & b");
    expect(markup).toMatch(/^<svg [^>]*viewBox="0 0 20 10" role="img"><title>a &amp; b<\/title>/);
  });
});

describe("ticks", () => {
  test("are round, inside, and about as many as wished", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        fc.integer({ min: 2, max: 12 }),
        (low, span, partCount) => {
          const step = roundStep(span, partCount);
          const leading = step / 10 ** Math.floor(Math.log10(step) + 1e-9);
          expect([1, 2, 5].some((digit) => Math.abs(leading - digit) < 1e-6)).toBe(true);
          const ticks = ticksOf(low, low + span, step);
          expect(ticks.length).toBeLessThanOrEqual(partCount + 1);
          expect(ticks.length).toBeGreaterThanOrEqual(Math.floor(partCount / 2.5) - 1);
          for (const tick of ticks) {
            expect(tick).toBeGreaterThanOrEqual(low - 1e-6 * step);
            expect(tick).toBeLessThanOrEqual(low + span + 1e-6 * step);
          }
        },
      ),
    );
  });

  test("are written with the decimals they need", () => {
    expect([0.1, 0.25, 5, 200].map((step) => tickText(2 * step, step))).toEqual(["0.2", "0.5", "10", "400"]);
    expect(tickText(-1e-17, 0.5)).toBe("0.0");
    expect(tickText(3e7, 1e7)).toBe("3.0e+7");
  });

  test("a range holds its values with a margin, and is one even of nothing", () => {
    expect(paddedRange([1, Number.NaN, 3], 0.1)).toEqual([0.8, 3.2]);
    expect(paddedRange([])).toEqual([0, 1]);
    expect(paddedRange([5])).toEqual([4.75, 5.25]);
  });
});

describe("a panel", () => {
  test("maps the corners of its ranges to the corners of its frame", () => {
    const { toX, toY, left, top, plotWidth, plotHeight } = createPanel(options);
    expect([toX(0), toX(10)]).toEqual([left, left + plotWidth]);
    expect([toY(1), toY(0)]).toEqual([top, top + plotHeight]);
  });

  test("takes an axis that runs downwards, ticks of a given step, and names for places", () => {
    const { frame } = createPanel({
      ...options,
      height: 300,
      y: { label: "antenna", range: [2.5, -0.5], step: 1, textOf: (place) => `pad${place}` },
    });
    expect(frame.markup.match(/pad\d/g)).toEqual(["pad0", "pad1", "pad2"]);
  });
});

describe("points", () => {
  test("without a value are left out; the others are where they belong", () => {
    const { toX, toY } = createPanel(options);
    const { markup } = pointChart(options, [{ name: "s", color: "red", x: [0, 5, 10], y: [0, Number.NaN, 1] }]);
    expect(markup.match(/d="(M[^"]+h0)"/)?.[1]).toBe(
      [
        [0, 0],
        [10, 1],
      ]
        .map(([x, y]) => `M${toX(x!).toFixed(1)} ${toY(y!).toFixed(1)}h0`)
        .join(""),
    );
  });
});

/** The pixels of an indexed PNG, by the specification alone. */
function decodePng(bytes: Uint8Array): { readonly width: number; readonly height: number; readonly rows: number[][] } {
  const view = Buffer.from(bytes);
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < view.length; ) {
    const length = view.readUInt32BE(at);
    const typed = view.subarray(at + 4, at + 8 + length);
    expect(view.readUInt32BE(at + 8 + length)).toBe(crc32(typed));
    chunks.set(typed.toString("latin1", 0, 4), typed.subarray(4));
    at += 12 + length;
  }
  const header = chunks.get("IHDR")!;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const raw = inflateSync(chunks.get("IDAT")!);
  const rows = Array.from({ length: height }, (_, row) => {
    expect(raw[row * (width + 1)]).toBe(0);
    return [...raw.subarray(row * (width + 1) + 1, (row + 1) * (width + 1))];
  });
  return { width, height, rows };
}

describe("heat maps", () => {
  test("PNG files hold the indexes that went in", () => {
    const png = encodePng(Uint8Array.of(1, 2, 3, 4, 5, 6), 3, 2, amplitudePalette);
    expect(decodePng(png)).toEqual({
      width: 3,
      height: 2,
      rows: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    });
    expect(() => encodePng(new Uint8Array(5), 3, 2, amplitudePalette)).toThrow("expected 3 × 2 indexes, found 5");
  });

  test("values are spread over the palette; outside is its end, nothing is grey", () => {
    expect([...paletteIndexes([-1, 0, 0.5, 1, 2, Number.NaN], 0, 1)]).toEqual([0, 0, 127, 254, 254, NO_VALUE]);
    expect(phasePalette[0]).toEqual(phasePalette[254]);
  });

  test("the picture holds the matrix", () => {
    const { markup } = heatMap(
      { ...options, palette: amplitudePalette, valueRange: [0, 1], valueUnit: "Jy" },
      [0, 1, Number.NaN, 0.5],
      2,
      2,
    );
    const image = Buffer.from(/base64,([^"]+)/.exec(markup)![1]!, "base64");
    expect(decodePng(image).rows).toEqual([
      [0, 254],
      [NO_VALUE, 127],
    ]);
    expect(markup).toContain("1.0 Jy");
  });
});
