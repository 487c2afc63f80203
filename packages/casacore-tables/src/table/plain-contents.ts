/** The columns of a table with data of its own: each from its data manager. */
import { TableFormatError, UnknownDataManagerError } from "../errors.ts";
import type { ByteSource } from "../storage/byte-source.ts";
import { openAipsIoManager } from "../storage/read-aipsio.ts";
import { ArrayFileReader } from "../storage/read-array-file.ts";
import { openIncrementalManager } from "../storage/read-incremental.ts";
import { openStandardManager } from "../storage/read-standard.ts";
import { hypercolumnFromKeywords, openTiledManager } from "../storage/read-tiled.ts";
import type { ManagerReader, StoredColumn } from "../storage/stored-column.ts";
import type { ColumnDesc, TableDesc } from "./model.ts";
import type { DataManagerEntry, PlainTableDat } from "./table-dat.ts";
import { joinPath } from "./table-path.ts";

/** What a table of any kind is read from. */
export interface TableContents {
  readonly desc: TableDesc;
  readonly rowCount: number;
  /** @throws UnknownDataManagerError, TableFormatError, UnsupportedFormatError */
  openColumn(desc: ColumnDesc): StoredColumn;
  close(): void;
}

/** @param openSource opens a file; @throws TableIoError */
export function openPlainContents(
  path: string,
  dat: PlainTableDat,
  rowCount: number,
  openSource: (path: string) => ByteSource,
): TableContents {
  return new PlainContents(path, dat, rowCount, openSource);
}

class PlainContents implements TableContents {
  readonly desc: TableDesc;
  readonly rowCount: number;
  private readonly path: string;
  private readonly dat: PlainTableDat;
  private readonly openSource: (path: string) => ByteSource;
  private readonly managers = new Map<number, ManagerReader>();
  private readonly arrayFiles: ArrayFileReader[] = [];

  constructor(path: string, dat: PlainTableDat, rowCount: number, openSource: (path: string) => ByteSource) {
    this.path = path;
    this.dat = dat;
    this.desc = dat.desc;
    this.rowCount = rowCount;
    this.openSource = openSource;
  }

  openColumn(desc: ColumnDesc): StoredColumn {
    const { dat } = this;
    const index = dat.desc.columns.indexOf(desc);
    const binding = dat.columns[index];
    const entry = dat.dataManagers.find((manager) => manager.sequenceNumber === binding?.sequenceNumber);
    if (binding === undefined || entry === undefined) {
      throw new TableFormatError(
        this.tableFile(),
        `storage of column ${desc.name}`,
        `one of the data managers ${dat.dataManagers.map((manager) => manager.sequenceNumber).join(", ")}`,
        `${binding?.sequenceNumber}`,
      );
    }
    if (dat.container !== undefined) {
      throw new UnknownDataManagerError(this.path, desc.name, `${entry.type} in a ${dat.container}`);
    }
    const manager = this.managers.get(entry.sequenceNumber) ?? this.openManager(entry, desc);
    this.managers.set(entry.sequenceNumber, manager);
    const position = dat.columns
      .slice(0, index)
      .filter((other) => other.sequenceNumber === entry.sequenceNumber).length;
    const hasFixedShape = (desc.option & fixedShapeOption) !== 0;
    return manager.openColumn(desc, position, binding.shape ?? (hasFixedShape ? desc.shape : undefined));
  }

  private tableFile(): string {
    return joinPath(this.path, "table.dat");
  }

  private openManager(entry: DataManagerEntry, desc: ColumnDesc): ManagerReader {
    const file = joinPath(this.path, `table.f${entry.sequenceNumber}`);
    const { rowCount } = this;
    const littleEndian = this.dat.byteOrder === "little";
    const openArrays = (isLittleEndian: boolean) => (): ArrayFileReader => {
      const arrays = this.arrayFile(`${file}i`, isLittleEndian);
      return arrays;
    };
    switch (entry.type) {
      case "StandardStMan":
        return this.closingOnError(this.openSource(file), (source) =>
          openStandardManager({
            source,
            blob: entry.blob,
            tableFile: this.tableFile(),
            littleEndian,
            rowCount,
            openArrayFile: once(openArrays(littleEndian)),
          }),
        );
      case "IncrementalStMan":
        return this.closingOnError(this.openSource(file), (source) =>
          openIncrementalManager({ source, littleEndian, rowCount, openArrayFile: once(openArrays(littleEndian)) }),
        );
      case "StManAipsIO":
        return this.closingOnError(this.openSource(file), (source) =>
          openAipsIoManager({ source, rowCount, openArrayFile: once(openArrays(false)) }),
        );
      case "TiledColumnStMan":
      case "TiledShapeStMan":
      case "TiledCellStMan":
      case "TiledDataStMan": {
        const type = entry.type;
        return this.closingOnError(this.openSource(file), (source) =>
          openTiledManager({
            type,
            source,
            rowCount,
            columnNames: this.columnNamesOf(entry.sequenceNumber),
            hypercolumn: (name) => hypercolumnFromKeywords(this.dat.desc.privateKeywords, name),
            openTileFile: (fileNumber) => this.openSource(`${file}_TSM${fileNumber}`),
          }),
        );
      }
      default:
        throw new UnknownDataManagerError(this.path, desc.name, entry.type);
    }
  }

  /** Names the tiled managers know their columns by. */
  private columnNamesOf(sequenceNumber: number): string[] {
    return this.dat.desc.columns
      .filter((_, index) => this.dat.columns[index]?.sequenceNumber === sequenceNumber)
      .map((column) => column.name);
  }

  private closingOnError(source: ByteSource, open: (source: ByteSource) => ManagerReader): ManagerReader {
    try {
      return open(source);
    } catch (error) {
      source.close();
      throw error;
    }
  }

  private arrayFile(file: string, littleEndian: boolean): ArrayFileReader {
    const source = this.openSource(file);
    try {
      const arrays = new ArrayFileReader(source, littleEndian);
      this.arrayFiles.push(arrays);
      return arrays;
    } catch (error) {
      source.close();
      throw error;
    }
  }

  close(): void {
    for (const manager of this.managers.values()) manager.close();
    for (const arrays of this.arrayFiles) arrays.close();
    this.managers.clear();
    this.arrayFiles.length = 0;
  }
}

const fixedShapeOption = 4;

/** All columns of a manager share its array file. */
function once<T>(open: () => T): () => T {
  let opened: { readonly value: T } | undefined;
  return () => {
    opened ??= { value: open() };
    return opened.value;
  };
}
