/** What a choice of calibration means to operators: alerts that begin and end, and sentences. */

import type { AlertChange } from "../domain/alert.ts";
import type { CalSchedule } from "../domain/cal-schedule.ts";
import { type CalTableType, unixSecOfMjd } from "../domain/cal-table.ts";
import type { FoundCalibration } from "./find-calibration.ts";

type Reason = FoundCalibration["reasons"][number];

const utc = (mjd: number) => new Date(unixSecOfMjd(mjd) * 1000).toISOString().slice(0, 19);

/** One sentence that stands alone. */
export function sentenceOf(reason: Reason): string {
  switch (reason.kind) {
    case "missing": {
      const { lastValidMjd, nextValidMjd } = reason;
      const last = lastValidMjd === null ? "none was before" : `the last was valid until ${utc(lastValidMjd)}`;
      const next = nextValidMjd === null ? "" : `, the next is from ${utc(nextValidMjd)}`;
      return `no ${reason.type} is valid at ${utc(reason.mjd)}: ${last}${next}`;
    }
    case "expiring":
      return `no ${reason.type} is valid from ${utc(reason.atMjd)} on`;
    case "borrowed":
      return `${reason.type} is borrowed from ${(24 * reason.beyondDay).toFixed(1)} hours outside its validity: ${reason.path}`;
    case "solved-with-other":
      return `${reason.type} ${reason.path} was solved on top of ${reason.other}, which is not applied`;
    case "unusable":
      return `${reason.type} ${reason.path} is ${reason.cause}${reason.isRetired ? " and was retired" : ""}: ${reason.why}`;
  }
}

/** By which an alert is known. */
const keyOf = (kind: "missing" | "expiring" | "borrowed" | "unusable", type: CalTableType) =>
  `calibration-${kind}:${type}`;

const RAISED: readonly Reason["kind"][] = ["missing", "expiring", "borrowed", "unusable"];

/**
 * What begins or lasts, and what has ended, for each type that is needed.
 *
 * That the present tables end is no news while the schedule renews them in time: it is one when this group should have
 * renewed them and did not, or when the stream renews nothing by itself.
 */
export function alertsOf(
  { reasons }: Pick<FoundCalibration, "reasons">,
  isStillDue: boolean,
  schedule: CalSchedule,
  needed: readonly CalTableType[],
): readonly AlertChange[] {
  return needed.flatMap((type) =>
    RAISED.map((kind): AlertChange => {
      const key = keyOf(kind as "missing", type);
      const reason = reasons.find((one) => one.kind === kind && one.type === type);
      const isNews = kind !== "expiring" || isStillDue || !renewsItself(schedule, type);
      if (reason === undefined || !isNews) return { kind: "resolve", key };
      return { kind: "raise", key, severity: kind === "missing" ? "ERROR" : "WARNING", text: sentenceOf(reason) };
    }),
  );
}

const renewsItself = ({ bandpassIntervalDay, gainIntervalDay }: CalSchedule, type: CalTableType) =>
  type === "BP"
    ? bandpassIntervalDay > 0 && bandpassIntervalDay <= 1
    : gainIntervalDay > 0 && gainIntervalDay <= 1 / 24;
