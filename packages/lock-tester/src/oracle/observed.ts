/** What was seen in a run, and a way through it in the order of entries. */

import type { LockEntry } from "@contimg/file-locks";
import { FIELD, RECORD_LENGTH, type Target, unpackTarget } from "./record.ts";

/** The log of one locker, with times of the controller's clock. */
export interface LockerLog {
  readonly locker: number;
  readonly processNumber: number;
  readonly records: Float64Array;
  /** When it was killed, or a moment before. */
  readonly diedNs: number | undefined;
  /** How wrong times of its host may be. */
  readonly clockErrorNs: number;
}

/** A look at /proc/locks: entries of one lock file that are held. */
export interface KernelSample {
  readonly pathIndex: number;
  readonly startNs: number;
  readonly endNs: number;
  readonly held: readonly LockEntry[];
}

export interface Observed {
  readonly logs: readonly LockerLog[];
  readonly samples: readonly KernelSample[];
  /** By lock file and slot, what the state's counters are and what they should be; undefined: a locker was killed. */
  readonly counters:
    | { readonly found: readonly (readonly number[])[]; readonly expected: readonly (readonly number[])[] }
    | undefined;
}

/** One acquisition. */
export interface Stay extends Target {
  readonly log: LockerLog;
  /** Which of the locker's, from 0. */
  readonly recordIndex: number;
  readonly askedNs: number;
  readonly enteredNs: number;
  /** Of one that never left: when it died; if that is unknown, when it entered. */
  readonly leftNs: number;
  readonly insideAtEntry: number;
  readonly flaws: number;
  readonly ticket: number;
  readonly fencingToken: number;
}

function stayAt(log: LockerLog, recordIndex: number): Stay {
  const at = RECORD_LENGTH * recordIndex;
  const { records } = log;
  const enteredNs = records[at + FIELD.enteredNs]!;
  const leftNs = records[at + FIELD.leftNs]!;
  return {
    ...unpackTarget(records[at + FIELD.target]!),
    log,
    recordIndex,
    askedNs: records[at + FIELD.askedNs]!,
    enteredNs,
    leftNs: Number.isFinite(leftNs) ? leftNs : Math.max(enteredNs, log.diedNs ?? enteredNs),
    insideAtEntry: records[at + FIELD.insideAtEntry]!,
    flaws: records[at + FIELD.flawsAtExit]!,
    ticket: records[at + FIELD.ticket]!,
    fencingToken: records[at + FIELD.fencingToken]!,
  };
}

/** All stays in the order of their entries: the logs, each of which is in order, are merged with a heap. */
export function* inOrderOfEntry(logs: readonly LockerLog[]): Generator<Stay> {
  const heap: { log: LockerLog; recordIndex: number; enteredNs: number }[] = [];
  const enteredAt = (log: LockerLog, recordIndex: number) =>
    log.records[RECORD_LENGTH * recordIndex + FIELD.enteredNs]!;
  const sink = (from: number): void => {
    for (let at = from; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && heap[child]!.enteredNs < heap[least]!.enteredNs) least = child;
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  };
  for (const log of logs) if (log.records.length > 0) heap.push({ log, recordIndex: 0, enteredNs: enteredAt(log, 0) });
  for (let at = heap.length >> 1; at >= 0; at--) sink(at);
  while (heap.length > 0) {
    const first = heap[0]!;
    yield stayAt(first.log, first.recordIndex);
    first.recordIndex++;
    if (RECORD_LENGTH * first.recordIndex < first.log.records.length)
      first.enteredNs = enteredAt(first.log, first.recordIndex);
    else {
      const last = heap.pop()!;
      if (heap.length === 0) return;
      heap[0] = last === first ? heap[0]! : last;
    }
    sink(0);
  }
}

export function stayCount(logs: readonly LockerLog[]): number {
  return logs.reduce((sum, { records }) => sum + records.length / RECORD_LENGTH, 0);
}

/** Whether two stays may not be at one time. */
export function exclude(a: Target, b: Target): boolean {
  if (a.pathIndex !== b.pathIndex || (!a.isExclusive && !b.isExclusive)) return false;
  return a.firstSlot < b.endSlot && b.firstSlot < a.endSlot;
}
