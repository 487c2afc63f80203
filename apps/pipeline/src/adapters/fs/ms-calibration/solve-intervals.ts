/** Solution intervals: which moments of the data each solution is of. */

import type { Combinable } from "../../../domain/cal-solve.ts";

/** An integration of a field and scan. */
export interface Moment {
  readonly timeMjdSec: number;
  readonly fieldId: number;
  readonly scan: number;
}

export interface SolveIntervals {
  readonly middleMjdSec: readonly number[];
  readonly lengthSec: readonly number[];
  /** Of the first moment of each. */
  readonly fieldIds: readonly number[];
  readonly scans: readonly number[];
  /** Interval of each moment. */
  readonly ofMoment: Int32Array;
}

/**
 * Cuts moments into intervals of equal length near the one that is asked for. What is not combined is cut first.
 *
 * @param solutionSec  null: as long as what is combined, 0: each integration
 */
export function divideMoments(
  moments: readonly Moment[],
  exposureSec: number,
  solutionSec: number | null,
  combine: readonly Combinable[],
): SolveIntervals {
  const groups = new Map<string, number[]>();
  for (const [at, { fieldId, scan }] of moments.entries()) {
    const key = `${combine.includes("field") ? "" : fieldId} ${combine.includes("scan") ? "" : scan}`;
    groups.set(key, [...(groups.get(key) ?? []), at]);
  }
  const middleMjdSec: number[] = [];
  const lengthSec: number[] = [];
  const fieldIds: number[] = [];
  const scans: number[] = [];
  const ofMoment = new Int32Array(moments.length);
  for (const members of groups.values()) {
    const times = members.map((at) => moments[at]!.timeMjdSec);
    const startMjdSec = times.reduce((a, b) => Math.min(a, b)) - exposureSec / 2;
    const spanSec = times.reduce((a, b) => Math.max(a, b)) + exposureSec / 2 - startMjdSec;
    const stepSec = solutionSec === 0 ? exposureSec : solutionSec;
    const count = stepSec === null ? 1 : Math.max(1, Math.round(spanSec / stepSec));
    const numbers = new Map<number, number>();
    for (const at of members) {
      const { timeMjdSec, fieldId, scan } = moments[at]!;
      const place = Math.min(count - 1, Math.floor(((timeMjdSec - startMjdSec) * count) / spanSec));
      let interval = numbers.get(place);
      if (interval === undefined) {
        interval = middleMjdSec.length;
        numbers.set(place, interval);
        middleMjdSec.push(startMjdSec + ((place + 0.5) * spanSec) / count);
        lengthSec.push(spanSec / count);
        fieldIds.push(fieldId);
        scans.push(scan);
      }
      ofMoment[at] = interval;
    }
  }
  return { middleMjdSec, lengthSec, fieldIds, scans, ofMoment };
}

/** The coarsest intervals of which all of several divisions are made up. */
export interface CommonIntervals {
  readonly count: number;
  readonly ofMoment: Int32Array;
  /** Middle of the moments of each. */
  readonly middleMjdSec: readonly number[];
}

export function commonIntervals(moments: readonly Moment[], divisions: readonly SolveIntervals[]): CommonIntervals {
  const numbers = new Map<string, number>();
  const members: number[][] = [];
  const ofMoment = Int32Array.from(moments, (_, at) => {
    const key = divisions.map((division) => division.ofMoment[at]).join();
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    members[number] = [...(members[number] ?? []), moments[at]!.timeMjdSec];
    return number;
  });
  const middleMjdSec = members.map(
    (times) => times.reduce((sum, time) => sum + (time - times[0]!), 0) / times.length + times[0]!,
  );
  return { count: members.length, ofMoment, middleMjdSec };
}

/** Interval of a division for each of the common ones. */
export function intervalOfCommon({ count, ofMoment }: CommonIntervals, division: SolveIntervals): Int32Array {
  const intervals = new Int32Array(count);
  for (const [moment, common] of ofMoment.entries()) intervals[common] = division.ofMoment[moment]!;
  return intervals;
}
