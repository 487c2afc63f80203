/** Who held the lock and who waited, as a picture: a row for each locker. */

import type { Timeline } from "./report.ts";

const WIDTH_PX = 1000;
const ROW_PX = 18;
const LEFT_PX = 70;
const BOTTOM_PX = 28;
const LEAST_PX = 0.6;
const MOST_ROWS = 64;
const TICKS = 8;

/** @returns an SVG element without any reference to elsewhere */
export function timelineSvg({ spans }: Timeline): string {
  const lockers = [...new Set(spans.map(({ locker }) => locker))].toSorted((a, b) => a - b).slice(0, MOST_ROWS);
  if (lockers.length === 0) return "";
  const startMs = Math.min(...spans.map(({ askedMs }) => askedMs));
  const endMs = Math.max(...spans.map(({ leftMs }) => leftMs));
  const scale = (WIDTH_PX - LEFT_PX) / Math.max(endMs - startMs, 1e-6);
  const x = (atMs: number) => LEFT_PX + (atMs - startMs) * scale;
  const bar = (fromMs: number, untilMs: number, row: number, inset: number, className: string, title: string) =>
    `<rect class="${className}" x="${x(fromMs).toFixed(2)}" y="${row * ROW_PX + inset}" width="${Math.max(LEAST_PX, (untilMs - fromMs) * scale).toFixed(2)}" height="${ROW_PX - 2 * inset}"><title>${title}</title></rect>`;
  const rows = lockers.map(
    (locker, row) => `<text x="4" y="${row * ROW_PX + 13}">locker ${locker}</text>
<line class="axis" x1="${LEFT_PX}" x2="${WIDTH_PX}" y1="${(row + 1) * ROW_PX}" y2="${(row + 1) * ROW_PX}"/>`,
  );
  const bars = spans.flatMap((span) => {
    const row = lockers.indexOf(span.locker);
    if (row < 0) return [];
    const { askedMs, enteredMs, leftMs, mode, isViolation } = span;
    const title = `locker ${span.locker}: ${mode}, waited ${(enteredMs - askedMs).toFixed(3)} ms, held ${(leftMs - enteredMs).toFixed(3)} ms${isViolation ? ", VIOLATION" : ""}`;
    const waited = (enteredMs - askedMs) * scale > LEAST_PX ? [bar(askedMs, enteredMs, row, 7, "waited", title)] : [];
    return [...waited, bar(enteredMs, leftMs, row, 3, isViolation ? "violation" : mode, title)];
  });
  const heightPx = lockers.length * ROW_PX;
  const ticks = Array.from({ length: TICKS + 1 }, (_, tick) => {
    const atMs = startMs + ((endMs - startMs) * tick) / TICKS;
    const anchor = tick === TICKS ? "end" : "middle";
    return `<text class="tick" text-anchor="${anchor}" x="${x(atMs).toFixed(1)}" y="${heightPx + 18}">${tickText(atMs, endMs - startMs)}</text>`;
  });
  return `<svg viewBox="0 0 ${WIDTH_PX} ${heightPx + BOTTOM_PX}" role="img" aria-label="Who held the lock, over time">
${[...rows, ...bars, ...ticks].join("\n")}
</svg>`;
}

function tickText(atMs: number, spanMs: number): string {
  if (spanMs >= 10_000) return `${(atMs / 1000).toFixed(1)} s`;
  return `${atMs.toFixed(spanMs >= 100 ? 0 : spanMs >= 1 ? 2 : 4)} ms`;
}
