/** Two reports side by side: another mount option, another version, another day. */

import { wilsonInterval } from "../oracle/wilson.ts";
import type { LockReport } from "./report.ts";

export interface Comparison {
  readonly rows: readonly ComparedRow[];
  /** What of it matters, in words. */
  readonly remarks: readonly string[];
}

export interface ComparedRow {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  /** After through before; null where that has no meaning. */
  readonly ratio: number | null;
}

/** A time twice as long, or half, is worth a word; less is the machine's mood. */
const REMARKABLE_RATIO = 2;
const LEAST_MS = 0.05;

export function compareReports(before: LockReport, after: LockReport): Comparison {
  const numeric = (name: string, unit: string, of: (report: LockReport) => number): ComparedRow => {
    const [a, b] = [of(before), of(after)];
    return { name, before: `${shown(a)}${unit}`, after: `${shown(b)}${unit}`, ratio: a > 0 ? b / a : null };
  };
  const text = (name: string, of: (report: LockReport) => string): ComparedRow => ({
    name,
    before: of(before),
    after: of(after),
    ratio: null,
  });
  return {
    rows: [
      text("verdict", ({ verdict }) => verdict),
      text("lock", ({ primitive }) => primitive.name),
      text("file system", ({ fileSystem }) => fileSystem.kind),
      numeric("lockers", "", ({ lockerCount }) => lockerCount),
      numeric("acquisitions", "", ({ oracle }) => oracle.acquisitionCount),
      numeric("violations", "", ({ oracle }) => oracle.violationCount),
      numeric("acquisitions a second", "", ({ numbers }) => numbers.throughputPerSec),
      numeric("wait p50", " ms", ({ numbers }) => numbers.wait.p50Ms),
      numeric("wait p99", " ms", ({ numbers }) => numbers.wait.p99Ms),
      numeric("wait max", " ms", ({ numbers }) => numbers.wait.maxMs),
      numeric("hand-off p50", " ms", ({ numbers }) => numbers.handOff.p50Ms),
      numeric("hand-off p99", " ms", ({ numbers }) => numbers.handOff.p99Ms),
      numeric("hand-off max", " ms", ({ numbers }) => numbers.handOff.maxMs),
      numeric("idle though wanted", " %", ({ numbers }) => 100 * numbers.idleFraction),
      numeric("Jain's index", "", ({ numbers }) => numbers.jainIndex),
      numeric("starved", "", ({ numbers }) => numbers.starvedLockers.length),
      numeric("not had in time", "", ({ numbers }) => numbers.notHadCount),
    ],
    remarks: remarksOn(before, after),
  };
}

function remarksOn(before: LockReport, after: LockReport): readonly string[] {
  const remarks: string[] = [];
  if (before.verdict !== after.verdict) remarks.push(`The verdict went from ${before.verdict} to ${after.verdict}.`);
  const [rateA, rateB] = [before, after].map(({ oracle }) =>
    wilsonInterval(oracle.violationCount, oracle.acquisitionCount),
  );
  if (rateB![0] > rateA![1]) remarks.push("There are more violations than chance explains.");
  else if (rateB![1] < rateA![0]) remarks.push("There are fewer violations than chance explains.");
  const timed = (name: string, of: (report: LockReport) => number) => {
    const [a, b] = [of(before), of(after)];
    if (Math.max(a, b) < LEAST_MS) return;
    if (b > REMARKABLE_RATIO * a) remarks.push(`${name} is longer: ${shown(b)} ms after ${shown(a)} ms.`);
    else if (a > REMARKABLE_RATIO * b) remarks.push(`${name} is shorter: ${shown(b)} ms after ${shown(a)} ms.`);
  };
  timed("The wait (p99)", ({ numbers }) => numbers.wait.p99Ms);
  timed("The hand-off (p99)", ({ numbers }) => numbers.handOff.p99Ms);
  if (before.primitive.name !== after.primitive.name || before.lockerCount !== after.lockerCount)
    remarks.push("The two are different tests: another lock, or another number of lockers.");
  return remarks;
}

function shown(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function comparisonLines({ rows, remarks }: Comparison): readonly string[] {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const beforeWidth = Math.max(...rows.map(({ before }) => before.length));
  const afterWidth = Math.max(...rows.map(({ after }) => after.length));
  return [
    ...rows.map(
      ({ name, before, after, ratio }) =>
        `${name.padEnd(width)}  ${before.padStart(beforeWidth)}  ${after.padStart(afterWidth)}${ratio === null || ratio === 1 ? "" : `  ×${ratio.toPrecision(3)}`}`,
    ),
    ...(remarks.length > 0 ? ["", ...remarks] : []),
  ];
}
