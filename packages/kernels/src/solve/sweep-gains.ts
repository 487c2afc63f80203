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
  const { re: gainRe, im: gainIm, powers, order, activeCount, curvatures, pulls } = state;
  const { re, im, weights, strideCount } = matrix;
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
    const rowEnd = (i + 1) * strideCount;
    for (let at = i * strideCount, j = 0; at < rowEnd; at += 2, j += 2) {
      aRe += re[at] * gainRe[j] - im[at] * gainIm[j];
      aIm += re[at] * gainIm[j] + im[at] * gainRe[j];
      aPower += weights[at] * powers[j];
      bRe += re[at + 1] * gainRe[j + 1] - im[at + 1] * gainIm[j + 1];
      bIm += re[at + 1] * gainIm[j + 1] + im[at + 1] * gainRe[j + 1];
      bPower += weights[at + 1] * powers[j + 1];
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
    const stepRe = pullRe / scale - gainRe[i];
    const stepIm = pullIm / scale - gainIm[i];
    let newRe = gainRe[i] + relax * stepRe;
    let newIm = gainIm[i] + relax * stepIm;
    if (phaseOnly) {
      const length = Math.sqrt(newRe * newRe + newIm * newIm);
      newRe = length > 0 ? newRe / length : gainRe[i];
      newIm = length > 0 ? newIm / length : gainIm[i];
    }
    gainRe[i] = newRe;
    gainIm[i] = newIm;
    powers[i] = newRe * newRe + newIm * newIm;
    change += stepRe * stepRe + stepIm * stepIm;
    norm += powers[i];
  }
  return norm > 0 ? Math.sqrt(change / norm) : 0;
}
