/** Alternating least squares: each antenna in turn gets the best gain for those of the others (the StefCal family). */
import type { CellMatrix } from "./cell-matrix.ts";
import type { GainState } from "./gain-state.ts";
import type { GainMode } from "./solve-options.ts";

/**
 * After so many sweeps steps are lengthened by 1.5, later by 1.8. With all baselines 6 to 10 sweeps reach 1e-6; arrays that
 * lack most baselines needed 50 to 400 without, 20 to 110 with this.
 */
const RELAX_AFTER_COUNT = 16;
const RELAX_MORE_AFTER_COUNT = 48;

/**
 * One sweep over all solved antennas. A gain is used by the next antenna at once (Gauss–Seidel): the sum of squares never
 * rises, so there is nothing to diverge, and random phases are found as surely as small errors. Updating all at once and
 * averaging took 1 to 5 times as many sweeps and failed from random phases.
 *
 * @param sweep Number of the sweep, from 0.
 * @returns Change of the gains, relative and over all antennas.
 */
export function sweepGains(state: GainState, matrix: CellMatrix, mode: GainMode, sweep: number): number {
  const { gains, order, activeCount, curvatures, pulls } = state;
  const { sums, strideCount } = matrix;
  const length = 3 * strideCount;
  const relax = sweep < RELAX_AFTER_COUNT ? 1 : sweep < RELAX_MORE_AFTER_COUNT ? 1.5 : 1.8;
  const phaseOnly = mode === "phase";
  let change = 0;
  let norm = 0;
  for (let turn = 0; turn < activeCount; turn++) {
    const i = order[turn];
    let aRe = 0;
    let aIm = 0;
    let aPower = 0;
    let bRe = 0;
    let bIm = 0;
    let bPower = 0;
    // Two sums of each, so that one addition need not wait for the other.
    let at = i * length;
    for (let j = 0; j < length; j += 6, at += 6) {
      const re = sums[at];
      const im = sums[at + 1];
      const gRe = gains[j];
      const gIm = gains[j + 1];
      aRe += re * gRe - im * gIm;
      aIm += re * gIm + im * gRe;
      aPower += sums[at + 2] * gains[j + 2];
      const nextRe = sums[at + 3];
      const nextIm = sums[at + 4];
      const nextGRe = gains[j + 3];
      const nextGIm = gains[j + 4];
      bRe += nextRe * nextGRe - nextIm * nextGIm;
      bIm += nextRe * nextGIm + nextIm * nextGRe;
      bPower += sums[at + 5] * gains[j + 5];
    }
    const pullRe = aRe + bRe;
    const pullIm = aIm + bIm;
    const pull = Math.sqrt(pullRe * pullRe + pullIm * pullIm);
    const curvature = aPower + bPower;
    const scale = phaseOnly ? pull : curvature;
    curvatures[i] = curvature;
    pulls[i] = pull;
    // Nothing pulls: dead data, or all other gains are 0. The gain stays.
    if (!(scale > 0)) continue;
    const oldRe = gains[3 * i];
    const oldIm = gains[3 * i + 1];
    const stepRe = pullRe / scale - oldRe;
    const stepIm = pullIm / scale - oldIm;
    let newRe = oldRe + relax * stepRe;
    let newIm = oldIm + relax * stepIm;
    if (phaseOnly) {
      const newLength = Math.sqrt(newRe * newRe + newIm * newIm);
      newRe = newLength > 0 ? newRe / newLength : oldRe;
      newIm = newLength > 0 ? newIm / newLength : oldIm;
    }
    const power = newRe * newRe + newIm * newIm;
    gains[3 * i] = newRe;
    gains[3 * i + 1] = newIm;
    gains[3 * i + 2] = power;
    change += stepRe * stepRe + stepIm * stepIm;
    norm += power;
  }
  return norm > 0 ? Math.sqrt(change / norm) : 0;
}
