/** A frame with axes, into which a chart draws. */

import { element, type Markup, sequence } from "./svg.ts";
import { roundStep, ticksOf, tickText } from "./ticks.ts";

export interface Axis {
  readonly label: string;
  /** At the left or lower end, and at the other one. */
  readonly range: readonly [from: number, to: number];
  /** Between ticks; default: so that they are round and as many as fit. */
  readonly step?: number;
  /** Text of a tick; default: the number. */
  readonly textOf?: (value: number) => string;
}

export interface PanelOptions {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly x: Axis;
  readonly y: Axis;
}

export interface Panel {
  /** Frame, grid, ticks and labels. */
  readonly frame: Markup;
  readonly left: number;
  readonly top: number;
  readonly plotWidth: number;
  readonly plotHeight: number;
  toX(value: number): number;
  toY(value: number): number;
}

const MARGIN = { left: 58, right: 12, top: 24, bottom: 36 } as const;
const PX_PER_X_TICK = 90;
const PX_PER_Y_TICK = 40;

export function createPanel({ title, width, height, x, y }: PanelOptions): Panel {
  const plotWidth = width - MARGIN.left - MARGIN.right;
  const plotHeight = height - MARGIN.top - MARGIN.bottom;
  const scale = ([low, high]: Axis["range"], length: number) => length / (high - low || 1);
  const toX = (value: number) => MARGIN.left + (value - x.range[0]) * scale(x.range, plotWidth);
  const toY = (value: number) => MARGIN.top + (y.range[1] - value) * scale(y.range, plotHeight);
  const [bottom, right] = [MARGIN.top + plotHeight, MARGIN.left + plotWidth];
  const xTicks = textedTicks(x, plotWidth / PX_PER_X_TICK).map(({ value, text }) =>
    sequence([
      element("line", { class: "grid", x1: toX(value), x2: toX(value), y1: MARGIN.top, y2: bottom }),
      element("text", { x: toX(value), y: bottom + 14, "text-anchor": "middle" }, text),
    ]),
  );
  const yTicks = textedTicks(y, plotHeight / PX_PER_Y_TICK).map(({ value, text }) =>
    sequence([
      element("line", { class: "grid", x1: MARGIN.left, x2: right, y1: toY(value), y2: toY(value) }),
      element("text", { x: MARGIN.left - 5, y: toY(value) + 4, "text-anchor": "end" }, text),
    ]),
  );
  const middleY = MARGIN.top + plotHeight / 2;
  return {
    frame: sequence([
      ...xTicks,
      ...yTicks,
      element("rect", { class: "frame", x: MARGIN.left, y: MARGIN.top, width: plotWidth, height: plotHeight }),
      element("text", { class: "title", x: MARGIN.left, y: 15 }, title),
      element("text", { x: MARGIN.left + plotWidth / 2, y: height - 6, "text-anchor": "middle" }, x.label),
      element("text", { x: 12, y: middleY, "text-anchor": "middle", transform: `rotate(-90 12 ${middleY})` }, y.label),
    ]),
    left: MARGIN.left,
    top: MARGIN.top,
    plotWidth,
    plotHeight,
    toX,
    toY,
  };
}

function textedTicks({ range, textOf, ...axis }: Axis, partCount: number) {
  const [low, high] = [Math.min(...range), Math.max(...range)];
  const step = axis.step ?? roundStep(high - low || 1, Math.max(2, partCount));
  return ticksOf(low, high, step).map((value) => ({
    value,
    text: textOf ? textOf(value) : tickText(value, step),
  }));
}
