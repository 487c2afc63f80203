/** A quick-look picture: the image in colours, its axes, a bar of colours, the beam. */
import type { FitsHeader } from "../header/header.ts";
import type { Wcs } from "../wcs/wcs.ts";
import { skyTicks } from "./axis-ticks.ts";
import { type ColorMap, colorTable } from "./color-map.ts";
import { GLYPH_HEIGHT_PX } from "./font.ts";
import type { ValueLimits } from "./limits.ts";
import { Picture, type Rgb, textWidthPx } from "./picture.ts";
import type { ReducedPlane } from "./reduce-image.ts";
import { type Stretch, stretched } from "./stretch.ts";

/** What a picture shows. */
export interface PictureOptions {
  readonly limits: ValueLimits;
  readonly stretch: Stretch;
  readonly colorMap: ColorMap;
  /** Axes, the bar of colours and the beam; without it nothing but the image. */
  readonly hasFrame: boolean;
}

const INK: Rgb = [30, 30, 30];
const PAPER: Rgb = [255, 255, 255];
const NO_VALUE: Rgb = [200, 200, 200];

/**
 * Draws a plane, its first row at the bottom.
 *
 * @param wcs  of the image, undefined when it has none that is known
 */
export function drawImage(
  plane: ReducedPlane,
  header: FitsHeader,
  wcs: Wcs | undefined,
  options: PictureOptions,
): Picture {
  if (!options.hasFrame) {
    const picture = new Picture(plane.widthPx, plane.heightPx, NO_VALUE);
    paint(picture, plane, 0, 0, options);
    return picture;
  }
  const scale = Math.max(1, Math.round(Math.max(plane.widthPx, plane.heightPx) / 600));
  const line = (GLYPH_HEIGHT_PX + 4) * scale;
  const left = textWidthPx("+00°00'00\"", scale) + 3 * line;
  const right = textWidthPx("-0.00E-00", scale) + 4 * line;
  const width = left + plane.widthPx + right;
  const picture = new Picture(width, plane.heightPx + 5 * line, PAPER);
  const top = 2 * line;
  paint(picture, plane, left, top, options);
  box(picture, left - 1, top - 1, plane.widthPx + 2, plane.heightPx + 2);
  const title = [header.text("OBJECT"), header.text("DATE-OBS")].filter(Boolean).join("  ");
  picture.text(left, Math.round(line / 2), title.toUpperCase(), INK, scale);
  drawBar(picture, left + plane.widthPx + line, top, line, plane.heightPx, scale, header, options);
  if (wcs?.celestial !== undefined) {
    drawAxes(picture, plane, wcs, left, top, line, scale);
    drawBeam(picture, plane, header, wcs, left, top, line);
  }
  return picture;
}

function paint(picture: Picture, plane: ReducedPlane, left: number, top: number, options: PictureOptions): void {
  const { limits, stretch, colorMap } = options;
  const colors = colorTable(colorMap);
  const range = limits.highValue - limits.lowValue || 1;
  for (let row = 0; row < plane.heightPx; row++) {
    for (let column = 0; column < plane.widthPx; column++) {
      const value = plane.values[row * plane.widthPx + column]!;
      const x = left + column;
      const y = top + plane.heightPx - 1 - row;
      if (Number.isNaN(value)) picture.set(x, y, NO_VALUE);
      else picture.set(x, y, colorAt(colors, stretched((value - limits.lowValue) / range, stretch)));
    }
  }
}

function colorAt(colors: Uint8Array, brightness: number): Rgb {
  const at = 3 * Math.round(brightness * 255);
  return [colors[at]!, colors[at + 1]!, colors[at + 2]!];
}

function box(picture: Picture, x: number, y: number, width: number, height: number): void {
  const [x1, y1] = [x + width - 1, y + height - 1];
  const corners = [
    [x, y],
    [x1, y],
    [x1, y1],
    [x, y1],
    [x, y],
  ] as const;
  picture.path(corners, INK);
}

function drawBar(
  picture: Picture,
  left: number,
  top: number,
  width: number,
  height: number,
  scale: number,
  header: FitsHeader,
  { limits, stretch, colorMap }: PictureOptions,
): void {
  const colors = colorTable(colorMap);
  for (let row = 0; row < height; row++) {
    picture.fill(
      left,
      top + height - 1 - row,
      width,
      1,
      colorAt(colors, stretched(row / Math.max(1, height - 1), stretch)),
    );
  }
  box(picture, left - 1, top - 1, width + 2, height + 2);
  for (let tick = 0; tick <= 4; tick++) {
    const value = limits.lowValue + ((limits.highValue - limits.lowValue) * tick) / 4;
    const y = top + height - 1 - Math.round(((height - 1) * tick) / 4);
    picture.line(left + width, y, left + width + 3 * scale, y, INK, scale);
    picture.text(
      left + width + 6 * scale,
      y - Math.floor((GLYPH_HEIGHT_PX * scale) / 2),
      shortNumber(value),
      INK,
      scale,
    );
  }
  const unit = header.text("BUNIT")?.trim() ?? "";
  picture.text(left, top - width - 2 * scale, unit.toUpperCase(), INK, scale);
}

/** Three figures. */
function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || (size >= 0.01 && size < 10_000)) return String(Number(value.toPrecision(3)));
  return value.toExponential(2).replace("e", "E");
}

function drawAxes(
  picture: Picture,
  plane: ReducedPlane,
  wcs: Wcs,
  left: number,
  top: number,
  line: number,
  scale: number,
): void {
  const { lonAxis, latAxis } = wcs.celestial!;
  const isTime = wcs.axes[lonAxis]!.type.startsWith("RA");
  /** The coordinate of the middle of a small pixel. */
  const worldAt = (column: number, row: number): number[] =>
    wcs.pixelToWorld([column, row].map((at) => at * plane.blockPx + (plane.blockPx - 1) / 2));
  const bottom = Array.from({ length: plane.widthPx }, (_, column) => worldAt(column, 0)[lonAxis]!);
  const side = Array.from({ length: plane.heightPx }, (_, row) => worldAt(0, row)[latAxis]!);
  const floor = top + plane.heightPx;
  for (const { positionPx, label } of skyTicks(bottom, isTime)) {
    const x = left + Math.round(positionPx);
    picture.line(x, floor, x, floor + 4 * scale, INK, scale);
    picture.text(x - Math.round(textWidthPx(label, scale) / 2), floor + 6 * scale, label, INK, scale);
  }
  for (const { positionPx, label } of skyTicks(side, false)) {
    const y = floor - 1 - Math.round(positionPx);
    picture.line(left - 1 - 4 * scale, y, left - 1, y, INK, scale);
    const x = left - 7 * scale - textWidthPx(label, scale);
    picture.text(x, y - Math.floor((GLYPH_HEIGHT_PX * scale) / 2), label, INK, scale);
  }
  const { frame } = wcs.celestial!;
  const name = `${wcs.axes[lonAxis]!.type.split("-")[0]} (${frame})`;
  picture.text(left + Math.round((plane.widthPx - textWidthPx(name, scale)) / 2), floor + 2 * line, name, INK, scale);
}

/** The beam as it lies on the sky, in the lower left corner. */
function drawBeam(
  picture: Picture,
  plane: ReducedPlane,
  header: FitsHeader,
  wcs: Wcs,
  left: number,
  top: number,
  line: number,
): void {
  const majorDeg = header.number("BMAJ") ?? 0;
  const minorDeg = header.number("BMIN") ?? 0;
  if (!(majorDeg > 0 && minorDeg > 0)) return;
  const angleRad = ((header.number("BPA") ?? 0) * Math.PI) / 180;
  const { lonAxis, latAxis } = wcs.celestial!;
  const center = wcs.axes.map(({ referenceValue }) => referenceValue);
  const originPx = wcs.worldToPixel(center);
  const stepDeg = majorDeg / 10;
  const towards = (axis: number, amountDeg: number): readonly [number, number] => {
    const world = center.with(axis, center[axis]! + amountDeg);
    const pixel = wcs.worldToPixel(world);
    return [(pixel[0]! - originPx[0]!) / stepDeg, (pixel[1]! - originPx[1]!) / stepDeg];
  };
  const north = towards(latAxis, stepDeg);
  const east = towards(lonAxis, stepDeg / Math.cos((center[latAxis]! * Math.PI) / 180));
  const points = Array.from({ length: 73 }, (_, at): readonly [number, number] => {
    const turn = (at * Math.PI) / 36;
    const along = (majorDeg / 2) * Math.cos(turn);
    const across = (minorDeg / 2) * Math.sin(turn);
    const toNorth = along * Math.cos(angleRad) - across * Math.sin(angleRad);
    const toEast = along * Math.sin(angleRad) + across * Math.cos(angleRad);
    return [
      (toNorth * north[0] + toEast * east[0]) / plane.blockPx,
      (toNorth * north[1] + toEast * east[1]) / plane.blockPx,
    ];
  });
  const reach = Math.ceil(points.reduce((max, [x, y]) => Math.max(max, Math.abs(x), Math.abs(y)), 2)) + 3;
  if (!Number.isFinite(reach) || 2 * reach > Math.min(plane.widthPx, plane.heightPx) / 2) return;
  const [x, y] = [left + Math.round(line / 2) + reach, top + plane.heightPx - Math.round(line / 2) - reach];
  picture.fill(x - reach, y - reach, 2 * reach + 1, 2 * reach + 1, PAPER);
  box(picture, x - reach, y - reach, 2 * reach + 1, 2 * reach + 1);
  // Rings from the centre outwards fill it.
  for (let ring = 0; ring <= 2 * reach; ring++) {
    const part = ring / (2 * reach);
    picture.path(
      points.map(([dx, dy]) => [x + part * dx, y - part * dy] as const),
      INK,
    );
  }
}
