/** Writing rows of a tiled column through its plan, in the thread that called for it or in any other. */
import { numericLayouts } from "../table/data-types.ts";
import type { NumericArray } from "../table/model.ts";
import type { TableFile } from "../table/table-files.ts";
import { numberBytes } from "./cell-bytes.ts";
import { packFlags } from "./pack-flags.ts";
import {
  byteOffsetOfRow,
  type EncodedRows,
  elementCountOfRows,
  type RowValues,
  type TiledColumnPlan,
} from "./tiled-plan.ts";

/** An open tile file. Each thread opens its own. */
export interface TiledRowWriter {
  /**
   * Writes whole rows.
   *
   * @param rowStart  first row; for bool columns whose row is not a whole number of bytes, a multiple of 8
   * @param values  as many whole rows as there are: complex interleaved re, im; bool one byte a value, 0 or 1
   * @throws RangeError when the values are not whole rows, or lie outside the column
   */
  writeRows(rowStart: number, values: RowValues): void;
  /** fsync, in the background. */
  sync(): Promise<void>;
  close(): void;
}

/**
 * Rows as bytes and where they belong.
 *
 * @param scratch  where bits of bool columns are packed, if it is large enough; the result is then a view of it
 * @throws RangeError as `writeRows`
 */
export function encodeRows(
  plan: TiledColumnPlan,
  rowStart: number,
  values: NumericArray,
  scratch?: Uint8Array,
): EncodedRows {
  const expected = numericLayouts[plan.type].create(0);
  if (Object.getPrototypeOf(values) !== Object.getPrototypeOf(expected)) {
    throw new RangeError(
      `${plan.columnName}: expected a ${expected.constructor.name}, found a ${values.constructor.name}`,
    );
  }
  const perRow = elementCountOfRows(plan, 1);
  const rowCount = values.length / perRow;
  if (!Number.isInteger(rowCount)) {
    throw new RangeError(
      `${plan.columnName}: expected whole rows of ${perRow} numbers, found ${values.length} numbers`,
    );
  }
  const offsetBytes = byteOffsetOfRow(plan, rowStart);
  const rowEnd = rowStart + rowCount;
  if (rowEnd > plan.rowCount) {
    throw new RangeError(`${plan.columnName}: expected rows up to ${plan.rowCount}, found ${rowEnd}`);
  }
  if (plan.type !== "bool") return { offsetBytes, bytes: numberBytes(plan.type, values, plan.isLittleEndian) };
  if (rowEnd < plan.rowCount) byteOffsetOfRow(plan, rowEnd); // a shared last byte would undo the neighbour's bits
  const byteCount = Math.ceil(values.length / 8);
  const bytes =
    scratch !== undefined && scratch.length >= byteCount ? scratch.subarray(0, byteCount) : new Uint8Array(byteCount);
  packFlags(values as Uint8Array, bytes);
  return { offsetBytes, bytes };
}

/** Writes rows through an open file. */
export function tiledRowWriter(plan: TiledColumnPlan, file: TableFile): TiledRowWriter {
  let scratch = new Uint8Array(0);
  return {
    writeRows(rowStart, values) {
      if (plan.type === "bool" && scratch.length * 8 < values.length)
        scratch = new Uint8Array(Math.ceil(values.length / 8));
      const { bytes, offsetBytes } = encodeRows(plan, rowStart, values, scratch);
      if (bytes.length > 0) file.writeAt(bytes, offsetBytes);
    },
    sync: () => file.sync(),
    close: () => file.close(),
  };
}
