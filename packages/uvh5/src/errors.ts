/** The errors of this package. Each has a `tag` to branch on and fields that say file, field, expected and found. */

export type Uvh5ErrorTag = "not-hdf5" | "not-uvh5" | "corrupt" | "unsupported" | "inconsistent" | "limit";

export interface Uvh5ErrorFields {
  /** Path of the file, or the name that was given to a byte source. */
  readonly file: string;
  /** Dataset, group or part of the format that is meant, such as "Header/Nblts" or "superblock". */
  readonly field: string;
  readonly expected: string;
  readonly found: string;
}

/** Base of all errors of this package. */
export abstract class Uvh5Error extends Error {
  abstract readonly tag: Uvh5ErrorTag;
  readonly file: string;
  readonly field: string;
  readonly expected: string;
  readonly found: string;

  constructor(what: string, fields: Uvh5ErrorFields, options?: ErrorOptions) {
    super(`${fields.file}: ${what}: ${fields.field}: expected ${fields.expected}, found ${fields.found}`, options);
    this.name = new.target.name;
    this.file = fields.file;
    this.field = fields.field;
    this.expected = fields.expected;
    this.found = fields.found;
  }
}

/** The file does not start with an HDF5 signature (a zero-byte file included). */
export class NotHdf5Error extends Uvh5Error {
  readonly tag = "not-hdf5";
  constructor(fields: Uvh5ErrorFields, options?: ErrorOptions) {
    super("not an HDF5 file", fields, options);
  }
}

/** HDF5, but without the groups and datasets that make it UVH5. */
export class NotUvh5Error extends Uvh5Error {
  readonly tag = "not-uvh5";
  constructor(fields: Uvh5ErrorFields, options?: ErrorOptions) {
    super("HDF5 but not UVH5", fields, options);
  }
}

/** Bytes contradict the HDF5 format: an address outside the file, a wrong signature, a checksum that fails. */
export class Uvh5CorruptError extends Uvh5Error {
  readonly tag = "corrupt";
  constructor(fields: Uvh5ErrorFields, options?: ErrorOptions) {
    super("damaged", fields, options);
  }
}

/** A feature of HDF5 that the reader does not know. The own reader hands such files to h5wasm. */
export class Uvh5UnsupportedError extends Uvh5Error {
  readonly tag = "unsupported";
  constructor(fields: Uvh5ErrorFields, options?: ErrorOptions) {
    super("not supported", fields, options);
  }
}

/** The HDF5 is sound but its UVH5 items contradict each other or are impossible values. */
export class Uvh5InconsistentError extends Uvh5Error {
  readonly tag = "inconsistent";
  constructor(fields: Uvh5ErrorFields, options?: ErrorOptions) {
    super("inconsistent header", fields, options);
  }
}

/** An array would take more memory than the caller allows. Nothing was allocated. */
export class Uvh5LimitError extends Uvh5Error {
  readonly tag = "limit";
  constructor(fields: Uvh5ErrorFields, options?: ErrorOptions) {
    super("over the limit", fields, options);
  }
}

/** Narrows to an error of this package, optionally to the given tags. */
export function isUvh5Error(error: unknown, ...tags: readonly Uvh5ErrorTag[]): error is Uvh5Error {
  return error instanceof Uvh5Error && (tags.length === 0 || tags.includes(error.tag));
}
