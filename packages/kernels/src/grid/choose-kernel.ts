/** Which kernels reach an accuracy at the least cost. */
import type { EsKernel } from "./es-kernel.ts";
import { KERNEL_CONSTANTS } from "./kernel-constants.ts";

/** A kernel and the largest misfit over the field that was found when it was fitted. */
export interface FittedKernel extends EsKernel {
  readonly misfitRatio: number;
}

/** Supports in u and v that the kernels have loops for. */
const UV_SUPPORTS: readonly number[] = [4, 6, 8];

/** The most accurate request: kernels are better, float32 is not. */
export const LEAST_ACCURACY_RATIO = 1e-6;

const fitted: readonly FittedKernel[] = KERNEL_CONSTANTS.map(
  ([supportCount, oversamplingFactor, betaFactor, exponentFactor, misfitRatio]) => ({
    supportCount,
    oversamplingFactor,
    betaFactor,
    exponentFactor,
    misfitRatio,
  }),
);

/** Kernels for the plane and across planes. */
export interface KernelPair {
  readonly uv: FittedKernel;
  readonly w: FittedKernel;
}

/**
 * Pairs of kernels that together keep an accuracy: u, v and w each leave an error of their own, independent of each other.
 * For each support only the least oversampling that does is offered.
 *
 * @throws RangeError when no kernel is as accurate.
 */
export function kernelPairs(accuracyRatio: number): readonly KernelPair[] {
  if (!(accuracyRatio >= LEAST_ACCURACY_RATIO && accuracyRatio <= 0.1)) {
    throw new RangeError(`accuracy: expected ${LEAST_ACCURACY_RATIO} to 0.1, found ${accuracyRatio}`);
  }
  // Three equal errors of 0.575 of the accuracy add to it, where all are largest, in the field's corners; near the limit, rounding
  // needs room too.
  const enough = leastOversampled(accuracyRatio * (accuracyRatio < 1e-5 ? 0.5 : 0.575));
  const uv = enough.filter(({ supportCount }) => UV_SUPPORTS.includes(supportCount));
  return uv.flatMap((kernel) => enough.map((w) => ({ uv: kernel, w })));
}

function leastOversampled(misfitRatio: number): readonly FittedKernel[] {
  const best = new Map<number, FittedKernel>();
  for (const kernel of fitted) {
    const known = best.get(kernel.supportCount);
    if (kernel.misfitRatio > misfitRatio) continue;
    if (known === undefined || kernel.oversamplingFactor < known.oversamplingFactor) {
      best.set(kernel.supportCount, kernel);
    }
  }
  return [...best.values()];
}
