/** Tiled storage managers: where rows lie in the tile file, and the header beside it. */
import { writeRecord } from "../aipsio/record.ts";
import { AipsIoWriter } from "../aipsio/writer.ts";
import { codeOfType, elementCount, numericLayouts } from "../table/data-types.ts";
import type { ColumnDesc } from "../table/model.ts";
import type { TiledColumnPlan, TiledType } from "./tiled-plan.ts";

const targetTileBytes = 1 << 20;

/** One array in which cells of one shape lie, one after the other along its last axis. */
export interface Hypercube {
  readonly cellShape: readonly number[];
  readonly rowCount: number;
  readonly tileRowCount: number;
  readonly sizeBytes: number;
  /** Number in the name of the tile file, `table.f<n>_TSM<k>`. */
  readonly fileNumber: number;
}

/** Rows of a column of varying shape: row `lastRow` is at `lastPosition` of the cube, the rows before it in the cube before that. */
export interface RowSpan {
  readonly lastRow: number;
  readonly cubeIndex: number;
  readonly lastPosition: number;
}

/** Bits of one cell. */
export function cellBitCount(type: TiledType, cellShape: readonly number[]): number {
  return elementCount(cellShape) * (type === "bool" ? 1 : 8 * numericLayouts[type].elementBytes);
}

/**
 * Rows of a tile: as many as take about 1 MB, so that a tile is worth a disk access and a column of few rows is one tile.
 * Bool tiles have a multiple of 8 rows, as each tile of bits starts at a byte.
 */
export function tileRowCountOf(
  type: TiledType,
  cellShape: readonly number[],
  rowCount: number,
  wanted?: number,
): number {
  const bits = Math.max(1, cellBitCount(type, cellShape));
  const rows = Math.max(1, wanted ?? Math.min(Math.floor((8 * targetTileBytes) / bits), rowCount));
  return type === "bool" ? Math.ceil(rows / 8) * 8 : rows;
}

/** Describes the tile file of cells of one shape. */
export function planTiles(
  columnName: string,
  path: string,
  type: TiledType,
  cellShape: readonly number[],
  rowCount: number,
  options: { readonly tileRowCount?: number | undefined; readonly isLittleEndian: boolean },
): TiledColumnPlan {
  const tileRowCount = tileRowCountOf(type, cellShape, rowCount, options.tileRowCount);
  const rowBitCount = cellBitCount(type, cellShape);
  const sizeBytes = Math.ceil(rowCount / tileRowCount) * Math.ceil((tileRowCount * rowBitCount) / 8);
  return {
    columnName,
    path,
    type,
    cellShape: [...cellShape],
    rowValueCount: elementCount(cellShape),
    rowCount,
    tileRowCount,
    rowBitCount,
    sizeBytes,
    isLittleEndian: options.isLittleEndian,
  };
}

export interface TiledHeader {
  readonly manager: "TiledShapeStMan" | "TiledColumnStMan";
  readonly managerName: string;
  readonly sequenceNumber: number;
  readonly type: ColumnDesc["type"];
  readonly rowCount: number;
  /** Axes of a hypercube: those of a cell, and the rows. */
  readonly axisCount: number;
  readonly defaultTileShape: readonly number[];
  /** Cubes that have cells; TiledColumnStMan: one. */
  readonly cubes: readonly Hypercube[];
  /** TiledShapeStMan only. */
  readonly spans: readonly RowSpan[];
  readonly isLittleEndian: boolean;
}

/** The file `table.f<n>` of a tiled storage manager with one column. It is big endian in any table. */
export function serializeTiledHeader(header: TiledHeader): Uint8Array {
  const writer = new AipsIoWriter();
  writer.openObject(header.manager, 1);
  if (header.manager === "TiledColumnStMan") {
    writer.iposition(header.defaultTileShape);
    writeTiledStMan(writer, header);
  } else {
    writeTiledStMan(writer, header);
    writer.iposition(header.defaultTileShape);
    const isWide = header.rowCount > 0x7fffffff;
    if (isWide) throw new RangeError(`TiledShapeStMan: expected at most 2147483647 rows, found ${header.rowCount}`);
    writer.u32(header.spans.length);
    writer.blockOfCounts(header.spans.map((span) => span.lastRow));
    writer.blockOfCounts(header.spans.map((span) => span.cubeIndex));
    writer.blockOfCounts(header.spans.map((span) => span.lastPosition));
  }
  writer.closeObject();
  return writer.finish();
}

function writeTiledStMan(writer: AipsIoWriter, header: TiledHeader): void {
  const { cubes, isLittleEndian } = header;
  const hasDummy = header.manager === "TiledShapeStMan";
  writer.openObject("TiledStMan", isLittleEndian ? 2 : 1);
  if (isLittleEndian) writer.bool(false);
  writer.u32(header.sequenceNumber);
  writer.u32(header.rowCount);
  writer.u32(1);
  writer.i32(codeOfType(header.type));
  writer.string(header.managerName);
  writer.u32(0); // no limit to the cache
  writer.u32(header.axisCount);
  const fileCount = cubes.reduce((count, cube) => Math.max(count, cube.fileNumber + 1), hasDummy ? 1 : 0);
  writer.u32(fileCount);
  for (let number = 0; number < fileCount; number++) {
    const cube = cubes.find((one) => one.fileNumber === number);
    writer.bool(cube !== undefined);
    if (cube === undefined) continue;
    const isLong = cube.sizeBytes > 0x7fffffff;
    writer.u32(isLong ? 2 : 1);
    writer.u32(number);
    writer.count(cube.sizeBytes, isLong);
  }
  writer.u32(cubes.length + (hasDummy ? 1 : 0));
  if (hasDummy) writeCube(writer, [], [], -1, false);
  for (const cube of cubes) {
    const shape = [...cube.cellShape, cube.rowCount];
    writeCube(writer, shape, [...cube.cellShape, cube.tileRowCount], cube.fileNumber, true);
  }
  writer.closeObject();
}

function writeCube(
  writer: AipsIoWriter,
  shape: readonly number[],
  tileShape: readonly number[],
  fileNumber: number,
  isExtensible: boolean,
): void {
  writer.i32(1);
  writeRecord(writer, new Map(), "Record"); // no coordinates
  writer.bool(isExtensible);
  writer.u32(shape.length);
  writer.iposition(shape);
  writer.iposition(tileShape);
  writer.i32(fileNumber);
  writer.u32(0); // first byte in the file
}
