/** The file table.dat: what a table is made of. Parsing and serialising are exact twins. */
import { AipsIoReader } from "../aipsio/reader.ts";
import { AipsIoWriter } from "../aipsio/writer.ts";
import { UnsupportedFormatError } from "../errors.ts";
import type { TableDesc } from "./model.ts";
import { readTableDesc, writeTableDesc } from "./table-desc.ts";

/** Byte order of a table's data files (table.dat itself is always big endian). */
export type ByteOrder = "big" | "little";

/** A data manager of a table: which kind, and the number in the names of its files (`table.f<sequenceNumber>`). */
export interface DataManagerEntry {
  readonly type: string;
  readonly sequenceNumber: number;
  /** What the manager keeps in table.dat: an AipsIO root object, or nothing. */
  readonly blob: Uint8Array;
}

/** Where the column of the same position in the description is kept. */
export interface ColumnBinding {
  /** Name the column had when it was made; the name its data manager may know it by. */
  readonly originalName: string;
  readonly sequenceNumber: number;
  /** Array columns: the shape of all cells, when it was set for the column rather than in the description. */
  readonly shape?: readonly number[];
}

/** A table with data of its own. */
export interface PlainTableDat {
  readonly kind: "plain";
  readonly rowCount: number;
  readonly byteOrder: ByteOrder;
  readonly desc: TableDesc;
  /** The number the next data manager gets. */
  readonly nextSequenceNumber: number;
  readonly dataManagers: readonly DataManagerEntry[];
  readonly columns: readonly ColumnBinding[];
  /** Set when the files of all managers are inside one other file. Such tables are described, their columns not read. */
  readonly container?: "MultiFile" | "MultiHDF5";
}

/** A selection of rows and columns of one other table. */
export interface ReferenceTableDat {
  readonly kind: "reference";
  readonly rowCount: number;
  readonly byteOrder: ByteOrder;
  /** Path of the table referred to, as stored. */
  readonly root: string;
  readonly rootRowCount: number;
  /** Own column name → name in the root. */
  readonly columnNames: ReadonlyMap<string, string>;
  /** Own column names in order. */
  readonly columnOrder: readonly string[];
  /** True when `rows` increases. */
  readonly inRowOrder: boolean;
  /** Row of the root for each own row. */
  readonly rows: Float64Array;
}

/** Several tables of the same columns, one behind the other. */
export interface ConcatTableDat {
  readonly kind: "concat";
  readonly rowCount: number;
  readonly byteOrder: ByteOrder;
  readonly tables: readonly string[];
  /** Names of subtables that are concatenated too, rather than taken from the first table. */
  readonly concatenatedSubtables: readonly string[];
}

export type TableDat = PlainTableDat | ReferenceTableDat | ConcatTableDat;

const kindNames = { plain: "PlainTable", reference: "RefTable", concat: "ConcatTable" } as const;
const maxRowCount32 = 0x7fffffff;

/**
 * Parses a table.dat.
 *
 * @param bytes the whole file
 * @param file  named in errors
 * @throws TableFormatError, UnsupportedFormatError
 */
export function parseTableDat(bytes: Uint8Array, file: string): TableDat {
  const reader = new AipsIoReader(bytes, { file });
  const table = reader.openObject("Table", 3);
  const rowCount = reader.count(table.version > 2);
  const byteOrder = readByteOrder(reader);
  const kind = reader.string();
  let dat: TableDat;
  if (kind === kindNames.plain) dat = readPlainTable(reader, rowCount, byteOrder);
  else if (kind === kindNames.reference) dat = readReferenceTable(reader, rowCount, byteOrder);
  else if (kind === kindNames.concat) dat = readConcatTable(reader, rowCount, byteOrder);
  else throw reader.error("kind of table", Object.values(kindNames).join(", "), JSON.stringify(kind.slice(0, 60)));
  reader.closeObject();
  return dat;
}

function readByteOrder(reader: AipsIoReader): ByteOrder {
  const code = reader.u32();
  if (code > 1) throw reader.error("byte order", "0 (big endian) or 1 (little endian)", `${code}`);
  return code === 0 ? "big" : "little";
}

function readPlainTable(reader: AipsIoReader, rowCount: number, byteOrder: ByteOrder): PlainTableDat {
  const desc = readTableDesc(reader);
  const first = reader.i32();
  const version = first < 0 ? -first : 1;
  if (version > 3) throw new UnsupportedFormatError(reader.file, "column set", "versions up to 3", `${version}`);
  // The very first layout had no version: its first word is the row count itself, which is known already.
  if (version > 1) reader.count(version > 2);
  let container: PlainTableDat["container"];
  if (version > 2) {
    const storageOption = reader.i32();
    if (storageOption !== separateFilesOption) container = storageOption === 0 ? "MultiFile" : "MultiHDF5";
    reader.i32(); // block size of the container
  }
  const nextSequenceNumber = reader.u32();
  const managerCount = reader.u32();
  const managers: { type: string; sequenceNumber: number }[] = [];
  for (let i = 0; i < managerCount; i++) managers.push({ type: reader.string(), sequenceNumber: reader.u32() });
  const columns: ColumnBinding[] = [];
  for (const column of desc.columns) {
    expectVersion(reader, `storage of column ${column.name}`, 2);
    const originalName = reader.string();
    expectVersion(reader, `storage of column ${column.name}`, 1);
    const sequenceNumber = reader.u32();
    const hasShape = column.form === "array" && reader.bool();
    columns.push({ originalName, sequenceNumber, ...(hasShape ? { shape: reader.iposition() } : {}) });
  }
  const dataManagers: DataManagerEntry[] = [];
  for (const manager of managers) dataManagers.push({ ...manager, blob: reader.rawBytes(reader.u32()) });
  const dat: PlainTableDat = { kind: "plain", rowCount, byteOrder, desc, nextSequenceNumber, dataManagers, columns };
  return container === undefined ? dat : { ...dat, container };
}

/** 0: all managers in one MultiFile; 1: in one HDF5 file; 2: a file each. */
const separateFilesOption = 2;

function expectVersion(reader: AipsIoReader, what: string, version: number): void {
  const found = reader.u32();
  if (found !== version) throw reader.error(`${what}: version`, `${version}`, `${found}`);
}

function readReferenceTable(reader: AipsIoReader, rowCount: number, byteOrder: ByteOrder): ReferenceTableDat {
  const object = reader.openObject("RefTable", 3);
  const root = reader.string();
  const columnNames = readNameMap(reader);
  const columnOrder = object.version > 1 ? (reader.array("string").data as readonly string[]) : [...columnNames.keys()];
  const wide = object.version > 2;
  const rootRowCount = reader.count(wide);
  const inRowOrder = reader.bool();
  const count = reader.count(wide);
  if (count !== rowCount) throw reader.error("number of row references", `${rowCount}`, `${count}`);
  if (count * (wide ? 8 : 4) > reader.remainingBytes) {
    throw reader.error("row references", `${count} numbers`, `${reader.remainingBytes} bytes left`);
  }
  const rows = new Float64Array(count);
  for (let i = 0; i < count; i++) rows[i] = reader.count(wide);
  reader.closeObject();
  return { kind: "reference", rowCount, byteOrder, root, rootRowCount, columnNames, columnOrder, inRowOrder, rows };
}

function readNameMap(reader: AipsIoReader): Map<string, string> {
  reader.openObject("SimpleOrderedMap", 1);
  reader.string(); // the default value, empty
  const count = reader.u32();
  reader.u32(); // by how much casacore grows the map
  const map = new Map<string, string>();
  for (let i = 0; i < count; i++) map.set(reader.string(), reader.string());
  reader.closeObject();
  return map;
}

function readConcatTable(reader: AipsIoReader, rowCount: number, byteOrder: ByteOrder): ConcatTableDat {
  reader.openObject("ConcatTable", 0);
  const tables = reader.strings(reader.u32());
  const concatenatedSubtables = reader.blockOfStrings();
  reader.closeObject();
  return { kind: "concat", rowCount, byteOrder, tables, concatenatedSubtables };
}

/**
 * Serialises a table.dat: the bytes casacore writes for the same table.
 *
 * @throws RangeError when the columns and their bindings do not pair up, or the table is in a container file
 */
export function serializeTableDat(dat: TableDat): Uint8Array {
  const writer = new AipsIoWriter();
  const wide = dat.rowCount > maxRowCount32;
  writer.openObject("Table", wide ? 3 : 2);
  writer.count(dat.rowCount, wide);
  writer.u32(dat.byteOrder === "big" ? 0 : 1);
  writer.string(kindNames[dat.kind]);
  if (dat.kind === "plain") writePlainTable(writer, dat, wide);
  else if (dat.kind === "reference") writeReferenceTable(writer, dat);
  else writeConcatTable(writer, dat);
  writer.closeObject();
  return writer.finish();
}

function writePlainTable(writer: AipsIoWriter, dat: PlainTableDat, wide: boolean): void {
  if (dat.columns.length !== dat.desc.columns.length) {
    throw new RangeError(`${dat.desc.columns.length} columns described, ${dat.columns.length} bound to a manager`);
  }
  if (dat.container !== undefined) throw new RangeError(`tables in a ${dat.container} are not written`);
  writeTableDesc(writer, dat.desc);
  writer.i32(wide ? -3 : -2);
  writer.count(dat.rowCount, wide);
  if (wide) {
    writer.i32(separateFilesOption);
    writer.i32(0);
  }
  writer.u32(dat.nextSequenceNumber);
  writer.u32(dat.dataManagers.length);
  for (const manager of dat.dataManagers) {
    writer.string(manager.type);
    writer.u32(manager.sequenceNumber);
  }
  for (const [index, binding] of dat.columns.entries()) {
    writer.u32(2);
    writer.string(binding.originalName);
    writer.u32(1);
    writer.u32(binding.sequenceNumber);
    if (dat.desc.columns[index]?.form === "array") {
      writer.bool(binding.shape !== undefined);
      if (binding.shape !== undefined) writer.iposition(binding.shape);
    }
  }
  for (const manager of dat.dataManagers) {
    writer.u32(manager.blob.length);
    writer.rawBytes(manager.blob);
  }
}

function writeReferenceTable(writer: AipsIoWriter, dat: ReferenceTableDat): void {
  const wide = dat.rootRowCount > maxRowCount32 || dat.rowCount > maxRowCount32;
  writer.openObject("RefTable", wide ? 3 : 2);
  writer.string(dat.root);
  writer.openObject("SimpleOrderedMap", 1);
  writer.string("");
  writer.u32(dat.columnNames.size);
  writer.u32(1);
  for (const [own, original] of dat.columnNames) {
    writer.string(own);
    writer.string(original);
  }
  writer.closeObject();
  writer.array({ type: "string", shape: [dat.columnOrder.length], data: dat.columnOrder }, "Array");
  writer.count(dat.rootRowCount, wide);
  writer.bool(dat.inRowOrder);
  writer.count(dat.rows.length, wide);
  for (const row of dat.rows) writer.count(row, wide);
  writer.closeObject();
}

function writeConcatTable(writer: AipsIoWriter, dat: ConcatTableDat): void {
  writer.openObject("ConcatTable", 0);
  writer.u32(dat.tables.length);
  writer.strings(dat.tables);
  writer.blockOfStrings(dat.concatenatedSubtables);
  writer.closeObject();
}
