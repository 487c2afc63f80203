/** A picture in memory and what is drawn into it. */
import { GLYPH_HEIGHT_PX, GLYPH_WIDTH_PX, isInked } from "./font.ts";

/** Red, green, blue: 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** Rows from the top [heightPx, widthPx, 3]. What is drawn beyond an edge is lost. */
export class Picture {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly bytes: Uint8Array;

  constructor(widthPx: number, heightPx: number, background: Rgb) {
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.bytes = new Uint8Array(3 * widthPx * heightPx);
    this.fill(0, 0, widthPx, heightPx, background);
  }

  set(xPx: number, yPx: number, color: Rgb): void {
    const [x, y] = [Math.round(xPx), Math.round(yPx)];
    if (x < 0 || y < 0 || x >= this.widthPx || y >= this.heightPx) return;
    this.bytes.set(color, 3 * (y * this.widthPx + x));
  }

  /** A filled box from its upper left corner. */
  fill(xPx: number, yPx: number, widthPx: number, heightPx: number, color: Rgb): void {
    for (let y = yPx; y < yPx + heightPx; y++) for (let x = xPx; x < xPx + widthPx; x++) this.set(x, y, color);
  }

  line(x0Px: number, y0Px: number, x1Px: number, y1Px: number, color: Rgb, thicknessPx = 1): void {
    const stepCount = Math.max(1, Math.ceil(Math.max(Math.abs(x1Px - x0Px), Math.abs(y1Px - y0Px))));
    for (let step = 0; step <= stepCount; step++) {
      const x = Math.round(x0Px + ((x1Px - x0Px) * step) / stepCount);
      const y = Math.round(y0Px + ((y1Px - y0Px) * step) / stepCount);
      this.fill(x, y, thicknessPx, thicknessPx, color);
    }
  }

  /** Points joined by straight lines. */
  path(pointsPx: readonly (readonly [xPx: number, yPx: number])[], color: Rgb): void {
    for (let at = 1; at < pointsPx.length; at++) this.line(...pointsPx[at - 1]!, ...pointsPx[at]!, color);
  }

  /** Text from its upper left corner. @returns its width */
  text(xPx: number, yPx: number, text: string, color: Rgb, scaleFactor = 1): number {
    for (const [index, letter] of Array.from(text).entries()) {
      const left = xPx + index * (GLYPH_WIDTH_PX + 1) * scaleFactor;
      for (let row = 0; row < GLYPH_HEIGHT_PX; row++) {
        for (let column = 0; column < GLYPH_WIDTH_PX; column++) {
          if (!isInked(letter, column, row)) continue;
          this.fill(left + column * scaleFactor, yPx + row * scaleFactor, scaleFactor, scaleFactor, color);
        }
      }
    }
    return textWidthPx(text, scaleFactor);
  }
}

/** Width of text in a picture. */
export function textWidthPx(text: string, scaleFactor: number): number {
  return Math.max(0, Array.from(text).length * (GLYPH_WIDTH_PX + 1) - 1) * scaleFactor;
}
