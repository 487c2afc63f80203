/** Changes rows of a tiled column in its file: straight where tiles hold nothing but whole rows, else tile by tile. */
import { hostIsLittleEndian, swapBytes, unpackBits } from "../aipsio/byte-order.ts";
import { elementCount, type NumericLayout, type NumericType, numericLayouts } from "../table/data-types.ts";
import type { NumericArray } from "../table/model.ts";
import type { TableFile } from "../table/table-files.ts";
import { numberBytes } from "./cell-bytes.ts";
import { packFlags } from "./pack-flags.ts";
import { layOutTile } from "./tiled-cube.ts";

/** The one data column of a hypercube, as far as writing needs to know it. */
export interface CubeTarget {
  readonly file: TableFile;
  readonly type: NumericType;
  readonly isLittleEndian: boolean;
  /** The last axis is that of the rows. */
  readonly shape: readonly number[];
  readonly tileShape: readonly number[];
  /** Where the tiles start in the file. */
  readonly offsetBytes: number;
}

/**
 * Overwrites rows [positionStart, positionStart + n) of the last axis.
 *
 * @param values  whole cells, one behind the other
 */
export function updateCubeRows(target: CubeTarget, positionStart: number, values: NumericArray): void {
  const cellShape = target.shape.slice(0, -1);
  const parts = numericLayouts[target.type].parts;
  const perRow = elementCount(cellShape) * parts;
  const positionEnd = positionStart + values.length / perRow;
  const rowsPerTile = target.tileShape.at(-1) as number;
  const tileBytes = layOutTile([target.type], elementCount(target.tileShape)).tileBytes;
  const holdsWholeRows = cellShape.every((length, axis) => length === target.tileShape[axis]);
  for (let position = positionStart; position < positionEnd; ) {
    const slab = Math.floor(position / rowsPerTile);
    const end = Math.min(positionEnd, (slab + 1) * rowsPerTile);
    const some = values.subarray((position - positionStart) * perRow, (end - positionStart) * perRow);
    if (holdsWholeRows) {
      const tile = target.offsetBytes + slab * tileBytes;
      const elementStart = (position - slab * rowsPerTile) * (perRow / parts);
      writeElementsAt(target.file, target.type, target.isLittleEndian, tile, elementStart, some);
    } else updateSlab(target, tileBytes, slab, position - slab * rowsPerTile, some);
    position = end;
  }
}

/** Overwrites elements that follow each other; for bool the bits around them stay. */
export function writeElementsAt(
  file: TableFile,
  type: NumericType,
  isLittleEndian: boolean,
  startBytes: number,
  elementStart: number,
  values: NumericArray,
): void {
  if (type !== "bool") {
    const offset = startBytes + elementStart * numericLayouts[type].elementBytes;
    file.writeAt(numberBytes(type, values, isLittleEndian), offset);
    return;
  }
  const firstByte = startBytes + Math.floor(elementStart / 8);
  const lead = elementStart % 8;
  const byteCount = Math.ceil((lead + values.length) / 8);
  const flags = new Uint8Array(byteCount * 8);
  if (lead > 0 || values.length % 8 !== 0) {
    const packed = new Uint8Array(byteCount);
    file.readAt(packed, firstByte);
    unpackBits(packed, 0, flags.length, flags, 0);
  }
  flags.set(values as Uint8Array, lead);
  const packed = new Uint8Array(byteCount);
  packFlags(flags, packed);
  file.writeAt(packed, firstByte);
}

/** Rows that lie in several tiles side by side: each tile is read, changed and written. */
function updateSlab(
  target: CubeTarget,
  tileBytes: number,
  slab: number,
  rowInTile: number,
  values: NumericArray,
): void {
  const { shape, tileShape, type } = target;
  const layout = numericLayouts[type];
  const cellShape = shape.slice(0, -1);
  const cellCount = elementCount(cellShape);
  const rowCount = values.length / (cellCount * layout.parts);
  const tileCounts = cellShape.map((length, axis) => Math.ceil(length / (tileShape[axis] as number)));
  const tilesPerSlab = elementCount(tileCounts);
  const tileElements = elementCount(tileShape);
  const tileCellCount = elementCount(tileShape.slice(0, -1));
  for (let i = 0; i < tilesPerSlab; i++) {
    const start = target.offsetBytes + (slab * tilesPerSlab + i) * tileBytes;
    const tile = readTile(target, start, tileElements, layout);
    const origin = positionOf(i, tileCounts).map((index, axis) => index * (tileShape[axis] as number));
    for (let row = 0; row < rowCount; row++) {
      forEachLine(origin, cellShape, tileShape, (cellStart, tileStart, length) => {
        const from = (row * cellCount + cellStart) * layout.parts;
        const line = values.subarray(from, from + length * layout.parts) as Float64Array;
        (tile as Float64Array).set(line, ((rowInTile + row) * tileCellCount + tileStart) * layout.parts);
      });
    }
    target.file.writeAt(numberBytes(type, tile, target.isLittleEndian), start);
  }
}

function readTile(target: CubeTarget, startBytes: number, elements: number, layout: NumericLayout): NumericArray {
  const tile = layout.create(elements * layout.parts);
  if (target.type === "bool") {
    const packed = new Uint8Array(Math.ceil(elements / 8));
    target.file.readAt(packed, startBytes);
    unpackBits(packed, 0, elements, tile as Uint8Array, 0);
    return tile;
  }
  const bytes = new Uint8Array(tile.buffer);
  target.file.readAt(bytes, startBytes);
  if (target.isLittleEndian !== hostIsLittleEndian) swapBytes(bytes, layout.partBytes);
  return tile;
}

/** Coordinates of an element by its number, axis 0 fastest. */
function positionOf(index: number, lengths: readonly number[]): number[] {
  let rest = index;
  return lengths.map((length) => {
    const at = rest % length;
    rest = Math.floor(rest / length);
    return at;
  });
}

/** Goes through the lines along axis 0 that a tile shares with a cell: first element in the cell, in the tile, and length. */
function forEachLine(
  origin: readonly number[],
  cellShape: readonly number[],
  tileShape: readonly number[],
  visit: (cellStart: number, tileStart: number, length: number) => void,
): void {
  const counts = cellShape.map((length, axis) =>
    Math.min(tileShape[axis] as number, length - (origin[axis] as number)),
  );
  const lineCount = elementCount(counts.slice(1));
  for (let line = 0; line < lineCount; line++) {
    const at = positionOf(line, counts.slice(1));
    let cellStart = origin[0] as number;
    let tileStart = 0;
    let cellStride = cellShape[0] as number;
    let tileStride = tileShape[0] as number;
    for (const [i, index] of at.entries()) {
      cellStart += (index + (origin[i + 1] as number)) * cellStride;
      tileStart += index * tileStride;
      cellStride *= cellShape[i + 1] as number;
      tileStride *= tileShape[i + 1] as number;
    }
    visit(cellStart, tileStart, counts[0] as number);
  }
}
