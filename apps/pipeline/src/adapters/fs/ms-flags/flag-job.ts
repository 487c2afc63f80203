/** The work of a run, cut into pieces that threads take one by one. */

import type { ErrorCode } from "../../../domain/error-codes.ts";
import type { BaselineRecord, ClipSelection, FlagPlan, GrowthSettings, RfiSettings } from "../../../domain/flagging.ts";
import type { PackedFlags } from "./packed-flags.ts";
import type { RowIndex } from "./row-index.ts";

/** Where the channels of a window lie in its band. */
export interface JobWindow {
  readonly chanCount: number;
  readonly corrCount: number;
  readonly chanStart: number;
  /** Place among the windows of the band. */
  readonly place: number;
}

export interface JobBand {
  readonly windowCount: number;
  readonly chanCount: number;
  readonly corrCount: number;
  readonly subbandChannelCount: number;
  readonly receptors: readonly (readonly [number, number])[];
  readonly channelMarks: Uint8Array | null;
}

/** What every thread is given; arrays are shared. */
export interface FlagJob {
  readonly msPath: string;
  readonly dataColumn: string;
  /** By DATA_DESC_ID. */
  readonly windows: readonly JobWindow[];
  readonly bands: readonly JobBand[];
  readonly index: RowIndex;
  /** Holds the flags of the start; each thread replaces those of its rows. */
  readonly packed: PackedFlags;
  readonly clip: ClipSelection | null;
  readonly rfi: RfiSettings | null;
  readonly growth: GrowthSettings | null;
  readonly extendsCorrelations: boolean;
  readonly judgesInputs: boolean;
  /** Bytes of data done, for progress. */
  readonly doneBytes: BigInt64Array;
}

/** Some units of a band. */
export interface FlagTask {
  readonly bandIndex: number;
  readonly unitStart: number;
  /** exclusive */
  readonly unitEnd: number;
}

export interface FlagTaskResult {
  /** By place in `flagRules`. */
  readonly counts: Float64Array;
  readonly baselines: readonly BaselineRecord[];
}

/** Errors lose their class on the way between threads: code and text are sent instead. */
export type FlagReply =
  | { readonly kind: "done"; readonly result: FlagTaskResult }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string };

/**
 * Data of a task. Neighbouring baselines are read in one go, 48 at a time for a full group: 37 kB a call. Larger tasks
 * gain nothing and keep threads waiting for the last.
 */
const TASK_BYTES = 14 * 2 ** 20;

export function makeJob(plan: FlagPlan, index: RowIndex, packed: PackedFlags): FlagJob {
  const windows: JobWindow[] = [];
  const bands = plan.bands.map(({ dataDescIds, subbandChannelCount }): JobBand => {
    const first = plan.ms.windows[dataDescIds[0]!]!;
    let chanStart = 0;
    for (const [place, id] of dataDescIds.entries()) {
      const chanCount = plan.ms.windows[id]!.freqHz.length;
      windows[id] = { chanCount, corrCount: first.corrs.length, chanStart, place };
      chanStart += chanCount;
    }
    return {
      windowCount: dataDescIds.length,
      chanCount: chanStart,
      corrCount: first.corrs.length,
      subbandChannelCount,
      receptors: first.receptors,
      channelMarks: plan.channels === null ? null : maskChannels(plan.channels, dataDescIds),
    };
  });
  const { dataColumn, clip, rfi, growth, extendsCorrelations, judgesInputs } = plan;
  const rules = { dataColumn, clip, rfi, growth, extendsCorrelations, judgesInputs };
  const doneBytes = new BigInt64Array(new SharedArrayBuffer(8));
  return { msPath: plan.ms.path, windows, bands, index, packed, ...rules, doneBytes };
}

/** Marked channels of windows as those of their band; null when there are none. */
function maskChannels(channels: readonly Uint8Array[], dataDescIds: readonly number[]): Uint8Array | null {
  const marks = Uint8Array.from(dataDescIds.flatMap((id) => [...channels[id]!]));
  return marks.includes(1) ? marks : null;
}

const rowDataBytes = ({ chanCount, corrCount }: JobWindow) => 8 * chanCount * corrCount;

/** Bytes of data of all rows. */
export function dataBytes({ index, windows }: FlagJob): number {
  let bytes = 0;
  for (const id of index.dataDescId) bytes += rowDataBytes(windows[id]!);
  return bytes;
}

export function divideUnits({ index, windows }: FlagJob): readonly FlagTask[] {
  return index.bands.flatMap(({ unitRows, unitStarts }, bandIndex) => {
    const tasks: FlagTask[] = [];
    let unitStart = 0;
    let bytes = 0;
    for (let unit = 0; unit + 1 < unitStarts.length; unit++) {
      for (let at = unitStarts[unit]!; at < unitStarts[unit + 1]!; at++)
        bytes += rowDataBytes(windows[index.dataDescId[unitRows[at]!]!]!);
      if (bytes < TASK_BYTES && unit + 2 < unitStarts.length) continue;
      tasks.push({ bandIndex, unitStart, unitEnd: unit + 1 });
      unitStart = unit + 1;
      bytes = 0;
    }
    return tasks;
  });
}
