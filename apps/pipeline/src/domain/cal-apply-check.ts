/** Whether calibrating did anything: a result that looks like success but is none is refused. */

import { PipelineError } from "./error-codes.ts";

/** Of a sample of visibilities before and after. */
export interface AppliedSample {
  readonly sampleCount: number;
  readonly unflaggedBeforeCount: number;
  readonly unflaggedAfterCount: number;
  /** Of those that are not flagged after: how many are 0, as they were, or not finite. */
  readonly zeroCount: number;
  readonly equalCount: number;
  readonly nonFiniteCount: number;
  /** Median of |after| / |before|; null where nothing is left to compare. */
  readonly medianRatio: number | null;
  /** What the tables say by themselves: 1 / |g|² of the median gain; null when they have none. */
  readonly expectedRatio: number | null;
}

/** Of what was not flagged before, so much must be left. One polarisation without solutions leaves half. */
export const MIN_LEFT_FRACTION = 0.1;
/** Antennas differ in gain by a factor of some; more is another table's gain. */
export const MAX_RATIO_FACTOR = 10;

/** @throws PipelineError CAL_RESULT_TRIVIAL */
export function assertNotTrivial(msPath: string, sample: AppliedSample): void {
  const refuse = (what: string, expected: string, found: string): never => {
    throw new PipelineError("CAL_RESULT_TRIVIAL", `${msPath}: ${what}: expected ${expected}, found ${found}`, {
      subject: msPath,
    });
  };
  const { unflaggedBeforeCount, unflaggedAfterCount, sampleCount, medianRatio, expectedRatio } = sample;
  const percent = (count: number, of: number) => `${((100 * count) / of).toFixed(1)} %`;
  if (unflaggedBeforeCount === 0) refuse("visibilities", "some that are not flagged", `all ${sampleCount} flagged`);
  if (unflaggedAfterCount < MIN_LEFT_FRACTION * unflaggedBeforeCount)
    refuse(
      "visibilities that are left after calibration",
      `${100 * MIN_LEFT_FRACTION} % of those that were not flagged`,
      percent(unflaggedAfterCount, unflaggedBeforeCount),
    );
  if (sample.nonFiniteCount > 0)
    refuse(
      "calibrated visibilities",
      "finite numbers",
      `${sample.nonFiniteCount} of ${unflaggedAfterCount} not finite`,
    );
  if (sample.zeroCount === unflaggedAfterCount) refuse("calibrated visibilities", "other numbers than 0", "only 0");
  if (sample.equalCount === unflaggedAfterCount)
    refuse("calibrated visibilities", "other numbers than before", "the same: all gains are 1");
  if (medianRatio !== null && expectedRatio !== null) {
    const factor = medianRatio / expectedRatio;
    if (!(factor < MAX_RATIO_FACTOR && factor > 1 / MAX_RATIO_FACTOR))
      refuse(
        "amplitude after over before",
        `1/|g|² = ${expectedRatio.toPrecision(3)} of the tables within a factor of ${MAX_RATIO_FACTOR}`,
        medianRatio.toPrecision(3),
      );
  }
}

/** Middle of the values; null when there are none. Sorts them. */
export function medianOf(values: Float64Array): number | null {
  return values.length === 0 ? null : values.sort()[values.length >> 1]!;
}
