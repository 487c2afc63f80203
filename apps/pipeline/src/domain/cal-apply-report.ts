/** What is asked of an application of calibration tables, and what came of it. */

import type { ApplyMode, ApplyOptions, CalApplyPlan } from "./cal-apply.ts";
import type { AppliedSample } from "./cal-apply-check.ts";
import type { CalTableType } from "./cal-table.ts";

/** Tables of one type, by path: several are neighbours in time. */
export interface CalTableRequest {
  /** null: as the table itself says. */
  readonly type: CalTableType | null;
  readonly orderIndex: number | null;
  readonly paths: readonly string[];
}

/** All that decides what calibrated data are: who has it can calibrate the same Measurement Set to the same numbers. */
export interface AppliedCalibration {
  readonly msPath: string;
  readonly dataColumn: string;
  /** Empty: the data are uncalibrated. */
  readonly requests: readonly CalTableRequest[];
  readonly options: ApplyOptions;
}

export interface ApplyReport {
  readonly applied: AppliedCalibration;
  readonly mode: ApplyMode;
  readonly plan: CalApplyPlan;
  readonly sample: AppliedSample;
  /** Of all data; null: nothing was written. */
  readonly written: {
    readonly rowCount: number;
    readonly newlyFlaggedCount: number;
    readonly unflaggedCount: number;
    /** The flag version that holds the flags from before. */
    readonly flagVersion: string;
  } | null;
  readonly timingsSec: { readonly plan: number; readonly run: number; readonly total: number };
}

/** Tables and how they are applied, a line each. */
export function termLines({ terms }: CalApplyPlan): readonly string[] {
  return terms.map(({ type, kind, tables, timeInterpolation, freqInterpolation }) => {
    const paths = tables.map(({ path }) => path).join(" and ");
    const inFrequency = kind === "bandpass" ? `, ${freqInterpolation} in frequency` : "";
    return `${type} ${paths}: ${kind}, ${timeInterpolation} in time${inFrequency}`;
  });
}

/** Lines of HISTORY: software, tables, parameters, and what came of them. */
export function historyLines(
  software: string,
  { msPath: _msPath, dataColumn, options }: AppliedCalibration,
  plan: CalApplyPlan,
  counts: { readonly newlyFlaggedCount: number; readonly unflaggedCount: number },
): readonly string[] {
  return [
    `${software}: CORRECTED_DATA from ${dataColumn}`,
    ...termLines(plan),
    `parameters ${JSON.stringify(options)}`,
    `${counts.newlyFlaggedCount} samples flagged for want of gains, ${counts.unflaggedCount} are not flagged`,
  ];
}
