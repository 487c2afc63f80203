/** Spectral windows whose rows are the same, moment by moment: what is predicted of them is one spectrum. */

import type { CalMs, RowBlock } from "./cal-ms.ts";

/** Windows of a band at most: the phasors of a source are begun once for all of them, and threads share the bands. */
const BAND_WINDOW_COUNT = 4;

/** Indices of windows that follow each other. A window whose rows are its own is a band by itself. */
export type Band = readonly number[];

export function bandsOf(ms: CalMs, blocks: readonly RowBlock[]): readonly Band[] {
  const ofWindow = ms.windows.map((_, window) => blocks.filter(({ windowIndex }) => windowIndex === window));
  const bands: number[][] = [];
  for (const window of ms.windows.keys()) {
    const band = bands.at(-1);
    const isSame =
      band !== undefined && band.length < BAND_WINDOW_COUNT && haveSameRows(ms, ofWindow[band[0]!]!, ofWindow[window]!);
    if (isSame) band.push(window);
    else bands.push([window]);
  }
  return bands;
}

function haveSameRows({ ant1, ant2 }: CalMs, one: readonly RowBlock[], other: readonly RowBlock[]): boolean {
  if (one.length !== other.length) return false;
  return one.every((block, at) => {
    const twin = other[at]!;
    const rowCount = block.rowEnd - block.rowStart;
    if (
      twin.rowEnd - twin.rowStart !== rowCount ||
      twin.timeMjdSec !== block.timeMjdSec ||
      twin.fieldId !== block.fieldId ||
      twin.scan !== block.scan
    )
      return false;
    for (let row = 0; row < rowCount; row++) {
      const [a, b] = [block.rowStart + row, twin.rowStart + row];
      if (ant1[a] !== ant1[b] || ant2[a] !== ant2[b]) return false;
    }
    return true;
  });
}
