/**
 * What the files of a plain table say of its storage: which data manager keeps which column, in which files, and how many
 * rows each file believes in. This is for looking at tables, not for reading them; the table library does that.
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Table } from "@contimg/casacore-tables/node";

export interface DataManagerFiles {
  readonly type: string;
  /** N of its files `table.fN`. */
  readonly sequenceNumber: number;
  readonly columnNames: readonly string[];
}

export interface StorageFiles {
  readonly managers: readonly DataManagerFiles[];
  readonly managerOfColumn: ReadonlyMap<string, DataManagerFiles>;
  /** The row count that table.dat holds. */
  readonly tableDatRowCount: number;
  /** The row count beside the locks; null when there is none, or no file table.lock. */
  readonly lockRowCount: number | null;
}

/** Big-endian values one behind the other, as AipsIO frames them. */
class Words {
  private readonly bytes: Buffer;
  at: number;
  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  u32(): number {
    this.at += 4;
    return this.bytes.readUInt32BE(this.at - 4);
  }
  count(isWide: boolean): number {
    return isWide ? this.u32() * 2 ** 32 + this.u32() : this.u32();
  }
  text(): string {
    const length = this.u32();
    this.at += length;
    return this.bytes.toString("utf8", this.at - length, this.at);
  }
  isTrue(): boolean {
    return this.bytes.readUInt8(this.at++) !== 0;
  }
  /** An object, whose first word is the length of all of it. */
  skipObject(): void {
    this.at += this.bytes.readUInt32BE(this.at);
  }
  /** Magic number, length, type and version at the start of a file; returns the version. */
  openRoot(): number {
    this.at += 8;
    this.text();
    return this.u32();
  }
}

/** undefined for tables without data of their own (references and concatenations), and those in one container file. */
export function storageFilesOf(table: Table): StorageFiles | undefined {
  if (table.kind !== "plain") return undefined;
  const words = new Words(readFileSync(join(table.path, "table.dat")));
  const tableDatRowCount = words.count(words.openRoot() > 2);
  words.u32(); // byte order of the data
  words.text(); // "PlainTable"
  words.skipObject(); // the description, which the library has read
  const version = -(words.u32() | 0);
  if (version < 2 || version > 3) return undefined;
  words.count(version > 2);
  if (version > 2) {
    if (words.u32() !== SEPARATE_FILES) return undefined;
    words.u32();
  }
  words.u32(); // the next sequence number
  const kinds = Array.from({ length: words.u32() }, () => ({ type: words.text(), sequenceNumber: words.u32() }));
  const sequenceNumbers = table.desc.columns.map((column) => {
    words.u32();
    words.text();
    words.u32();
    const sequenceNumber = words.u32();
    if (column.form === "array" && words.isTrue()) words.skipObject();
    return sequenceNumber;
  });
  const managers = kinds.map((kind) => ({
    ...kind,
    columnNames: table.columnNames.filter((_name, at) => sequenceNumbers[at] === kind.sequenceNumber),
  }));
  const managerOfColumn = new Map(managers.flatMap((manager) => manager.columnNames.map((name) => [name, manager])));
  return { managers, managerOfColumn, tableDatRowCount, lockRowCount: lockRowCount(table.path) };
}

/** A file a manager has, against all in one MultiFile or HDF5 file. */
const SEPARATE_FILES = 2;
/** Of the list of processes that ask for the lock, before the counters. */
const REQUEST_LIST_BYTES = 260;

function lockRowCount(path: string): number | null {
  const file = join(path, "table.lock");
  if (!existsSync(file)) return null;
  const bytes = readFileSync(file);
  if (bytes.length < REQUEST_LIST_BYTES + 4 || bytes.readUInt32BE(REQUEST_LIST_BYTES) === 0) return null;
  const words = new Words(bytes, REQUEST_LIST_BYTES + 4);
  return words.count(words.openRoot() > 1);
}
