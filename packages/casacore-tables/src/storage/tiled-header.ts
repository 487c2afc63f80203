/** The header file of the tiled storage managers (`table.fN`): hypercubes, their tiles, and which rows are in which. Always big endian. */
import { AipsIoReader } from "../aipsio/reader.ts";
import { readRecord } from "../aipsio/record.ts";
import type { KeywordSet } from "../table/model.ts";

/** The four tiled managers, by their names in table.dat. */
export type TiledManagerType = "TiledColumnStMan" | "TiledShapeStMan" | "TiledCellStMan" | "TiledDataStMan";

/** One hypercube. The shape is empty while the cube is a placeholder (rows without values). */
export interface CubeHeader {
  readonly shape: readonly number[];
  readonly tileShape: readonly number[];
  /** Number of the tile file (`table.fN_TSM<fileNumber>`); -1: none. */
  readonly fileNumber: number;
  /** Where the tiles start in that file. */
  readonly offsetBytes: number;
  /** Coordinates and ids that all rows of the cube share. */
  readonly values: KeywordSet;
}

/**
 * Rows that lie one behind the other on the last axis of a cube: [rowStart, rowEnd) at `position` and on.
 */
export interface RowSegment {
  readonly rowStart: number;
  readonly rowEnd: number;
  readonly cubeIndex: number;
  readonly position: number;
}

export interface TiledHeader {
  readonly littleEndian: boolean;
  readonly rowCount: number;
  /** Type code of each data column of the manager. */
  readonly typeCodes: readonly number[];
  readonly hypercolumnName: string;
  readonly cubes: readonly CubeHeader[];
  /** Absent for TiledColumnStMan (all rows in cube 0) and TiledCellStMan (row i is cube i). */
  readonly segments?: readonly RowSegment[];
}

/** More axes than casacore arrays are made with. */
const maxAxisCount = 64;

/**
 * Parses the header file.
 *
 * @param rowCount rows of the table; the header must agree, as casacore demands it
 * @throws TableFormatError, UnsupportedFormatError
 */
export function parseTiledHeader(
  bytes: Uint8Array,
  file: string,
  type: TiledManagerType,
  rowCount: number,
): TiledHeader {
  const reader = new AipsIoReader(bytes, { file });
  const { version } = reader.openObject(type, type === "TiledDataStMan" ? 2 : 1);
  let header: TiledHeader;
  switch (type) {
    case "TiledColumnStMan":
    case "TiledCellStMan":
      reader.iposition(); // default tile shape
      header = readCommonHeader(reader, rowCount);
      break;
    case "TiledShapeStMan": {
      header = readCommonHeader(reader, rowCount);
      reader.iposition();
      const count = reader.u32();
      const lastRows = reader.blockOfCounts();
      const cubes = reader.blockOfCounts();
      const positions = reader.blockOfCounts();
      header = { ...header, segments: segmentsByLastRow(reader, header, count, lastRows, cubes, positions) };
      break;
    }
    case "TiledDataStMan": {
      header = readCommonHeader(reader, rowCount);
      const wide = version > 1;
      const lastRowCount = reader.count(wide);
      const count = wide ? undefined : reader.u32();
      const firstRows = reader.blockOfCounts(wide);
      const cubes = reader.blockOfCounts();
      const positions = reader.blockOfCounts();
      const used = count ?? firstRows.length;
      header = {
        ...header,
        segments: segmentsByFirstRow(reader, header, used, lastRowCount, firstRows, cubes, positions),
      };
      break;
    }
  }
  reader.closeObject();
  return header;
}

function readCommonHeader(reader: AipsIoReader, tableRowCount: number): TiledHeader {
  const { version } = reader.openObject("TiledStMan", 3);
  const littleEndian = version > 1 ? !reader.bool() : false;
  reader.u32(); // sequence number
  const rowCount = reader.count(version > 2);
  if (rowCount !== tableRowCount) throw reader.error("rows", `${tableRowCount}, as the table has`, `${rowCount}`);
  const columnCount = reader.u32();
  assertCount(reader, "data columns", columnCount, 4);
  const typeCodes: number[] = [];
  for (let i = 0; i < columnCount; i++) typeCodes.push(reader.i32());
  const hypercolumnName = reader.string();
  reader.u32(); // cache size
  reader.u32(); // axes of the hypercolumn
  const fileCount = reader.u32();
  assertCount(reader, "tile files", fileCount, 1);
  for (let i = 0; i < fileCount; i++) if (reader.bool()) skipTileFile(reader);
  const cubeCount = reader.u32();
  assertCount(reader, "hypercubes", cubeCount, 4);
  const cubes: CubeHeader[] = [];
  for (let i = 0; i < cubeCount; i++) cubes.push(readCube(reader));
  reader.closeObject();
  return { littleEndian, rowCount, typeCodes, hypercolumnName, cubes };
}

function assertCount(reader: AipsIoReader, what: string, count: number, bytesEach: number): void {
  if (count * bytesEach > reader.remainingBytes) {
    throw reader.error(what, `at most ${Math.floor(reader.remainingBytes / bytesEach)}`, `${count}`);
  }
}

function skipTileFile(reader: AipsIoReader): void {
  const version = reader.u32();
  if (version !== 1 && version !== 2) throw reader.error("version of a tile file", "1 or 2", `${version}`);
  reader.u32();
  reader.count(version > 1);
}

function readCube(reader: AipsIoReader): CubeHeader {
  const version = reader.i32();
  if (version !== 1 && version !== 2) throw reader.error("version of a hypercube", "1 or 2", `${version}`);
  const values = readRecord(reader, "Record");
  reader.bool(); // can be extended
  const axisCount = reader.u32();
  const shape = reader.iposition();
  const tileShape = reader.iposition();
  if (axisCount > maxAxisCount || shape.length !== tileShape.length) {
    throw reader.error(
      "shape of a hypercube",
      `at most ${maxAxisCount} axes, tiles alike`,
      `[${shape}], [${tileShape}]`,
    );
  }
  if (shape.some((length) => length < 0) || tileShape.some((length) => length < 1)) {
    throw reader.error("shape of a hypercube", "positive lengths", `[${shape}] in tiles of [${tileShape}]`);
  }
  const fileNumber = reader.i32();
  const offsetBytes = reader.count(version > 1);
  return { shape, tileShape, fileNumber, offsetBytes, values };
}

/** TiledShapeStMan notes for each run of rows its last row, and where that one is on the last axis. */
function segmentsByLastRow(
  reader: AipsIoReader,
  header: TiledHeader,
  count: number,
  lastRows: Float64Array,
  cubes: Float64Array,
  positions: Float64Array,
): RowSegment[] {
  assertMapLength(reader, count, lastRows, cubes, positions);
  const segments: RowSegment[] = [];
  let rowStart = 0;
  for (let i = 0; i < count; i++) {
    const rowEnd = (lastRows[i] as number) + 1;
    // Rows that would be before the start of the cube were never given a value: they are in the placeholder, cube 0.
    const cubeIndex = cubes[i] as number;
    const firstInCube = cubeIndex === 0 ? rowStart : Math.max(rowStart, rowEnd - 1 - (positions[i] as number));
    if (firstInCube > rowStart) segments.push({ rowStart, rowEnd: firstInCube, cubeIndex: 0, position: 0 });
    const position = (positions[i] as number) - (rowEnd - 1 - firstInCube);
    segments.push(checkSegment(reader, header, { rowStart: firstInCube, rowEnd, cubeIndex, position }));
    rowStart = rowEnd;
  }
  return segments;
}

/** TiledDataStMan notes the first row of each run. */
function segmentsByFirstRow(
  reader: AipsIoReader,
  header: TiledHeader,
  count: number,
  lastRowCount: number,
  firstRows: Float64Array,
  cubes: Float64Array,
  positions: Float64Array,
): RowSegment[] {
  assertMapLength(reader, count, firstRows, cubes, positions);
  const segments: RowSegment[] = [];
  for (let i = 0; i < count; i++) {
    const rowStart = firstRows[i] as number;
    const rowEnd = i + 1 < count ? (firstRows[i + 1] as number) : lastRowCount;
    if (i === 0 ? rowStart !== 0 : rowStart !== (segments[i - 1] as RowSegment).rowEnd) {
      throw reader.error("first row in the row map", "rows without gaps", `${rowStart}`);
    }
    const position = positions[i] as number;
    segments.push(checkSegment(reader, header, { rowStart, rowEnd, cubeIndex: cubes[i] as number, position }));
  }
  return segments;
}

function assertMapLength(reader: AipsIoReader, count: number, ...maps: Float64Array[]): void {
  const shortest = Math.min(...maps.map((map) => map.length));
  if (count > shortest) throw reader.error("entries of the row map", `at most ${shortest}`, `${count}`);
}

function checkSegment(reader: AipsIoReader, header: TiledHeader, segment: RowSegment): RowSegment {
  const { rowStart, rowEnd, cubeIndex, position } = segment;
  const cube = header.cubes[cubeIndex];
  if (rowEnd < rowStart || cube === undefined) {
    throw reader.error(
      "row map",
      `ascending rows and one of ${header.cubes.length} hypercubes`,
      `rows ${rowStart} to ${rowEnd} in hypercube ${cubeIndex}`,
    );
  }
  const last = cube.shape[cube.shape.length - 1];
  if (last !== undefined && (position < 0 || position + rowEnd - rowStart > last)) {
    throw reader.error(`rows ${rowStart} to ${rowEnd} in hypercube ${cubeIndex}`, `0 to ${last}`, `${position} and on`);
  }
  return segment;
}
