/** Reads rows of one column out of the tiles of a hypercube. */
import { TableFormatError } from "../errors.ts";
import { elementCount, type NumericType, numericLayouts } from "../table/data-types.ts";
import type { NumericArray } from "../table/model.ts";
import type { PagedReader } from "./byte-source.ts";
import { readBitsAt, readNumbersAt } from "./stored-column.ts";

/** What a tile holds of each data column: the columns follow each other. */
export interface TileLayout {
  /** Bytes of a whole tile. */
  readonly tileBytes: number;
  /** Where each column starts in a tile, in the order the columns were given. */
  readonly columnOffsetsBytes: readonly number[];
}

/**
 * Lays out a tile of `pixelCount` elements of each type.
 *
 * @param types of the data columns in the order of the hypercolumn. Columns with larger elements come first; among those
 *   with elements of one size the order is the reverse (found by experiment: casacore sorts so).
 */
export function layOutTile(types: readonly NumericType[], pixelCount: number): TileLayout {
  const bits = types.map((type) => (type === "bool" ? 1 : numericLayouts[type].elementBytes * 8));
  const order = types.map((_, index) => index).sort((a, b) => (bits[b] as number) - (bits[a] as number) || b - a);
  const columnOffsetsBytes = new Array<number>(types.length).fill(0);
  let tileBytes = 0;
  for (const index of order) {
    columnOffsetsBytes[index] = tileBytes;
    tileBytes += Math.ceil((pixelCount * (bits[index] as number)) / 8);
  }
  return { tileBytes, columnOffsetsBytes };
}

/** Tiles kept in memory, unpacked: as many as this allows, one at least. */
const tileCacheBytes = 32 << 20;

/** Runs shorter than this are copied by a loop: a call of `set` costs more. */
const shortRunLength = 32;

/** One data column of one hypercube. */
export interface TiledCubeInput {
  readonly pages: PagedReader;
  readonly columnName: string;
  readonly type: NumericType;
  /** The last axis is that of the rows. */
  readonly shape: readonly number[];
  readonly tileShape: readonly number[];
  /** Where the tiles start. */
  readonly offsetBytes: number;
  readonly tileBytes: number;
  readonly columnOffsetBytes: number;
}

export class TiledCubeColumn {
  readonly cellShape: readonly number[];
  /** Typed-array elements of one row. */
  readonly rowElementCount: number;
  private readonly input: TiledCubeInput;
  private readonly rowsPerTile: number;
  private readonly cellCount: number;
  /** Tiles along each axis of a cell. */
  private readonly tileCounts: readonly number[];
  private readonly tilesPerSlab: number;
  private readonly holdsWholeRows: boolean;
  private readonly isContiguous: boolean;
  private readonly tiles = new Map<number, NumericArray>();

  /** @throws TableFormatError when the file is too short for the cube */
  constructor(input: TiledCubeInput) {
    const { shape, tileShape, pages, type } = input;
    this.input = input;
    const rowAxis = shape.length - 1;
    const rowCount = shape[rowAxis] as number;
    this.cellShape = shape.slice(0, rowAxis);
    this.cellCount = elementCount(this.cellShape);
    this.rowElementCount = this.cellCount * numericLayouts[type].parts;
    this.rowsPerTile = tileShape[rowAxis] as number;
    this.tileCounts = this.cellShape.map((length, axis) => Math.ceil(length / (tileShape[axis] as number)));
    this.tilesPerSlab = elementCount(this.tileCounts);
    this.holdsWholeRows = this.cellShape.every((length, axis) => length === tileShape[axis]);
    const pixelCount = elementCount(tileShape);
    const bits = type === "bool" ? 1 : numericLayouts[type].elementBytes * 8;
    // Rows lie one behind the other, across tiles too, when a tile is nothing but whole rows of this column.
    this.isContiguous = this.holdsWholeRows && input.tileBytes * 8 === pixelCount * bits;
    const cubeBytes = Math.ceil(rowCount / this.rowsPerTile) * this.tilesPerSlab * input.tileBytes;
    if (input.offsetBytes + cubeBytes > pages.source.sizeBytes) {
      throw new TableFormatError(
        pages.source.name,
        `hypercube [${shape}] of column ${input.columnName} in tiles of [${tileShape}]`,
        `${input.offsetBytes + cubeBytes} bytes`,
        `a file of ${pages.source.sizeBytes}`,
      );
    }
  }

  /** Copies rows [positionStart, positionEnd) of the last axis, one behind the other. Positions are inside the cube. */
  readRows(positionStart: number, positionEnd: number, into: NumericArray, intoStart: number): void {
    if (this.cellCount === 0) return;
    if (this.isContiguous) {
      this.readStream(this.input.offsetBytes, positionStart, positionEnd, into, intoStart);
      return;
    }
    let at = intoStart;
    for (let row = positionStart; row < positionEnd; ) {
      const slab = Math.floor(row / this.rowsPerTile);
      const slabStart = slab * this.rowsPerTile;
      const end = Math.min(positionEnd, slabStart + this.rowsPerTile);
      if (this.holdsWholeRows) {
        this.readStream(this.tileOffset(slab), row - slabStart, end - slabStart, into, at);
      } else {
        this.readSlab(slab, row - slabStart, end - slabStart, into, at);
      }
      at += (end - row) * this.rowElementCount;
      row = end;
    }
  }

  /** Where this column starts in a tile. */
  private tileOffset(tile: number): number {
    return this.input.offsetBytes + tile * this.input.tileBytes + this.input.columnOffsetBytes;
  }

  /** Whole rows that follow each other in the file. */
  private readStream(offset: number, rowStart: number, rowEnd: number, into: NumericArray, at: number): void {
    const { pages, type, columnName } = this.input;
    const count = (rowEnd - rowStart) * this.cellCount;
    const skipped = rowStart * this.cellCount;
    if (type === "bool") {
      readBitsAt(pages, offset, skipped, count, into as Uint8Array, at, columnName);
    } else {
      const { elementBytes, parts } = numericLayouts[type];
      readNumbersAt(pages, offset + skipped * elementBytes, type, into, at, at + count * parts, columnName);
    }
  }

  /** Rows [rowStart, rowEnd) of the tiles that lie side by side across a cell. */
  private readSlab(slab: number, rowStart: number, rowEnd: number, into: NumericArray, intoStart: number): void {
    const { parts } = numericLayouts[this.input.type];
    const { tileShape } = this.input;
    const axisCount = this.cellShape.length + 1;
    const rowAxis = axisCount - 1;
    const targetShape = [...this.cellShape, rowEnd - rowStart];
    const tileAt = new Array<number>(axisCount).fill(0);
    for (let index = 0; index < this.tilesPerSlab; index++) {
      const tile = this.tile(slab * this.tilesPerSlab + index);
      // The part of the cells that is in this tile: a box in both arrays.
      const box: number[] = [];
      let targetStart = intoStart;
      let stride = parts;
      for (let axis = 0; axis < rowAxis; axis++) {
        const start = (tileAt[axis] as number) * (tileShape[axis] as number);
        box.push(Math.min(tileShape[axis] as number, (this.cellShape[axis] as number) - start));
        targetStart += start * stride;
        stride *= this.cellShape[axis] as number;
      }
      box.push(rowEnd - rowStart);
      const rowElements = parts * elementCount(tileShape.slice(0, rowAxis));
      copyBox(tile, rowStart * rowElements, tileShape, into, targetStart, targetShape, box, parts);
      for (let axis = 0; axis < rowAxis; axis++) {
        tileAt[axis] = (tileAt[axis] as number) + 1;
        if ((tileAt[axis] as number) < (this.tileCounts[axis] as number)) break;
        tileAt[axis] = 0;
      }
    }
  }

  /** A tile in memory, its bytes turned and its bits unpacked. */
  private tile(index: number): NumericArray {
    const cached = this.tiles.get(index);
    if (cached !== undefined) {
      this.tiles.delete(index);
      this.tiles.set(index, cached);
      return cached;
    }
    const { pages, type, tileShape, columnName } = this.input;
    const count = elementCount(tileShape) * numericLayouts[type].parts;
    const maxTiles = Math.max(1, Math.floor(tileCacheBytes / (count * numericLayouts[type].partBytes)));
    let values: NumericArray | undefined;
    if (this.tiles.size >= maxTiles) {
      const [oldest, reusable] = this.tiles.entries().next().value as [number, NumericArray];
      this.tiles.delete(oldest);
      values = reusable;
    }
    values ??= numericLayouts[type].create(count);
    const offset = this.tileOffset(index);
    if (type === "bool") readBitsAt(pages, offset, 0, count, values as Uint8Array, 0, columnName);
    else readNumbersAt(pages, offset, type, values, 0, count, columnName);
    this.tiles.set(index, values);
    return values;
  }
}

/**
 * Copies a box between two arrays in Fortran order; shapes count values, offsets typed-array elements. Floating-point
 * numbers are moved as words: as numbers, some NaN would change their bits.
 */
function copyBox(
  from: NumericArray,
  fromStart: number,
  fromShape: readonly number[],
  to: NumericArray,
  toStart: number,
  toShape: readonly number[],
  box: readonly number[],
  parts: number,
): void {
  const wordsPerPart = from.BYTES_PER_ELEMENT >= 4 ? from.BYTES_PER_ELEMENT / 4 : 1;
  const source = from.BYTES_PER_ELEMENT >= 4 ? wordsOf(from) : from;
  const target = to.BYTES_PER_ELEMENT >= 4 ? wordsOf(to) : to;
  const perValue = parts * wordsPerPart;
  // Leading axes that the box fills in both arrays make one run with the axis after them.
  let runAxis = 0;
  let run = (box[0] as number) * perValue;
  while (runAxis + 1 < box.length && box[runAxis] === fromShape[runAxis] && box[runAxis] === toShape[runAxis]) {
    runAxis++;
    run *= box[runAxis] as number;
  }
  const fromStrides: number[] = [];
  const toStrides: number[] = [];
  let fromStride = perValue;
  let toStride = perValue;
  for (let axis = 0; axis < box.length; axis++) {
    fromStrides.push(fromStride);
    toStrides.push(toStride);
    fromStride *= fromShape[axis] as number;
    toStride *= toShape[axis] as number;
  }
  const at = new Array<number>(box.length).fill(0);
  let sourceAt = fromStart * wordsPerPart;
  let targetAt = toStart * wordsPerPart;
  for (;;) {
    if (run < shortRunLength) for (let i = 0; i < run; i++) target[targetAt + i] = source[sourceAt + i] as never;
    else target.set(source.subarray(sourceAt, sourceAt + run) as never, targetAt);
    let axis = runAxis + 1;
    for (; axis < box.length; axis++) {
      at[axis] = (at[axis] as number) + 1;
      sourceAt += fromStrides[axis] as number;
      targetAt += toStrides[axis] as number;
      if ((at[axis] as number) < (box[axis] as number)) break;
      sourceAt -= (fromStrides[axis] as number) * (box[axis] as number);
      targetAt -= (toStrides[axis] as number) * (box[axis] as number);
      at[axis] = 0;
    }
    if (axis >= box.length) return;
  }
}

function wordsOf(numbers: NumericArray): Uint32Array {
  return new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.byteLength / 4);
}
