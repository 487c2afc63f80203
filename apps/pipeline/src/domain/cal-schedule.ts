/**
 * When a group is solved on. Decided from what is valid at the time of its data, not at the time of its processing, so
 * that groups out of order, long after or again are treated as they would have been.
 */

import type { CalTable, JsonValue } from "./cal-table.ts";
import { isValidAt } from "./cal-validity.ts";

export interface CalSchedule {
  /** A bandpass once in so many days; 0: only by hand. */
  readonly bandpassIntervalDay: number;
  /** Gains once in so many days; 0: only by hand. */
  readonly gainIntervalDay: number;
}

export const defaultCalSchedule: CalSchedule = { bandpassIntervalDay: 1, gainIntervalDay: 1 / 24 };

/** What of a group counts for the decision. */
export interface SolvableGroup {
  readonly startMjd: number;
  readonly endMjd: number;
  /** Flux × beam of the best calibrator that crosses the meridian in it; null: none does. */
  readonly transitFluxJy: number | null;
  /** At this declination there are calibrators: a bandpass is made where the best of them transits. */
  readonly hasCalibratorsAtDec: boolean;
  /** Apparent flux of the sky model; 0: nothing to solve on. */
  readonly modelFluxJy: number;
}

/** How good a group is to solve a bandpass on: a transit before any other, then the flux. Recorded with the table. */
export interface BandpassGrade {
  readonly kind: "transit" | "model";
  readonly fluxJy: number;
}

export type DueSolve =
  /** Bandpass, and gains on top of it. `why`: none is valid; this group is better; the last one is old. */
  | { readonly what: "bandpass"; readonly why: "first" | "better" | "interval"; readonly grade: BandpassGrade }
  /** Gains on top of a bandpass that is there. */
  | { readonly what: "gains"; readonly bandpass: CalTable };

/** The sky is the same again after a sidereal day, which is 0.997 269 57 of a day: "each day" means then. */
const SIDEREAL = 0.997_269_57;
/** Ends of groups and transits are known to better than this. */
const ROUNDING_DAY = 1 / 86_400;
/** A group must be better by so much: beams and cuts of groups change by some per cent from day to day. */
const BETTER_RATIO = 1.2;

/** In `parameters` of a table. */
const GRADE_KEY = "scheduleGrade";

export const gradeParameters = ({ kind, fluxJy }: BandpassGrade): { readonly [name: string]: JsonValue } => ({
  [GRADE_KEY]: { kind, fluxJy },
});

/** null: solved by hand, or by another program. */
export function gradeOf({ parameters }: CalTable): BandpassGrade | null {
  const value = parameters[GRADE_KEY] as { readonly kind?: unknown; readonly fluxJy?: unknown } | null | undefined;
  if (typeof value !== "object" || value === null) return null;
  const { kind, fluxJy } = value;
  return (kind === "transit" || kind === "model") && typeof fluxJy === "number" ? { kind, fluxJy } : null;
}

const gradeOfGroup = ({ transitFluxJy, modelFluxJy }: SolvableGroup): BandpassGrade =>
  transitFluxJy === null ? { kind: "model", fluxJy: modelFluxJy } : { kind: "transit", fluxJy: transitFluxJy };

/** Whether a group takes the place of a bandpass that is not old yet. What was solved by hand keeps its place. */
function isBetter(grade: BandpassGrade, than: BandpassGrade | null): boolean {
  if (than === null) return false;
  if (grade.kind !== than.kind) return grade.kind === "transit";
  return grade.fluxJy > BETTER_RATIO * than.fluxJy;
}

const middleOf = ({ startMjd, endMjd }: SolvableGroup) => startMjd + (endMjd - startMjd) / 2;

/**
 * Whether a table is so near that the next group of the same length has it within the interval still. Otherwise this
 * group is the last that can renew it in time.
 */
function isFresh({ referenceMjd }: CalTable, group: SolvableGroup, intervalDay: number): boolean {
  const lengthDay = group.endMjd - group.startMjd;
  return Math.abs(middleOf(group) - referenceMjd) + lengthDay + ROUNDING_DAY < intervalDay;
}

/**
 * What is to be solved on a group, or null.
 *
 * A bandpass: when none is valid, on whatever group comes first; when the last is an interval old, or was made on a group
 * that is not as good, on the group in which the best calibrator crosses the meridian. Where the catalogue has no
 * calibrator at that declination, the group with the most flux in its model takes that part. Gains: when none on top of
 * the bandpass that applies is within their interval.
 *
 * @param tables    of any type, status and validity, in any order
 * @param bandpass  the one that applies to the group, as `chooseCalibration` gives it; null: none
 */
export function solveDue(
  tables: readonly CalTable[],
  bandpass: CalTable | null,
  group: SolvableGroup,
  schedule: CalSchedule,
): DueSolve | null {
  if (!(group.modelFluxJy > 0)) return null;
  const why = bandpassDue(tables, group, schedule.bandpassIntervalDay);
  if (why !== null) return { what: "bandpass", why, grade: gradeOfGroup(group) };
  if (bandpass !== null && gainsDue(tables, bandpass, group, schedule.gainIntervalDay))
    return { what: "gains", bandpass };
  return null;
}

function bandpassDue(
  tables: readonly CalTable[],
  group: SolvableGroup,
  intervalDay: number,
): "first" | "better" | "interval" | null {
  if (intervalDay <= 0) return null;
  const mjd = middleOf(group);
  const valid = tables
    .filter(({ type, status }) => type === "BP" && status === "active")
    .filter((table) => isValidAt(table, mjd));
  if (valid.length === 0) return "first";
  const grade = gradeOfGroup(group);
  if (grade.kind === "model" && group.hasCalibratorsAtDec) return null;
  const fresh = valid.filter((table) => isFresh(table, group, intervalDay * SIDEREAL));
  if (fresh.length === 0) return "interval";
  return fresh.every((table) => isBetter(grade, gradeOf(table))) ? "better" : null;
}

function gainsDue(tables: readonly CalTable[], bandpass: CalTable, group: SolvableGroup, intervalDay: number): boolean {
  if (intervalDay <= 0) return false;
  const mjd = middleOf(group);
  return !tables.some(
    (table) =>
      table.type === "GP" &&
      table.status === "active" &&
      isValidAt(table, mjd) &&
      isFresh(table, group, intervalDay) &&
      isOnTopOf(table, bandpass),
  );
}

/** Gains of which nobody said on top of what they were solved are taken as they are. */
function isOnTopOf({ solvedWith }: CalTable, { path }: CalTable): boolean {
  const bandpasses = solvedWith.filter(({ type }) => type === "BP");
  return bandpasses.length === 0 || bandpasses.some((one) => one.path === path);
}
