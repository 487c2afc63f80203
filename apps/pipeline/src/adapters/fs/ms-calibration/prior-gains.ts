/** Tables that were solved before, as gains of the antennas and channels of a Measurement Set. */

import { openTable } from "@contimg/casacore-tables/node";
import { createGainTable, type GainTable, gainIndex, interpolateGains } from "@contimg/kernels/solve";
import type { CalSolutions } from "../../../domain/cal-solutions.ts";
import type { PriorTable } from "../../../domain/cal-solve.ts";
import { PipelineError } from "../../../domain/error-codes.ts";
import { calTableFiles } from "../cal-table-files.ts";
import type { CalMs, CalWindow } from "./cal-ms.ts";

export interface PriorGains extends PriorTable {
  /** One interval; bins are the channels of all windows of the Measurement Set, one behind the other. */
  at(timeMjdSec: number): GainTable;
}

const HZ_PER_GHZ = 1e9;

/**
 * Antennas are the same by name, spectral windows and channels by frequency. Between solutions in time gains are
 * interpolated; of a bandpass and of delays the nearest counts.
 *
 * @throws PipelineError PRIOR_UNUSABLE when no antenna or no window is the same, or nothing is solved; INPUT_UNREADABLE,
 *   TABLE_UNREADABLE
 */
export function readPrior({ type, path }: PriorTable, ms: CalMs): PriorGains {
  const solutions = calTableFiles.readSolutions(path);
  const refuse = (what: string, expected: string, found: string): never => {
    throw new PipelineError("PRIOR_UNUSABLE", `${path}: ${what}: expected ${expected}, found ${found}`, {
      subject: path,
    });
  };
  if (solutions.kind === "other") refuse("kind", "a bandpass, gains or delays", solutions.visCal);
  const antennaOfId = solutions.antennaNames.map((name) => ms.antennaNames.indexOf(name));
  if (!antennaOfId.some((antenna) => antenna >= 0))
    refuse(
      "antennas",
      `some of ${ms.antennaNames.slice(0, 3).join(", ")} …`,
      `${solutions.antennaNames.slice(0, 3)} …`,
    );
  const windows = ms.windows.map((window) => windowIn(solutions, window));
  const missing = windows.indexOf(-1);
  if (missing >= 0) {
    const middleHz = middleOf(ms.windows[missing]!.freqHz);
    refuse("spectral windows", `one at ${(middleHz / 1e6).toFixed(2)} MHz`, `${solutions.spwFreqHz.length} others`);
  }
  if (solutions.flags.every((flag) => flag === 1)) refuse("solutions", "some", "all flagged");
  const referenceHz = solutions.kind === "delay" ? referenceFrequencies(path) : [];
  const timesMjdSec = [...new Set(solutions.timesMjdSec)].sort((a, b) => a - b);
  const table = gainsOf(solutions, ms, timesMjdSec, antennaOfId, windows, referenceHz);
  const method = solutions.kind === "gain" ? "linear" : "nearest";
  return {
    type,
    path,
    at: (timeMjdSec) =>
      interpolateGains(table, "time", Float64Array.from(timesMjdSec), Float64Array.of(timeMjdSec), method),
  };
}

const middleOf = (freqHz: Float64Array): number => (freqHz[0]! + freqHz.at(-1)!) / 2;

/** Spectral window of the table that holds the middle of one of the Measurement Set; −1: none does. */
function windowIn({ spwFreqHz, spectralWindowIds }: CalSolutions, { freqHz, chanWidthHz }: CalWindow): number {
  const solved = new Set(spectralWindowIds);
  const spanHz = Math.abs(freqHz.at(-1)! - freqHz[0]!) + chanWidthHz[0]!;
  const offHz = spwFreqHz.map((hz, id) =>
    solved.has(id) && hz.length > 0 ? Math.abs(middleOf(hz) - middleOf(freqHz)) : Number.POSITIVE_INFINITY,
  );
  const nearest = offHz.indexOf(offHz.reduce((least, each) => Math.min(least, each), Number.POSITIVE_INFINITY));
  return nearest >= 0 && offHz[nearest]! <= spanHz / 2 ? nearest : -1;
}

function referenceFrequencies(path: string): readonly number[] {
  using table = openTable(`${path}/SPECTRAL_WINDOW`);
  return Array.from(table.column("REF_FREQUENCY").getScalarRange(0, table.rowCount, new Float64Array(table.rowCount)));
}

/** All times of the table, spread over the channels of the Measurement Set. */
function gainsOf(
  solutions: CalSolutions,
  ms: CalMs,
  timesMjdSec: readonly number[],
  antennaOfId: readonly number[],
  windows: readonly number[],
  referenceHz: readonly number[],
): GainTable {
  const polCount = ms.windows[0]!.parallelCorrs.length;
  const firstChan: number[] = [];
  let binCount = 0;
  for (const { freqHz } of ms.windows) {
    firstChan.push(binCount);
    binCount += freqHz.length;
  }
  const table = createGainTable({
    antennaCount: ms.antennaNames.length,
    intervalCount: timesMjdSec.length,
    polCount,
    binCount,
  });
  const intervalOf = new Map(timesMjdSec.map((time, interval) => [time, interval]));
  const [receptorCount, chanCount] = solutions.cellShape;
  const chanMaps = ms.windows.map(({ freqHz }, window) =>
    nearestChannels(freqHz, solutions.spwFreqHz[windows[window]!]!, chanCount),
  );
  for (let row = 0; row < solutions.rowCount; row++) {
    const antenna = antennaOfId[solutions.antennaIds[row]!] ?? -1;
    if (antenna < 0) continue;
    const interval = intervalOf.get(solutions.timesMjdSec[row]!)!;
    for (const [window, spwId] of windows.entries()) {
      if (spwId !== solutions.spectralWindowIds[row]) continue;
      for (const [chan, hz] of ms.windows[window]!.freqHz.entries()) {
        for (let pol = 0; pol < polCount; pol++) {
          const from = (row * chanCount + chanMaps[window]![chan]!) * receptorCount + Math.min(pol, receptorCount - 1);
          if (solutions.flags[from] === 1) continue;
          const to = gainIndex(table, interval, antenna, firstChan[window]! + chan, pol);
          table.flags[to] = 0;
          if (solutions.gains) {
            table.gains[2 * to] = solutions.gains[2 * from]!;
            table.gains[2 * to + 1] = solutions.gains[2 * from + 1]!;
          } else {
            const turns = (solutions.delaysNs![from]! / HZ_PER_GHZ) * (hz - referenceHz[spwId]!);
            table.gains[2 * to] = Math.cos(2 * Math.PI * turns);
            table.gains[2 * to + 1] = Math.sin(2 * Math.PI * turns);
          }
        }
      }
    }
  }
  return table;
}

/** Channel of the table for each of the Measurement Set. */
function nearestChannels(freqHz: Float64Array, tableHz: Float64Array, chanCount: number): readonly number[] {
  if (chanCount === 1) return Array.from(freqHz, () => 0);
  return Array.from(freqHz, (hz) => {
    let nearest = 0;
    for (let chan = 1; chan < chanCount; chan++)
      if (Math.abs(tableHz[chan]! - hz) < Math.abs(tableHz[nearest]! - hz)) nearest = chan;
    return nearest;
  });
}
