/** Writing a binary table: its header, its rows, its heap. */

import { FitsWriteError } from "../errors.ts";
import type { FitsCard } from "../header/card.ts";
import type { FitsHeader } from "../header/header.ts";
import type { FitsValue } from "../header/value.ts";
import { newHeader } from "../structure/new-header.ts";
import { type EncodedColumn, encodeFixedColumn, encodeVariableColumn } from "./encode-column.ts";
import type { TableSpec } from "./table-spec.ts";

/** A table ready to be written. */
export interface TablePlan {
  readonly header: FitsHeader;
  /** Hands out the bytes of data in order; each piece is valid until the next. */
  readonly write: (sink: (bytes: Uint8Array) => Promise<void>) => Promise<void>;
}

const BLOCK_BYTES = 1 << 20;

/** Encodes all columns in memory. @throws FitsWriteError as `addTable` */
export function writeTableData(spec: TableSpec, file: string, hduIndex: number): TablePlan {
  if (spec.columns.length > 999) {
    const place = `HDU ${hduIndex}, columns`;
    throw new FitsWriteError({ file, place, expected: "at most 999", found: `${spec.columns.length}` });
  }
  let heapBytes = 0;
  const columns: EncodedColumn[] = [];
  for (const column of spec.columns) {
    const at = { file, place: `HDU ${hduIndex}, column ${column.name}` };
    const encoded =
      column.kind === "variable"
        ? encodeVariableColumn(column, spec.rowCount, heapBytes, at)
        : encodeFixedColumn(column, spec.rowCount, at);
    heapBytes += encoded.heap.reduce((sum, bytes) => sum + bytes.length, 0);
    columns.push(encoded);
  }
  const rowBytes = columns.reduce((sum, column) => sum + column.rowBytes, 0);
  const header = newHeader(
    {
      isFirst: false,
      extension: "BINTABLE",
      stored: "uint8",
      shape: [rowBytes, spec.rowCount],
      name: spec.name ?? "",
      heapBytes,
    },
    spec.header,
    file,
    columnCards(spec, columns),
  );
  return {
    header,
    async write(sink) {
      await writeRows(columns, rowBytes, spec.rowCount, sink);
      for (const { heap } of columns) for (const bytes of heap) await sink(bytes);
    },
  };
}

function columnCards(spec: TableSpec, encoded: readonly EncodedColumn[]): readonly FitsCard[] {
  const cards: FitsCard[] = [card("TFIELDS", encoded.length)];
  for (const [index, { form, dimensions, scaling }] of encoded.entries()) {
    const { name, unit, display } = spec.columns[index]!;
    const number = index + 1;
    if (name !== "") cards.push(card(`TTYPE${number}`, name));
    cards.push(card(`TFORM${number}`, form));
    if (unit !== undefined && unit !== "") cards.push(card(`TUNIT${number}`, unit));
    if (dimensions !== "") cards.push(card(`TDIM${number}`, dimensions));
    if (display !== undefined) cards.push(card(`TDISP${number}`, display));
    if (scaling.blank !== undefined) cards.push(card(`TNULL${number}`, scaling.blank));
    if (scaling.bscale !== 1 || Number(scaling.bzero) !== 0) {
      cards.push(card(`TSCAL${number}`, scaling.bscale, scaling.bscale !== 1));
      cards.push(card(`TZERO${number}`, scaling.bzero));
    }
  }
  return cards;
}

function card(keyword: string, value: FitsValue, isReal = false): FitsCard {
  return { keyword, value, comment: "", isReal };
}

async function writeRows(
  columns: readonly EncodedColumn[],
  rowBytes: number,
  rowCount: number,
  sink: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  if (rowBytes === 0) return;
  const blockRows = Math.max(1, Math.min(rowCount, Math.floor(BLOCK_BYTES / rowBytes)));
  const block = new Uint8Array(blockRows * rowBytes);
  for (let row = 0; row < rowCount; row += blockRows) {
    const blockEnd = Math.min(rowCount, row + blockRows);
    let columnStart = 0;
    for (const { bytes, rowBytes: width } of columns) {
      let from = row * width;
      for (let into = columnStart; into < (blockEnd - row) * rowBytes; into += rowBytes) {
        for (let byte = 0; byte < width; byte++) block[into + byte] = bytes[from++]!;
      }
      columnStart += width;
    }
    await sink(block.subarray(0, (blockEnd - row) * rowBytes));
  }
}
