/**
 * Fourier transforms of images, float32, in place.
 *
 * ```ts
 * const layout = createLayout();
 * const plan = planFft2d(layout, { widthPx: fastLength(5000), heightPx: 4096 });
 * const engine = createEngine(layout.byteCount);
 * prepareFft2d(engine, plan);
 * imageOf(engine, plan)[0] = 1; // rows of [re, im], plan.rowStrideBytes / 4 numbers apart
 * fft2d(engine, plan, "forward", teamOf(engine));
 * ```
 */
export {
  type Fft2dOptions,
  type Fft2dPlan,
  type FftDirection,
  fft2d,
  imageOf,
  planFft2d,
  prepareFft2d,
} from "./fft-2d.ts";
export { fastLength, type LineFft } from "./line-fft.ts";
