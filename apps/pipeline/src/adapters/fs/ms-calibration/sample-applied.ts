/** A few rows everywhere in a Measurement Set, before and after calibration. */

import type { Table } from "@contimg/casacore-tables/node";
import { type AppliedSample, medianOf } from "../../../domain/cal-apply-check.ts";
import { type ApplyBlock, type ApplyMs, applyBlocksOf } from "./apply-ms.ts";
import type { CalibratedReader } from "./calibrated-reader.ts";
import type { GainFactors } from "./gain-factors.ts";

const BLOCK_COUNT = 48;
const ROWS_A_BLOCK = 64;

/** Evenly over the table; in each some rows side by side, from another place in each. */
export function sampleBlocks(ms: ApplyMs): readonly ApplyBlock[] {
  const blocks = applyBlocksOf(ms);
  const step = Math.max(1, blocks.length / BLOCK_COUNT);
  return Array.from({ length: Math.min(BLOCK_COUNT, blocks.length) }, (_, at) => {
    const { rowStart, rowEnd, windowIndex } = blocks[Math.floor(at * step)]!;
    const free = Math.max(0, rowEnd - rowStart - ROWS_A_BLOCK);
    const from = rowStart + Math.floor((free * ((at * 7) % BLOCK_COUNT)) / BLOCK_COUNT);
    return { rowStart: from, rowEnd: Math.min(rowEnd, from + ROWS_A_BLOCK), windowIndex };
  });
}

export function sampleApplied(main: Table, ms: ApplyMs, reader: CalibratedReader, factors: GainFactors): AppliedSample {
  const counts = { sampleCount: 0, unflaggedBeforeCount: 0, unflaggedAfterCount: 0 };
  const odd = { zeroCount: 0, equalCount: 0, nonFiniteCount: 0 };
  const ratios: number[] = [];
  for (const block of sampleBlocks(ms)) {
    const { freqHz, corrCount } = ms.windows[block.windowIndex]!;
    const count = (block.rowEnd - block.rowStart) * freqHz.length * corrCount;
    const before = new Float32Array(2 * count);
    main.column(ms.dataColumn).getCellsInto(block.rowStart, block.rowEnd, before);
    const { vis, flags, unflaggedCount, newlyFlaggedCount } = reader.read(block);
    counts.sampleCount += count;
    counts.unflaggedAfterCount += unflaggedCount;
    counts.unflaggedBeforeCount += unflaggedCount + newlyFlaggedCount;
    for (let at = 0; at < count; at++) {
      if (flags[at] !== 0) continue;
      const [re, im] = [vis[2 * at]!, vis[2 * at + 1]!];
      const was = Math.hypot(before[2 * at]!, before[2 * at + 1]!);
      const is = Math.hypot(re, im);
      if (is === 0) odd.zeroCount++;
      if (re === before[2 * at] && im === before[2 * at + 1]) odd.equalCount++;
      if (!Number.isFinite(is)) odd.nonFiniteCount++;
      if (was > 0 && Number.isFinite(is)) ratios.push(is / was);
    }
  }
  return { ...counts, ...odd, medianRatio: medianOf(Float64Array.from(ratios)), expectedRatio: expectedRatio(factors) };
}

/** Product of 1/|g|² of the median gain of each factor, over all windows. */
function expectedRatio(factors: GainFactors): number | null {
  let ratio = 1;
  for (const [term] of (factors[0] ?? []).entries()) {
    const powers: number[] = [];
    for (const ofWindow of factors) {
      const { gains, flags } = ofWindow[term]!.table;
      const stride = Math.max(1, Math.floor(flags.length / 4096));
      for (let at = 0; at < flags.length; at += stride)
        if (flags[at] === 0) powers.push(gains[2 * at]! ** 2 + gains[2 * at + 1]! ** 2);
    }
    const median = medianOf(Float64Array.from(powers));
    if (median === null) return null;
    ratio /= median;
  }
  return ratio;
}
