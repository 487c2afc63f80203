/** What can go wrong with a casacore table: tagged errors, so that callers can tell them apart without reading messages. */

/** The tags of every error this package throws on purpose. */
export type CasacoreTableErrorTag =
  | "TableNotFound"
  | "TableFormat"
  | "UnsupportedFormat"
  | "UnknownDataManager"
  | "ColumnNotFound"
  | "KeywordNotFound"
  | "CellUndefined"
  | "RowOutOfRange"
  | "ColumnMismatch"
  | "TableIo"
  | "TableWrite"
  | "TableInUse";

/** Base of all errors of this package; `_tag` names the kind. */
export abstract class CasacoreTableError extends Error {
  abstract readonly _tag: CasacoreTableErrorTag;
  override get name(): string {
    return `${this._tag}Error`;
  }
}

/** Thrown when a path is not a table: it is missing, or holds no table.dat. */
export class TableNotFoundError extends CasacoreTableError {
  readonly _tag = "TableNotFound";
  readonly path: string;
  readonly found: string;
  constructor(path: string, found: string, options?: ErrorOptions) {
    super(`${path}: not a casacore table: ${found}`, options);
    this.path = path;
    this.found = found;
  }
}

/** Thrown when the bytes of a table contradict the format or themselves. */
export class TableFormatError extends CasacoreTableError {
  readonly _tag = "TableFormat";
  readonly file: string;
  readonly field: string;
  readonly expected: string;
  readonly found: string;
  constructor(file: string, field: string, expected: string, found: string, options?: ErrorOptions) {
    super(`${file}: ${field}: expected ${expected}, found ${found}`, options);
    this.file = file;
    this.field = field;
    this.expected = expected;
    this.found = found;
  }
}

/** Thrown for parts of the format that are known to exist but not read here, such as a newer object version. */
export class UnsupportedFormatError extends CasacoreTableError {
  readonly _tag = "UnsupportedFormat";
  readonly file: string;
  readonly feature: string;
  readonly known: string;
  readonly found: string;
  constructor(file: string, feature: string, known: string, found: string) {
    super(`${file}: ${feature} is not supported: this library knows ${known}, found ${found}`);
    this.file = file;
    this.feature = feature;
    this.known = known;
    this.found = found;
  }
}

/** Thrown when a column is read whose data manager this library does not know. Other columns stay readable. */
export class UnknownDataManagerError extends CasacoreTableError {
  readonly _tag = "UnknownDataManager";
  readonly path: string;
  readonly column: string;
  readonly manager: string;
  constructor(path: string, column: string, manager: string) {
    super(
      `${path}: column ${column} is kept by data manager ${manager}, which is not supported: expected one of ` +
        "StandardStMan, IncrementalStMan, TiledColumnStMan, TiledShapeStMan, TiledCellStMan, TiledDataStMan, StManAipsIO",
    );
    this.path = path;
    this.column = column;
    this.manager = manager;
  }
}

/** Thrown when a table has no column of the name asked for. */
export class ColumnNotFoundError extends CasacoreTableError {
  readonly _tag = "ColumnNotFound";
  readonly path: string;
  readonly column: string;
  readonly known: readonly string[];
  constructor(path: string, column: string, known: readonly string[]) {
    super(`${path}: no column ${column}: expected one of ${known.join(", ") || "(none)"}`);
    this.path = path;
    this.column = column;
    this.known = known;
  }
}

/** Thrown when a keyword is missing, or has another type than the one asked for. */
export class KeywordNotFoundError extends CasacoreTableError {
  readonly _tag = "KeywordNotFound";
  readonly subject: string;
  readonly keyword: string;
  constructor(subject: string, keyword: string, expected: string, found: string) {
    super(`${subject}: keyword ${keyword}: expected ${expected}, found ${found}`);
    this.subject = subject;
    this.keyword = keyword;
  }
}

/** Thrown when an array cell is read that was never given a value. Ask `isDefined(row)` first. */
export class CellUndefinedError extends CasacoreTableError {
  readonly _tag = "CellUndefined";
  readonly path: string;
  readonly column: string;
  readonly rowIndex: number;
  constructor(path: string, column: string, rowIndex: number) {
    super(`${path}: column ${column}, row ${rowIndex}: the cell holds no value`);
    this.path = path;
    this.column = column;
    this.rowIndex = rowIndex;
  }
}

/** Thrown when rows outside the table are asked for. */
export class RowOutOfRangeError extends CasacoreTableError {
  readonly _tag = "RowOutOfRange";
  readonly path: string;
  readonly rowStartIndex: number;
  readonly rowEndIndex: number;
  readonly rowCount: number;
  constructor(path: string, rowStartIndex: number, rowEndIndex: number, rowCount: number) {
    super(`${path}: rows [${rowStartIndex}, ${rowEndIndex}) asked for, but the table has ${rowCount} rows`);
    this.path = path;
    this.rowStartIndex = rowStartIndex;
    this.rowEndIndex = rowEndIndex;
    this.rowCount = rowCount;
  }
}

/** Thrown when a call does not fit the column: scalars of an array column, a buffer of the wrong type or length, unequal cell shapes. */
export class ColumnMismatchError extends CasacoreTableError {
  readonly _tag = "ColumnMismatch";
  readonly path: string;
  readonly column: string;
  readonly expected: string;
  readonly found: string;
  constructor(path: string, column: string, expected: string, found: string) {
    super(`${path}: column ${column}: expected ${expected}, found ${found}`);
    this.path = path;
    this.column = column;
    this.expected = expected;
    this.found = found;
  }
}

/** Thrown when the operating system refuses to open, read or write a file of a table; `cause` is its error. */
export class TableIoError extends CasacoreTableError {
  readonly _tag = "TableIo";
  readonly file: string;
  readonly action: string;
  constructor(file: string, action: string, cause: unknown) {
    super(`${file}: could not ${action}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.file = file;
    this.action = action;
  }
}

/** Thrown when a table cannot be written as asked: a value that does not fit its column, a target that exists already. */
export class TableWriteError extends CasacoreTableError {
  readonly _tag = "TableWrite";
  readonly path: string;
  readonly subject: string;
  readonly expected: string;
  readonly found: string;
  constructor(path: string, subject: string, expected: string, found: string, options?: ErrorOptions) {
    super(`${path}: ${subject}: expected ${expected}, found ${found}`, options);
    this.path = path;
    this.subject = subject;
    this.expected = expected;
    this.found = found;
  }
}

/** Thrown when a table is to be changed in place while another process has it open. */
export class TableInUseError extends CasacoreTableError {
  readonly _tag = "TableInUse";
  readonly path: string;
  readonly holder: string;
  constructor(path: string, holder: string) {
    super(`${path}: the table is in use by ${holder}`);
    this.path = path;
    this.holder = holder;
  }
}

/**
 * Tells whether a caught value is an error of this package, and when tags are given, one of those kinds.
 *
 * @param error any caught value
 * @param tags  kinds to accept; none: all
 */
export function isCasacoreTableError(error: unknown, ...tags: CasacoreTableErrorTag[]): error is CasacoreTableError {
  return error instanceof CasacoreTableError && (tags.length === 0 || tags.includes(error._tag));
}
