/** Points of several series in one frame. */

import { createPanel, type PanelOptions } from "./panel.ts";
import { element, type Markup, sequence, svgPicture } from "./svg.ts";

export interface Series {
  readonly name: string;
  readonly color: string;
  /** Points that are not finite are left out. */
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Ends of a bar through each point, as long as `y`. */
  readonly yLow?: ArrayLike<number>;
  readonly yHigh?: ArrayLike<number>;
}

/** Distinct for readers who see no red or no green: Okabe & Ito (2008). */
export const seriesColors = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"] as const;

const POINT_PX = 2.4;

export function pointChart(options: PanelOptions, series: readonly Series[]): Markup {
  const panel = createPanel(options);
  const drawn = series.map(({ x, y, yLow, yHigh, color }) => {
    const dots: string[] = [];
    const bars: string[] = [];
    for (let at = 0; at < x.length; at++) {
      const [px, py] = [panel.toX(x[at]!), panel.toY(y[at]!)];
      if (!Number.isFinite(px) || !Number.isFinite(py)) continue;
      // A line of no length with round ends is a dot, in a third of the text of a circle.
      dots.push(`M${px.toFixed(1)} ${py.toFixed(1)}h0`);
      if (yLow && yHigh)
        bars.push(`M${px.toFixed(1)} ${panel.toY(yLow[at]!).toFixed(1)}V${panel.toY(yHigh[at]!).toFixed(1)}`);
    }
    return sequence([
      element("path", { d: bars.join(""), stroke: color, "stroke-width": 1, opacity: 0.5, fill: "none" }),
      element("path", {
        d: dots.join(""),
        stroke: color,
        "stroke-width": POINT_PX,
        "stroke-linecap": "round",
        fill: "none",
      }),
    ]);
  });
  const legend = series.length > 1 ? series.map(({ name, color }, at) => legendEntry(name, color, at, options)) : [];
  return svgPicture(options, options.title, panel.frame, ...drawn, ...legend);
}

function legendEntry(name: string, color: string, at: number, { width }: PanelOptions): Markup {
  const x = width - 16 - 44 * at;
  return sequence([
    element("circle", { cx: x - 24, cy: 11, r: 3.5, fill: color }),
    element("text", { x: x - 17, y: 15 }, name),
  ]);
}
