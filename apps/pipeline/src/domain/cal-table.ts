/** Calibration tables as the registry knows them: what each is of, when it is valid, where it came from. */

import { PipelineError } from "./error-codes.ts";

/** In the order in which they are applied. */
export const calTableTypes = ["K", "BA", "BP", "GA", "GP", "2G", "FLUX"] as const;

/** K: delays, BA and BP: bandpass, GA and GP: gains, 2G: gains of short intervals on top of them, FLUX: flux scale. */
export type CalTableType = (typeof calTableTypes)[number];

export const calTableStatuses = ["active", "retired", "failed"] as const;

/** Only `active` tables are ever applied. `failed`: an entry that contradicts itself, kept to be looked at. */
export type CalTableStatus = (typeof calTableStatuses)[number];

/**
 * Why a table is no longer active: by the word of an operator, or because it is not (or no longer) what was registered.
 * The latter heals when the table is made and registered again; an operator's word stands.
 */
export const retirementCauses = ["by-operator", "vanished", "corrupt", "changed"] as const;
export type RetirementCause = (typeof retirementCauses)[number];

/** What is known of one table when it is registered. Validity is half-open: `start <= time < end`, null: open. */
export interface NewCalTable {
  readonly path: string;
  readonly type: CalTableType;
  /** Tables of one solve share it. Never used to choose: each type is chosen by itself. */
  readonly setName: string;
  /** Middle of the data that were solved on. */
  readonly referenceMjd: number;
  readonly validStartMjd: number | null;
  readonly validEndMjd: number | null;
  /** Default: that of the type. */
  readonly orderIndex?: number;
  readonly calField: string | null;
  readonly refant: string | null;
  readonly sourceMsPath: string | null;
  /** The tables that were applied when this one was solved. */
  readonly solvedWith: readonly { readonly type: CalTableType; readonly path: string }[];
  readonly parameters: JsonObject;
  readonly softwareVersion: string | null;
  readonly solverCommand: string | null;
  readonly quality: JsonObject;
  readonly phaseCentre: { readonly raDeg: number; readonly decDeg: number } | null;
  readonly notes: string | null;
  /** Of the content, as {@link CalTableFiles} tells it. */
  readonly contentDigest: string;
  /** `failed`: kept to be looked at, never applied. Default: active. */
  readonly status?: Exclude<CalTableStatus, "retired">;
}

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** One entry of the registry. */
export interface CalTable extends Omit<NewCalTable, "contentDigest" | "status"> {
  /** Grows with each registration, whatever the clock does. */
  readonly id: number;
  readonly orderIndex: number;
  readonly createdUnixSec: number;
  readonly status: CalTableStatus;
  readonly retiredCause: RetirementCause | null;
  /** null: registered by another program, which recorded none. */
  readonly contentDigest: string | null;
}

const ORDER_OF_TYPE: Readonly<Record<CalTableType, number>> = {
  K: 10,
  BA: 20,
  BP: 30,
  GA: 40,
  GP: 50,
  "2G": 60,
  FLUX: 70,
};

export const orderIndexOf = (type: CalTableType): number => ORDER_OF_TYPE[type];

const TYPE_OF_SUFFIX: readonly (readonly [suffix: string, CalTableType])[] = [
  ["_2kcal", "K"],
  ["_kcal", "K"],
  ["_bacal", "BA"],
  ["_bpcal", "BP"],
  ["_gacal", "GA"],
  ["_gpcal", "GP"],
  ["_2gcal", "2G"],
  ["_flux.cal", "FLUX"],
];

/** By the end of its name, `<timestamp>_<fields>_bpcal`. */
export const typeOfCalPath = (path: string): CalTableType | undefined =>
  TYPE_OF_SUFFIX.find(([suffix]) => path.replace(/\/+$/, "").endsWith(suffix))?.[1];

export const isCalTableType = (text: string): text is CalTableType =>
  (calTableTypes as readonly string[]).includes(text);

const HOUR_DAY = 1 / 24;

/** How long before and after its data a table of that type is valid, in days: what is bandpass a day, what is gain an hour. */
export const validityDay: Readonly<Record<CalTableType, number>> = {
  K: 1,
  BA: 1,
  BP: 1,
  GA: HOUR_DAY,
  GP: HOUR_DAY,
  "2G": HOUR_DAY,
  FLUX: 1,
};

/** The window that a table of that type is valid in by itself: `[reference - v, reference + v)`. */
export const usualValidity = (type: CalTableType, referenceMjd: number) => ({
  validStartMjd: referenceMjd - validityDay[type],
  validEndMjd: referenceMjd + validityDay[type],
});

/**
 * Says what is wrong with a table before anything of it is recorded.
 *
 * @throws PipelineError CAL_TABLE_INVALID naming path, field, what was expected and what was found
 */
export function assertRegistrable(table: NewCalTable): void {
  const refuse = (field: string, expected: string, found: string | number | null): never => {
    throw new PipelineError("CAL_TABLE_INVALID", `${table.path}: ${field}: expected ${expected}, found ${found}`, {
      subject: table.path,
    });
  };
  if (!table.path.startsWith("/")) refuse("path", "an absolute path", `"${table.path}"`);
  if (!isCalTableType(table.type)) refuse("type", `one of ${calTableTypes.join(", ")}`, `"${table.type as string}"`);
  if (table.setName === "") refuse("set name", "some text", '""');
  if (table.contentDigest === "") refuse("content digest", "some text", '""');
  if (!isMjd(table.referenceMjd)) refuse("reference", "an MJD", table.referenceMjd);
  const { validStartMjd: start, validEndMjd: end } = table;
  if (start !== null && !isMjd(start)) refuse("start of validity", "an MJD", start);
  if (end !== null && !isMjd(end)) refuse("end of validity", "an MJD", end);
  if (start !== null && end !== null && !(start < end)) refuse("end of validity", `an MJD after ${start}`, end);
  if (table.orderIndex !== undefined && !Number.isInteger(table.orderIndex))
    refuse("order index", "a whole number", table.orderIndex);
  const { raDeg = 0, decDeg = 0 } = table.phaseCentre ?? {};
  if (!(raDeg >= 0 && raDeg < 360)) refuse("right ascension", "0 to 360 degrees", raDeg);
  if (!(Math.abs(decDeg) <= 90)) refuse("declination", "-90 to 90 degrees", decDeg);
}

/** 1858 to 2132: a Julian date, or seconds, in its place are found out. */
export const isMjd = (value: number): boolean => value >= 0 && value < 100_000;

/**
 * The middle of the data of a table about which nothing says it: the time in its name, or what its validity hints at.
 *
 * @param createdUnixSec  the last resort, for a table that is valid for ever
 */
export function guessReferenceMjd(
  path: string,
  validStartMjd: number | null,
  validEndMjd: number | null,
  createdUnixSec: number,
): number {
  const named = /(\d{4}-\d{2}-\d{2})T(\d{2})[:_](\d{2})[:_](\d{2})[^/]*\/?$/.exec(path);
  const unixMs = named ? Date.parse(`${named[1]}T${named[2]}:${named[3]}:${named[4]}Z`) : Number.NaN;
  if (Number.isFinite(unixMs)) return mjdOfUnixSec(unixMs / 1000);
  if (validStartMjd !== null && validEndMjd !== null) return (validStartMjd + validEndMjd) / 2;
  return validStartMjd ?? validEndMjd ?? mjdOfUnixSec(createdUnixSec);
}

const UNIX_EPOCH_MJD = 40_587;
const SEC_PER_DAY = 86_400;

export const mjdOfUnixSec = (unixSec: number): number => UNIX_EPOCH_MJD + unixSec / SEC_PER_DAY;
export const unixSecOfMjd = (mjd: number): number => (mjd - UNIX_EPOCH_MJD) * SEC_PER_DAY;

/** It is not there as it was registered: to be solved again. */
export const isLost = ({ status, retiredCause }: CalTable): boolean =>
  status === "failed" || (retiredCause !== null && retiredCause !== "by-operator");

/**
 * What a registration means where the path is taken. The same again is no news, and does not revive what an operator
 * retired; anything else takes the place of a table that is no longer active.
 *
 * @throws PipelineError CAL_TABLE_CONFLICT when the table in place is active and another
 */
export function whatBecomesOf(before: CalTable, after: NewCalTable): "already" | "replaced" {
  const [field, found, given] = firstDifference(before, after) ?? [];
  if (before.status === "active" && field !== undefined) {
    throw new PipelineError(
      "CAL_TABLE_CONFLICT",
      `${after.path}: ${field}: expected ${found}, as registered under number ${before.id}, found ${given}`,
      { subject: after.path },
    );
  }
  return field === undefined && !isLost(before) ? "already" : "replaced";
}

function firstDifference(before: CalTable, after: NewCalTable) {
  const pairs = [
    ["type", before.type, after.type],
    // Other programs record neither digest nor reference.
    ...(before.contentDigest === null
      ? []
      : ([
          ["content digest", before.contentDigest, after.contentDigest],
          ["reference", before.referenceMjd, after.referenceMjd],
        ] as const)),
    ["start of validity", before.validStartMjd, after.validStartMjd],
    ["end of validity", before.validEndMjd, after.validEndMjd],
  ] as const;
  return pairs.find(([, found, given]) => found !== given);
}

const utcText = (unixSec: number) => new Date(unixSec * 1000).toISOString().slice(0, 19);

export const noteOfRetirement = (cause: RetirementCause, reason: string, nowUnixSec: number): string =>
  `${utcText(nowUnixSec)} retired (${cause}): ${reason}`;

/** The notes of the table that was in its place stay. */
export const noteOfReplacement = (before: CalTable, notes: string | null): string =>
  [before.notes, `replaces number ${before.id}, which was ${before.status}`, notes]
    .filter((note) => note !== null)
    .join("\n");
