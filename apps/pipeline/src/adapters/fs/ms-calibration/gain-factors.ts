/** Gains of the tables of a plan, laid out as a Measurement Set needs them: its antennas, its channels. */

import { createGainTable, type GainTable, gainIndex, interpolateGains, spreadGains } from "@contimg/kernels/solve";
import type { ApplyTarget, CalApplyPlan, CalTerm, CalTermKind, TermTable } from "../../../domain/cal-apply.ts";
import type { CalGains, WindowSolutions } from "./read-cal-gains.ts";

/** One factor of the gains in one window, at the times at which it was solved. */
export interface GainFactor {
  readonly timesMjdSec: Float64Array;
  /** Antennas of the Measurement Set; bins are its channels, or one for all of them. */
  readonly table: GainTable;
  readonly timeInterpolation: CalTerm["timeInterpolation"];
}

/** By DATA_DESC_ID, then term. Plain arrays, which threads can be sent. */
export type GainFactors = readonly (readonly GainFactor[])[];

export function gainFactors(plan: CalApplyPlan, target: ApplyTarget, gainsOf: (path: string) => CalGains): GainFactors {
  return target.windows.map(({ freqHz }, windowIndex) =>
    plan.terms.map((term) => {
      const parts = term.tables.map((table) =>
        factorOf(term, table, gainsOf(table.path), windowIndex, freqHz, target.antennaNames.length),
      );
      return { ...joined(parts, term, gainsOf), timeInterpolation: term.timeInterpolation };
    }),
  );
}

type Part = Pick<GainFactor, "timesMjdSec" | "table">;

/** What one table gives for one window of the Measurement Set. */
function factorOf(
  term: CalTerm,
  { tableAntennaIds, chanSpwIds }: TermTable,
  gains: CalGains,
  windowIndex: number,
  freqHz: Float64Array,
  antennaCount: number,
): Part {
  const chosen = chanSpwIds[windowIndex]!;
  const spwIds = [...new Set(chosen)].filter((spwId) => spwId >= 0);
  const solutions = spwIds.map((spwId) => gains.windows.get(spwId)!);
  const timesMjdSec = unionOf(solutions.map((one) => one.timesMjdSec));
  const isOneForAll = term.kind === "gain" && spwIds.length === 1 && chosen.every((spwId) => spwId === spwIds[0]);
  const binCount = isOneForAll ? 1 : freqHz.length;
  const to = createGainTable({ antennaCount, intervalCount: timesMjdSec.length, polCount: 2, binCount });
  for (const [at, spwId] of spwIds.entries()) {
    const chans = isOneForAll ? [0] : [...chosen.keys()].filter((chan) => chosen[chan] === spwId);
    const toHz = Float64Array.from(chans, (chan) => freqHz[chan]!);
    const atTimes = onTimes(solutions[at]!, timesMjdSec, term);
    const from = onChannels(term.kind, solutions[at]!, atTimes, toHz, term.freqInterpolation);
    for (let interval = 0; interval < to.intervalCount; interval++) {
      for (let antenna = 0; antenna < antennaCount; antenna++) {
        if (tableAntennaIds[antenna]! < 0) continue;
        for (const [bin, chan] of chans.entries()) {
          for (let pol = 0; pol < 2; pol++) {
            const source = gainIndex(from, interval, tableAntennaIds[antenna]!, bin, pol);
            if (from.flags[source] !== 0) continue;
            const place = gainIndex(to, interval, antenna, chan, pol);
            to.gains[2 * place] = from.gains[2 * source]!;
            to.gains[2 * place + 1] = from.gains[2 * source + 1]!;
            to.flags[place] = 0;
          }
        }
      }
    }
  }
  return { timesMjdSec, table: to };
}

function unionOf(lists: readonly Float64Array[]): Float64Array {
  if (lists.length === 1) return lists[0]!;
  return Float64Array.from(new Set(lists.flatMap((times) => [...times]))).sort();
}

function onTimes({ table, timesMjdSec }: WindowSolutions, wanted: Float64Array, term: CalTerm): GainTable {
  if (wanted === timesMjdSec) return table;
  return interpolateGains(table, "time", timesMjdSec, wanted, term.timeInterpolation);
}

/** One bin for each frequency wanted. */
function onChannels(
  kind: CalTermKind,
  { freqHz, refFreqHz }: WindowSolutions,
  table: GainTable,
  toHz: Float64Array,
  method: CalTerm["freqInterpolation"],
): GainTable {
  if (kind === "delay") return turnedBy(table, refFreqHz, toHz);
  if (kind === "gain" || table.binCount === 1)
    return toHz.length === 1
      ? table
      : spreadGains(
          table,
          new Int32Array(toHz.length),
          Int32Array.from({ length: table.intervalCount }, (_, at) => at),
        );
  const same = exactChannels(freqHz, toHz);
  const keepsFlags = method === "nearestflag" || method === "linearflag";
  const plain = method === "nearest" || method === "nearestflag" ? "nearest" : "linear";
  if (same !== undefined && keepsFlags)
    return spreadGains(
      table,
      same,
      Int32Array.from({ length: table.intervalCount }, (_, at) => at),
    );
  const out = interpolateGains(table, "frequency", freqHz, toHz, plain);
  if (keepsFlags) flagBetween(out, table, freqHz, toHz, plain);
  return out;
}

/** Channels at the very frequencies wanted; undefined when there are not all. */
function exactChannels(freqHz: Float64Array, toHz: Float64Array): Int32Array | undefined {
  const indexOf = new Map(Array.from(freqHz, (hz, chan) => [Math.round(hz), chan] as const));
  const found = Int32Array.from(toHz, (hz) => indexOf.get(Math.round(hz)) ?? -1);
  return found.includes(-1) ? undefined : found;
}

/** e^{2πi τ (ν − ν₀)}, as CASA's K Jones. */
function turnedBy(delays: GainTable, refFreqHz: number, toHz: Float64Array): GainTable {
  const { antennaCount, intervalCount, polCount } = delays;
  const out = createGainTable({ antennaCount, intervalCount, polCount, binCount: toHz.length });
  for (let row = 0; row < intervalCount * antennaCount; row++) {
    for (let pol = 0; pol < polCount; pol++) {
      const from = row * delays.binCount * polCount + pol;
      if (delays.flags[from] !== 0) continue;
      for (const [bin, hz] of toHz.entries()) {
        const turns = delays.gains[2 * from]! * 1e-9 * (hz - refFreqHz);
        const to = (row * toHz.length + bin) * polCount + pol;
        out.gains[2 * to] = Math.cos(2 * Math.PI * turns);
        out.gains[2 * to + 1] = Math.sin(2 * Math.PI * turns);
        out.flags[to] = 0;
      }
    }
  }
  return out;
}

/** Flags what was interpolated from a channel that is flagged in the table. */
function flagBetween(
  out: GainTable,
  table: GainTable,
  freqHz: Float64Array,
  toHz: Float64Array,
  method: "nearest" | "linear",
): void {
  for (const [bin, hz] of toHz.entries()) {
    const sources = sourcesOf(freqHz, hz, method);
    for (let interval = 0; interval < out.intervalCount; interval++) {
      for (let antenna = 0; antenna < out.antennaCount; antenna++) {
        for (let pol = 0; pol < out.polCount; pol++) {
          if (sources.some((chan) => table.flags[gainIndex(table, interval, antenna, chan, pol)] !== 0))
            out.flags[gainIndex(out, interval, antenna, bin, pol)] = 1;
        }
      }
    }
  }
}

/** The channels that an interpolated value is made of: one, or both neighbours. */
function sourcesOf(freqHz: Float64Array, hz: number, method: "nearest" | "linear"): readonly number[] {
  let [below, above] = [-1, -1];
  for (const [chan, at] of freqHz.entries()) {
    if (at <= hz && (below < 0 || at > freqHz[below]!)) below = chan;
    if (at >= hz && (above < 0 || at < freqHz[above]!)) above = chan;
  }
  if (below < 0 || above < 0 || below === above) return [below < 0 ? above : below];
  if (method === "linear") return [below, above];
  // At equal distance the kernel takes the one that comes first in the table.
  const [first, second] = below < above ? [below, above] : [above, below];
  return [Math.abs(hz - freqHz[first]!) <= Math.abs(hz - freqHz[second]!) ? first : second];
}

/**
 * Several tables one after the other in time. Those whose phases are referred to different antennas are first referred to one:
 * phases that all antennas share make no difference to the data, but do to what lies between two of them.
 */
function joined(parts: readonly Part[], term: CalTerm, gainsOf: (path: string) => CalGains): Part {
  if (parts.length === 1) return parts[0]!;
  const binCount = Math.max(...parts.map(({ table }) => table.binCount));
  const wide = parts.map(({ table, timesMjdSec }) => ({
    timesMjdSec,
    table:
      table.binCount === binCount
        ? table
        : spreadGains(
            table,
            new Int32Array(binCount),
            Int32Array.from({ length: table.intervalCount }, (_, at) => at),
          ),
  }));
  const references = new Set(
    term.tables.map(({ path, tableAntennaIds }) => tableAntennaIds.indexOf(gainsOf(path).reference)),
  );
  if (references.size > 1 || references.has(-1)) {
    const reference = commonAntenna(wide);
    for (const { table } of wide) referTo(table, reference);
  }
  const order = wide
    .flatMap(({ timesMjdSec }, part) => Array.from(timesMjdSec, (time, interval) => ({ time, part, interval })))
    .sort((a, b) => a.time - b.time || a.part - b.part)
    .filter(({ time }, at, all) => at + 1 === all.length || all[at + 1]!.time - time > 0);
  const { antennaCount, polCount } = wide[0]!.table;
  const out = createGainTable({ antennaCount, intervalCount: order.length, polCount, binCount });
  const size = antennaCount * binCount * polCount;
  for (const [to, { part, interval }] of order.entries()) {
    const { gains, flags } = wide[part]!.table;
    out.gains.set(gains.subarray(2 * interval * size, 2 * (interval + 1) * size), 2 * to * size);
    out.flags.set(flags.subarray(interval * size, (interval + 1) * size), to * size);
  }
  return { timesMjdSec: Float64Array.from(order, ({ time }) => time), table: out };
}

/** The antenna with most solutions in all of them. */
function commonAntenna(parts: readonly Part[]): number {
  const counts = new Int32Array(parts[0]!.table.antennaCount);
  for (const { table } of parts) {
    const perRow = table.binCount * table.polCount;
    for (const [at, flag] of table.flags.entries())
      if (flag === 0) counts[Math.floor(at / perRow) % table.antennaCount]!++;
  }
  return counts.indexOf(counts.reduce((a, b) => Math.max(a, b)));
}

/** Turns the gains of each interval, bin and polarisation so that the antenna's have phase 0. */
function referTo(table: GainTable, reference: number): void {
  for (let interval = 0; interval < table.intervalCount; interval++) {
    for (let bin = 0; bin < table.binCount; bin++) {
      for (let pol = 0; pol < table.polCount; pol++) {
        const of = gainIndex(table, interval, reference, bin, pol);
        if (table.flags[of] !== 0) continue;
        const length = Math.hypot(table.gains[2 * of]!, table.gains[2 * of + 1]!);
        const [cos, sin] = [table.gains[2 * of]! / length, table.gains[2 * of + 1]! / length];
        for (let antenna = 0; antenna < table.antennaCount; antenna++) {
          const at = gainIndex(table, interval, antenna, bin, pol);
          const [re, im] = [table.gains[2 * at]!, table.gains[2 * at + 1]!];
          table.gains[2 * at] = re * cos + im * sin;
          table.gains[2 * at + 1] = im * cos - re * sin;
        }
      }
    }
  }
}
