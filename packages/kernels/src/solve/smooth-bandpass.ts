/** A bandpass made whole and smooth: gaps filled, windows over channels, amplitudes by polynomials. All in place. */
import { type GainTable, gainIndex } from "./gain-table.ts";
import { mixGains } from "./interpolate-gains.ts";

/** Bins of one spectral window, from `start` to before `end`. */
interface Band {
  readonly start: number;
  readonly end: number;
}

/** Runs of bins of one spectral window; nothing is carried across their borders. */
function bandsOf(table: GainTable, spwOfBin: Int32Array | undefined): Band[] {
  const { binCount } = table;
  if (spwOfBin === undefined) return [{ start: 0, end: binCount }];
  if (spwOfBin.length !== binCount) throw new RangeError(`spwOfBin: expected ${binCount}, found ${spwOfBin.length}`);
  const bands: Band[] = [];
  for (let start = 0; start < binCount; ) {
    let end = start + 1;
    while (end < binCount && spwOfBin[end] === spwOfBin[start]) end++;
    bands.push({ start, end });
    start = end;
  }
  return bands;
}

/** Calls back for each interval, antenna, polarisation and band, with the place of the band's first bin. */
function eachBand(
  table: GainTable,
  spwOfBin: Int32Array | undefined,
  visit: (place: number, length: number) => void,
): void {
  const bands = bandsOf(table, spwOfBin);
  for (let interval = 0; interval < table.intervalCount; interval++) {
    for (let antenna = 0; antenna < table.antennaCount; antenna++) {
      for (let pol = 0; pol < table.polCount; pol++) {
        for (const { start, end } of bands) visit(gainIndex(table, interval, antenna, start, pol), end - start);
      }
    }
  }
}

/**
 * Fills gaps of flagged bins between solutions of one spectral window, amplitude and phase evenly from one side to the other.
 * Gaps at the edges of a window stay.
 *
 * @param maxGapCount Longer gaps stay.
 * @returns How many gains were filled; they are no longer flagged.
 */
export function fillGaps(table: GainTable, maxGapCount: number, spwOfBin?: Int32Array): number {
  const { gains, flags, polCount } = table;
  let filledCount = 0;
  eachBand(table, spwOfBin, (place, length) => {
    let left = -1;
    for (let bin = 0; bin < length; bin++) {
      if (flags[place + bin * polCount] !== 0) continue;
      const gapCount = bin - left - 1;
      if (left >= 0 && gapCount > 0 && gapCount <= maxGapCount) {
        for (let k = left + 1; k < bin; k++) {
          const at = place + k * polCount;
          const fraction = (k - left) / (bin - left);
          mixGains(gains, place + left * polCount, place + bin * polCount, fraction, gains, at);
          flags[at] = 0;
          filledCount++;
        }
      }
      left = bin;
    }
  });
  return filledCount;
}

export interface SmoothWindow {
  readonly kind: "boxcar" | "hanning" | "gaussian";
  /** Whole width in bins, odd; of a Gaussian the full width at half maximum, of any value. */
  readonly widthCount: number;
}

/**
 * Averages each gain with its neighbours in the spectral window; flagged ones count for nothing and stay flagged.
 *
 * Amplitudes are averaged by themselves, and phases after a turn of the mean slope of the window is taken out: a delay is
 * neither lost nor does it cost amplitude. At the edges the average is of those bins there are.
 */
export function smoothBandpass(table: GainTable, window: SmoothWindow, spwOfBin?: Int32Array): void {
  const { gains, flags, polCount } = table;
  const weights = windowWeights(window);
  const reach = weights.length - 1;
  eachBand(table, spwOfBin, (place, length) => {
    const slopeRad = meanSlope(table, place, length);
    const smoothed = new Float64Array(2 * length);
    for (let bin = 0; bin < length; bin++) {
      if (flags[place + bin * polCount] !== 0) continue;
      let re = 0;
      let im = 0;
      let lengthSum = 0;
      let weightSum = 0;
      for (let k = Math.max(0, bin - reach); k <= Math.min(length - 1, bin + reach); k++) {
        const at = place + k * polCount;
        if (flags[at] !== 0) continue;
        const weight = weights[Math.abs(k - bin)];
        const cos = Math.cos(slopeRad * (k - bin));
        const sin = Math.sin(slopeRad * (k - bin));
        re += weight * (gains[2 * at] * cos + gains[2 * at + 1] * sin);
        im += weight * (gains[2 * at + 1] * cos - gains[2 * at] * sin);
        lengthSum += weight * Math.hypot(gains[2 * at], gains[2 * at + 1]);
        weightSum += weight;
      }
      const scale = lengthSum / (weightSum * Math.hypot(re, im));
      smoothed[2 * bin] = re * scale;
      smoothed[2 * bin + 1] = im * scale;
    }
    for (let bin = 0; bin < length; bin++) {
      const at = place + bin * polCount;
      if (flags[at] !== 0 || !Number.isFinite(smoothed[2 * bin])) continue;
      gains[2 * at] = smoothed[2 * bin];
      gains[2 * at + 1] = smoothed[2 * bin + 1];
    }
  });
}

/** Weights by distance in bins, from 0 on. */
function windowWeights({ kind, widthCount }: SmoothWindow): Float64Array {
  if (kind === "gaussian") {
    if (!(widthCount > 0)) throw new RangeError(`widthCount: expected above 0, found ${widthCount}`);
    const scale = (-4 * Math.LN2) / widthCount ** 2;
    return Float64Array.from({ length: 1 + Math.ceil(1.5 * widthCount) }, (_, k) => Math.exp(scale * k * k));
  }
  if (!(Number.isInteger(widthCount) && widthCount % 2 === 1 && widthCount >= 1)) {
    throw new RangeError(`widthCount: expected an odd number of 1 or more, found ${widthCount}`);
  }
  const half = (widthCount + 1) / 2;
  return Float64Array.from({ length: half }, (_, k) =>
    kind === "boxcar" ? 1 : 0.5 * (1 + Math.cos((Math.PI * k) / half)),
  );
}

/** Mean phase step from bin to bin; 0 without two neighbours. */
function meanSlope(table: GainTable, place: number, length: number): number {
  const { gains, flags, polCount } = table;
  let re = 0;
  let im = 0;
  for (let bin = 0; bin + 1 < length; bin++) {
    const a = place + bin * polCount;
    const b = a + polCount;
    if (flags[a] !== 0 || flags[b] !== 0) continue;
    re += gains[2 * b] * gains[2 * a] + gains[2 * b + 1] * gains[2 * a + 1];
    im += gains[2 * b + 1] * gains[2 * a] - gains[2 * b] * gains[2 * a + 1];
  }
  return re === 0 && im === 0 ? 0 : Math.atan2(im, re);
}

/**
 * Replaces amplitudes of each spectral window by the polynomial that fits them best (least squares); phases stay.
 *
 * @param degreeCount Degree of the polynomial; lowered where a window has fewer solutions than coefficients.
 */
export function fitAmplitudes(table: GainTable, degreeCount: number, spwOfBin?: Int32Array): void {
  if (!(Number.isInteger(degreeCount) && degreeCount >= 0)) {
    throw new RangeError(`degreeCount: expected 0 or more, found ${degreeCount}`);
  }
  const { gains, flags, polCount } = table;
  eachBand(table, spwOfBin, (place, length) => {
    const bins = Int32Array.from({ length }, (_, bin) => bin).filter((bin) => flags[place + bin * polCount] === 0);
    if (bins.length === 0) return;
    const amplitudes = Float64Array.from(bins, (bin) => {
      const at = 2 * (place + bin * polCount);
      return Math.hypot(gains[at], gains[at + 1]);
    });
    const fitted = fitPolynomial(bins, amplitudes, Math.min(degreeCount, bins.length - 1));
    for (const [k, bin] of bins.entries()) {
      if (!(amplitudes[k] > 0)) continue;
      const at = 2 * (place + bin * polCount);
      const factor = fitted[k] / amplitudes[k];
      // A polynomial below 0 would turn the phase by half a turn.
      if (!(factor > 0)) continue;
      gains[at] *= factor;
      gains[at + 1] *= factor;
    }
  });
}

/** Values of the best polynomial at `x`, by polynomials made orthogonal over just these points (three-term recurrence). */
function fitPolynomial(x: Int32Array, y: Float64Array, degreeCount: number): Float64Array {
  const count = x.length;
  const middle = (x[0] + x[count - 1]) / 2;
  const half = Math.max(1, (x[count - 1] - x[0]) / 2);
  const t = Float64Array.from(x, (value) => (value - middle) / half);
  const fitted = new Float64Array(count);
  let before = new Float64Array(count);
  let now = new Float64Array(count).fill(1);
  let normBefore = 1;
  for (let degree = 0; degree <= degreeCount; degree++) {
    let norm = 0;
    let along = 0;
    let first = 0;
    for (let k = 0; k < count; k++) {
      norm += now[k] * now[k];
      along += now[k] * y[k];
      first += t[k] * now[k] * now[k];
    }
    const next = new Float64Array(count);
    const back = degree === 0 ? 0 : norm / normBefore;
    for (let k = 0; k < count; k++) {
      fitted[k] += (along / norm) * now[k];
      next[k] = (t[k] - first / norm) * now[k] - back * before[k];
    }
    before = now;
    now = next;
    normBefore = norm;
  }
  return fitted;
}
