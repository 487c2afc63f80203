/** Writing a new table: columns are gathered by storage manager, each of which writes its files; table.dat comes last. */
import { TableWriteError } from "../errors.ts";
import { ColumnSource } from "../storage/column-source.ts";
import { writeIncremental } from "../storage/incremental-writer.ts";
import { NewTiledColumn } from "../storage/new-tiled-column.ts";
import { writeStandard } from "../storage/standard-writer.ts";
import type { TiledColumnPlan } from "../storage/tiled-plan.ts";
import {
  defaultManager,
  describeStorage,
  hypercolumnKeyword,
  isTileable,
  refusalOfTiles,
  type TiledDesc,
} from "./column-storage.ts";
import type { ColumnDesc, KeywordSet, KeywordValue } from "./model.ts";
import { serializeLockFile } from "./sync-data.ts";
import { type ColumnBinding, type DataManagerEntry, serializeTableDat } from "./table-dat.ts";
import type { TableFile, TableFiles } from "./table-files.ts";
import { serializeTableInfo } from "./table-info-file.ts";
import type {
  ColumnContent,
  FinishOptions,
  StorageChoice,
  TableBuilder,
  TableSpec,
  TiledColumnSpec,
  WritableManager,
} from "./table-spec.ts";

interface StorageManager {
  readonly type: WritableManager;
  readonly name: string;
  readonly sequenceNumber: number;
  bucketRowCount: number | undefined;
}

interface NewColumn {
  desc: ColumnDesc;
  readonly manager: StorageManager;
  /** Values of columns that are written at the end. */
  readonly source: ColumnSource | undefined;
  /** Columns that have a tile file of their own. */
  readonly tiled: NewTiledColumn | undefined;
}

/**
 * Starts a table in a new directory.
 *
 * @throws TableWriteError when there is something of that name already
 */
export function buildTable(files: TableFiles, path: string, spec: TableSpec): TableBuilder {
  if (!Number.isSafeInteger(spec.rowCount) || spec.rowCount < 0) {
    throw new TableWriteError(path, "number of rows", "an integer from 0 on", `${spec.rowCount}`);
  }
  if (files.exists(path)) throw new TableWriteError(path, "new table", "no file or directory of this name", "one");
  files.makeDirectory(path);
  return new NewTable(files, path, spec);
}

class NewTable implements TableBuilder {
  readonly path: string;
  readonly rowCount: number;
  private readonly disk: TableFiles;
  /** The disk, which remembers what was made for this table; a subtable remembers its own. */
  private readonly files: TableFiles;
  private readonly spec: TableSpec;
  private readonly isLittleEndian: boolean;
  private readonly columns = new Map<string, NewColumn>();
  private readonly managers: StorageManager[] = [];
  private readonly keywords: Map<string, KeywordValue>;
  private readonly subtables: NewTable[] = [];
  private readonly openFiles = new Set<TableFile>();
  private readonly syncs = new Map<string, Promise<void>>();
  private order: readonly string[] = [];
  private nextSequenceNumber = 0;
  private state: "open" | "finished" | "abandoned" = "open";

  constructor(files: TableFiles, path: string, spec: TableSpec) {
    this.disk = files;
    // Every file that is made is remembered, so that a failure anywhere leaves none open.
    this.files = {
      ...files,
      create: (filePath) => {
        const made = files.create(filePath);
        const file: TableFile = {
          ...made,
          close: () => {
            this.openFiles.delete(file);
            made.close();
          },
        };
        this.openFiles.add(file);
        return file;
      },
    };
    this.path = path;
    this.spec = spec;
    this.rowCount = spec.rowCount;
    this.isLittleEndian = spec.byteOrder !== "big";
    this.keywords = new Map(spec.keywords);
  }

  addColumn(desc: ColumnDesc, content: ColumnContent, storage?: StorageChoice): void {
    this.expectOpen();
    this.expectNewName(desc);
    const choice = storage ?? { manager: defaultManager(desc, content) };
    const source = this.guard(desc.name, () => new ColumnSource(desc, content, this.rowCount));
    if (choice.manager === "StandardStMan" || choice.manager === "IncrementalStMan") {
      const manager = this.sharedManager(choice);
      this.columns.set(desc.name, {
        desc: describeStorage(desc, manager.type, manager.name),
        manager,
        source,
        tiled: undefined,
      });
      return;
    }
    const tiled = this.addTiled(desc, choice, source.cellShape);
    this.orTakeAway(desc.name, () => tiled.writeAll(source));
  }

  addTiledColumn(desc: TiledDesc, spec: TiledColumnSpec): TiledColumnPlan {
    this.expectOpen();
    this.expectNewName(desc);
    const manager = spec.manager ?? (desc.shape === undefined ? "TiledShapeStMan" : "TiledColumnStMan");
    const tiled = this.addTiled(desc, { ...spec, manager }, spec.cellShape);
    return this.orTakeAway(desc.name, () => tiled.reserve(spec.cellShape));
  }

  private addTiled(desc: ColumnDesc, choice: StorageChoice, cellShape: readonly number[] | undefined): NewTiledColumn {
    const refusal = refusalOfTiles(desc, choice.manager, cellShape);
    if (refusal !== undefined || !isTileable(desc)) {
      throw new TableWriteError(
        this.path,
        `column ${desc.name}`,
        refusal?.expected ?? "an array",
        refusal?.found ?? "none",
      );
    }
    const manager = this.newManager(choice.manager, choice.name ?? `Tiled${desc.name}`);
    const tiled = new NewTiledColumn(
      this.files,
      `${this.path}/table.f${manager.sequenceNumber}`,
      desc,
      manager.type as "TiledShapeStMan" | "TiledColumnStMan",
      { rowCount: this.rowCount, isLittleEndian: this.isLittleEndian, tileRowCount: choice.tileRowCount, cellShape },
    );
    const described = describeStorage(desc, manager.type, manager.name);
    this.columns.set(desc.name, { desc: described, manager, source: undefined, tiled });
    return tiled;
  }

  /** A column that could not be written is none. */
  private orTakeAway<T>(columnName: string, action: () => T): T {
    try {
      return this.guard(columnName, action);
    } catch (error) {
      this.removeColumn(columnName);
      throw error;
    }
  }

  private sharedManager(choice: StorageChoice): StorageManager {
    const name = choice.name ?? choice.manager;
    const known = this.managers.find((manager) => manager.type === choice.manager && manager.name === name);
    const manager = known ?? this.newManager(choice.manager, name);
    manager.bucketRowCount ??= choice.bucketRowCount;
    return manager;
  }

  private newManager(type: WritableManager, name: string): StorageManager {
    if (this.managers.some((manager) => manager.name === name)) {
      throw new TableWriteError(this.path, "storage manager", "a name that no other has", name);
    }
    const manager = { type, name, sequenceNumber: this.nextSequenceNumber++, bucketRowCount: undefined };
    this.managers.push(manager);
    return manager;
  }

  hasColumn(name: string): boolean {
    return this.columns.has(name);
  }

  removeColumn(name: string): void {
    this.expectOpen();
    const column = this.column(name);
    this.columns.delete(name);
    this.syncs.delete(name);
    if (column.tiled !== undefined) column.tiled.remove();
    const isUsed = [...this.columns.values()].some((other) => other.manager === column.manager);
    if (!isUsed) this.managers.splice(this.managers.indexOf(column.manager), 1);
  }

  orderColumns(names: readonly string[]): void {
    this.order = names;
  }

  setKeyword(name: string, value: KeywordValue): void {
    this.expectOpen();
    this.keywords.set(name, value);
  }

  setColumnKeyword(columnName: string, name: string, value: KeywordValue): void {
    this.expectOpen();
    const column = this.column(columnName);
    column.desc = { ...column.desc, keywords: new Map(column.desc.keywords).set(name, value) };
  }

  addSubtable(name: string, spec: TableSpec): TableBuilder {
    this.expectOpen();
    const subtable = buildTable(this.disk, `${this.path}/${name}`, spec) as NewTable;
    this.subtables.push(subtable);
    this.keywords.set(name, { kind: "table", value: { table: `././${name}` } });
    return subtable;
  }

  startSync(columnName: string): void {
    const { tiled } = this.column(columnName);
    if (tiled === undefined || this.syncs.has(columnName)) return;
    const sync = tiled.sync();
    sync.catch(() => undefined); // finish reports the failure when it waits for the same promise
    this.syncs.set(columnName, sync);
  }

  async finish(options: FinishOptions = {}): Promise<void> {
    this.expectOpen();
    const unfinished = this.subtables.find((subtable) => subtable.state !== "finished");
    if (unfinished !== undefined)
      throw new TableWriteError(this.path, "subtable", "finished before its parent", unfinished.path);
    try {
      const ordered = this.orderedColumns();
      const dataManagers = this.managers.map((manager) => this.writeManager(manager, ordered));
      this.writeDescription(ordered, dataManagers);
      if (options.isDurable === true) {
        await Promise.all([...this.syncs.values(), ...Array.from(this.openFiles, (file) => file.sync())]);
        await this.files.syncDirectory(this.path);
      } else await Promise.all(this.syncs.values());
      this.state = "finished";
    } finally {
      this.closeFiles();
    }
  }

  abandon(): void {
    for (const subtable of this.subtables) subtable.abandon();
    if (this.state === "open") {
      this.state = "abandoned";
      this.closeFiles();
    }
  }

  private closeFiles(): void {
    for (const file of this.openFiles) file.close();
  }

  private orderedColumns(): NewColumn[] {
    const first = this.order.map((name) => this.column(name));
    const rest = [...this.columns.values()].filter((column) => !first.includes(column));
    return [...first, ...rest];
  }

  private writeManager(manager: StorageManager, ordered: readonly NewColumn[]): DataManagerEntry {
    const columns = ordered.filter((column) => column.manager === manager);
    const path = `${this.path}/table.f${manager.sequenceNumber}`;
    const tiled = columns[0]?.tiled;
    if (tiled !== undefined) {
      tiled.complete();
      this.files.create(path).writeAt(tiled.header(manager.name, manager.sequenceNumber), 0);
      return { type: manager.type, sequenceNumber: manager.sequenceNumber, blob: new Uint8Array(0) };
    }
    const sources = columns.map((column) => column.source as ColumnSource);
    const { isLittleEndian } = this;
    const written = this.guard(columns.map((column) => column.desc.name).join(", "), () =>
      manager.type === "StandardStMan"
        ? writeStandard(this.files, path, manager.name, sources, this.rowCount, {
            isLittleEndian,
            bucketRowCount: manager.bucketRowCount,
          })
        : writeIncremental(this.files, path, manager.name, sources, this.rowCount, isLittleEndian),
    );
    return { type: manager.type, sequenceNumber: manager.sequenceNumber, blob: written };
  }

  private writeDescription(ordered: readonly NewColumn[], dataManagers: readonly DataManagerEntry[]): void {
    const { spec, path, rowCount } = this;
    const bindings = ordered.map(({ desc, manager }): ColumnBinding => {
      const binding = { originalName: desc.name, sequenceNumber: manager.sequenceNumber };
      return desc.form === "array" && desc.shape !== undefined ? { ...binding, shape: desc.shape } : binding;
    });
    const tableDat = serializeTableDat({
      kind: "plain",
      rowCount,
      byteOrder: this.isLittleEndian ? "little" : "big",
      desc: {
        name: spec.descName ?? "",
        version: spec.descVersion ?? "",
        comment: spec.descComment ?? "",
        keywords: this.keywords,
        privateKeywords: spec.privateKeywords ?? hypercolumns(ordered),
        columns: ordered.map((column) => column.desc),
      },
      nextSequenceNumber: this.nextSequenceNumber,
      dataManagers,
      columns: bindings,
    });
    const info = { type: spec.infoType ?? "", subType: spec.infoSubType ?? "", readme: spec.infoReadme ?? "" };
    this.files.create(`${path}/table.info`).writeAt(serializeTableInfo(info), 0);
    const lock = serializeLockFile({
      rowCount,
      columnCount: ordered.length,
      modifyCount: 1,
      tableChangeCount: 1,
      managerChangeCounts: dataManagers.map(() => 1),
    });
    this.files.create(`${path}/table.lock`).writeAt(lock, 0);
    // Last and by a rename: without table.dat there is no table.
    this.files.create(`${path}/table.dat_tmp`).writeAt(tableDat, 0);
    this.files.rename(`${path}/table.dat_tmp`, `${path}/table.dat`);
  }

  private column(name: string): NewColumn {
    const column = this.columns.get(name);
    if (column === undefined) throw new TableWriteError(this.path, "column", "one that was added", name);
    return column;
  }

  private expectOpen(): void {
    if (this.state !== "open")
      throw new TableWriteError(this.path, "builder", "one in use", `one that is ${this.state}`);
  }

  private expectNewName(desc: ColumnDesc): void {
    if (desc.name === "" || this.columns.has(desc.name)) {
      throw new TableWriteError(this.path, "column", "a name that no other has", JSON.stringify(desc.name));
    }
  }

  /** Says which table and column a value belongs to that does not fit. */
  private guard<T>(columnName: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
      throw new TableWriteError(this.path, `column ${columnName}`, "values that fit", error.message, { cause: error });
    }
  }
}

/** What casacore notes of each tiled manager: its axes and columns. */
function hypercolumns(columns: readonly NewColumn[]): KeywordSet {
  const keywords = new Map<string, KeywordValue>();
  for (const { desc, manager, tiled } of columns) {
    if (tiled === undefined) continue;
    keywords.set(`Hypercolumn_${manager.name}`, hypercolumnKeyword(desc.name, tiled.axisCount));
  }
  return keywords;
}
