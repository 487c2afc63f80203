/** Gains at other times and frequencies: amplitude and phase apart, the phase the shorter way round. */
import { createGainTable, type GainTable, gainIndex } from "./gain-table.ts";

export type GainInterpolation = "nearest" | "linear";

/**
 * Gains between solutions. Flagged ones are passed over; outside the first and last the nearest holds.
 *
 * Linear: |g| changes evenly, and the phase evenly by less than half a turn. Interpolating re and im instead would lose
 * amplitude wherever phases turn. At equal distance "nearest" takes the earlier.
 *
 * @param along "time": `x` of intervals; "frequency": `x` of bins.
 * @param x Times or frequencies of the solutions, rising or falling, in any unit that `toX` and `maxDistance` share.
 * @param toX Where gains are wanted, in any order.
 * @param maxDistance What lies farther from the nearest solution is flagged. Default: nothing does.
 * @returns A table with as many intervals or bins as `toX` has entries.
 * @throws RangeError when `x` has not one entry for each interval or bin, or does not rise or fall.
 */
export function interpolateGains(
  table: GainTable,
  along: "time" | "frequency",
  x: Float64Array,
  toX: Float64Array,
  method: GainInterpolation,
  maxDistance = Infinity,
): GainTable {
  const { antennaCount, intervalCount, polCount, binCount } = table;
  const isTime = along === "time";
  const length = isTime ? intervalCount : binCount;
  if (x.length !== length)
    throw new RangeError(`x: expected ${length} values, one of each solution, found ${x.length}`);
  const direction = length > 1 && x[1] < x[0] ? -1 : 1;
  for (let k = 1; k < length; k++) {
    if (!(direction * (x[k] - x[k - 1]) > 0)) throw new RangeError(`x[${k}]: expected to rise or fall, found ${x[k]}`);
  }
  const to = createGainTable({
    antennaCount,
    polCount,
    intervalCount: isTime ? toX.length : intervalCount,
    binCount: isTime ? binCount : toX.length,
  });
  const good = new Int32Array(length);
  const otherCount = isTime ? binCount : intervalCount;
  for (let antenna = 0; antenna < antennaCount; antenna++) {
    for (let other = 0; other < otherCount; other++) {
      for (let pol = 0; pol < polCount; pol++) {
        const place = (of: GainTable, k: number): number =>
          isTime ? gainIndex(of, k, antenna, other, pol) : gainIndex(of, other, antenna, k, pol);
        let goodCount = 0;
        for (let k = 0; k < length; k++) if (table.flags[place(table, k)] === 0) good[goodCount++] = k;
        if (goodCount === 0) continue;
        for (let k = 0; k < toX.length; k++) {
          const after = firstNotBefore(x, good, goodCount, direction, toX[k]);
          const left = good[Math.max(0, after - 1)];
          const right = good[Math.min(goodCount - 1, after)];
          writeBetween(table, place(table, left), place(table, right), x[left], x[right], toX[k], to, place(to, k), {
            method,
            maxDistance,
          });
        }
      }
    }
  }
  return to;
}

/** First of the good solutions that is not before `at`; `goodCount` when all are. */
function firstNotBefore(x: Float64Array, good: Int32Array, goodCount: number, direction: number, at: number): number {
  let low = 0;
  let high = goodCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (direction * (x[good[middle]] - at) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function writeBetween(
  table: GainTable,
  left: number,
  right: number,
  leftX: number,
  rightX: number,
  atX: number,
  to: GainTable,
  place: number,
  how: { readonly method: GainInterpolation; readonly maxDistance: number },
): void {
  const leftDistance = Math.abs(atX - leftX);
  const rightDistance = Math.abs(rightX - atX);
  if (!(Math.min(leftDistance, rightDistance) <= how.maxDistance)) return;
  const span = leftDistance + rightDistance;
  // Outside the solutions left and right are the same one.
  const linear = span > 0 ? leftDistance / span : 0;
  const fraction = left === right ? 0 : how.method === "linear" ? linear : linear <= 0.5 ? 0 : 1;
  mixGains(table.gains, left, right, fraction, to.gains, place);
  to.flags[place] = 0;
}

/** Writes the gain at `fraction` of the way from one to another: amplitude and phase apart. Places are of complex numbers. */
export function mixGains(
  from: Float64Array,
  left: number,
  right: number,
  fraction: number,
  to: Float64Array,
  place: number,
): void {
  const aRe = from[2 * left];
  const aIm = from[2 * left + 1];
  if (fraction === 0) {
    to[2 * place] = aRe;
    to[2 * place + 1] = aIm;
    return;
  }
  const bRe = from[2 * right];
  const bIm = from[2 * right + 1];
  const aLength = Math.sqrt(aRe * aRe + aIm * aIm);
  const bLength = Math.sqrt(bRe * bRe + bIm * bIm);
  const turn = fraction * Math.atan2(bIm * aRe - bRe * aIm, bRe * aRe + bIm * aIm);
  const scale = aLength > 0 ? (aLength + fraction * (bLength - aLength)) / aLength : 0;
  const cos = scale * Math.cos(turn);
  const sin = scale * Math.sin(turn);
  to[2 * place] = aRe * cos - aIm * sin;
  to[2 * place + 1] = aRe * sin + aIm * cos;
}

/** The gains of one table times those of another of the same shape: solved one after the other, applied at once. */
export function multiplyGains(one: GainTable, other: GainTable): GainTable {
  for (const name of ["antennaCount", "intervalCount", "polCount", "binCount"] as const) {
    if (one[name] !== other[name]) throw new RangeError(`${name}: expected ${one[name]}, found ${other[name]}`);
  }
  const product = createGainTable(one);
  for (let at = 0; at < product.flags.length; at++) {
    if (one.flags[at] !== 0 || other.flags[at] !== 0) continue;
    const [aRe, aIm] = [one.gains[2 * at], one.gains[2 * at + 1]];
    const [bRe, bIm] = [other.gains[2 * at], other.gains[2 * at + 1]];
    product.gains[2 * at] = aRe * bRe - aIm * bIm;
    product.gains[2 * at + 1] = aRe * bIm + aIm * bRe;
    product.flags[at] = 0;
  }
  return product;
}

/**
 * The same gains for more bins or intervals: a gain of a spectral window for each of its channels, one time's for each row.
 *
 * @param binOfBin Bin of the table for each bin wanted, −1 for a flagged gain.
 * @param intervalOfInterval Likewise.
 */
export function spreadGains(table: GainTable, binOfBin: Int32Array, intervalOfInterval: Int32Array): GainTable {
  const { antennaCount, polCount } = table;
  const to = createGainTable({
    antennaCount,
    polCount,
    binCount: binOfBin.length,
    intervalCount: intervalOfInterval.length,
  });
  for (let interval = 0; interval < to.intervalCount; interval++) {
    for (let antenna = 0; antenna < antennaCount; antenna++) {
      for (let bin = 0; bin < to.binCount; bin++) {
        if (binOfBin[bin] < 0 || intervalOfInterval[interval] < 0) continue;
        for (let pol = 0; pol < polCount; pol++) {
          const from = gainIndex(table, intervalOfInterval[interval], antenna, binOfBin[bin], pol);
          if (table.flags[from] !== 0) continue;
          const place = gainIndex(to, interval, antenna, bin, pol);
          to.gains[2 * place] = table.gains[2 * from];
          to.gains[2 * place + 1] = table.gains[2 * from + 1];
          to.flags[place] = 0;
        }
      }
    }
  }
  return to;
}
