/**
 * Looks into Measurement Sets, calibration tables and any other casacore table, and says whether one is whole.
 * All results are plain records: SI units and radians, times as UTC seconds since MJD 0, array shapes with the axis that
 * varies fastest last (as numpy has them).
 */

/** A value of a cell or keyword as plain data: arrays nested, complex numbers as [re, im], NaN and infinities as null. */
export type PlainValue =
  | string
  | number
  | boolean
  | null
  | readonly PlainValue[]
  | { readonly [name: string]: PlainValue };

export type TableKind = "measurement-set" | "calibration-table" | "other-table";

/** What every table has. */
export interface TableIdentity {
  readonly path: string;
  readonly kind: TableKind;
  /** `Type` and `SubType` of table.info. */
  readonly infoType: string;
  readonly infoSubType: string;
  readonly sizeBytes: number;
  readonly rowCount: number;
  readonly columnNames: readonly string[];
  readonly subtableNames: readonly string[];
  /** What could not be shown, and why. */
  readonly notes: readonly string[];
}

export interface TimeRange {
  readonly startMjdSec: number;
  readonly endMjdSec: number;
}

export interface FlagCount {
  readonly flaggedCount: number;
  readonly valueCount: number;
}

export interface ObservationSummary {
  readonly telescope: string;
  readonly observer: string;
  readonly project: string;
}

/** One scan on one field: rows with the same SCAN_NUMBER, FIELD_ID, OBSERVATION_ID and ARRAY_ID. */
export interface ScanSummary {
  readonly observationIndex: number;
  readonly arrayIndex: number;
  readonly scanIndex: number;
  readonly fieldIndex: number;
  readonly fieldName: string;
  readonly time: TimeRange;
  readonly rowCount: number;
  readonly spwIndices: readonly number[];
  /** Mean INTERVAL. */
  readonly intervalSec: number;
}

export interface FieldSummary {
  readonly fieldIndex: number;
  readonly name: string;
  readonly code: string;
  /** PHASE_DIR at the field's own time. */
  readonly raRad: number;
  readonly decRad: number;
  /** Such as J2000, ICRS, APP. */
  readonly frame: string;
  readonly sourceIndex: number;
  readonly rowCount: number;
}

export interface SpwSummary {
  readonly spwIndex: number;
  readonly name: string;
  readonly chanCount: number;
  /** Such as TOPO, LSRK. */
  readonly frame: string;
  readonly firstChanHz: number;
  /** Of the first channel; negative when frequencies descend and the table says so. */
  readonly chanWidthHz: number;
  readonly totalHz: number;
  readonly centreHz: number;
  /** Correlations that DATA_DESCRIPTION pairs with it, in the order of the data. */
  readonly corrs: readonly string[];
  readonly rowCount: number;
  /** null when flags were not counted. */
  readonly flags: FlagCount | null;
}

export interface AntennaSummary {
  readonly antennaIndex: number;
  readonly name: string;
  readonly station: string;
  readonly diameterM: number;
  /** ITRF x, y, z as stored. */
  readonly positionM: readonly number[];
  /** WGS84, longitude east. */
  readonly longitudeRad: number;
  readonly latitudeRad: number;
  readonly altitudeM: number;
  /** Whether a row of the main table uses it. */
  readonly isUsed: boolean;
}

export interface BaselineSummary {
  readonly crossCount: number;
  readonly autoCount: number;
  /** Distances of the antennas of cross-correlations; null when there are none, or no positions. */
  readonly shortestM: number | null;
  readonly longestM: number | null;
}

export interface MsSummary extends TableIdentity {
  readonly kind: "measurement-set";
  readonly msVersionText: string;
  readonly observations: readonly ObservationSummary[];
  /** From the start of the first to the end of the last integration; null when there are no rows. */
  readonly time: TimeRange | null;
  readonly timeScale: string;
  readonly integrationCount: number;
  readonly scans: readonly ScanSummary[];
  readonly fields: readonly FieldSummary[];
  readonly spws: readonly SpwSummary[];
  readonly antennas: readonly AntennaSummary[];
  readonly baselines: BaselineSummary;
  /** null when not asked for, or not readable. */
  readonly flags: FlagCount | null;
}

/** Solutions of one field and spectral window. */
export interface SolutionSummary {
  readonly fieldIndex: number;
  readonly fieldName: string;
  readonly spwIndex: number;
  readonly rowCount: number;
  readonly time: TimeRange;
  readonly solutionTimeCount: number;
  readonly flags: FlagCount | null;
}

export interface CalTableSummary extends TableIdentity {
  readonly kind: "calibration-table";
  /** Such as `B Jones`. */
  readonly visCal: string;
  /** `Complex` or `Float`. */
  readonly parType: string;
  readonly polBasis: string;
  readonly msName: string;
  readonly casaVersionText: string;
  /** CPARAM or FPARAM, and the shape of its first cell: channels, receptors. */
  readonly parameterColumn: string;
  readonly parameterShape: readonly number[] | null;
  readonly observations: readonly ObservationSummary[];
  readonly time: TimeRange | null;
  readonly timeScale: string;
  readonly solutionTimeCount: number;
  readonly solutions: readonly SolutionSummary[];
  readonly fields: readonly FieldSummary[];
  readonly spws: readonly SpwSummary[];
  readonly antennas: readonly AntennaSummary[];
  readonly referenceAntennaIndices: readonly number[];
  readonly flags: FlagCount | null;
}

export interface OtherTableSummary extends TableIdentity {
  readonly kind: "other-table";
}

export type TableSummary = MsSummary | CalTableSummary | OtherTableSummary;

export interface KeywordEntry {
  readonly name: string;
  readonly type: string;
  readonly value: PlainValue;
}

export interface ColumnDescription {
  readonly name: string;
  /** casacore's name of the type: bool, int, double, complex, string … */
  readonly type: string;
  readonly form: "scalar" | "array";
  /** Of all cells when it is fixed, else of the first; null when neither is known. */
  readonly shape: readonly number[] | null;
  readonly hasFixedShape: boolean;
  /** The storage manager, such as TiledShapeStMan; "" for tables without data of their own. */
  readonly manager: string;
  /** Why its values cannot be read; null when they can. */
  readonly unreadableReason: string | null;
  readonly units: readonly string[];
  /** Such as `epoch UTC`, or `direction [RefDir_Ref]` for a reference in another column; null when it has none. */
  readonly measure: string | null;
  readonly comment: string;
  readonly keywords: readonly KeywordEntry[];
}

export interface SubtableDescription {
  readonly name: string;
  readonly path: string;
  /** null when it cannot be opened. */
  readonly rowCount: number | null;
  readonly problem: string | null;
}

export interface TableDescription extends TableIdentity {
  readonly columns: readonly ColumnDescription[];
  readonly keywords: readonly KeywordEntry[];
  readonly subtables: readonly SubtableDescription[];
}

/** One cell: its value, or why there is none. */
export type HeadCell =
  | {
      readonly kind: "value";
      readonly value: PlainValue;
      readonly shape: readonly number[];
      readonly isComplex: boolean;
      /** NaN and infinities among the values; they are null in `value`. */
      readonly nonFiniteCount: number;
    }
  | { readonly kind: "undefined" }
  | { readonly kind: "unreadable"; readonly reason: string };

export interface HeadRow {
  readonly rowIndex: number;
  /** One for each of `TableHead.columnNames`. */
  readonly cells: readonly HeadCell[];
}

export interface TableHead {
  readonly path: string;
  readonly rowCount: number;
  readonly columnNames: readonly string[];
  readonly rows: readonly HeadRow[];
}

export interface HeadOptions {
  readonly firstRowIndex: number;
  readonly rowCount: number;
  /** All columns when null. */
  readonly columnNames: readonly string[] | null;
}

export type Severity = "ok" | "warning" | "error";

export interface Finding {
  readonly severity: Severity;
  /** Stable name of what was looked at, such as `storage`, `ids`, `uvw`. */
  readonly check: string;
  readonly message: string;
}

export interface Verification {
  readonly path: string;
  readonly kind: TableKind;
  readonly rowCount: number;
  readonly findings: readonly Finding[];
}

/** @throws PipelineError INPUT_UNREADABLE when there is no table, TABLE_UNREADABLE when it cannot be read */
export interface MsInspector {
  /** @param countsFlags whether the flag column is gone through, with a few megabytes of memory */
  summarise(path: string, countsFlags: boolean): TableSummary;
  describeColumns(path: string): TableDescription;
  readHead(path: string, options: HeadOptions): TableHead;
  /** What can be looked at is looked at: damage is a finding, and only a table that cannot be opened throws. */
  verify(path: string): Verification;
}
