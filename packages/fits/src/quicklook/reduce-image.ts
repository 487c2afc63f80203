/** A plane of an image made small, as it is read: a large image passes through little memory. */
import type { FitsImage } from "../image/image.ts";

/** A small image: means of square blocks of pixels, NaN where none is finite. */
export interface ReducedPlane {
  /** [heightPx, widthPx], first row of the image first. */
  readonly values: Float32Array;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Pixels of the image along one side of a pixel of this. */
  readonly blockPx: number;
}

/**
 * Reads one plane and averages it to at most so many pixels on a side.
 *
 * @param planeIndex  over all axes beyond the second, from 0
 * @throws RangeError when the image has no such plane; as `FitsImage.rows`
 */
export async function reduceImage(image: FitsImage, maxSizePx: number, planeIndex = 0): Promise<ReducedPlane> {
  const [columnCount = 0, lineCount = 1] = image.shape;
  const planeCount = columnCount * lineCount === 0 ? 0 : image.rowCount / lineCount;
  if (!(Number.isInteger(planeIndex) && planeIndex >= 0 && planeIndex < planeCount)) {
    throw new RangeError(`expected a plane below ${planeCount}, found ${planeIndex}`);
  }
  const blockPx = Math.max(1, Math.ceil(Math.max(columnCount, lineCount) / maxSizePx));
  const widthPx = Math.ceil(columnCount / blockPx);
  const heightPx = Math.ceil(lineCount / blockPx);
  const sums = new Float64Array(widthPx * heightPx);
  const counts = new Uint32Array(widthPx * heightPx);
  const firstLine = planeIndex * lineCount;
  const lines = image.rows("float32", { firstRowIndex: firstLine, endRowIndex: firstLine + lineCount });
  for await (const { rowStart, rowEnd, data } of lines) {
    for (let row = rowStart; row < rowEnd; row++) {
      const outStart = Math.floor((row - firstLine) / blockPx) * widthPx;
      const start = (row - rowStart) * columnCount;
      for (let column = 0; column < columnCount; column++) {
        const value = data[start + column]!;
        if (!Number.isFinite(value)) continue;
        const at = outStart + Math.floor(column / blockPx);
        sums[at] += value;
        counts[at] += 1;
      }
    }
  }
  const values = Float32Array.from(sums, (sum, at) => (counts[at] === 0 ? NaN : sum / counts[at]!));
  return { values, widthPx, heightPx, blockPx };
}
