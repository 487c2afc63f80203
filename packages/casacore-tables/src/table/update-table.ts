/** Changing a table in place: new columns with storage managers of their own, and values of a fixed size where they are. */
import { TableFormatError, TableInUseError, TableNotFoundError, TableWriteError } from "../errors.ts";
import { ColumnSource } from "../storage/column-source.ts";
import { writeIncremental } from "../storage/incremental-writer.ts";
import { NewTiledColumn } from "../storage/new-tiled-column.ts";
import { standardRows } from "../storage/standard-rows.ts";
import { writeStandard } from "../storage/standard-writer.ts";
import { parseTiledHeader, type TiledHeader, type TiledManagerType } from "../storage/tiled-header.ts";
import { placeOfRow, type TiledPlace } from "../storage/tiled-place.ts";
import type { TiledColumnPlan } from "../storage/tiled-plan.ts";
import { updateIncremental } from "../storage/update-incremental.ts";
import { updateCubeRows, writeElementsAt } from "../storage/update-tiled.ts";
import {
  defaultManager,
  describeStorage,
  hypercolumnKeyword,
  isTileable,
  refusalOfTiles,
  type TiledDesc,
} from "./column-storage.ts";
import { elementCount, type NumericType, numericLayouts } from "./data-types.ts";
import type { ColumnDesc, KeywordSet, KeywordValue, NumericArray } from "./model.ts";
import { parseLockFile, raiseCounters, requestListBytes, type SyncData, serializeLockFile } from "./sync-data.ts";
import {
  type ColumnBinding,
  type DataManagerEntry,
  type PlainTableDat,
  parseTableDat,
  serializeTableDat,
} from "./table-dat.ts";
import type { TableFile, TableFiles } from "./table-files.ts";
import { trimPath } from "./table-path.ts";
import type { ColumnContent, FinishOptions, StorageChoice, TiledColumnSpec } from "./table-spec.ts";
import type { TableUpdate, UpdateOptions } from "./update-spec.ts";

const tiledManagers: readonly string[] = ["TiledColumnStMan", "TiledShapeStMan", "TiledCellStMan", "TiledDataStMan"];

/** See `openTableForUpdate` of the node entry. */
export function updateTable(files: TableFiles, tablePath: string, options: UpdateOptions = {}): TableUpdate {
  const path = trimPath(tablePath);
  if (!files.exists(`${path}/table.dat`)) throw new TableNotFoundError(path, "no table.dat in it");
  const lockPath = `${path}/table.lock`;
  const hasLock = files.exists(lockPath);
  if (hasLock && options.mayBeOpenElsewhere !== true) {
    const holder = files.lockHolder(lockPath);
    if (holder !== undefined) throw new TableInUseError(path, holder);
  }
  const dat = parseTableDat(files.readWhole(`${path}/table.dat`), `${path}/table.dat`);
  if (dat.kind !== "plain")
    throw new TableWriteError(path, "kind of table", "one with data of its own", `a ${dat.kind} table`);
  if (dat.container !== undefined) throw new TableWriteError(path, "storage", "separate files", dat.container);
  const sync = hasLock ? parseLockFile(files.readWhole(lockPath), lockPath) : undefined;
  return new PlainTableUpdate(files, path, dat, sync);
}

class PlainTableUpdate implements TableUpdate {
  readonly path: string;
  readonly rowCount: number;
  private readonly files: TableFiles;
  private dat: PlainTableDat;
  private readonly sync: SyncData | undefined;
  private readonly isLittleEndian: boolean;
  private readonly touchedManagers = new Set<number>();
  private hasNewDescription = false;
  private readonly openFiles = new Map<string, TableFile>();
  private readonly newFiles: TableFile[] = [];
  private readonly newTiled: {
    readonly tiled: NewTiledColumn;
    readonly name: string;
    readonly sequenceNumber: number;
  }[] = [];
  private readonly tiledHeaders = new Map<number, TiledHeader>();
  private readonly removedManagers: number[] = [];
  /** Storage managers from this number on are being added. */
  private readonly firstNewNumber: number;
  private isOpen = true;

  constructor(files: TableFiles, path: string, dat: PlainTableDat, sync: SyncData | undefined) {
    this.files = {
      ...files,
      create: (filePath) => {
        const file = files.create(filePath);
        this.newFiles.push(file);
        return file;
      },
    };
    this.path = path;
    this.dat = dat;
    this.firstNewNumber = dat.nextSequenceNumber;
    this.sync = sync;
    // As casacore: the counters are written with each change of the data, table.dat only when the description changes.
    this.rowCount = sync !== undefined && sync.rowCount > 0 ? sync.rowCount : dat.rowCount;
    this.isLittleEndian = dat.byteOrder === "little";
  }

  addColumn(desc: ColumnDesc, content: ColumnContent, storage?: StorageChoice): void {
    this.expectNew(desc);
    const { rowCount, isLittleEndian } = this;
    const source = this.guard(desc.name, () => new ColumnSource(desc, content, rowCount));
    const choice = storage ?? { manager: defaultManager(desc, content) };
    const sequenceNumber = this.dat.nextSequenceNumber;
    const path = `${this.path}/table.f${sequenceNumber}`;
    if (choice.manager === "StandardStMan" || choice.manager === "IncrementalStMan") {
      const name = this.managerName(choice.name ?? `${choice.manager}_${desc.name}`);
      const { bucketRowCount } = choice;
      const blob = this.guard(desc.name, () =>
        choice.manager === "StandardStMan"
          ? writeStandard(this.files, path, name, [source], rowCount, { isLittleEndian, bucketRowCount })
          : writeIncremental(this.files, path, name, [source], rowCount, isLittleEndian),
      );
      this.describe(desc, { type: choice.manager, sequenceNumber, blob }, name);
      return;
    }
    this.addTiled(desc, choice, source.cellShape, (tiled) => tiled.writeAll(source));
  }

  addTiledColumn(desc: TiledDesc, spec: TiledColumnSpec): TiledColumnPlan {
    this.expectNew(desc);
    const manager = spec.manager ?? (desc.shape === undefined ? "TiledShapeStMan" : "TiledColumnStMan");
    return this.addTiled(desc, { ...spec, manager }, spec.cellShape, (tiled) => tiled.reserve(spec.cellShape));
  }

  private addTiled<T>(
    desc: ColumnDesc,
    choice: StorageChoice,
    cellShape: readonly number[] | undefined,
    write: (tiled: NewTiledColumn) => T,
  ): T {
    const refusal = refusalOfTiles(desc, choice.manager, cellShape);
    if (refusal !== undefined || !isTileable(desc)) {
      throw this.refusal(desc.name, refusal?.expected ?? "an array", refusal?.found ?? "none");
    }
    const manager = choice.manager as "TiledShapeStMan" | "TiledColumnStMan";
    const { rowCount, isLittleEndian } = this;
    const sequenceNumber = this.dat.nextSequenceNumber;
    const name = this.managerName(choice.name ?? `Tiled${desc.name}`);
    const options = { rowCount, isLittleEndian, tileRowCount: choice.tileRowCount, cellShape };
    const path = `${this.path}/table.f${sequenceNumber}`;
    const tiled = new NewTiledColumn(this.files, path, desc, manager, options);
    try {
      const result = this.guard(desc.name, () => write(tiled));
      this.describe(desc, { type: manager, sequenceNumber, blob: new Uint8Array(0) }, name);
      this.newTiled.push({ tiled, name, sequenceNumber });
      return result;
    } catch (error) {
      tiled.remove();
      throw error;
    }
  }

  /** A name that no storage manager has, as far as descriptions and hypercolumns tell. */
  private managerName(wanted: string): string {
    const { desc } = this.dat;
    const taken = new Set(desc.columns.map((column) => column.dataManagerGroup));
    for (const key of desc.privateKeywords.keys()) taken.add(key.replace(/^Hypercolumn_/, ""));
    let name = wanted;
    for (let i = 1; taken.has(name); i++) name = `${wanted}_${i}`;
    return name;
  }

  private describe(desc: ColumnDesc, entry: DataManagerEntry, managerName: string): void {
    const { dat } = this;
    const binding: ColumnBinding = {
      originalName: desc.name,
      sequenceNumber: entry.sequenceNumber,
      ...(desc.form === "array" && desc.shape !== undefined ? { shape: desc.shape } : {}),
    };
    const column = describeStorage({ ...desc, dataManagerType: "" }, entry.type, managerName);
    this.dat = {
      ...dat,
      rowCount: this.rowCount,
      desc: { ...dat.desc, columns: [...dat.desc.columns, column] },
      nextSequenceNumber: dat.nextSequenceNumber + 1,
      dataManagers: [...dat.dataManagers, entry],
      columns: [...dat.columns, binding],
    };
    this.hasNewDescription = true;
  }

  updateTiledRows(columnName: string, rowStart: number, values: NumericArray): void {
    const { desc, binding, manager } = this.column(columnName);
    if (!tiledManagers.includes(manager.type)) throw this.refusal(columnName, "a tiled column", manager.type);
    const added = this.newTiled.find((one) => one.sequenceNumber === manager.sequenceNumber);
    if (added !== undefined) throw this.refusal(columnName, "a column that is in the table", "one that is being added");
    const type = this.checkArray(desc, values);
    const header = this.tiledHeader(manager);
    if (header.typeCodes.length !== 1) {
      throw this.refusal(columnName, "tiles of its own", `tiles shared by ${header.typeCodes.length} columns`);
    }
    const parts = numericLayouts[type].parts;
    const pieces: { readonly place: TiledPlace; readonly values: NumericArray }[] = [];
    let done = 0;
    for (let row = rowStart; done < values.length; ) {
      const place = placeOfRow(header, manager.type as TiledManagerType, row, this.rowCount);
      if (place === undefined) {
        throw this.refusal(columnName, `a value in row ${row}`, row < this.rowCount ? "none" : `${this.rowCount} rows`);
      }
      const cellShape = place.shape.slice(0, -1);
      const perRow = elementCount(cellShape) * parts;
      const rowCount = Math.min((values.length - done) / perRow, place.rowCount);
      if (!Number.isInteger(rowCount)) {
        throw this.refusal(columnName, `whole cells of shape [${cellShape}]`, `${values.length - done} numbers`);
      }
      pieces.push({ place, values: values.subarray(done, done + rowCount * perRow) });
      row += rowCount;
      done += rowCount * perRow;
    }
    // Nothing is written before all of it is known to fit.
    for (const { place, values: some } of pieces) {
      const file = this.fileOf(`${this.path}/table.f${binding.sequenceNumber}_TSM${place.fileNumber}`);
      updateCubeRows({ ...place, file, type, isLittleEndian: header.littleEndian }, place.position, some);
    }
    this.touchedManagers.add(manager.sequenceNumber);
  }

  updateScalars(columnName: string, rowStart: number, values: NumericArray): void {
    const { desc, manager, position } = this.column(columnName);
    if (manager.type === "IncrementalStMan") {
      this.updateIncrementalScalars(columnName, rowStart, values);
      return;
    }
    if (manager.type !== "StandardStMan") {
      throw this.refusal(columnName, "a column of StandardStMan or IncrementalStMan", manager.type);
    }
    const isInline = desc.form === "scalar" || (desc.option & 1) !== 0;
    if (!isInline) throw this.refusal(columnName, "values stored with the scalars", "arrays in a file of their own");
    const type = this.checkArray(desc, values);
    const perRow = elementCount(desc.form === "scalar" ? [] : (desc.shape ?? [])) * numericLayouts[type].parts;
    const rowEnd = rowStart + values.length / perRow;
    if (!Number.isInteger(rowEnd) || rowStart < 0 || rowEnd > this.rowCount) {
      throw this.refusal(columnName, `whole rows from 0 to ${this.rowCount}`, `rows ${rowStart} to ${rowEnd}`);
    }
    const file = this.fileOf(`${this.path}/table.f${manager.sequenceNumber}`);
    const rows = standardRows(file, manager.blob, this.isLittleEndian, position);
    for (let row = rowStart; row < rowEnd; ) {
      const { startBytes, firstRow, endRow } = rows(row);
      const end = Math.min(rowEnd, endRow);
      const some = values.subarray((row - rowStart) * perRow, (end - rowStart) * perRow);
      const elementStart = ((row - firstRow) * perRow) / numericLayouts[type].parts;
      writeElementsAt(file, type, this.isLittleEndian, startBytes, elementStart, some);
      row = end;
    }
    this.touchedManagers.add(manager.sequenceNumber);
  }

  /** The file of the manager is made anew and takes the place of the old one in one step. */
  private updateIncrementalScalars(columnName: string, rowStart: number, values: NumericArray): void {
    const { desc, manager, position } = this.column(columnName);
    if (desc.form !== "scalar") throw this.refusal(columnName, "a column of scalars", "one of arrays");
    const type = this.checkArray(desc, values);
    const rowEnd = rowStart + values.length / numericLayouts[type].parts;
    if (!Number.isInteger(rowEnd) || rowStart < 0 || rowEnd > this.rowCount) {
      throw this.refusal(columnName, `whole rows from 0 to ${this.rowCount}`, `rows ${rowStart} to ${rowEnd}`);
    }
    const path = `${this.path}/table.f${manager.sequenceNumber}`;
    const { isLittleEndian, rowCount } = this;
    const columnCount = this.dat.columns.filter((one) => one.sequenceNumber === manager.sequenceNumber).length;
    const bytes = this.files.readWhole(path);
    const target = { path, bytes, isLittleEndian, rowCount, position, columnCount, type };
    this.files.create(`${path}_tmp`).writeAt(updateIncremental(target, rowStart, values), 0);
    this.files.rename(`${path}_tmp`, path);
    this.touchedManagers.add(manager.sequenceNumber);
  }

  private checkArray(desc: ColumnDesc, values: NumericArray): NumericType {
    if (desc.type === "string" || desc.type === "record")
      throw this.refusal(desc.name, "a column of numbers", desc.type);
    const expected = numericLayouts[desc.type].create(0);
    if (Object.getPrototypeOf(values) !== Object.getPrototypeOf(expected)) {
      throw this.refusal(desc.name, `a ${expected.constructor.name}`, `a ${values.constructor.name}`);
    }
    return desc.type;
  }

  private tiledHeader(manager: DataManagerEntry): TiledHeader {
    const known = this.tiledHeaders.get(manager.sequenceNumber);
    if (known !== undefined) return known;
    const file = `${this.path}/table.f${manager.sequenceNumber}`;
    const header = parseTiledHeader(this.files.readWhole(file), file, manager.type as TiledManagerType, this.rowCount);
    this.tiledHeaders.set(manager.sequenceNumber, header);
    return header;
  }

  private fileOf(path: string): TableFile {
    const file = this.openFiles.get(path) ?? this.files.openForUpdate(path);
    this.openFiles.set(path, file);
    return file;
  }

  private column(name: string) {
    this.expectOpen();
    const { desc, columns, dataManagers } = this.dat;
    const index = desc.columns.findIndex((column) => column.name === name);
    const binding = columns[index];
    if (binding === undefined) throw new TableWriteError(this.path, "column", "one of the table", name);
    const manager = dataManagers.find((one) => one.sequenceNumber === binding.sequenceNumber);
    if (manager === undefined) {
      throw new TableFormatError(
        `${this.path}/table.dat`,
        `storage of ${name}`,
        "a data manager",
        `${binding.sequenceNumber}`,
      );
    }
    const isBefore = (other: ColumnBinding, i: number): boolean =>
      i < index && other.sequenceNumber === binding.sequenceNumber;
    return { desc: desc.columns[index] as ColumnDesc, binding, manager, position: columns.filter(isBefore).length };
  }

  renameColumn(name: string, otherName: string): void {
    const { desc } = this.settledColumn(name);
    this.expectNew({ ...desc, name: otherName });
    const renamed = this.dat.desc.columns.map((column) => (column === desc ? { ...column, name: otherName } : column));
    const privateKeywords = renamedInHypercolumns(this.dat.desc.privateKeywords, name, otherName);
    this.dat = { ...this.dat, desc: { ...this.dat.desc, columns: renamed, privateKeywords } };
    this.hasNewDescription = true;
  }

  removeColumn(name: string): void {
    const { desc, binding, manager } = this.settledColumn(name);
    const { dat } = this;
    const isOf = (one: { readonly sequenceNumber: number }) => one.sequenceNumber === manager.sequenceNumber;
    const sharers = dat.columns.filter(isOf).length;
    if (sharers > 1) throw this.refusal(name, "storage of its own", `storage shared by ${sharers} columns`);
    const privateKeywords = new Map(dat.desc.privateKeywords);
    privateKeywords.delete(`Hypercolumn_${desc.dataManagerGroup}`);
    this.dat = {
      ...dat,
      desc: { ...dat.desc, columns: dat.desc.columns.filter((column) => column !== desc), privateKeywords },
      dataManagers: dat.dataManagers.filter((entry) => entry !== manager),
      columns: dat.columns.filter((column) => column !== binding),
    };
    this.removedManagers.push(manager.sequenceNumber);
    this.hasNewDescription = true;
  }

  private settledColumn(name: string) {
    const found = this.column(name);
    if (found.manager.sequenceNumber >= this.firstNewNumber)
      throw this.refusal(name, "a column that is in the table", "one that is being added");
    return found;
  }

  /** Nothing refers to them any more. */
  private deleteRemoved(): void {
    for (const { name, isDirectory } of this.removedManagers.length === 0 ? [] : this.files.list(this.path)) {
      const number = /^table\.f(\d+)(i|_TSM\d+)?$/.exec(name)?.[1];
      if (isDirectory || number === undefined || !this.removedManagers.includes(Number(number))) continue;
      this.files.remove(`${this.path}/${name}`);
    }
  }

  setKeyword(name: string, value: KeywordValue): void {
    this.expectOpen();
    const { desc } = this.dat;
    this.dat = { ...this.dat, desc: { ...desc, keywords: new Map(desc.keywords).set(name, value) } };
    this.hasNewDescription = true;
  }

  setColumnKeyword(columnName: string, name: string, value: KeywordValue): void {
    const found = this.column(columnName).desc;
    const changed = { ...found, keywords: new Map(found.keywords).set(name, value) };
    const columns = this.dat.desc.columns.map((column) => (column === found ? changed : column));
    this.dat = { ...this.dat, desc: { ...this.dat.desc, columns } };
    this.hasNewDescription = true;
  }

  async finish(options: FinishOptions = {}): Promise<void> {
    this.expectOpen();
    try {
      this.addHypercolumns();
      for (const { tiled, name, sequenceNumber } of this.newTiled) {
        tiled.complete();
        this.files.create(`${this.path}/table.f${sequenceNumber}`).writeAt(tiled.header(name, sequenceNumber), 0);
      }
      const isDurable = options.isDurable === true;
      // Data before the description that refers to them, and both before others are told to look again.
      if (isDurable) await this.syncAll();
      if (this.hasNewDescription) {
        const path = `${this.path}/table.dat`;
        const file = this.files.create(`${path}_tmp`);
        file.writeAt(serializeTableDat({ ...this.dat, rowCount: this.rowCount }), 0);
        if (isDurable) await file.sync();
        this.files.rename(`${path}_tmp`, path);
      }
      // Files go when no crash can bring back a description that refers to them.
      if (isDurable && this.removedManagers.length > 0) await this.files.syncDirectory(this.path);
      this.writeCounters();
      this.deleteRemoved();
      if (isDurable) {
        await this.syncAll();
        await this.files.syncDirectory(this.path);
      }
      this.newFiles.length = 0;
    } finally {
      this.isOpen = false;
      this.closeFiles();
    }
  }

  private syncAll(): Promise<void[]> {
    return Promise.all([...this.openFiles.values(), ...this.newFiles].map((file) => file.sync()));
  }

  private addHypercolumns(): void {
    const privateKeywords = new Map(this.dat.desc.privateKeywords);
    for (const { tiled, name, sequenceNumber } of this.newTiled) {
      const index = this.dat.columns.findIndex((binding) => binding.sequenceNumber === sequenceNumber);
      const columnName = (this.dat.desc.columns[index] as ColumnDesc).name;
      privateKeywords.set(`Hypercolumn_${name}`, hypercolumnKeyword(columnName, tiled.axisCount));
    }
    this.dat = { ...this.dat, desc: { ...this.dat.desc, privateKeywords } };
  }

  /** In the file that is there: other processes hold their locks on it. */
  private writeCounters(): void {
    const { sync, dat } = this;
    const lockPath = `${this.path}/table.lock`;
    // Counters are by place, which changes for those behind a manager that was removed.
    const allChanged = this.removedManagers.length > 0;
    const touched = dat.dataManagers.map((manager) => allChanged || this.touchedManagers.has(manager.sequenceNumber));
    const next = raiseCounters(sync, this.rowCount, dat.desc.columns.length, touched, this.hasNewDescription);
    const bytes = serializeLockFile(next);
    if (!this.files.exists(lockPath)) {
      this.files.create(lockPath).writeAt(bytes, 0);
      return;
    }
    const file = this.fileOf(lockPath);
    file.writeAt(bytes.subarray(requestListBytes), requestListBytes);
  }

  abandon(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.closeFiles();
    for (const { path } of this.newFiles) if (this.files.exists(path)) this.files.remove(path);
    this.newFiles.length = 0;
  }

  private closeFiles(): void {
    for (const file of this.openFiles.values()) file.close();
    for (const file of this.newFiles) file.close();
  }

  private expectOpen(): void {
    if (!this.isOpen) throw new TableWriteError(this.path, "update", "one in use", "one that is finished");
  }

  private expectNew(desc: ColumnDesc): void {
    this.expectOpen();
    if (desc.name === "" || this.dat.desc.columns.some((column) => column.name === desc.name)) {
      throw new TableWriteError(this.path, "column", "a name that no other has", JSON.stringify(desc.name));
    }
  }

  private refusal(columnName: string, expected: string, found: string): TableWriteError {
    return new TableWriteError(this.path, `column ${columnName}`, expected, found);
  }

  private guard<T>(columnName: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
      throw new TableWriteError(this.path, `column ${columnName}`, "values that fit", error.message, { cause: error });
    }
  }
}

/** Hypercolumns list the columns whose tiles they describe. */
function renamedInHypercolumns(keywords: KeywordSet, name: string, otherName: string): KeywordSet {
  const renamed = (value: KeywordValue): KeywordValue => {
    if (value.kind !== "array" || value.value.type !== "string") return value;
    const data = (value.value.data as readonly string[]).map((one) => (one === name ? otherName : one));
    return { ...value, value: { ...value.value, data } };
  };
  return new Map(
    [...keywords].map(([key, value]): [string, KeywordValue] => {
      if (!key.startsWith("Hypercolumn_") || value.kind !== "record") return [key, value];
      return [key, { ...value, value: new Map([...value.value].map(([part, of]) => [part, renamed(of)])) }];
    }),
  );
}
