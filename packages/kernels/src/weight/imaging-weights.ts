/** Weights of samples in an image. */
import { type UvSelection, uvFactor } from "./selection.ts";
import { cellIndex, forWeights, type WeightedSamples, type WeightGrid } from "./weight-grid.ts";

/**
 * "natural" leaves the data's weights: least noise. "uniform" divides by the sum of the cell: best resolution. "briggs" is
 * between, from about −2, near uniform, to 2, near natural.
 */
export type WeightingScheme =
  | { readonly kind: "natural" }
  | { readonly kind: "uniform" }
  | { readonly kind: "briggs"; readonly robustFactor: number };

/** A scheme and the density of all samples of an image. */
export interface Weighting {
  readonly grid: WeightGrid;
  readonly scheme: WeightingScheme;
  readonly selection: UvSelection;
  /** Briggs's f², 0 for the others. */
  readonly briggsFactor: number;
}

/**
 * Prepares weights once the grid holds all samples.
 *
 * Briggs (PhD thesis, New Mexico Tech, 1995, §3.3.2): w / (1 + W f²), where W is the sum of weights of the sample's cell and
 * f² = (5 · 10^−R)² / (Σ W² / Σ w), sums over cells and samples; as in WSClean and CASA's "briggs" without "norm".
 *
 * @throws RangeError when robust is no number.
 */
export function createWeighting(grid: WeightGrid, scheme: WeightingScheme, selection: UvSelection = {}): Weighting {
  if (scheme.kind !== "briggs") return { grid, scheme, selection, briggsFactor: 0 };
  const { robustFactor } = scheme;
  if (!Number.isFinite(robustFactor)) throw new RangeError(`robust: expected a number, found ${robustFactor}`);
  let [sum, squares] = [0, 0];
  for (const weight of grid.weights) {
    sum += weight;
    squares += weight * weight;
  }
  const briggsFactor = squares === 0 ? 0 : (5 * 10 ** -robustFactor) ** 2 / (squares / sum);
  return { grid, scheme, selection, briggsFactor };
}

/**
 * Writes the imaging weight of each sample: data weight × scheme × limits × taper; 0 where flagged.
 *
 * @param out `[sample]`; may be the data weights themselves.
 * @returns The sum of what was written, by which a gridded image is divided.
 */
export function fillImagingWeights(weighting: Weighting, data: WeightedSamples, out: Float32Array): number {
  const { grid, scheme, selection, briggsFactor } = weighting;
  const source = out === data.weights ? { ...data, weights: out.slice() } : data;
  out.fill(0);
  let sum = 0;
  forWeights(source, (sample, uLambda, vLambda, weight) => {
    const factor = uvFactor(selection, uLambda, vLambda);
    if (factor === 0) return;
    let imaging = weight * factor;
    if (scheme.kind !== "natural") {
      const density = grid.weights[cellIndex(grid, uLambda, vLambda)];
      imaging /= scheme.kind === "uniform" ? density : 1 + density * briggsFactor;
    }
    out[sample] = imaging;
    sum += out[sample];
  });
  return sum;
}
