/** A matrix of values as a picture: a waterfall. */

import { paletteIndexes } from "./palettes.ts";
import { createPanel, type PanelOptions } from "./panel.ts";
import { encodePng, type Rgb } from "./png.ts";
import { element, type Markup, sequence, svgPicture } from "./svg.ts";
import { roundStep, tickText } from "./ticks.ts";

export interface HeatMapOptions extends PanelOptions {
  readonly palette: readonly Rgb[];
  readonly valueRange: readonly [low: number, high: number];
  readonly valueUnit: string;
}

const BAR_WIDTH = 90;

/** @param values  rows from the top, the first at the upper end of the y axis [rowCount, columnCount]; NaN: grey */
export function heatMap(
  options: HeatMapOptions,
  values: ArrayLike<number>,
  columnCount: number,
  rowCount: number,
): Markup {
  const panel = createPanel(options);
  const [low, high] = options.valueRange;
  const image = (indexes: Uint8Array, width: number, height: number, place: Record<string, number>) =>
    element("image", {
      ...place,
      preserveAspectRatio: "none",
      style: "image-rendering:pixelated",
      href: `data:image/png;base64,${Buffer.from(encodePng(indexes, width, height, options.palette)).toString("base64")}`,
    });
  const levels = Uint8Array.from({ length: BAR_WIDTH }, (_, at) => Math.round((at * 254) / (BAR_WIDTH - 1)));
  const barLeft = options.width - BAR_WIDTH - 60;
  const step = roundStep(high - low || 1, 10);
  return svgPicture(
    options,
    options.title,
    image(paletteIndexes(values, low, high), columnCount, rowCount, {
      x: panel.left,
      y: panel.top,
      width: panel.plotWidth,
      height: panel.plotHeight,
    }),
    panel.frame,
    sequence([
      image(levels, BAR_WIDTH, 1, { x: barLeft, y: 6, width: BAR_WIDTH, height: 9 }),
      element("text", { x: barLeft - 4, y: 14, "text-anchor": "end" }, tickText(low, step)),
      element("text", { x: barLeft + BAR_WIDTH + 4, y: 14 }, `${tickText(high, step)} ${options.valueUnit}`),
    ]),
  );
}
