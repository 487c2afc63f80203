/** How fast and how fair a lock was. */

import { exclude, inOrderOfEntry, type LockerLog, type Stay, stayCount } from "./observed.ts";
import { FIELD, RECORD_LENGTH } from "./record.ts";

export interface Quantiles {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface LockNumbers {
  readonly durationSec: number;
  readonly throughputPerSec: number;
  /** From asking to entering. */
  readonly wait: Quantiles;
  /** From one's leaving to the next one's entering, of those that were waiting then. */
  readonly handOff: Quantiles;
  /** Share of the time in which nobody was inside although the next one was waiting. */
  readonly idleFraction: number;
  /** Jain's index of the acquisitions of each while all wanted more: 1 for equal shares, 1/n when one has all. */
  readonly jainIndex: number;
  readonly countOfLocker: readonly {
    readonly locker: number;
    readonly count: number;
    readonly longestWaitMs: number;
  }[];
  /** Lockers that waited a second and ten times longer than the median of the others' longest waits, or had nothing. */
  readonly starvedLockers: readonly number[];
  readonly notHadCount: number;
  /** From a holder's death to the next entry, for each that died inside. */
  readonly recoveriesMs: readonly (number | null)[];
}

const NS_PER_MS = 1e6;
const STARVED_MS = 1000;
const STARVED_RATIO = 10;
const LEAST_TURNS = 3;

export function lockNumbers(logs: readonly LockerLog[], notHadCount: number): LockNumbers {
  const waits = new Float64Array(stayCount(logs));
  const handOffs: number[] = [];
  const ofLocker = new Map(logs.map(({ locker }) => [locker, { count: 0, longestWaitNs: 0 }]));
  let acquiredCount = 0;
  let firstNs = Number.POSITIVE_INFINITY;
  let lastNs = Number.NEGATIVE_INFINITY;
  let idleNs = 0;
  /** The one that was inside and left last. */
  let previous: Stay | undefined;
  const deaths = logs.flatMap(({ locker, diedNs }) =>
    diedNs !== undefined && Number.isFinite(diedNs) ? [{ locker, diedNs }] : [],
  );
  const heldAtDeath = new Map<number, Stay>();
  const recoveries = new Map<number, number>();

  for (const stay of inOrderOfEntry(logs)) {
    const waitNs = stay.enteredNs - stay.askedNs;
    waits[acquiredCount++] = waitNs / NS_PER_MS;
    const sums = ofLocker.get(stay.log.locker)!;
    sums.count++;
    sums.longestWaitNs = Math.max(sums.longestWaitNs, waitNs);
    firstNs = Math.min(firstNs, stay.askedNs);
    lastNs = Math.max(lastNs, stay.leftNs);
    if (previous && stay.enteredNs > previous.leftNs) {
      const waitedFromNs = Math.max(previous.leftNs, stay.askedNs);
      idleNs += stay.enteredNs - waitedFromNs;
      if (previous.log !== stay.log && stay.askedNs < previous.leftNs && exclude(previous, stay))
        handOffs.push((stay.enteredNs - previous.leftNs) / NS_PER_MS);
    }
    if (!previous || stay.leftNs > previous.leftNs) previous = stay;
    for (const { locker, diedNs } of deaths) {
      if (stay.log.locker === locker && stay.leftNs >= diedNs) heldAtDeath.set(locker, stay);
      const held = heldAtDeath.get(locker);
      if (
        held &&
        stay.log.locker !== locker &&
        stay.enteredNs >= diedNs &&
        !recoveries.has(locker) &&
        exclude(held, stay)
      )
        recoveries.set(locker, (stay.enteredNs - diedNs) / NS_PER_MS);
    }
  }
  const durationNs = acquiredCount === 0 ? 0 : lastNs - firstNs;
  const counts = [...ofLocker].map(([locker, { count, longestWaitNs }]) => ({
    locker,
    count,
    longestWaitMs: longestWaitNs / NS_PER_MS,
  }));
  return {
    durationSec: durationNs / 1e9,
    throughputPerSec: durationNs === 0 ? 0 : acquiredCount / (durationNs / 1e9),
    wait: quantiles(waits),
    handOff: quantiles(Float64Array.from(handOffs)),
    idleFraction: durationNs === 0 ? 0 : idleNs / durationNs,
    jainIndex: jainIndex(countsWhileAllWant(logs)),
    countOfLocker: counts,
    starvedLockers: starved(counts),
    notHadCount,
    recoveriesMs: [...heldAtDeath.keys()].map((locker) => recoveries.get(locker) ?? null),
  };
}

/** By rank, without interpolation. Sorts its argument. */
export function quantiles(values: Float64Array): Quantiles {
  values.sort();
  const at = (fraction: number) =>
    values.length === 0 ? 0 : values[Math.min(values.length - 1, Math.ceil(fraction * values.length) - 1)]!;
  return { count: values.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: values.at(-1) ?? 0 };
}

/** (Σx)² / (n Σx²): R. Jain, D. Chiu, W. Hawe, DEC-TR-301, 1984. 1 where nobody had anything. */
export function jainIndex(counts: readonly number[]): number {
  const sum = counts.reduce((total, count) => total + count, 0);
  const squareSum = counts.reduce((total, count) => total + count * count, 0);
  return squareSum === 0 ? 1 : (sum * sum) / (counts.length * squareSum);
}

/** Until the first locker is through, all contend. */
function countsWhileAllWant(logs: readonly LockerLog[]): readonly number[] {
  const used = logs.filter(({ records }) => records.length > 0);
  const firstEndNs = Math.min(...used.map(({ records }) => records[records.length - RECORD_LENGTH + FIELD.leftNs]!));
  const counts = used.map(({ records }) => {
    let count = 0;
    for (let at = FIELD.leftNs; at < records.length; at += RECORD_LENGTH) if (records[at]! <= firstEndNs) count++;
    return count;
  });
  // Where each had one or two turns, the first end says nothing.
  const isLong = counts.reduce((sum, count) => sum + count, 0) >= LEAST_TURNS * used.length;
  return isLong ? counts : used.map(({ records }) => records.length / RECORD_LENGTH);
}

function starved(counts: LockNumbers["countOfLocker"]): readonly number[] {
  const longest = counts.map(({ longestWaitMs }) => longestWaitMs).toSorted((a, b) => a - b);
  const medianMs = longest[longest.length >> 1] ?? 0;
  const isUsed = counts.some(({ count }) => count > 0);
  return counts
    .filter(
      ({ count, longestWaitMs }) =>
        (isUsed && count === 0) || (longestWaitMs > STARVED_MS && longestWaitMs > STARVED_RATIO * medianMs),
    )
    .map(({ locker }) => locker);
}
