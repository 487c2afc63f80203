/** Which calibration tables are applied to data of an instant. Each type is chosen by itself; sets do not count. */

import { type CalTable, type CalTableType, calTableTypes } from "./cal-table.ts";

export interface CalPolicy {
  /** Without one of these the data are not calibrated. */
  readonly required: readonly CalTableType[];
  /** Applied when there is one; nothing is said when there is none. */
  readonly optional: readonly CalTableType[];
  /** How far outside its validity a table may be used when none is valid, in days. Absent: not at all. */
  readonly borrowDay: { readonly [type in CalTableType]?: number };
  /** What is valid for less than so many days more is `expiring`. */
  readonly expiringDay: { readonly [type in CalTableType]?: number };
}

const HOUR_DAY = 1 / 24;

/** Delays are left out: phase slopes of DSA-110 are small, and a bandpass takes them out. */
export const defaultCalPolicy: CalPolicy = {
  required: ["BP", "GP"],
  optional: ["BA", "GA", "2G", "FLUX"],
  borrowDay: {},
  expiringDay: { K: 2 * HOUR_DAY, BA: 2 * HOUR_DAY, BP: 2 * HOUR_DAY, GA: 0.25 * HOUR_DAY, GP: 0.25 * HOUR_DAY },
};

/** Gains drift: between two solutions they are interpolated. The others hold, and the nearest is the best. */
const INTERPOLATED: ReadonlySet<CalTableType> = new Set(["GA", "GP", "2G"]);

export interface ChosenTable {
  readonly table: CalTable;
  /** `before` and `after`: the neighbours on either side, to be interpolated between. */
  readonly why: "exact" | "nearest" | "before" | "after" | "only-before" | "only-after" | "borrowed";
  /** From the data to the reference of the table: positive when it was solved on later data. */
  readonly offsetDay: number;
}

export interface TypeChoice {
  readonly type: CalTableType;
  /** One, or two neighbours, the earlier first. */
  readonly tables: readonly ChosenTable[];
  readonly interpolation: "nearest" | "linear";
  readonly isBorrowed: boolean;
}

/** What an operator should hear about a choice. */
export type CalReason =
  /** Nothing of a required type is valid; validity ended at `lastValidMjd` and begins again at `nextValidMjd`. */
  | {
      readonly kind: "missing";
      readonly type: CalTableType;
      readonly mjd: number;
      readonly lastValidMjd: number | null;
      readonly nextValidMjd: number | null;
    }
  | { readonly kind: "expiring"; readonly type: CalTableType; readonly atMjd: number }
  /** A table is used outside its validity, by so much. */
  | { readonly kind: "borrowed"; readonly type: CalTableType; readonly path: string; readonly beyondDay: number }
  /** The gain was solved on top of other tables than those that are applied before it. */
  | { readonly kind: "solved-with-other"; readonly type: CalTableType; readonly path: string; readonly other: string };

export interface CalChoice {
  readonly mjd: number;
  /** In the order in which they are applied. */
  readonly choices: readonly TypeChoice[];
  readonly reasons: readonly CalReason[];
  /** Every required type has a table. */
  readonly isComplete: boolean;
}

export const isValidAt = ({ validStartMjd, validEndMjd }: CalTable, mjd: number): boolean =>
  (validStartMjd ?? -Infinity) <= mjd && mjd < (validEndMjd ?? Infinity);

/** @param tables of any type, status and validity, in any order */
export function chooseCalibration(tables: readonly CalTable[], mjd: number, policy: CalPolicy): CalChoice {
  const wanted = calTableTypes.filter((type) => policy.required.includes(type) || policy.optional.includes(type));
  const choices: TypeChoice[] = [];
  const reasons: CalReason[] = [];
  for (const type of wanted) {
    const active = tables.filter((table) => table.type === type && table.status === "active");
    const valid = active.filter((table) => isValidAt(table, mjd));
    if (valid.length > 0) {
      choices.push(INTERPOLATED.has(type) ? neighbours(type, onTopOf(choices, valid), mjd) : nearest(type, valid, mjd));
      const endMjd = endOfCoverMjd(active, mjd);
      if (endMjd - mjd < (policy.expiringDay[type] ?? 0)) reasons.push({ kind: "expiring", type, atMjd: endMjd });
      continue;
    }
    const borrowed = borrow(type, active, mjd, policy.borrowDay[type]);
    if (borrowed) {
      choices.push(borrowed.choice);
      reasons.push({ kind: "borrowed", type, path: borrowed.path, beyondDay: borrowed.beyondDay });
      continue;
    }
    if (policy.required.includes(type)) reasons.push({ kind: "missing", type, mjd, ...gapAround(active, mjd) });
  }
  choices.sort((a, b) => a.tables[0]!.table.orderIndex - b.tables[0]!.table.orderIndex);
  return {
    mjd,
    choices,
    reasons: [...reasons, ...solvedWithOther(choices)],
    isComplete: policy.required.every((type) => choices.some((choice) => choice.type === type)),
  };
}

const BANDPASSES: ReadonlySet<CalTableType> = new Set(["BA", "BP"]);

/**
 * Gains that were solved on top of the bandpass that is applied, if there are any: what drifts is in the bandpass of one time
 * and in the gains of another, so that those of two bandpasses cannot be interpolated between.
 */
function onTopOf(choices: readonly TypeChoice[], gains: readonly CalTable[]): readonly CalTable[] {
  const pathsOf = new Map(choices.map(({ type, tables }) => [type, tables.map(({ table }) => table.path)]));
  const matching = gains.filter(({ solvedWith }) =>
    solvedWith.every(({ type, path }) => !BANDPASSES.has(type) || pathsOf.get(type)?.includes(path) !== false),
  );
  return matching.length > 0 ? matching : gains;
}

/** Of two as good ones that which was registered later: somebody solved again. */
const bestOf = (tables: readonly CalTable[], distanceDay: (table: CalTable) => number): CalTable | undefined =>
  tables.toSorted((a, b) => distanceDay(a) - distanceDay(b) || b.id - a.id)[0];

const one = (type: CalTableType, table: CalTable, why: ChosenTable["why"], mjd: number): TypeChoice => ({
  type,
  tables: [{ table, why, offsetDay: table.referenceMjd - mjd }],
  interpolation: "nearest",
  isBorrowed: why === "borrowed",
});

function nearest(type: CalTableType, valid: readonly CalTable[], mjd: number): TypeChoice {
  const table = bestOf(valid, ({ referenceMjd }) => Math.abs(referenceMjd - mjd))!;
  return one(type, table, table.referenceMjd === mjd ? "exact" : "nearest", mjd);
}

function neighbours(type: CalTableType, valid: readonly CalTable[], mjd: number): TypeChoice {
  const distanceDay = ({ referenceMjd }: CalTable) => Math.abs(referenceMjd - mjd);
  const side = (isOn: (referenceMjd: number) => boolean) =>
    bestOf(
      valid.filter(({ referenceMjd }) => isOn(referenceMjd)),
      distanceDay,
    );
  const before = side((referenceMjd) => referenceMjd <= mjd);
  if (before?.referenceMjd === mjd) return one(type, before, "exact", mjd);
  const after = side((referenceMjd) => referenceMjd > mjd);
  if (!after) return one(type, before!, "only-before", mjd);
  if (!before) return one(type, after, "only-after", mjd);
  return {
    type,
    tables: [
      { table: before, why: "before", offsetDay: before.referenceMjd - mjd },
      { table: after, why: "after", offsetDay: after.referenceMjd - mjd },
    ],
    interpolation: "linear",
    isBorrowed: false,
  };
}

/** Days from an instant to the validity of a table that does not hold it. */
const beyondDayOf = ({ validStartMjd, validEndMjd }: CalTable, mjd: number) =>
  validStartMjd !== null && mjd < validStartMjd ? validStartMjd - mjd : mjd - validEndMjd!;

function borrow(type: CalTableType, active: readonly CalTable[], mjd: number, limitDay: number | undefined) {
  if (limitDay === undefined) return undefined;
  const table = bestOf(
    active.filter((candidate) => beyondDayOf(candidate, mjd) <= limitDay),
    (candidate) => beyondDayOf(candidate, mjd),
  );
  if (!table) return undefined;
  return { choice: one(type, table, "borrowed", mjd), path: table.path, beyondDay: beyondDayOf(table, mjd) };
}

/** Until when the type is valid without a gap, by whatever tables. */
function endOfCoverMjd(active: readonly CalTable[], mjd: number): number {
  let endMjd = mjd;
  for (;;) {
    const longest = Math.max(
      ...active.filter((table) => isValidAt(table, endMjd)).map(({ validEndMjd }) => validEndMjd ?? Infinity),
    );
    if (longest <= endMjd) return endMjd;
    endMjd = longest;
  }
}

function gapAround(active: readonly CalTable[], mjd: number) {
  const ended = active.flatMap(({ validEndMjd }) => (validEndMjd !== null && validEndMjd <= mjd ? [validEndMjd] : []));
  const coming = active.flatMap(({ validStartMjd }) =>
    validStartMjd !== null && validStartMjd > mjd ? [validStartMjd] : [],
  );
  return {
    lastValidMjd: ended.length > 0 ? Math.max(...ended) : null,
    nextValidMjd: coming.length > 0 ? Math.min(...coming) : null,
  };
}

/** Types that both the solve and this choice apply, from different tables: the gain makes good for a bandpass that is not used. */
function solvedWithOther(choices: readonly TypeChoice[]): readonly CalReason[] {
  const pathsOf = new Map(choices.map((choice) => [choice.type, choice.tables.map(({ table }) => table.path)]));
  return choices.flatMap(({ type, tables }) =>
    tables.flatMap(({ table }) =>
      table.solvedWith
        .filter((other) => pathsOf.get(other.type)?.includes(other.path) === false)
        .map((other) => ({ kind: "solved-with-other" as const, type, path: table.path, other: other.path })),
    ),
  );
}
