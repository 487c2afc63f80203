/** Where a row of a tiled column is: which hypercube, and where in it. */
import type { TiledHeader, TiledManagerType } from "./tiled-header.ts";

/** A row, and those behind it that follow it in the same hypercube. */
export interface TiledPlace {
  /** Shape of the hypercube and its tiles, the last axis that of the rows. */
  readonly shape: readonly number[];
  readonly tileShape: readonly number[];
  readonly fileNumber: number;
  /** Where the tiles start in the file. */
  readonly offsetBytes: number;
  /** Of the row on the last axis. */
  readonly position: number;
  readonly rowCount: number;
}

/** @returns undefined when the row is not in the table, or its cell holds no value */
export function placeOfRow(
  header: TiledHeader,
  type: TiledManagerType,
  row: number,
  tableRowCount: number,
): TiledPlace | undefined {
  if (!(Number.isInteger(row) && row >= 0 && row < tableRowCount)) return undefined;
  const isCell = type === "TiledCellStMan";
  const segment = isCell
    ? { rowStart: row, rowEnd: row + 1, cubeIndex: row, position: 0 }
    : header.segments === undefined
      ? { rowStart: 0, rowEnd: tableRowCount, cubeIndex: 0, position: 0 }
      : header.segments.find((one) => row >= one.rowStart && row < one.rowEnd);
  const cube = segment === undefined ? undefined : header.cubes[segment.cubeIndex];
  if (segment === undefined || cube === undefined || cube.fileNumber < 0 || cube.shape.length === 0) return undefined;
  return {
    shape: isCell ? [...cube.shape, 1] : cube.shape,
    tileShape: isCell ? [...cube.tileShape, 1] : cube.tileShape,
    fileNumber: cube.fileNumber,
    offsetBytes: cube.offsetBytes,
    position: segment.position + row - segment.rowStart,
    rowCount: segment.rowEnd - row,
  };
}
