/** Phases against one antenna, so that gains of different times or channels can be compared and interpolated. */
import { type GainTable, gainIndex } from "./gain-table.ts";

export interface RankOptions {
  /** `[antenna][3]` in metres, any frame. Absent: antennas nearer the centre are not preferred. */
  readonly positionsM?: Float64Array;
  /** These come first, in this order, as far as they have solutions. */
  readonly preferredAnt?: readonly number[];
}

/** Fractions of solutions that differ by less count as equal, so that the choice is stable. */
const FRACTION_STEP_RATIO = 0.05;

/**
 * Antennas from best to worst reference: those with most solutions in the worse of their polarisations (in steps of 5 %), then
 * nearest to the median position of the array, then lowest number. Antennas without any solution in some polarisation come
 * last.
 */
export function rankReferences(table: GainTable, options: RankOptions = {}): Int32Array {
  const { antennaCount, intervalCount, polCount, binCount, flags } = table;
  const { positionsM, preferredAnt = [] } = options;
  if (positionsM !== undefined && positionsM.length !== 3 * antennaCount) {
    throw new RangeError(`positionsM: expected ${3 * antennaCount}, found ${positionsM.length}`);
  }
  const scores = Array.from({ length: antennaCount }, (_, antenna) => {
    let worst = 1;
    for (let pol = 0; pol < polCount; pol++) {
      let count = 0;
      for (let interval = 0; interval < intervalCount; interval++) {
        for (let bin = 0; bin < binCount; bin++) {
          if (flags[gainIndex(table, interval, antenna, bin, pol)] === 0) count++;
        }
      }
      worst = Math.min(worst, count / (intervalCount * binCount));
    }
    return worst;
  });
  const distances = positionsM === undefined ? undefined : distancesFromCentre(positionsM);
  const rankOf = (antenna: number): number => {
    const place = scores[antenna] > 0 ? preferredAnt.indexOf(antenna) : -1;
    return place < 0 ? preferredAnt.length : place;
  };
  const stepOf = (antenna: number): number => Math.ceil(scores[antenna] / FRACTION_STEP_RATIO);
  const order = Array.from({ length: antennaCount }, (_, antenna) => antenna).sort(
    (a, b) =>
      rankOf(a) - rankOf(b) ||
      stepOf(b) - stepOf(a) ||
      (distances === undefined ? 0 : distances[a] - distances[b]) ||
      a - b,
  );
  return Int32Array.from(order);
}

function distancesFromCentre(positionsM: Float64Array): Float64Array {
  const antennaCount = positionsM.length / 3;
  const centre = [0, 1, 2].map((axis) => {
    const values = Float64Array.from({ length: antennaCount }, (_, antenna) => positionsM[3 * antenna + axis]).sort();
    return values[antennaCount >>> 1];
  });
  return Float64Array.from({ length: antennaCount }, (_, antenna) =>
    Math.hypot(...centre.map((middle, axis) => positionsM[3 * antenna + axis] - middle)),
  );
}

export interface ReferenceResult {
  /** Reference of each series: `[bin][pol]` along time, `[interval][pol]` along frequency; −1 of a series without solutions. */
  readonly antennas: Int32Array;
  /** Cells in which another antenna stood in for it. */
  readonly handedOverCount: number;
  /** Cells that have no antenna in common with any other of the series: their phases mean nothing, so they were flagged. */
  readonly flaggedCount: number;
}

/**
 * Turns the phases of each cell so that the reference antenna has phase 0, in place.
 *
 * Where it is flagged, the best antenna that has a solution there and in a cell before (or, before the first, after) stands
 * in: it keeps the phase it had, so that no other antenna's phase jumps.
 *
 * @param ranking Antennas from best to worst, see {@link rankReferences}. The first that has solutions in at least half of the
 *   cells of a series that have any is its reference.
 * @param axis Along which cells must join without a jump: "time" for gains, "frequency" for a bandpass.
 */
export function referenceGains(table: GainTable, ranking: Int32Array, axis: "time" | "frequency"): ReferenceResult {
  const { intervalCount, binCount, polCount } = table;
  const length = axis === "time" ? intervalCount : binCount;
  const seriesCount = axis === "time" ? binCount : intervalCount;
  const antennas = new Int32Array(seriesCount * polCount).fill(-1);
  const work = { held: new Float64Array(table.antennaCount), isHeld: new Uint8Array(table.antennaCount) };
  let handedOverCount = 0;
  let flaggedCount = 0;
  for (let series = 0; series < seriesCount; series++) {
    for (let pol = 0; pol < polCount; pol++) {
      const at = (cell: number, antenna: number): number =>
        axis === "time" ? gainIndex(table, cell, antenna, series, pol) : gainIndex(table, series, antenna, cell, pol);
      const reference = chooseReference(table, ranking, length, at);
      antennas[series * polCount + pol] = reference;
      if (reference < 0) continue;
      const done = new Uint8Array(length);
      const forward = Array.from({ length }, (_, cell) => cell);
      handedOverCount += pass(table, ranking, reference, forward, done, work, at);
      handedOverCount += pass(table, ranking, reference, forward.toReversed(), done, work, at);
      for (let cell = 0; cell < length; cell++) {
        if (done[cell] === 0 && flagCell(table, cell, at)) flaggedCount++;
      }
    }
  }
  return { antennas, handedOverCount, flaggedCount };
}

type Place = (cell: number, antenna: number) => number;

function chooseReference(table: GainTable, ranking: Int32Array, length: number, at: Place): number {
  const { antennaCount, flags } = table;
  const counts = new Int32Array(antennaCount);
  let cellCount = 0;
  for (let cell = 0; cell < length; cell++) {
    let any = false;
    for (let antenna = 0; antenna < antennaCount; antenna++) {
      if (flags[at(cell, antenna)] !== 0) continue;
      counts[antenna]++;
      any = true;
    }
    if (any) cellCount++;
  }
  if (cellCount === 0) return -1;
  const often = ranking.find((antenna) => 2 * counts[antenna] >= cellCount);
  return often ?? ranking.reduce((best, antenna) => (counts[antenna] > counts[best] ? antenna : best), ranking[0]);
}

/** Goes through cells in an order and references those that can be. @returns In how many another antenna stood in. */
function pass(
  table: GainTable,
  ranking: Int32Array,
  reference: number,
  cells: readonly number[],
  done: Uint8Array,
  work: { readonly held: Float64Array; readonly isHeld: Uint8Array },
  at: Place,
): number {
  const { antennaCount, gains, flags } = table;
  const { held, isHeld } = work;
  isHeld.fill(0);
  let count = 0;
  for (const cell of cells) {
    if (done[cell] === 0) {
      const hasReference = flags[at(cell, reference)] === 0;
      const antenna = hasReference
        ? reference
        : (ranking.find((each) => isHeld[each] === 1 && flags[at(cell, each)] === 0) ?? -1);
      if (antenna < 0) continue;
      const place = at(cell, antenna);
      const target = hasReference ? 0 : held[antenna];
      turnCell(table, cell, target - Math.atan2(gains[2 * place + 1], gains[2 * place]), at);
      if (hasReference)
        gains[2 * place + 1] = 0; // exactly
      else count++;
      done[cell] = 1;
    }
    for (let antenna = 0; antenna < antennaCount; antenna++) {
      const place = at(cell, antenna);
      if (flags[place] !== 0) continue;
      held[antenna] = Math.atan2(gains[2 * place + 1], gains[2 * place]);
      isHeld[antenna] = 1;
    }
  }
  return count;
}

function turnCell(table: GainTable, cell: number, angleRad: number, at: Place): void {
  const { antennaCount, gains } = table;
  const cos = Math.cos(angleRad);
  const sin = Math.sin(angleRad);
  for (let antenna = 0; antenna < antennaCount; antenna++) {
    const place = 2 * at(cell, antenna);
    const re = gains[place];
    const im = gains[place + 1];
    // What was never solved stays 1.
    if (table.flags[place / 2] !== 0 && re === 1 && im === 0) continue;
    gains[place] = re * cos - im * sin;
    gains[place + 1] = re * sin + im * cos;
  }
}

/** @returns Whether there was anything to flag. */
function flagCell(table: GainTable, cell: number, at: Place): boolean {
  let any = false;
  for (let antenna = 0; antenna < table.antennaCount; antenna++) {
    if (table.flags[at(cell, antenna)] !== 0) continue;
    table.flags[at(cell, antenna)] = 1;
    any = true;
  }
  return any;
}
