/** Changing a table that exists. */
import type { TiledColumnPlan, TiledType } from "../storage/tiled-plan.ts";
import type { ColumnDesc, KeywordValue, NumericArray } from "./model.ts";
import type { ColumnContent, FinishOptions, StorageChoice, TiledColumnSpec } from "./table-spec.ts";

export interface UpdateOptions {
  /**
   * Go on when another process has the table open. Its reads may then mix old and new values until `finish` has raised
   * the counters by which casacore notices changes. Default: refuse.
   */
  readonly mayBeOpenElsewhere?: boolean;
}

/**
 * A table being changed in place. Values of existing columns change at once; added columns appear with `finish`, which also
 * tells other processes. A process that dies before leaves the table readable, with some values changed.
 */
export interface TableUpdate {
  readonly path: string;
  readonly rowCount: number;
  /**
   * Adds a column with a storage manager of its own.
   *
   * @throws TableWriteError when the name is taken, or content and description do not fit each other
   */
  addColumn(desc: ColumnDesc, content: ColumnContent, storage?: StorageChoice): void;
  /** Adds a tiled column that is written through its plan, by any thread, before `finish`. It is zero where nothing is written. */
  addTiledColumn(desc: ColumnDesc & { readonly type: TiledType }, spec: TiledColumnSpec): TiledColumnPlan;
  /**
   * Overwrites cells of a tiled column, of whatever tile shape and byte order.
   *
   * @param values  the cells from `rowStart` on, one behind the other, each whole and of the shape it has; complex interleaved,
   *                bool 0 or 1
   * @throws TableWriteError when the column is not tiled, shares its tiles with other columns, or cells have no value or
   *         another shape; nothing is written then
   */
  updateTiledRows(columnName: string, rowStart: number, values: NumericArray): void;
  /**
   * Overwrites values of a numeric scalar column of StandardStMan or IncrementalStMan, or arrays stored with the scalars of
   * the former. The file of an IncrementalStMan is written again as a whole.
   *
   * @throws TableWriteError for other columns
   */
  updateScalars(columnName: string, rowStart: number, values: NumericArray): void;
  /**
   * Gives a column another name; its values stay where they are.
   *
   * @throws TableWriteError when there is no such column, the other name is taken, or the column is being added
   */
  renameColumn(name: string, otherName: string): void;
  /**
   * Takes a column away that has its storage manager for itself; the files of it are deleted by `finish`.
   *
   * @throws TableWriteError when there is no such column, it shares its storage, or is being added
   */
  removeColumn(name: string): void;
  /** Sets a keyword of the table. */
  setKeyword(name: string, value: KeywordValue): void;
  setColumnKeyword(columnName: string, name: string, value: KeywordValue): void;
  /** Writes table.dat, if it has changed, and raises the counters in table.lock. The update is used up then. */
  finish(options?: FinishOptions): Promise<void>;
  /** Closes all files and deletes those of added columns. Values changed in place stay changed. Harmless after `finish`. */
  abandon(): void;
}
