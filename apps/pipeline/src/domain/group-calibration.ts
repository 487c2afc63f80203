/** Which calibration a group of the stream got, and why. Plain data: it goes into checkpoints and the database. */

import type { CalTableType } from "./cal-table.ts";
import type { CalChoice, ChosenTable } from "./cal-validity.ts";

/** What a group does for which no calibration is valid: waits, goes on without, or uses what is valid at other times. */
export const missingCalibrationPolicies = ["wait", "uncalibrated", "borrow"] as const;
export type MissingCalibrationPolicy = (typeof missingCalibrationPolicies)[number];

/** A table as it is applied to one group. */
export interface AppliedTable {
  readonly type: CalTableType;
  readonly path: string;
  /** Number in the registry. */
  readonly tableId: number;
  readonly why: ChosenTable["why"];
  /** From the data to the reference of the table: positive when it was solved on later data. */
  readonly offsetDay: number;
}

/**
 * - `calibrated`: everything that is needed is valid
 * - `borrowed`: something is used outside its validity, because the operator allowed that
 * - `uncalibrated`: something that is needed is missing; the group goes on without any calibration
 */
export type CalibrationStatus = "calibrated" | "borrowed" | "uncalibrated";

export interface GroupCalibration {
  readonly status: CalibrationStatus;
  /** The instant for which the tables were chosen: the middle of the group. */
  readonly mjd: number;
  /** In the order in which they are applied; empty when the group is uncalibrated. */
  readonly tables: readonly AppliedTable[];
  /** Tables that were solved on this group, in this attempt. */
  readonly solvedPaths: readonly string[];
  /** What an operator should know, as sentences. */
  readonly reasons: readonly string[];
}

/** Of a choice that is complete, or may go on as it is. */
export function calibrationOf(
  choice: Pick<CalChoice, "mjd" | "choices" | "isComplete">,
  solvedPaths: readonly string[],
  reasons: readonly string[],
): GroupCalibration {
  const isBorrowed = choice.choices.some((one) => one.isBorrowed);
  return {
    status: !choice.isComplete ? "uncalibrated" : isBorrowed ? "borrowed" : "calibrated",
    mjd: choice.mjd,
    // A bandpass without gains, or gains without a bandpass, is no calibration.
    tables: !choice.isComplete
      ? []
      : choice.choices.flatMap(({ type, tables }) =>
          tables.map(({ table, why, offsetDay }) => ({ type, path: table.path, tableId: table.id, why, offsetDay })),
        ),
    solvedPaths,
    reasons,
  };
}
