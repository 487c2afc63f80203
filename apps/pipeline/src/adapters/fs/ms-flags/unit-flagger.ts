/** The inner loop of a run: all rules asked of one baseline over time and frequency, while it is in the processor's cache. */

import { openTable, type Table } from "@contimg/casacore-tables/node";
import {
  createGrowWork,
  createRfiSearch,
  flagChannels,
  flagClip,
  flagInvalid,
  type GrowWork,
  gatherFlags,
  growPlane,
  measureBaseline,
  type RfiSearch,
  scatterFlags,
  searchBaseline,
  type VisibilityBlock,
} from "@contimg/kernels/flag";
import { type BaselineRecord, type ClipSelection, type FlagRule, flagRules } from "../../../domain/flagging.ts";
import type { FlagJob, FlagTask, FlagTaskResult, JobBand } from "./flag-job.ts";
import { createFlagBuffer, type FlagBuffer, packRow, unpackRow } from "./packed-flags.ts";
import { type RawRows, UnitReader } from "./unit-reader.ts";

const placeOf = Object.fromEntries(flagRules.map((rule, place) => [rule, place])) as Record<FlagRule, number>;

/** Files, tables and buffers of one thread, kept from task to task. */
export class UnitFlagger {
  readonly #job: FlagJob;
  readonly #main: Table;
  readonly #reader: UnitReader;
  readonly #searches = new Map<string, RfiSearch>();
  readonly #counts = new Float64Array(flagRules.length);
  #baselines: BaselineRecord[] = [];
  #vis = new Float32Array(0);
  /** The same memory as whole numbers: what is copied so keeps its bits. */
  #visWords = new Int32Array(0);
  #flags: FlagBuffer = createFlagBuffer(0);
  #before = new Uint8Array(0);
  #plane = new Uint8Array(0);
  #growWork: GrowWork = createGrowWork(0);
  #slotOfRow = new Int32Array(0);
  #slotCount = 0;
  /** Rows of the unit that places were assigned for. */
  #lastRows = new Uint32Array(0);

  constructor(job: FlagJob) {
    this.#job = job;
    this.#main = openTable(job.msPath);
    this.#reader = new UnitReader(job, this.#main);
  }

  close(): void {
    this.#main.close();
  }

  flag(task: FlagTask): FlagTaskResult {
    const { index, bands, doneBytes } = this.#job;
    this.#counts.fill(0);
    this.#baselines = [];
    const raw = this.#reader.read(task);
    const { unitStarts } = index.bands[task.bandIndex]!;
    const band = bands[task.bandIndex]!;
    for (let unit = task.unitStart; unit < task.unitEnd; unit++) {
      this.#flagUnit(band, task.bandIndex, unitStarts[unit]!, unitStarts[unit + 1]!, raw, unitStarts[task.unitStart]!);
      const rowCount = unitStarts[unit + 1]! - unitStarts[unit]!;
      const bytes = (8 * rowCount * band.chanCount * band.corrCount) / band.windowCount;
      Atomics.add(doneBytes, 0, BigInt(Math.round(bytes)));
    }
    return { counts: this.#counts.slice(), baselines: this.#baselines };
  }

  #flagUnit(band: JobBand, bandIndex: number, from: number, end: number, raw: RawRows, taskFrom: number): void {
    const { index, packed, clip, rfi, growth, extendsCorrelations, judgesInputs } = this.#job;
    const { unitRows } = index.bands[bandIndex]!;
    const slotCount = this.#assignSlots(band, bandIndex, from, end);
    const block = this.#fillBlock(band, bandIndex, from, end, slotCount, raw, taskFrom);
    const { flags } = block;
    const rows = slots(slotCount);
    const counts = this.#counts;
    const { zeroCount, nonFiniteCount } = flagInvalid(block);
    counts[placeOf.zero]! += zeroCount;
    counts[placeOf["non-finite"]]! += nonFiniteCount;
    const ant1 = index.ant1[unitRows[from]!]!;
    const ant2 = index.ant2[unitRows[from]!]!;
    const isAuto = ant1 === ant2;
    // Their power tells about inputs, flagged or not.
    if (isAuto && judgesInputs) this.#measure(band, block, rows, ant1, ant2);
    this.#flagWholeRows(band, bandIndex, from, end, flags);
    if (band.channelMarks !== null) counts[placeOf.channel]! += flagChannels(block, band.channelMarks);
    if (!isAuto) {
      if (clip !== null) counts[placeOf.clip]! += clipBlock(block, clip);
      if ((rfi !== null || growth !== null) && flags.includes(0)) {
        const before = this.#keepFlags(flags);
        if (rfi !== null) this.#searchRfi(band, block, rows);
        if (growth !== null) this.#grow(block, rows);
        if (extendsCorrelations && band.corrCount > 1)
          counts[placeOf.correlations]! += extendNew(flags, before, band.corrCount);
      }
      if (judgesInputs) this.#measure(band, block, rows, ant1, ant2);
    }
    for (let at = from; at < end; at++) {
      const { chanStart, chanCount } = this.#windowOf(unitRows[at]!);
      const start = (this.#slotOfRow[at - from]! * band.chanCount + chanStart) * band.corrCount;
      packRow(packed, unitRows[at]!, this.#flags, start, chanCount * band.corrCount);
    }
  }

  #windowOf(row: number) {
    const { index, windows } = this.#job;
    return windows[index.dataDescId[row]!]!;
  }

  /**
   * Gives each row its place in time: equal times share one, each window once. A second row of the same time and window
   * gets a place of its own at the end.
   *
   * @returns how many places there are
   */
  #assignSlots(band: JobBand, bandIndex: number, from: number, end: number): number {
    const { timeSec, bands } = this.#job.index;
    const { unitRows } = bands[bandIndex]!;
    const rowCount = end - from;
    if (this.#isLikeLast(unitRows, from, end)) return this.#slotCount;
    this.#lastRows = unitRows.slice(from, end);
    if (this.#slotOfRow.length < rowCount) this.#slotOfRow = new Int32Array(rowCount);
    const times = Float64Array.from(this.#lastRows, (row) => timeSec[row]!).sort();
    let timeCount = 0;
    for (const time of times) if (timeCount === 0 || times[timeCount - 1] !== time) times[timeCount++] = time;
    const taken = new Uint8Array(timeCount * band.windowCount);
    let slotCount = timeCount;
    let slot = -1;
    for (let at = from; at < end; at++) {
      const time = timeSec[unitRows[at]!]!;
      slot = times[slot + 1] === time && slot + 1 < timeCount ? slot + 1 : placeOfTime(times, timeCount, time);
      const cell = slot * band.windowCount + this.#windowOf(unitRows[at]!).place;
      this.#slotOfRow[at - from] = taken[cell] === 0 ? slot : slotCount++;
      taken[cell] = 1;
    }
    this.#slotCount = slotCount;
    return slotCount;
  }

  /** Baselines of one scan have the same times and windows, row by row. */
  #isLikeLast(unitRows: Uint32Array, from: number, end: number): boolean {
    const { timeSec, dataDescId } = this.#job.index;
    const last = this.#lastRows;
    if (last.length !== end - from) return false;
    for (let i = 0; i < last.length; i++) {
      const row = unitRows[from + i]!;
      if (timeSec[row] !== timeSec[last[i]!] || dataDescId[row] !== dataDescId[last[i]!]) return false;
    }
    return true;
  }

  /** Places without a row are zero and flagged. */
  #fillBlock(
    band: JobBand,
    bandIndex: number,
    from: number,
    end: number,
    slotCount: number,
    { words, starts }: RawRows,
    taskFrom: number,
  ): VisibilityBlock {
    const { index, packed } = this.#job;
    const { unitRows } = index.bands[bandIndex]!;
    const sampleCount = slotCount * band.chanCount * band.corrCount;
    if (this.#flags.flags.length < sampleCount) {
      this.#vis = new Float32Array(2 * sampleCount);
      this.#visWords = new Int32Array(this.#vis.buffer);
      this.#flags = createFlagBuffer(sampleCount);
      this.#before = new Uint8Array(sampleCount);
    }
    const vis = this.#vis.subarray(0, 2 * sampleCount);
    const flags = this.#flags.flags.subarray(0, sampleCount);
    const visWords = this.#visWords;
    if (end - from < slotCount * band.windowCount) {
      vis.fill(0);
      flags.fill(1);
    }
    for (let at = from; at < end; at++) {
      const row = unitRows[at]!;
      const { chanStart, chanCount } = this.#windowOf(row);
      const count = chanCount * band.corrCount;
      const start = (this.#slotOfRow[at - from]! * band.chanCount + chanStart) * band.corrCount;
      const rawStart = starts[at - taskFrom]!;
      visWords.set(words.subarray(rawStart, rawStart + 2 * count), 2 * start);
      unpackRow(packed, row, this.#flags, start, count);
    }
    return { vis, flags, rowCount: slotCount, channelCount: band.chanCount, correlationCount: band.corrCount };
  }

  #flagWholeRows(band: JobBand, bandIndex: number, from: number, end: number, flags: Uint8Array): void {
    const { index } = this.#job;
    const { unitRows } = index.bands[bandIndex]!;
    for (let at = from; at < end; at++) {
      const rule = index.rule[unitRows[at]!]!;
      if (rule === 0) continue;
      const { chanStart, chanCount } = this.#windowOf(unitRows[at]!);
      const start = (this.#slotOfRow[at - from]! * band.chanCount + chanStart) * band.corrCount;
      let newCount = 0;
      for (let k = start; k < start + chanCount * band.corrCount; k++) {
        if (flags[k] === 0) newCount++;
        flags[k] = 1;
      }
      this.#counts[rule - 1]! += newCount;
    }
  }

  #keepFlags(flags: Uint8Array): Uint8Array {
    const before = this.#before.subarray(0, flags.length);
    before.set(flags);
    return before;
  }

  #searchRfi(band: JobBand, block: VisibilityBlock, rows: Int32Array): void {
    const key = `${band.chanCount} ${band.subbandChannelCount}`;
    let search = this.#searches.get(key);
    if (search === undefined || search.timeCountMax < block.rowCount) {
      const { subbandChannelCount } = band;
      search = createRfiSearch(block.rowCount, band.chanCount, { ...this.#job.rfi!, subbandChannelCount });
      this.#searches.set(key, search);
    }
    for (let corr = 0; corr < band.corrCount; corr++) {
      const { flaggedBeforeCount, flaggedAfterCount } = searchBaseline(search, block, rows, corr);
      this.#counts[placeOf.rfi]! += flaggedAfterCount - flaggedBeforeCount;
    }
  }

  #grow(block: VisibilityBlock, rows: Int32Array): void {
    const planeSampleCount = block.rowCount * block.channelCount;
    if (this.#plane.length < planeSampleCount) {
      this.#plane = new Uint8Array(planeSampleCount);
      this.#growWork = createGrowWork(planeSampleCount);
    }
    for (let corr = 0; corr < block.correlationCount; corr++) {
      gatherFlags(block, rows, corr, this.#plane);
      growPlane(this.#growWork, this.#plane, block.rowCount, block.channelCount, this.#job.growth!);
      this.#counts[placeOf.growth]! += scatterFlags(this.#plane, block, rows, corr);
    }
  }

  /** Parallel hands alone: the figures are of one receptor on both sides. */
  #measure(band: JobBand, block: VisibilityBlock, rows: Int32Array, ant1: number, ant2: number): void {
    for (const [corr, [receptor, other]] of band.receptors.entries()) {
      if (receptor !== other) continue;
      const { noisePower, totalPower, ...counts } = measureBaseline(block, rows, corr);
      const powers = { noisePowerJyJy: noisePower, totalPowerJyJy: totalPower };
      this.#baselines.push({ ant1, ant2, receptorIndex: receptor, ...counts, ...powers });
    }
  }
}

/** Flags what is outside; each correlation by itself. */
function clipBlock(block: VisibilityBlock, { minJy, maxJy }: ClipSelection): number {
  return flagClip(block, { minAmplitude: minJy, maxAmplitude: maxJy, flag: "outside", by: "correlation" });
}

const slotLists = new Map<number, Int32Array>();

/** 0 … n − 1: in a block of one baseline row and time are the same. */
function slots(count: number): Int32Array {
  let list = slotLists.get(count);
  if (list === undefined) {
    list = Int32Array.from({ length: count }, (_, i) => i);
    slotLists.set(count, list);
  }
  return list;
}

function placeOfTime(times: Float64Array, timeCount: number, time: number): number {
  let low = 0;
  let high = timeCount - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Flags all correlations of a sample of which one is newly flagged: what was flagged before may be of one receptor alone. */
function extendNew(flags: Uint8Array, before: Uint8Array, corrCount: number): number {
  let newCount = 0;
  for (let first = 0; first < flags.length; first += corrCount) {
    let isNew = 0;
    for (let at = first; at < first + corrCount; at++) isNew |= flags[at]! & (before[at]! ^ 1);
    if (isNew === 0) continue;
    for (let at = first; at < first + corrCount; at++) {
      if (flags[at] !== 0) continue;
      flags[at] = 1;
      newCount++;
    }
  }
  return newCount;
}
