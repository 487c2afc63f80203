/** Binary tables: columns read whole or over a range of rows. FITS standard 4.0, 7.3. */
import { type AsyncByteSource, assertInside, ReadBuffer } from "../bytes/byte-source.ts";
import { FitsCorruptError, FitsMissingError, FitsUnsupportedError } from "../errors.ts";
import type { FitsHeader } from "../header/header.ts";
import { assertMemory } from "../image/region.ts";
import type { HduLayout } from "../structure/hdu.ts";
import { describeColumns, type TableColumn } from "./column.ts";
import { type ColumnValues, decodeColumn } from "./column-values.ts";
import { readCells } from "./heap.ts";

/** A column as it is read: values of all cells, or for variable-length columns those of each. */
export type ColumnData =
  | (ColumnValues & { readonly cellShape: readonly number[] })
  | { readonly kind: "variable"; readonly cells: readonly ColumnValues[] };

export interface ReadColumnOptions {
  readonly rowStart?: number;
  readonly rowEnd?: number; // exclusive
  /** More than this is refused before it is allocated. Default 8 GiB. */
  readonly maxBytes?: number;
}

/** What `BinTable` needs to know of an HDU. */
export interface TableHdu {
  readonly index: number;
  readonly header: FitsHeader;
  readonly layout: HduLayout;
  readonly source: AsyncByteSource;
  readonly dataStartByte: number;
}

const DEFAULT_MAX_BYTES = 2 ** 33;
const FETCH_BYTES = 1 << 20;

/**
 * A binary table.
 *
 * Numbers come as they are stored, as the unsigned type of their convention, or as float64 where TSCAL or TZERO apply, with NaN
 * for TNULL; without scaling nulls stand as they are, as `column.scaling.blank` says.
 */
export class BinTable {
  readonly header: FitsHeader;
  readonly columns: readonly TableColumn[];
  readonly rowCount: number;
  readonly #hdu: TableHdu;
  readonly #rowBytes: number;

  /** @throws FitsUnsupportedError when the HDU is no binary table; FitsCorruptError, FitsMissingError, FitsLimitError */
  constructor(hdu: TableHdu) {
    const { header, layout, source, index } = hdu;
    if (layout.kind !== "bintable") {
      const fields = {
        file: source.name,
        place: `HDU ${index}`,
        expected: "a binary table",
        found: `a ${layout.kind}`,
      };
      throw new FitsUnsupportedError(fields);
    }
    if (layout.shape.length !== 2 || layout.bitpix !== 8) {
      const found = `BITPIX = ${layout.bitpix}, NAXIS = ${layout.shape.length}`;
      const fields = { file: source.name, place: header.placeOf("NAXIS"), expected: "BITPIX = 8, NAXIS = 2", found };
      throw new FitsCorruptError(fields);
    }
    this.header = header;
    this.#hdu = hdu;
    this.#rowBytes = layout.shape[0]!;
    this.rowCount = layout.shape[1]!;
    this.columns = describeColumns(header, this.#rowBytes);
  }

  /** By name, in which capitals do not count unless two names differ in them, or by number from 0. @throws FitsMissingError */
  column(which: string | number): TableColumn {
    const { columns } = this;
    const found =
      typeof which === "number"
        ? columns[which]
        : (columns.find(({ name }) => name === which) ??
          columns.find(({ name }) => name.toUpperCase() === which.toUpperCase()));
    if (found !== undefined) return found;
    const { source, index } = this.#hdu;
    const names = columns.map(({ name }) => name).join(", ");
    throw new FitsMissingError({ file: source.name, place: `HDU ${index}`, expected: `column ${which}`, found: names });
  }

  /** @throws as `readColumns` */
  async readColumn(which: string | number, options: ReadColumnOptions = {}): Promise<ColumnData> {
    const [data] = await this.readColumns([which], options);
    return data!;
  }

  /**
   * Reads columns in one pass over the rows.
   *
   * @throws FitsMissingError, FitsTruncatedError, FitsLimitError, FitsCorruptError; RangeError for rows that are not there
   */
  async readColumns(
    which: readonly (string | number)[],
    options: ReadColumnOptions = {},
  ): Promise<readonly ColumnData[]> {
    const { rowStart = 0, rowEnd = this.rowCount, maxBytes = DEFAULT_MAX_BYTES } = options;
    if (!(rowStart >= 0 && rowStart <= rowEnd && rowEnd <= this.rowCount)) {
      throw new RangeError(`expected rows within 0 to ${this.rowCount}, found ${rowStart} to ${rowEnd}`);
    }
    const columns = which.map((one) => this.column(one));
    for (const column of columns) this.#assertReadable(column);
    const { source, index, dataStartByte } = this.#hdu;
    const rowCount = rowEnd - rowStart;
    const wantedBytes = columns.reduce((sum, { format }) => sum + format.rowBytes, 0);
    assertMemory(rowCount * wantedBytes, 8, 8 * maxBytes, source.name, `HDU ${index}, columns`);
    const endByte = dataStartByte + rowEnd * this.#rowBytes;
    assertInside(source, dataStartByte + rowStart * this.#rowBytes, endByte, `HDU ${index}, rows`);
    const gathered = columns.map(({ format }) => new Uint8Array(rowCount * format.rowBytes));
    await this.#gather(columns, gathered, rowStart, rowEnd);
    const data: ColumnData[] = [];
    for (const [at, column] of columns.entries()) {
      data.push(await this.#decode(column, gathered[at]!, rowStart, rowCount, maxBytes));
    }
    return data;
  }

  async #gather(
    columns: readonly TableColumn[],
    gathered: readonly Uint8Array[],
    rowStart: number,
    rowEnd: number,
  ): Promise<void> {
    const { source, index, dataStartByte } = this.#hdu;
    const rowBytes = this.#rowBytes;
    if (rowBytes === 0) return;
    const buffer = new ReadBuffer(source);
    const blockRows = Math.max(1, Math.floor(FETCH_BYTES / rowBytes));
    for (let row = rowStart; row < rowEnd; row += blockRows) {
      const blockEnd = Math.min(rowEnd, row + blockRows);
      const place = `HDU ${index}, rows ${row} to ${blockEnd}`;
      const bytes = await buffer.read(dataStartByte + row * rowBytes, dataStartByte + blockEnd * rowBytes, place);
      for (const [at, { rowStartByte, format }] of columns.entries()) {
        const out = gathered[at]!;
        const width = format.rowBytes;
        let into = (row - rowStart) * width;
        for (let from = rowStartByte; from < bytes.length; from += rowBytes) {
          for (let byte = 0; byte < width; byte++) out[into++] = bytes[from + byte]!;
        }
      }
    }
  }

  async #decode(
    column: TableColumn,
    bytes: Uint8Array,
    rowStart: number,
    rowCount: number,
    maxBytes: number,
  ): Promise<ColumnData> {
    const { source, index, dataStartByte, layout, header } = this.#hdu;
    if (column.format.descriptor === undefined) {
      return { ...decodeColumn(column, bytes, rowCount), cellShape: column.cellShape };
    }
    const rowsBytes = this.#rowBytes * this.rowCount;
    const heapAtByte = header.integer("THEAP") ?? rowsBytes;
    if (heapAtByte < rowsBytes || heapAtByte > layout.dataBytes) {
      const fields = { file: source.name, place: header.placeOf("THEAP"), found: String(heapAtByte) };
      throw new FitsCorruptError({ ...fields, expected: `${rowsBytes} to ${layout.dataBytes}` });
    }
    const heap = {
      source,
      startByte: dataStartByte + heapAtByte,
      byteCount: layout.dataBytes - heapAtByte,
      place: `HDU ${index}, column ${column.name || column.index + 1}`,
    };
    return { kind: "variable", cells: await readCells(column, bytes, rowStart, rowCount, heap, maxBytes) };
  }

  #assertReadable({ kind, scaling, name, index }: TableColumn): void {
    if (kind !== "complex" || (scaling.bscale === 1 && Number(scaling.bzero) === 0)) return;
    const place = `HDU ${this.#hdu.index}, column ${name || index + 1}`;
    const found = `TSCAL = ${scaling.bscale}, TZERO = ${scaling.bzero}`;
    throw new FitsUnsupportedError({ file: this.#hdu.source.name, place, expected: "complex values unscaled", found });
  }
}
