/** What a Measurement Set (version 2) is made of when it is written. */
import type { TiledColumnPlan } from "../storage/tiled-plan.ts";
import type { KeywordValue } from "../table/model.ts";
import type {
  CellInput,
  ColumnContent,
  FinishOptions,
  StorageChoice,
  TableBuilder,
  TiledColumnSpec,
} from "../table/table-spec.ts";

/** Columns that every MAIN table has. */
export type RequiredMainColumn =
  | "UVW"
  | "FLAG"
  | "FLAG_CATEGORY"
  | "WEIGHT"
  | "SIGMA"
  | "ANTENNA1"
  | "ANTENNA2"
  | "ARRAY_ID"
  | "DATA_DESC_ID"
  | "EXPOSURE"
  | "FEED1"
  | "FEED2"
  | "FIELD_ID"
  | "FLAG_ROW"
  | "INTERVAL"
  | "OBSERVATION_ID"
  | "PROCESSOR_ID"
  | "SCAN_NUMBER"
  | "STATE_ID"
  | "TIME"
  | "TIME_CENTROID";

/** Columns that a MAIN table may have and that are written here. */
export type OptionalMainColumn =
  | "DATA"
  | "FLOAT_DATA"
  | "WEIGHT_SPECTRUM"
  | "SIGMA_SPECTRUM"
  | "MODEL_DATA"
  | "CORRECTED_DATA"
  | "IMAGING_WEIGHT";

export type MainColumn = RequiredMainColumn | OptionalMainColumn;

/** Subtables that every Measurement Set has. */
export type RequiredSubtable =
  | "ANTENNA"
  | "DATA_DESCRIPTION"
  | "FEED"
  | "FIELD"
  | "FLAG_CMD"
  | "HISTORY"
  | "OBSERVATION"
  | "POINTING"
  | "POLARIZATION"
  | "PROCESSOR"
  | "SPECTRAL_WINDOW"
  | "STATE";

export type OptionalSubtable = "DOPPLER" | "FREQ_OFFSET" | "SOURCE" | "SYSCAL" | "WEATHER";

export type Subtable = RequiredSubtable | OptionalSubtable;

/**
 * A row of a subtable: values by column name, in SI units and radians as the column's QuantumUnits say. A required
 * column that is left out gets 0, "", false or an array without value; an optional column of the standard exists when
 * some row names it.
 */
export type SubtableRow = Readonly<Record<string, CellInput>>;

export interface MeasurementSetSpec {
  /** Rows of MAIN. */
  readonly rowCount: number;
  /** Rows of the subtables. Required subtables that are left out are written without rows. */
  readonly subtables: { readonly [name in Subtable]?: readonly SubtableRow[] };
}

/** A Measurement Set being written into a staging directory. */
export interface MeasurementSetBuilder {
  readonly path: string;
  readonly rowCount: number;
  /** The MAIN table, for columns outside the standard. */
  readonly main: TableBuilder;
  /**
   * Gives a column of MAIN its values; comment, units and measure come from the standard. Scalars that never get a
   * value are 0 (false) in each row, FLAG_CATEGORY has no values; UVW, FLAG, WEIGHT, SIGMA, TIME must be given.
   * May be called at any time before `finish`, in any order.
   */
  setColumn(name: MainColumn, content: ColumnContent, storage?: StorageChoice): void;
  /** Declares a tiled column of MAIN that is written through its plan. */
  addTiledColumn(name: MainColumn, spec: TiledColumnSpec): TiledColumnPlan;
  setColumnKeyword(name: MainColumn, keyword: string, value: KeywordValue): void;
  /** Replaces the rows of a subtable, for what is known only when MAIN is written. */
  setSubtable(name: Subtable, rows: readonly SubtableRow[]): void;
  /** Sets a keyword of a subtable's column, such as another frame in MEASINFO. */
  setSubtableColumnKeyword(table: Subtable, columnName: string, keyword: string, value: KeywordValue): void;
  /** Starts bringing the file of a tiled column to disk; `finish` waits for it. */
  startSync(name: MainColumn): void;
  /**
   * Writes what is left: headers, subtables, table.dat, table.info and table.lock.
   *
   * @throws TableWriteError when a column that must be given is not
   */
  finish(options?: FinishOptions): Promise<void>;
  /** Closes all files and gives up. What was written stays for the caller to delete. Harmless after `finish`. */
  abandon(): void;
}
