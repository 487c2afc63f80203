/** How two calibration tables differ, antenna by antenna, where both have solutions. */

import type { CalSolutions } from "../domain/cal-solutions.ts";

export type ComparedSolutions = Pick<
  CalSolutions,
  "visCal" | "rowCount" | "cellShape" | "antennaIds" | "spectralWindowIds" | "gains" | "delaysNs" | "flags"
>;

export interface AntennaDifference {
  readonly antennaId: number;
  /** Solutions that both tables have. */
  readonly commonCount: number;
  readonly flaggedFraction: { readonly first: number; readonly second: number };
  /** Median of |second| / |first|; null for delays, and where nothing is common. */
  readonly amplitudeRatio: number | null;
  /** Root mean square of the phase of second / first, after the phase that all antennas share. */
  readonly phaseRmsDeg: number | null;
  /** Root mean square of second − first, after the delay that all antennas share; null for gains. */
  readonly delayRmsNs: number | null;
}

export interface SolutionDifference {
  readonly antennas: readonly AntennaDifference[];
  /** The same over all antennas. */
  readonly total: Omit<AntennaDifference, "antennaId">;
}

/** One solution of both tables: the quotient of gains, or the difference of delays in nanoseconds as `re`. */
interface Pair {
  readonly antennaId: number;
  readonly cell: string;
  readonly re: number;
  readonly im: number;
}

const DEG_PER_RAD = 180 / Math.PI;

/** A row by what it is a solution of: antenna, window, and which of the intervals it is. */
function rowsByKey({ rowCount, antennaIds, spectralWindowIds }: ComparedSolutions): ReadonlyMap<string, number> {
  const seen = new Map<string, number>();
  const rows = new Map<string, number>();
  for (let row = 0; row < rowCount; row++) {
    const key = `${spectralWindowIds[row]} ${antennaIds[row]}`;
    const interval = seen.get(key) ?? 0;
    seen.set(key, interval + 1);
    rows.set(`${key} ${interval}`, row);
  }
  return rows;
}

/** Why two tables cannot be compared; undefined: they can. */
export function whyNotComparable(first: ComparedSolutions, second: ComparedSolutions): string | undefined {
  if (first.visCal !== second.visCal) return `one has ${first.visCal}, the other ${second.visCal}`;
  if (String(first.cellShape) === String(second.cellShape)) return undefined;
  const shape = ({ cellShape: [receptorCount, chanCount] }: ComparedSolutions) =>
    `${chanCount} channels of ${receptorCount} polarisations`;
  return `one has ${shape(first)}, the other ${shape(second)}`;
}

/** @param second of the same kind and shape of cells; see {@link whyNotComparable} */
export function compareSolutions(first: ComparedSolutions, second: ComparedSolutions): SolutionDifference {
  const secondRows = rowsByKey(second);
  const [receptorCount, chanCount] = first.cellShape;
  const cellCount = receptorCount * chanCount;
  const pairs: Pair[] = [];
  for (const [key, row] of rowsByKey(first)) {
    const secondRow = secondRows.get(key);
    if (secondRow === undefined) continue;
    const [spw, , interval] = key.split(" ");
    for (let cell = 0; cell < cellCount; cell++) {
      const [at, other] = [row * cellCount + cell, secondRow * cellCount + cell];
      if (first.flags[at] !== 0 || second.flags[other] !== 0) continue;
      const value = quotient(first, at, second, other);
      if (value) pairs.push({ antennaId: first.antennaIds[row]!, cell: `${spw} ${interval} ${cell}`, ...value });
    }
  }
  const isDelay = first.delaysNs !== null;
  const common = commonOf(pairs, isDelay);
  const describe = (mine: readonly Pair[], isMine: (antennaId: number) => boolean) => ({
    commonCount: mine.length,
    flaggedFraction: { first: flaggedFraction(first, isMine), second: flaggedFraction(second, isMine) },
    amplitudeRatio: isDelay ? null : median(mine.map(({ re, im }) => Math.hypot(re, im))),
    phaseRmsDeg: isDelay ? null : rms(mine.map((pair) => DEG_PER_RAD * phaseBeyond(pair, common.get(pair.cell)!))),
    delayRmsNs: isDelay ? rms(mine.map(({ re, cell }) => re - common.get(cell)!.re)) : null,
  });
  const antennaIds = [...new Set([...first.antennaIds, ...second.antennaIds])].toSorted((a, b) => a - b);
  const pairsOf = Map.groupBy(pairs, ({ antennaId }) => antennaId);
  return {
    antennas: antennaIds.map((antennaId) => ({
      antennaId,
      ...describe(pairsOf.get(antennaId) ?? [], (id) => id === antennaId),
    })),
    total: describe(pairs, () => true),
  };
}

/** For gains second / first; for delays second − first as `re`. undefined: not a number. */
function quotient(first: ComparedSolutions, at: number, second: ComparedSolutions, other: number) {
  if (first.delaysNs && second.delaysNs) return { re: second.delaysNs[other]! - first.delaysNs[at]!, im: 0 };
  const [aRe, aIm] = [first.gains![2 * at]!, first.gains![2 * at + 1]!];
  const [bRe, bIm] = [second.gains![2 * other]!, second.gains![2 * other + 1]!];
  const power = aRe * aRe + aIm * aIm;
  const [re, im] = [(bRe * aRe + bIm * aIm) / power, (bIm * aRe - bRe * aIm) / power];
  return Number.isFinite(re + im) ? { re, im } : undefined;
}

/** What all antennas share says nothing: a solve cannot tell it. */
function commonOf(pairs: readonly Pair[], isDelay: boolean): ReadonlyMap<string, { re: number; im: number }> {
  const sums = new Map<string, { re: number; im: number; count: number }>();
  for (const { cell, re, im } of pairs) {
    const sum = sums.get(cell) ?? { re: 0, im: 0, count: 0 };
    const size = isDelay ? 1 : Math.hypot(re, im) || 1;
    sums.set(cell, { re: sum.re + re / size, im: sum.im + im / size, count: sum.count + 1 });
  }
  return new Map([...sums].map(([cell, { re, im, count }]) => [cell, { re: re / count, im: im / count }]));
}

const phaseBeyond = (value: { re: number; im: number }, common: { re: number; im: number }) =>
  Math.atan2(value.im * common.re - value.re * common.im, value.re * common.re + value.im * common.im);

function flaggedFraction({ rowCount, antennaIds, flags }: ComparedSolutions, isMine: (id: number) => boolean): number {
  const cellCount = flags.length / Math.max(1, rowCount);
  let [flaggedCount, count] = [0, 0];
  for (let row = 0; row < rowCount; row++) {
    if (!isMine(antennaIds[row]!)) continue;
    count += cellCount;
    for (let at = row * cellCount; at < (row + 1) * cellCount; at++) if (flags[at] !== 0) flaggedCount++;
  }
  return count === 0 ? 1 : flaggedCount / count;
}

const rms = (values: readonly number[]): number | null =>
  values.length === 0 ? null : Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
