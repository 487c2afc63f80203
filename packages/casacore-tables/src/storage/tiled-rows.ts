/** Writing rows of a tiled column through its plan, in the thread that called for it or in any other. */
import type { RowValues } from "./tiled-plan.ts";

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
