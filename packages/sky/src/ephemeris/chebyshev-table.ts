import { unpackIntegers } from "../encoding/packed-integers.ts";
import { TimeOutOfRangeError } from "../errors.ts";
import { type Instant, MJD_ZERO_JD } from "../time/instant.ts";

/** Functions of time as Chebyshev series over segments of equal length. */
export interface ChebyshevTable {
  readonly startJd: number;
  readonly segmentDays: number;
  readonly segmentCount: number;
  /** How many functions share the table. */
  readonly componentCount: number;
  /** Degree + 1. */
  readonly coefficientCount: number;
  /** What a count of 1 means. */
  readonly scaleFactor: number;
  /** Coefficients [segment, component, coefficient] as packed integers. */
  readonly packed: string;
}

const unpacked = new WeakMap<ChebyshevTable, Float64Array>();

/** Value and derivative by day of each function of a table. */
export interface ChebyshevSample {
  readonly values: Float64Array;
  readonly valuesPerDay: Float64Array;
}

/**
 * Evaluates a table at TT (the difference to TDB, below 2 ms, moves nothing here by more than 1e-11).
 *
 * @throws TimeOutOfRangeError outside the table; there is no extrapolation
 */
export function sampleChebyshev(table: ChebyshevTable, tt: Instant<"tt">): ChebyshevSample {
  const { startJd, segmentDays, segmentCount, componentCount, coefficientCount, scaleFactor } = table;
  const elapsedDays = tt.dayJd - startJd + tt.restDay;
  const segment = Math.min(Math.floor(elapsedDays / segmentDays), segmentCount - 1);
  if (!(elapsedDays >= 0 && elapsedDays <= segmentCount * segmentDays)) {
    throw new TimeOutOfRangeError({
      table: "ephemeris",
      foundMjd: tt.dayJd - MJD_ZERO_JD + tt.restDay,
      startMjd: startJd - MJD_ZERO_JD,
      endMjd: startJd - MJD_ZERO_JD + segmentCount * segmentDays,
    });
  }
  let coefficients = unpacked.get(table);
  if (coefficients === undefined) {
    coefficients = unpackIntegers(table.packed, segmentCount * componentCount * coefficientCount);
    unpacked.set(table, coefficients);
  }
  const x = (2 * (elapsedDays - segment * segmentDays)) / segmentDays - 1;
  const values = new Float64Array(componentCount);
  const valuesPerDay = new Float64Array(componentCount);
  for (let component = 0; component < componentCount; component++) {
    const first = (segment * componentCount + component) * coefficientCount;
    // T(n+1) = 2x T(n) − T(n−1) and its derivative.
    let t0 = 1;
    let t1 = x;
    let d0 = 0;
    let d1 = 1;
    let sum = coefficients[first]! + coefficients[first + 1]! * x;
    let slope = coefficients[first + 1]!;
    for (let n = 2; n < coefficientCount; n++) {
      const t2 = 2 * x * t1 - t0;
      const d2 = 2 * t1 + 2 * x * d1 - d0;
      sum += coefficients[first + n]! * t2;
      slope += coefficients[first + n]! * d2;
      t0 = t1;
      t1 = t2;
      d0 = d1;
      d1 = d2;
    }
    values[component] = sum * scaleFactor;
    valuesPerDay[component] = (slope * scaleFactor * 2) / segmentDays;
  }
  return { values, valuesPerDay };
}
