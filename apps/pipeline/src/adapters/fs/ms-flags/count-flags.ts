/** Flags of inputs, and how much is flagged in all. */

import type { BadInput, FlaggedPart, FlagPlan, FlagTotals, RuleCounts } from "../../../domain/flagging.ts";
import { sampleCountOf } from "./flag-columns.ts";
import { countRow, maskOf, orRow, type PackedFlags } from "./packed-flags.ts";
import type { RowIndex } from "./row-index.ts";

/** Flags every correlation in which one of the inputs takes part. @returns how many samples are newly flagged */
export function flagInputs(
  packed: PackedFlags,
  { ms }: FlagPlan,
  { ant1, ant2, dataDescId }: RowIndex,
  inputs: readonly BadInput[],
): number {
  if (inputs.length === 0) return 0;
  // Bit r: receptor r of the antenna is bad.
  const badReceptors = new Uint8Array(ms.antennas.length);
  for (const { antennaIndex, receptorIndex } of inputs)
    badReceptors[antennaIndex] = badReceptors[antennaIndex]! | (1 << receptorIndex);
  // By window, then by the bad receptors of antenna 1 and antenna 2.
  const masks = ms.windows.map(({ freqHz, receptors }) =>
    Array.from({ length: 16 }, (_, key) => {
      const ofCorr = receptors.map(([first, second]) => (((key >> 2) >> first) | ((key & 3) >> second)) & 1);
      return maskOf(
        packed.rowBytes,
        Uint8Array.from({ length: freqHz.length * ofCorr.length }, (_unused, at) => ofCorr[at % ofCorr.length]!),
      );
    }),
  );
  let newCount = 0;
  for (let row = 0; row < packed.rowCount; row++) {
    const key = (badReceptors[ant1[row]!]! << 2) | badReceptors[ant2[row]!]!;
    if (key !== 0) newCount += orRow(packed, row, masks[dataDescId[row]!]![key]!);
  }
  return newCount;
}

export function countTotals(
  before: PackedFlags,
  packed: PackedFlags,
  { ms }: FlagPlan,
  { ant1, ant2, dataDescId }: RowIndex,
  rules: RuleCounts,
): FlagTotals {
  const counts = ms.windows.map(sampleCountOf);
  const parts = (length: number) => Array.from({ length }, () => ({ flaggedCount: 0, sampleCount: 0 }));
  const byWindow = parts(ms.windows.length);
  const byAntenna = parts(ms.antennas.length);
  let beforeCount = 0;
  let flaggedRowCount = 0;
  const add = (part: { flaggedCount: number; sampleCount: number }, flaggedCount: number, sampleCount: number) => {
    part.flaggedCount += flaggedCount;
    part.sampleCount += sampleCount;
  };
  for (let row = 0; row < packed.rowCount; row++) {
    const sampleCount = counts[dataDescId[row]!]!;
    const flaggedCount = countRow(packed, row);
    beforeCount += countRow(before, row);
    if (flaggedCount === sampleCount) flaggedRowCount++;
    add(byWindow[dataDescId[row]!]!, flaggedCount, sampleCount);
    add(byAntenna[ant1[row]!]!, flaggedCount, sampleCount);
    if (ant1[row] !== ant2[row]) add(byAntenna[ant2[row]!]!, flaggedCount, sampleCount);
  }
  const sum = (of: (part: FlaggedPart) => number) => byWindow.reduce((total, part) => total + of(part), 0);
  const sampleCount = sum((part) => part.sampleCount);
  return {
    all: { flaggedCount: sum((part) => part.flaggedCount), sampleCount },
    before: { flaggedCount: beforeCount, sampleCount },
    rules,
    byWindow,
    byAntenna,
    flaggedRowCount,
  };
}
