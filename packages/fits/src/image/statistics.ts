/** What an image holds, in one pass with little memory. */
import type { FitsImage } from "./image.ts";

/** Statistics of the finite values of an image, or of a plane of it. */
export interface ImageStatistics {
  readonly pixelCount: number;
  readonly finiteCount: number;
  /** NaN when no value is finite; so are the others. */
  readonly minValue: number;
  readonly maxValue: number;
  /** Where they are, from 0, first axis first; empty when no value is finite. */
  readonly minPx: readonly number[];
  readonly maxPx: readonly number[];
  readonly meanValue: number;
  /** Root of the mean square difference from the mean. */
  readonly deviationValue: number;
  /** Of a sample: every n-th finite value, a quarter of a million at most. */
  readonly medianValue: number;
  /** 1.4826 times the median distance from the median, of the same sample: the noise where sources are few. */
  readonly robustDeviationValue: number;
}

const SAMPLE_COUNT = 1 << 18;
/** Of a normal distribution: 1 / (Φ⁻¹(3/4)). */
const MAD_FACTOR = 1.482602218505602;

/**
 * @param planeIndex  over all axes beyond the second; default the whole image
 * @throws RangeError when the image has no such plane; as `FitsImage.rows`
 */
export async function measureImage(image: FitsImage, planeIndex?: number): Promise<ImageStatistics> {
  const [columnCount = 0, lineCount = 1] = image.shape;
  const rows = rowRange(image, lineCount, planeIndex);
  const pixelCount = columnCount * (rows.endRowIndex - rows.firstRowIndex);
  const stride = Math.max(1, Math.ceil(pixelCount / SAMPLE_COUNT));
  const sample: number[] = [];
  let [finiteCount, meanValue, squares] = [0, 0, 0];
  let [minAt, maxAt, minValue, maxValue] = [-1, -1, Infinity, -Infinity];
  for await (const { rowStart, data } of image.rows("float64", rows)) {
    for (let i = 0; i < data.length; i++) {
      const value = data[i]!;
      if (!Number.isFinite(value)) continue;
      if (finiteCount++ % stride === 0) sample.push(value);
      // Welford 1962: no difference of large sums.
      const difference = value - meanValue;
      meanValue += difference / finiteCount;
      squares += difference * (value - meanValue);
      if (value < minValue) [minValue, minAt] = [value, rowStart * columnCount + i];
      if (value > maxValue) [maxValue, maxAt] = [value, rowStart * columnCount + i];
    }
  }
  const none = { minValue: NaN, maxValue: NaN, minPx: [], maxPx: [], meanValue: NaN, deviationValue: NaN };
  if (finiteCount === 0) return { pixelCount, finiteCount, ...none, medianValue: NaN, robustDeviationValue: NaN };
  const medianValue = medianOf(sample);
  return {
    pixelCount,
    finiteCount,
    minValue,
    maxValue,
    minPx: positionOf(minAt, image.shape),
    maxPx: positionOf(maxAt, image.shape),
    meanValue,
    deviationValue: Math.sqrt(squares / finiteCount),
    medianValue,
    robustDeviationValue: MAD_FACTOR * medianOf(sample.map((value) => Math.abs(value - medianValue))),
  };
}

function rowRange(
  image: FitsImage,
  lineCount: number,
  planeIndex: number | undefined,
): { readonly firstRowIndex: number; readonly endRowIndex: number } {
  if (planeIndex === undefined) return { firstRowIndex: 0, endRowIndex: image.rowCount };
  const planeCount = lineCount === 0 ? 0 : image.rowCount / lineCount;
  if (!(Number.isInteger(planeIndex) && planeIndex >= 0 && planeIndex < planeCount)) {
    throw new RangeError(`expected a plane below ${planeCount}, found ${planeIndex}`);
  }
  return { firstRowIndex: planeIndex * lineCount, endRowIndex: (planeIndex + 1) * lineCount };
}

function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

function positionOf(element: number, shape: readonly number[]): readonly number[] {
  let rest = element;
  return shape.map((length) => {
    const index = rest % length;
    rest = Math.floor(rest / length);
    return index;
  });
}
