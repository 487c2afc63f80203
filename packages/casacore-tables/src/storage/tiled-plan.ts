/**
 * Where the rows of a tiled column lie in its file, as plain data that can be sent to worker threads.
 *
 * Tiles hold whole rows, so the tile file is one row after the other and any thread may write any range of rows
 * at the offset computed here, without a lock. Nothing else in a table has to know in which order that happened.
 */
import type { DataType, NumericArray } from "../table/model.ts";

/** Types of which a tile can be made. */
export type TiledType = Exclude<DataType, "record" | "string">;

/** Where the rows of one tiled column lie. Structured-cloneable; made by `TableBuilder.addTiledColumn`. */
export interface TiledColumnPlan {
  readonly columnName: string;
  /** The tile file. It exists when the plan is handed out, and grows as rows are written; what is not written is zero. */
  readonly path: string;
  readonly type: TiledType;
  /** Shape of one cell in casacore order, axis 0 fastest: [corr, chan] for DATA. */
  readonly cellShape: readonly number[];
  /** Values of one row: the product of `cellShape`. A complex value counts once. */
  readonly rowValueCount: number;
  /** Rows of the column that lie in this file. */
  readonly rowCount: number;
  /** Rows of one tile. For bool a multiple of 8, so that a tile ends at a byte. */
  readonly tileRowCount: number;
  /** Bits of one row: 1 a value for bool, else 8 × the size of the type. */
  readonly rowBitCount: number;
  /** Size of the file when it is complete: whole tiles, the last one filled up. */
  readonly sizeBytes: number;
  readonly isLittleEndian: boolean;
}

/** Elements of the typed array that hold the values of `rowCount` rows: twice as many numbers for complex types. */
export function elementCountOfRows(plan: TiledColumnPlan, rowCount: number): number {
  const perValue = plan.type === "complex" || plan.type === "dcomplex" ? 2 : 1;
  return rowCount * plan.rowValueCount * perValue;
}

/**
 * First byte of a row in the tile file.
 *
 * @throws RangeError when `rowIndex` is outside the file, or the row of a bool column does not start at a byte
 */
export function byteOffsetOfRow(plan: TiledColumnPlan, rowIndex: number): number {
  if (!Number.isInteger(rowIndex) || rowIndex < 0 || rowIndex > plan.rowCount) {
    throw new RangeError(`row of ${plan.columnName}: expected 0 … ${plan.rowCount}, found ${rowIndex}`);
  }
  const bit = rowIndex * plan.rowBitCount;
  if (bit % 8 !== 0) {
    throw new RangeError(
      `row ${rowIndex} of ${plan.columnName} does not start at a byte; start at a multiple of 8 rows`,
    );
  }
  return bit / 8;
}

/** Rows as they are to be written: `bytes` at `offsetBytes` of the tile file. */
export interface EncodedRows {
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
}

/** Values of rows, in the element type of the column; bool as one byte a value, 0 or 1. */
export type RowValues = NumericArray;
