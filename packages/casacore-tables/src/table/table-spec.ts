/**
 * What a table is made of when it is written: its columns, and for each of them where the values come from.
 *
 * A `TableBuilder` writes into a directory that nobody else has open (a staging directory), in any order; the table
 * becomes readable by `finish`. Then `publishTable` moves it to its final name in one step.
 */
import type { TiledColumnPlan, TiledType } from "../storage/tiled-plan.ts";
import type { ArrayValue, ColumnDesc, KeywordSet, KeywordValue, NumericArray, ScalarValue } from "./model.ts";

/**
 * One cell as a caller gives it. An array column of one axis takes a plain list or typed array; of several axes, an
 * `{ shape, data }` with `shape` in casacore order (axis 0 fastest). `undefined` leaves an array cell without value.
 * Complex lists are interleaved re, im.
 */
export type CellInput =
  | ScalarValue
  | KeywordSet
  | NumericArray
  | readonly number[]
  | readonly boolean[]
  | readonly string[]
  | ShapedCell
  | ArrayValue
  | undefined;

/** An array cell with its shape in casacore order (axis 0 fastest). */
export interface ShapedCell {
  readonly shape: readonly number[];
  readonly data: NumericArray | readonly number[] | readonly boolean[] | readonly string[];
}

/** The same value in each row. Default storage: IncrementalStMan, a file of some kB for any number of rows. */
export interface ConstantContent {
  readonly kind: "constant";
  readonly value: CellInput;
}

/** Values that stay for many rows: `values[i]` holds from row `rowStarts[i]` to the next. Default storage: IncrementalStMan. */
export interface RunsContent {
  readonly kind: "runs";
  /** First row of each run; ascending, the first is 0. */
  readonly rowStarts: ArrayLike<number>;
  /** One value a run. A typed array for numeric scalars, else a list. */
  readonly values: ArrayLike<number> | BigInt64Array | readonly CellInput[];
}

/**
 * All values as one typed array: [row] for scalars, [row, ...cell] for arrays of one shape (`cellShape`, unless the
 * column has a fixed one); complex interleaved; bool one byte a value. Default storage: StandardStMan for scalars,
 * TiledColumnStMan for arrays with a fixed shape, else TiledShapeStMan. Strings: a list.
 */
export interface ValuesContent {
  readonly kind: "values";
  readonly values: NumericArray | readonly string[];
  readonly cellShape?: readonly number[];
}

/**
 * Values made when they are needed, some thousand rows at a time and in ascending order, so that the whole column is
 * never in memory. Storage as for `values`.
 */
export interface FillContent {
  readonly kind: "fill";
  /** Puts the values of rows rowStart … rowEnd (exclusive) into `out`, which has exactly their length. */
  fill(rowStart: number, rowEnd: number, out: NumericArray): void;
  readonly cellShape?: readonly number[];
}

/** One value a row, each array with its own shape or none. Default storage: StandardStMan. */
export interface CellsContent {
  readonly kind: "cells";
  readonly cells: readonly CellInput[];
}

/** Array cells without values. Default storage: StandardStMan. */
export interface UndefinedContent {
  readonly kind: "undefined";
}

export type ColumnContent =
  | ConstantContent
  | RunsContent
  | ValuesContent
  | FillContent
  | CellsContent
  | UndefinedContent;

/** Storage managers that are written. */
export type WritableManager = "StandardStMan" | "IncrementalStMan" | "TiledColumnStMan" | "TiledShapeStMan";

/**
 * Which storage manager takes a column. Columns with the same manager and name share its files; each column of a tiled
 * manager has its own.
 */
export interface StorageChoice {
  readonly manager: WritableManager;
  /** Name of the storage manager within the table, such as "TiledData". Default: the manager's type, or for tiled columns "Tiled" + the column name. */
  readonly name?: string;
  /** Rows of a tile; default: whole rows up to about 1 MB. For bool columns it is rounded up to a multiple of 8. */
  readonly tileRowCount?: number;
  /** Rows of one StandardStMan bucket. Default: as many as make a bucket of about 128 kB. */
  readonly bucketRowCount?: number;
}

/** A tiled column of one cell shape that the caller fills through its plan. */
export interface TiledColumnSpec {
  /** [corr, chan]: axis 0 fastest. */
  readonly cellShape: readonly number[];
  /** Default TiledShapeStMan; TiledColumnStMan for columns with a fixed shape. */
  readonly manager?: "TiledShapeStMan" | "TiledColumnStMan";
  readonly name?: string;
  readonly tileRowCount?: number;
}

export interface TableSpec {
  readonly rowCount: number;
  /** Name of the table description. Default "". */
  readonly descName?: string;
  readonly descVersion?: string;
  readonly descComment?: string;
  /** First two lines of table.info. Default both "". */
  readonly infoType?: string;
  readonly infoSubType?: string;
  /** Text of table.info after them. Default: none. */
  readonly infoReadme?: string;
  readonly keywords?: KeywordSet;
  /** What casacore keeps there: hypercolumns of tiled managers. Default: made from the tiled columns. */
  readonly privateKeywords?: KeywordSet;
  /** Byte order of the data. Default little; big is for tables that must look like old ones. */
  readonly byteOrder?: "little" | "big";
}

export interface FinishOptions {
  /** Brings every file and directory of the table to disk before the promise is fulfilled. Default false. */
  readonly isDurable?: boolean;
}

/** A table being written. Nothing of it is readable before `finish`. */
export interface TableBuilder {
  readonly path: string;
  readonly rowCount: number;
  /**
   * Adds a column. A description whose `dataManagerType` is empty gets that of the storage manager; another is kept.
   * Writes its values at once (StandardStMan and IncrementalStMan: at `finish`, as their columns share files).
   * The order of the calls is the order of the columns, unless `finish` is preceded by `orderColumns`.
   *
   * @throws TableWriteError when the name is taken, or content and description do not fit each other
   */
  addColumn(desc: ColumnDesc, content: ColumnContent, storage?: StorageChoice): void;
  /** Adds a tiled column whose rows the caller writes by `writeTiledRows`, from any thread, before `finish`. */
  addTiledColumn(desc: ColumnDesc & { readonly type: TiledType }, spec: TiledColumnSpec): TiledColumnPlan;
  hasColumn(name: string): boolean;
  /** Takes away a column that was added. Its files are deleted. */
  removeColumn(name: string): void;
  /** Columns named here come first, in this order. */
  orderColumns(names: readonly string[]): void;
  setKeyword(name: string, value: KeywordValue): void;
  setColumnKeyword(columnName: string, name: string, value: KeywordValue): void;
  /** A table inside this one, and the keyword that refers to it. Must be finished by its own `finish`. */
  addSubtable(name: string, spec: TableSpec): TableBuilder;
  /** Starts bringing the file of a tiled column to disk, when all its rows are written; `finish` waits for it. */
  startSync(columnName: string): void;
  /** Writes the files of all storage managers, table.dat, table.info and table.lock. The builder is used up then. */
  finish(options?: FinishOptions): Promise<void>;
  /** Closes all files and gives up. What was written stays for the caller to delete. Harmless after `finish`. */
  abandon(): void;
}
