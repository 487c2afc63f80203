/** The errors of this package. Each has a `tag` to branch on and fields that say file, place, expected and found. */

export type FitsErrorTag =
  | "not-fits"
  | "corrupt"
  | "truncated"
  | "missing"
  | "unsupported"
  | "limit"
  | "write"
  | "checksum"
  | "io";

export interface FitsErrorFields {
  /** Path of the file, or the name that was given to a source of bytes. */
  readonly file: string;
  /** Part of the file that is meant, such as "HDU 0, card 4 (NAXIS1)" or "HDU 1, column FLUX". */
  readonly place: string;
  readonly expected: string;
  readonly found: string;
}

/** Base of all errors of this package. */
export abstract class FitsError extends Error {
  abstract readonly tag: FitsErrorTag;
  readonly file: string;
  readonly place: string;
  readonly expected: string;
  readonly found: string;

  constructor(what: string, fields: FitsErrorFields, options?: ErrorOptions) {
    super(`${fields.file}: ${what}: ${fields.place}: expected ${fields.expected}, found ${fields.found}`, options);
    this.name = new.target.name;
    this.file = fields.file;
    this.place = fields.place;
    this.expected = fields.expected;
    this.found = fields.found;
  }
}

/** The file does not begin with `SIMPLE  =` (an empty file included). */
export class NotFitsError extends FitsError {
  readonly tag = "not-fits";
  constructor(fields: FitsErrorFields, options?: ErrorOptions) {
    super("not a FITS file", fields, options);
  }
}

/** Bytes contradict the standard: a keyword of the wrong type, a column outside its row, a descriptor outside its heap. */
export class FitsCorruptError extends FitsError {
  readonly tag = "corrupt";
  constructor(fields: FitsErrorFields, options?: ErrorOptions) {
    super("damaged", fields, options);
  }
}

/** The file, or a stream, ends before what its header promises. What lies before the end can be read. */
export class FitsTruncatedError extends FitsError {
  readonly tag = "truncated";
  constructor(fields: FitsErrorFields, options?: ErrorOptions) {
    super("too short", fields, options);
  }
}

/** No keyword, column or HDU of that name or number. */
export class FitsMissingError extends FitsError {
  readonly tag = "missing";
  constructor(fields: FitsErrorFields, options?: ErrorOptions) {
    super("not there", fields, options);
  }
}

/** Sound FITS that this package does not know, such as a projection it does not compute. */
export class FitsUnsupportedError extends FitsError {
  readonly tag = "unsupported";
  constructor(fields: FitsErrorFields, options?: ErrorOptions) {
    super("not supported", fields, options);
  }
}

/** More memory would be needed than the caller allows. Nothing was allocated. */
export class FitsLimitError extends FitsError {
  readonly tag = "limit";
  constructor(fields: FitsErrorFields, options?: ErrorOptions) {
    super("over the limit", fields, options);
  }
}

/** What was given cannot be written as FITS: an infinite number in a header, a value outside the stored integers. */
export class FitsWriteError extends FitsError {
  readonly tag = "write";
  constructor(fields: FitsErrorFields, options?: ErrorOptions) {
    super("cannot be written", fields, options);
  }
}

/** DATASUM or CHECKSUM does not agree with the bytes. Only thrown where checking was asked for. */
export class FitsChecksumError extends FitsError {
  readonly tag = "checksum";
  constructor(fields: FitsErrorFields, options?: ErrorOptions) {
    super("checksum differs", fields, options);
  }
}

/** The system or a server refused: the file cannot be opened, read, written or renamed. `cause` is its own error. */
export class FitsIoError extends FitsError {
  readonly tag = "io";
  constructor(fields: FitsErrorFields, options?: ErrorOptions) {
    super("no access", fields, options);
  }
}

/** Narrows to an error of this package, optionally to the given tags. */
export function isFitsError(error: unknown, ...tags: readonly FitsErrorTag[]): error is FitsError {
  return error instanceof FitsError && (tags.length === 0 || tags.includes(error.tag));
}
