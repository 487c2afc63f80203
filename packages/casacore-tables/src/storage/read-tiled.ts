/** Reads the tiled storage managers: columns of numeric arrays (or scalars) in hypercubes. */
import { TableFormatError } from "../errors.ts";
import { elementCount, type NumericType, numericLayouts, typeOfCode } from "../table/data-types.ts";
import type { ColumnDesc, KeywordSet, KeywordValue, NumericArray, ScalarValue } from "../table/model.ts";
import { type ByteSource, PagedReader, readPiece } from "./byte-source.ts";
import { findEqualShapeEnd, type ManagerReader, type StoredColumn, sameShape, wrongRead } from "./stored-column.ts";
import { layOutTile, TiledCubeColumn } from "./tiled-cube.ts";
import {
  type CubeHeader,
  parseTiledHeader,
  type RowSegment,
  type TiledHeader,
  type TiledManagerType,
} from "./tiled-header.ts";

/** A hypercolumn of the table description: which columns make up the data, coordinates and ids of the hypercubes. */
export interface HypercolumnDesc {
  readonly dataColumns: readonly string[];
  readonly coordinateColumns: readonly string[];
  readonly idColumns: readonly string[];
}

export interface TiledManagerInput {
  readonly type: TiledManagerType;
  readonly source: ByteSource;
  /** Rows the table has. */
  readonly rowCount: number;
  /** Names of the columns of this manager, in the order of the table description. */
  readonly columnNames: readonly string[];
  /** The description by name, from the private keywords of the table. */
  hypercolumn(name: string): HypercolumnDesc | undefined;
  /** Opens `table.fN_TSM<fileNumber>`. */
  openTileFile(fileNumber: number): ByteSource;
}

/** Reads `Hypercolumn_<name>` of a table's private keywords. */
export function hypercolumnFromKeywords(keywords: KeywordSet, name: string): HypercolumnDesc | undefined {
  const record = keywords.get(`Hypercolumn_${name}`);
  if (record?.kind !== "record") return undefined;
  const names = (field: string): readonly string[] => {
    const value = record.value.get(field);
    return value?.kind === "array" && value.value.type === "string" ? (value.value.data as readonly string[]) : [];
  };
  return { dataColumns: names("data"), coordinateColumns: names("coord"), idColumns: names("id") };
}

/** Opens a tiled manager. @throws TableFormatError, UnsupportedFormatError */
export function openTiledManager(input: TiledManagerInput): ManagerReader {
  return new TiledReader(input);
}

class TiledReader implements ManagerReader {
  private readonly input: TiledManagerInput;
  private readonly header: TiledHeader;
  private readonly dataColumns: readonly string[];
  private readonly tileFiles = new Map<number, PagedReader>();

  constructor(input: TiledManagerInput) {
    this.input = input;
    const bytes = readPiece(input.source, 0, input.source.sizeBytes, "header");
    this.header = parseTiledHeader(bytes, input.source.name, input.type, input.rowCount);
    const hypercolumn = input.hypercolumn(this.header.hypercolumnName);
    const notData = [...(hypercolumn?.coordinateColumns ?? []), ...(hypercolumn?.idColumns ?? [])];
    const bound = input.columnNames.filter((name) => !notData.includes(name));
    // Tiles hold the data columns in the order of the hypercolumn, where there is one.
    const ordered = (hypercolumn?.dataColumns ?? []).filter((name) => bound.includes(name));
    this.dataColumns = [...ordered, ...bound.filter((name) => !ordered.includes(name))];
  }

  openColumn(desc: ColumnDesc): StoredColumn {
    const dataIndex = this.dataColumns.indexOf(desc.name);
    const segments = this.header.segments ?? this.wholeSegments();
    if (dataIndex < 0) return new CubeValueColumn(desc, segments, this.header.cubes, this.input.source.name);
    const types = this.dataTypes();
    return new TiledDataColumn(desc.name, segments, (index) => this.openCube(desc, index, dataIndex, types));
  }

  private dataTypes(): NumericType[] {
    const { typeCodes } = this.header;
    const columnCount = this.input.columnNames.length;
    if (typeCodes.length !== columnCount) {
      throw new TableFormatError(this.input.source.name, "columns", `${columnCount}`, `${typeCodes.length}`);
    }
    // The codes stand in the order of the columns of the manager.
    return this.dataColumns.map((name) => {
      const code = typeCodes[this.input.columnNames.indexOf(name)] as number;
      const type = typeOfCode(code);
      if (type === undefined || type === "string") {
        throw new TableFormatError(this.input.source.name, `type of column ${name}`, "a numeric type", `${code}`);
      }
      return type;
    });
  }

  /** Without a row map: all rows in the one cube, or a cube for each row. */
  private wholeSegments(): RowSegment[] {
    const { rowCount, cubes } = this.header;
    if (this.input.type === "TiledCellStMan") {
      if (cubes.length < rowCount) {
        throw new TableFormatError(this.input.source.name, "hypercubes", `${rowCount}, one a row`, `${cubes.length}`);
      }
      const segments: RowSegment[] = [];
      for (let row = 0; row < rowCount; row++) {
        segments.push({ rowStart: row, rowEnd: row + 1, cubeIndex: row, position: 0 });
      }
      return segments;
    }
    if (rowCount === 0) return [];
    const shape = cubes[0]?.shape;
    const last = shape?.[shape.length - 1] ?? 0;
    if (shape !== undefined && shape.length > 0 && last < rowCount) {
      throw new TableFormatError(this.input.source.name, "rows of the hypercube", `${rowCount}`, `${last}`);
    }
    return [{ rowStart: 0, rowEnd: rowCount, cubeIndex: 0, position: 0 }];
  }

  /** The cube as a column sees it, or undefined for a placeholder. */
  private openCube(
    desc: ColumnDesc,
    cubeIndex: number,
    dataIndex: number,
    types: readonly NumericType[],
  ): TiledCubeColumn | undefined {
    const cube = this.header.cubes[cubeIndex];
    if (cube === undefined || cube.shape.length === 0 || cube.fileNumber < 0) return undefined;
    const type = types[dataIndex] as NumericType;
    if (type !== desc.type) {
      throw new TableFormatError(this.input.source.name, `type of column ${desc.name}`, desc.type, type);
    }
    const { tileBytes, columnOffsetsBytes } = layOutTile(types, elementCount(cube.tileShape));
    const isCell = this.input.type === "TiledCellStMan";
    return new TiledCubeColumn({
      pages: this.tileFile(cube.fileNumber),
      columnName: desc.name,
      type,
      shape: isCell ? [...cube.shape, 1] : cube.shape,
      tileShape: isCell ? [...cube.tileShape, 1] : cube.tileShape,
      offsetBytes: cube.offsetBytes,
      tileBytes,
      columnOffsetBytes: columnOffsetsBytes[dataIndex] as number,
    });
  }

  private tileFile(fileNumber: number): PagedReader {
    let pages = this.tileFiles.get(fileNumber);
    if (pages === undefined) {
      pages = new PagedReader(this.input.openTileFile(fileNumber), this.header.littleEndian);
      this.tileFiles.set(fileNumber, pages);
    }
    return pages;
  }

  close(): void {
    this.input.source.close();
    for (const pages of this.tileFiles.values()) pages.source.close();
  }
}

/** Finds the segment of a row, trying the one found last first; rows behind the last segment have none. */
class SegmentFinder {
  private readonly segments: readonly RowSegment[];
  private last: RowSegment | undefined;

  constructor(segments: readonly RowSegment[]) {
    this.segments = segments;
  }

  find(rowIndex: number): RowSegment | undefined {
    if (this.last !== undefined && rowIndex >= this.last.rowStart && rowIndex < this.last.rowEnd) return this.last;
    let low = 0;
    let high = this.segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.segments[middle] as RowSegment).rowEnd <= rowIndex) low = middle + 1;
      else high = middle;
    }
    const segment = this.segments[low];
    if (segment !== undefined) this.last = segment;
    return segment;
  }
}

/** A data column; rows in a placeholder cube, or behind the row map, hold no value. */
class TiledDataColumn implements StoredColumn {
  private readonly name: string;
  private readonly finder: SegmentFinder;
  private readonly openCube: (cubeIndex: number) => TiledCubeColumn | undefined;
  private readonly cubes = new Map<number, TiledCubeColumn | undefined>();

  constructor(
    name: string,
    segments: readonly RowSegment[],
    openCube: (cubeIndex: number) => TiledCubeColumn | undefined,
  ) {
    this.name = name;
    this.finder = new SegmentFinder(segments);
    this.openCube = openCube;
  }

  private cube(segment: RowSegment | undefined): TiledCubeColumn | undefined {
    if (segment === undefined) return undefined;
    if (!this.cubes.has(segment.cubeIndex)) this.cubes.set(segment.cubeIndex, this.openCube(segment.cubeIndex));
    return this.cubes.get(segment.cubeIndex);
  }

  shapeOf(rowIndex: number): readonly number[] | undefined {
    return this.cube(this.finder.find(rowIndex))?.cellShape;
  }

  equalShapeEnd(rowStart: number, rowEnd: number): number {
    const shape = this.shapeOf(rowStart);
    let row = rowStart;
    while (row < rowEnd) {
      const segment = this.finder.find(row);
      if (!sameShape(this.cube(segment)?.cellShape, shape)) break;
      row = segment === undefined ? rowEnd : segment.rowEnd;
    }
    return Math.min(row, rowEnd);
  }

  readNumbers(rowStart: number, rowEnd: number, into: NumericArray, intoStart: number): void {
    let at = intoStart;
    for (let row = rowStart; row < rowEnd; ) {
      const segment = this.finder.find(row);
      const cube = this.cube(segment);
      if (segment === undefined || cube === undefined) throw wrongRead(this.name, `value in row ${row}`);
      const end = Math.min(rowEnd, segment.rowEnd);
      const position = segment.position + row - segment.rowStart;
      cube.readRows(position, position + end - row, into, at);
      at += (end - row) * cube.rowElementCount;
      row = end;
    }
  }

  readStrings(): void {
    throw wrongRead(this.name, "strings");
  }
}

/**
 * A coordinate or id column: the values stand in the cubes' records. An id is one for all rows of a cube; so is a
 * coordinate array; a scalar coordinate runs along the row axis.
 */
class CubeValueColumn implements StoredColumn {
  private readonly desc: ColumnDesc;
  private readonly finder: SegmentFinder;
  private readonly cubes: readonly CubeHeader[];
  private readonly file: string;

  constructor(desc: ColumnDesc, segments: readonly RowSegment[], cubes: readonly CubeHeader[], file: string) {
    this.desc = desc;
    this.finder = new SegmentFinder(segments);
    this.cubes = cubes;
    this.file = file;
  }

  private value(rowIndex: number): { value: KeywordValue | undefined; position: number } {
    const segment = this.finder.find(rowIndex);
    if (segment === undefined) return { value: undefined, position: 0 };
    const value = this.cubes[segment.cubeIndex]?.values.get(this.desc.name);
    return { value, position: segment.position + rowIndex - segment.rowStart };
  }

  shapeOf(rowIndex: number): readonly number[] | undefined {
    if (this.desc.form === "scalar") return [];
    const { value } = this.value(rowIndex);
    return value?.kind === "array" ? value.value.shape : undefined;
  }

  equalShapeEnd(rowStart: number, rowEnd: number): number {
    return this.desc.form === "scalar" ? rowEnd : findEqualShapeEnd(this, rowStart, rowEnd);
  }

  readNumbers(rowStart: number, rowEnd: number, into: NumericArray, intoStart: number): void {
    let at = intoStart;
    for (let row = rowStart; row < rowEnd; row++) {
      for (const number of this.numbersOf(row)) into[at++] = number as never;
    }
  }

  private numbersOf(rowIndex: number): ArrayLike<number | bigint> & Iterable<number | bigint> {
    const { value, position } = this.value(rowIndex);
    if (value?.kind === "scalar") return numbersOfScalar(value.value);
    if (value?.kind === "array" && value.value.type !== "string") {
      const data = value.value.data as NumericArray;
      if (this.desc.form === "array") return data;
      const { parts } = numericLayouts[value.value.type as NumericType];
      const start = data.length === parts ? 0 : position * parts;
      if (start + parts <= data.length) return data.slice(start, start + parts);
    }
    throw this.missing(rowIndex, "a numeric value");
  }

  readStrings(rowStart: number, rowEnd: number, into: string[], intoStart: number): void {
    let at = intoStart;
    for (let row = rowStart; row < rowEnd; row++) {
      const { value, position } = this.value(row);
      if (value?.kind === "scalar" && typeof value.value === "string") into[at++] = value.value;
      else if (value?.kind === "array" && value.value.type === "string") {
        const list = value.value.data as readonly string[];
        const texts = this.desc.form === "array" ? list : [list[list.length === 1 ? 0 : position] ?? ""];
        for (const text of texts) into[at++] = text;
      } else throw this.missing(row, "a string");
    }
  }

  private missing(rowIndex: number, expected: string): TableFormatError {
    return new TableFormatError(this.file, `column ${this.desc.name}, hypercube of row ${rowIndex}`, expected, "none");
  }
}

function numbersOfScalar(value: ScalarValue): (number | bigint)[] {
  if (typeof value === "object") return [value.re, value.im];
  if (typeof value === "boolean") return [value ? 1 : 0];
  if (typeof value === "string") return [];
  return [value];
}
