/** Which values become black and white. */

/** Lowest and highest value that are told apart. */
export interface ValueLimits {
  readonly lowValue: number;
  readonly highValue: number;
}

export interface ZscaleOptions {
  /** How steep the result is: 1 shows the whole range, less puts the middle into the foreground. Default 0.25. */
  readonly contrastFactor?: number;
  /** Values that are looked at, evenly spread over all. Default 1000. */
  readonly sampleCount?: number;
}

const MAX_ITERATION_COUNT = 5;
const REJECTION_SIGMA = 2.5;
const MAX_REJECTED_FRACTION = 0.5;
const MIN_SAMPLE_COUNT = 5;
const GROWN_FRACTION = 0.01;

/**
 * The zscale algorithm of IRAF's `display` (as its manual describes it): a straight line is fitted to the sorted values of a sample over
 * their rank, with outliers and their neighbours in rank rejected; the limits are those of the line, made steeper by the
 * contrast, through the median.
 *
 * @param values  in any order; what is not finite is left out
 * @returns 0 and 1 when no value is finite
 */
export function zscaleLimits(values: ArrayLike<number>, options: ZscaleOptions = {}): ValueLimits {
  const { contrastFactor = 0.25, sampleCount = 1000 } = options;
  const sample = sampled(values, sampleCount).sort();
  const count = sample.length;
  if (count === 0) return { lowValue: 0, highValue: 1 };
  const [lowValue, highValue] = [sample[0]!, sample[count - 1]!];
  const minGoodCount = Math.max(MIN_SAMPLE_COUNT, Math.floor(count * MAX_REJECTED_FRACTION));
  const grownCount = Math.max(1, Math.floor(count * GROWN_FRACTION));
  let isBad = new Uint8Array(count);
  let goodCount = count;
  let lastGoodCount = count + 1;
  let slope = 0;
  for (let iteration = 0; iteration < MAX_ITERATION_COUNT; iteration++) {
    if (goodCount >= lastGoodCount || goodCount < minGoodCount) break;
    const line = fittedLine(sample, isBad);
    slope = line.slope;
    const sigma = deviation(sample, isBad, line);
    const rejected = isBad.map((bad, rank) =>
      bad === 1 || Math.abs(sample[rank]! - line.intercept - line.slope * rank) > REJECTION_SIGMA * sigma ? 1 : 0,
    );
    isBad = grown(rejected, grownCount);
    lastGoodCount = goodCount;
    goodCount = isBad.reduce((sum, bad) => sum + 1 - bad, 0);
  }
  if (goodCount < minGoodCount) return { lowValue, highValue };
  const steep = contrastFactor > 0 ? slope / contrastFactor : slope;
  const middle = Math.floor((count - 1) / 2);
  const median = (sample[middle]! + sample[Math.floor(count / 2)]!) / 2;
  return {
    lowValue: Math.max(lowValue, median - (middle - 1) * steep),
    highValue: Math.min(highValue, median + (count - middle) * steep),
  };
}

/** Every n-th finite value, at most so many. */
function sampled(values: ArrayLike<number>, sampleCount: number): Float64Array {
  let finiteCount = 0;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) finiteCount++;
  const stride = Math.max(1, Math.floor(finiteCount / sampleCount));
  const sample = new Float64Array(Math.min(sampleCount, Math.ceil(finiteCount / stride)));
  for (let i = 0, finite = 0, at = 0; i < values.length && at < sample.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    if (finite++ % stride === 0) sample[at++] = values[i]!;
  }
  return sample;
}

interface Line {
  readonly intercept: number;
  readonly slope: number;
}

/** Least squares over the ranks that are good, from their middle for accuracy. */
function fittedLine(sample: Float64Array, isBad: Uint8Array): Line {
  let count = 0;
  let rankSum = 0;
  let valueSum = 0;
  for (let rank = 0; rank < sample.length; rank++) {
    if (isBad[rank] === 1) continue;
    count += 1;
    rankSum += rank;
    valueSum += sample[rank]!;
  }
  const [meanRank, meanValue] = [rankSum / count, valueSum / count];
  let square = 0;
  let product = 0;
  for (let rank = 0; rank < sample.length; rank++) {
    if (isBad[rank] === 1) continue;
    square += (rank - meanRank) ** 2;
    product += (rank - meanRank) * (sample[rank]! - meanValue);
  }
  const slope = square === 0 ? 0 : product / square;
  return { slope, intercept: meanValue - slope * meanRank };
}

function deviation(sample: Float64Array, isBad: Uint8Array, { intercept, slope }: Line): number {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (let rank = 0; rank < sample.length; rank++) {
    if (isBad[rank] === 1) continue;
    const residual = sample[rank]! - intercept - slope * rank;
    count += 1;
    sum += residual;
    squares += residual * residual;
  }
  return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
}

/** Ranks beside a rejected one are rejected too, in a window of so many ranks. */
function grown(isBad: Uint8Array, windowCount: number): Uint8Array<ArrayBuffer> {
  const ahead = Math.floor((windowCount - 1) / 2);
  const result = new Uint8Array(isBad.length);
  for (let rank = 0; rank < isBad.length; rank++) {
    if (isBad[rank] !== 1) continue;
    const first = Math.max(0, rank - ahead);
    result.fill(1, first, Math.min(isBad.length, rank - ahead + windowCount));
  }
  return result;
}

/**
 * The limits between which the middle of the values lies, interpolated between ranks.
 *
 * @param percent  of the finite values that are inside; 99 leaves half a percent on either side
 * @returns 0 and 1 when no value is finite
 */
export function percentileLimits(values: ArrayLike<number>, percent: number): ValueLimits {
  const sorted = Float64Array.from(Array.from(values).filter(Number.isFinite)).sort();
  if (sorted.length === 0) return { lowValue: 0, highValue: 1 };
  const at = (fraction: number): number => {
    const place = fraction * (sorted.length - 1);
    const below = Math.floor(place);
    const low = sorted[below]!;
    return low + (place - below) * ((sorted[below + 1] ?? low) - low);
  };
  const outside = (1 - percent / 100) / 2;
  return { lowValue: at(outside), highValue: at(1 - outside) };
}
