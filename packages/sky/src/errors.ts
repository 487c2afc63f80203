/** The errors of this package. Each has a `tag` to branch on, and fields that say what was expected and found. */

export type SkyErrorTag = "time-out-of-range" | "time-text" | "table-text";

/** Base of all errors of this package. */
export abstract class SkyError extends Error {
  abstract readonly tag: SkyErrorTag;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A time lies outside what a table covers: leap seconds, Earth orientation or the ephemeris. */
export class TimeOutOfRangeError extends SkyError {
  readonly tag = "time-out-of-range";
  /** The table: "leap seconds", "Earth orientation" or "ephemeris". */
  readonly table: string;
  /** The time that was asked for, and the range `[startMjd, endMjd]` of the table, in days of the table's own scale. */
  readonly foundMjd: number;
  readonly startMjd: number;
  readonly endMjd: number;

  constructor(fields: { table: string; foundMjd: number; startMjd: number; endMjd: number; hint?: string }) {
    const { table, foundMjd, startMjd, endMjd, hint } = fields;
    const advice = hint === undefined ? "" : `; ${hint}`;
    super(`${table}: expected a time within MJD ${startMjd} to ${endMjd}, found MJD ${foundMjd}${advice}`);
    this.table = table;
    this.foundMjd = foundMjd;
    this.startMjd = startMjd;
    this.endMjd = endMjd;
  }
}

/** A text is no date and time of a known form, or one that does not exist. */
export class TimeTextError extends SkyError {
  readonly tag = "time-text";
  readonly expected: string;
  readonly found: string;

  constructor(expected: string, found: string) {
    super(`time: expected ${expected}, found ${JSON.stringify(found)}`);
    this.expected = expected;
    this.found = found;
  }
}

/** A text is not the table of the IERS that it should be. */
export class TableTextError extends SkyError {
  readonly tag = "table-text";
  readonly table: string;
  /** Line of the text, from 1; 0 when the whole is meant. */
  readonly lineNumber: number;
  readonly field: string;
  readonly expected: string;
  readonly found: string;

  constructor(fields: { table: string; lineNumber: number; field: string; expected: string; found: string }) {
    const { table, lineNumber, field, expected, found } = fields;
    super(`${table}, line ${lineNumber}: ${field}: expected ${expected}, found ${JSON.stringify(found)}`);
    this.table = table;
    this.lineNumber = lineNumber;
    this.field = field;
    this.expected = expected;
    this.found = found;
  }
}

/** Narrows to an error of this package, optionally to the given tags. */
export function isSkyError(error: unknown, ...tags: readonly SkyErrorTag[]): error is SkyError {
  return error instanceof SkyError && (tags.length === 0 || tags.includes(error.tag));
}
