/** Components back in the image. */
import { type Beam, beamHeight } from "./beam.ts";

/** Heights below this part of a component's are left out. */
const LEAST_HEIGHT = 1e-7;

/**
 * Adds a model convolved with a beam to an image: a restored image, where the image was the residual.
 *
 * @param model `[row][column]`, Jy a pixel. Time grows with its pixels that are not 0, about 2 ns times those of the beam.
 * @param image `[row][column]`, Jy a beam; is changed.
 */
export function restoreModel(
  model: Float32Array,
  beam: Beam,
  widthPx: number,
  heightPx: number,
  pixelRad: number,
  image: Float32Array,
): void {
  // Where a Gaussian of that width falls to the least height.
  const radiusPx = Math.ceil((beam.majorRad / pixelRad) * Math.sqrt(-Math.log(LEAST_HEIGHT) / (4 * Math.LN2)));
  const sidePx = 2 * radiusPx + 1;
  const patch = new Float64Array(sidePx * sidePx);
  for (let row = 0; row < sidePx; row++) {
    for (let column = 0; column < sidePx; column++) {
      const value = beamHeight(beam, (radiusPx - column) * pixelRad, (row - radiusPx) * pixelRad);
      patch[row * sidePx + column] = value < LEAST_HEIGHT ? 0 : value;
    }
  }
  for (let pixel = 0; pixel < model.length; pixel++) {
    const flux = model[pixel];
    if (flux === 0) continue;
    const [column, row] = [pixel % widthPx, Math.floor(pixel / widthPx)];
    const columnStart = Math.max(0, column - radiusPx);
    const columnEnd = Math.min(widthPx, column + radiusPx + 1);
    for (let y = Math.max(0, row - radiusPx); y < Math.min(heightPx, row + radiusPx + 1); y++) {
      const inPatch = (y - row + radiusPx) * sidePx + radiusPx - column;
      for (let x = columnStart; x < columnEnd; x++) image[y * widthPx + x] += flux * patch[inPatch + x];
    }
  }
}
