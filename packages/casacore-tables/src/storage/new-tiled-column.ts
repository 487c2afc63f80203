/** A tiled column of a new table: its tile files while they are filled, and the header at the end. */
import { elementCount } from "../table/data-types.ts";
import type { ColumnDesc, NumericArray } from "../table/model.ts";
import type { TableFile, TableFiles } from "../table/table-files.ts";
import type { CellValue } from "./cell-values.ts";
import type { ColumnSource } from "./column-source.ts";
import type { TiledColumnPlan, TiledType } from "./tiled-plan.ts";
import { tiledRowWriter } from "./tiled-rows.ts";
import { type Hypercube, planTiles, type RowSpan, serializeTiledHeader } from "./tiled-writer.ts";

const blockBytes = 1 << 20;

interface Cube {
  readonly plan: TiledColumnPlan;
  readonly file: TableFile;
  readonly fileNumber: number;
}

export interface NewTiledOptions {
  readonly rowCount: number;
  readonly isLittleEndian: boolean;
  readonly tileRowCount: number | undefined;
  /** Shape of all cells, when they have the same. */
  readonly cellShape: readonly number[] | undefined;
}

export class NewTiledColumn {
  private readonly files: TableFiles;
  /** `table.f<n>`; tile files are `table.f<n>_TSM<k>`. */
  private readonly path: string;
  private readonly desc: ColumnDesc & { readonly type: TiledType };
  private readonly manager: "TiledShapeStMan" | "TiledColumnStMan";
  private readonly options: NewTiledOptions;
  private readonly cubes: Cube[] = [];
  private spans: RowSpan[] = [];

  constructor(
    files: TableFiles,
    path: string,
    desc: ColumnDesc & { readonly type: TiledType },
    manager: "TiledShapeStMan" | "TiledColumnStMan",
    options: NewTiledOptions,
  ) {
    this.files = files;
    this.path = path;
    this.desc = desc;
    this.manager = manager;
    this.options = options;
  }

  /** Axes of a hypercube: those of a cell and the rows. */
  get axisCount(): number {
    const shape = this.options.cellShape ?? this.cubes[0]?.plan.cellShape;
    return (shape?.length ?? Math.max(1, this.desc.ndim)) + 1;
  }

  /** Makes the tile file for all rows, which are zero until they are written. */
  reserve(cellShape: readonly number[]): TiledColumnPlan {
    const { rowCount } = this.options;
    const { plan } = this.addCube(cellShape, rowCount);
    if (rowCount > 0) this.spans = [{ lastRow: rowCount - 1, cubeIndex: 1, lastPosition: rowCount - 1 }];
    return plan;
  }

  private addCube(cellShape: readonly number[], rowCount: number): Cube {
    if (elementCount(cellShape) === 0 || cellShape.length === 0) {
      throw new RangeError(
        `column ${this.desc.name}: expected cells with elements for a tiled column, found shape [${cellShape}]`,
      );
    }
    const fileNumber = this.cubes.length + (this.manager === "TiledShapeStMan" ? 1 : 0);
    const { isLittleEndian, tileRowCount } = this.options;
    const path = `${this.path}_TSM${fileNumber}`;
    const plan = planTiles(this.desc.name, path, this.desc.type, cellShape, rowCount, { tileRowCount, isLittleEndian });
    const file = this.files.create(path);
    const cube = { plan, file, fileNumber };
    this.cubes.push(cube);
    return cube;
  }

  /** Writes all rows at once. */
  writeAll(source: ColumnSource): void {
    const { rowCount, cellShape } = this.options;
    if (source.hasUniformCells && cellShape !== undefined) {
      const plan = this.reserve(cellShape);
      const writer = tiledRowWriter(plan, (this.cubes[0] as Cube).file);
      const blockRows = Math.max(8, Math.floor((8 * blockBytes) / plan.rowBitCount / 8) * 8);
      for (let row = 0; row < rowCount; row += blockRows) {
        writer.writeRows(row, source.block(row, Math.min(rowCount, row + blockRows)));
      }
      return;
    }
    this.writeCells(source);
  }

  /** Cells of several shapes, or none: a cube for each shape, in the order in which shapes turn up. */
  private writeCells(source: ColumnSource): void {
    const byShape = new Map<
      string,
      { readonly shape: readonly number[]; readonly cells: CellValue[]; readonly index: number }
    >();
    for (let row = 0; row < this.options.rowCount; row++) {
      const cell = source.cell(row);
      if (cell === undefined) {
        if (this.manager === "TiledColumnStMan")
          throw new RangeError(`column ${this.desc.name}, row ${row}: expected a value, found none`);
        this.addSpan(row, 0, 0);
        continue;
      }
      const key = cell.shape.join(",");
      const known = byShape.get(key);
      const group = known ?? { shape: cell.shape, cells: [], index: byShape.size + 1 };
      if (known === undefined) byShape.set(key, group);
      this.addSpan(row, group.index, group.cells.length);
      group.cells.push(cell);
    }
    while (this.spans.at(-1)?.cubeIndex === 0) this.spans.pop(); // as casacore: rows behind the last cell are not listed
    for (const { shape, cells } of byShape.values()) this.writeCube(shape, cells);
    if (byShape.size === 0 && this.manager === "TiledColumnStMan") this.reserve(this.desc.shape as readonly number[]);
  }

  private addSpan(row: number, cubeIndex: number, position: number): void {
    const last = this.spans.at(-1);
    if (last !== undefined && last.cubeIndex === cubeIndex) {
      this.spans[this.spans.length - 1] = { lastRow: row, cubeIndex, lastPosition: cubeIndex === 0 ? 0 : position };
    } else this.spans.push({ lastRow: row, cubeIndex, lastPosition: position });
  }

  private writeCube(shape: readonly number[], cells: readonly CellValue[]): void {
    const { plan, file } = this.addCube(shape, cells.length);
    const writer = tiledRowWriter(plan, file);
    const perRow = (cells[0] as CellValue).data.length;
    const blockRows = Math.max(8, Math.floor((8 * blockBytes) / plan.rowBitCount / 8) * 8);
    for (let from = 0; from < cells.length; from += blockRows) {
      const some = cells.slice(from, from + blockRows);
      const block = concatenate(
        some.map((cell) => cell.data as NumericArray),
        perRow,
      );
      writer.writeRows(from, block);
    }
  }

  sync(): Promise<void> {
    return Promise.all(this.cubes.map((cube) => cube.file.sync())).then(() => undefined);
  }

  /** Closes and deletes the tile files. */
  remove(): void {
    for (const { file } of this.cubes) {
      file.close();
      this.files.remove(file.path);
    }
    this.cubes.length = 0;
    this.spans = [];
  }

  /**
   * Gives the tile files their full size, whole tiles. Not before they are written: a file system takes longer to fill
   * a hole than to make a file longer.
   */
  complete(): void {
    for (const { file, plan } of this.cubes) if (file.sizeBytes() < plan.sizeBytes) file.setSize(plan.sizeBytes);
  }

  /** The file `table.f<n>`. */
  header(managerName: string, sequenceNumber: number): Uint8Array {
    const { rowCount, isLittleEndian } = this.options;
    const cubes = this.cubes.map(
      ({ plan, fileNumber }): Hypercube => ({
        cellShape: plan.cellShape,
        rowCount: plan.rowCount,
        tileRowCount: plan.tileRowCount,
        sizeBytes: plan.sizeBytes,
        fileNumber,
      }),
    );
    const first = this.cubes[0]?.plan;
    const cellAxes =
      first?.cellShape ?? this.options.cellShape ?? new Array<number>(Math.max(1, this.desc.ndim)).fill(1);
    return serializeTiledHeader({
      manager: this.manager,
      managerName,
      sequenceNumber,
      type: this.desc.type,
      rowCount,
      axisCount: this.axisCount,
      defaultTileShape: [...cellAxes, first?.tileRowCount ?? 8],
      // A cube of TiledShapeStMan without rows would be one that casacore never makes.
      cubes: this.manager === "TiledShapeStMan" ? cubes.filter((cube) => cube.rowCount > 0) : cubes,
      spans: this.spans,
      isLittleEndian,
    });
  }
}

function concatenate(parts: readonly NumericArray[], perRow: number): NumericArray {
  const first = parts[0] as NumericArray;
  const Kind = first.constructor as new (length: number) => NumericArray;
  const all = new Kind(parts.length * perRow) as Float64Array;
  for (const [i, part] of parts.entries()) all.set(part as Float64Array, i * perRow);
  return all;
}
