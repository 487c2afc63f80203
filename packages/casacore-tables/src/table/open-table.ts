/** Opens tables of any kind: plain, reference (a selection) and concatenated. */
import { ColumnNotFoundError, KeywordNotFoundError, TableFormatError, TableNotFoundError } from "../errors.ts";
import { type ByteSource, readPiece } from "../storage/byte-source.ts";
import { ConcatenatedColumn, SelectedColumn } from "../storage/mapped-column.ts";
import type { StoredColumn } from "../storage/stored-column.ts";
import { Column } from "./column.ts";
import { elementCount, numericLayouts } from "./data-types.ts";
import type { ColumnDesc, KeywordSet, KeywordValue, TableDesc, TableInfo } from "./model.ts";
import { openPlainContents, type TableContents } from "./plain-contents.ts";
import { parseLockFile } from "./sync-data.ts";
import {
  type ConcatTableDat,
  type PlainTableDat,
  parseTableDat,
  type ReferenceTableDat,
  type TableDat,
} from "./table-dat.ts";
import { parseTableInfo } from "./table-info-file.ts";
import { joinPath, resolveTablePath, trimPath } from "./table-path.ts";

/** What opening a table asks of a file system; `node.ts` binds it to the disk. */
export interface TableSources {
  /** Whether there is a file of this name. */
  exists(path: string): boolean;
  /** @throws TableIoError */
  open(path: string): ByteSource;
}

/** References to references to references …: deeper than any real table. */
const maxReferenceDepth = 16;

/**
 * An open table. It shows the state it had when it was opened; open it again to see changes. Its files stay open until
 * `close`.
 */
export class Table {
  readonly path: string;
  readonly kind: TableDat["kind"];
  readonly rowCount: number;
  readonly desc: TableDesc;
  readonly keywords: KeywordSet;
  readonly info: TableInfo;
  private readonly sources: TableSources;
  private readonly contents: TableContents;
  private readonly columns = new Map<string, Column>();
  /** Opens the members of a concatenated table anew, for the subtables that are concatenated with it. */
  private readonly concatenated:
    | { readonly paths: readonly string[]; readonly subtables: readonly string[] }
    | undefined;

  /** For this library; callers use `openTable`. */
  constructor(sources: TableSources, path: string, opened: OpenedContents, info: TableInfo) {
    this.sources = sources;
    this.path = path;
    this.kind = opened.kind;
    this.contents = opened.contents;
    this.concatenated = opened.concatenated;
    this.rowCount = opened.contents.rowCount;
    this.desc = opened.contents.desc;
    this.keywords = this.desc.keywords;
    this.info = info;
  }

  get columnNames(): string[] {
    return this.desc.columns.map((column) => column.name);
  }

  hasColumn(name: string): boolean {
    return this.desc.columns.some((column) => column.name === name);
  }

  /**
   * A column, ready to be read.
   *
   * @throws ColumnNotFoundError; UnknownDataManagerError when its data manager is none that this library reads;
   *         TableFormatError, UnsupportedFormatError, TableIoError when its files cannot be read
   */
  column(name: string): Column {
    const known = this.columns.get(name);
    if (known !== undefined) return known;
    const desc = this.desc.columns.find((column) => column.name === name);
    if (desc === undefined) throw new ColumnNotFoundError(this.path, name, this.columnNames);
    const column = new Column(this.path, desc, this.rowCount, this.contents.openColumn(desc));
    this.columns.set(name, column);
    return column;
  }

  /**
   * Path of the table a keyword refers to.
   *
   * @throws KeywordNotFoundError
   */
  subtablePath(name: string): string {
    const value = this.keywords.get(name);
    if (value?.kind !== "table") {
      throw new KeywordNotFoundError(
        this.path,
        name,
        "a reference to a table",
        value === undefined ? "no such keyword" : `a ${value.kind}`,
      );
    }
    return value.value.table;
  }

  /**
   * Opens the table a keyword refers to, such as ANTENNA of a Measurement Set. The caller closes it.
   *
   * @throws KeywordNotFoundError; what opening a table throws
   */
  subtable(name: string): Table {
    if (this.concatenated?.subtables.includes(name) === true) {
      const paths = this.concatenated.paths.map((path) => {
        const member = openTableFrom(this.sources, path);
        try {
          return member.subtablePath(name);
        } finally {
          member.close();
        }
      });
      const dat: ConcatTableDat = {
        kind: "concat",
        rowCount: 0,
        byteOrder: "big",
        tables: paths,
        concatenatedSubtables: [],
      };
      const opened = openConcatContents(this.sources, this.path, dat, 0);
      return new Table(this.sources, joinPath(this.path, name), opened, parseTableInfo(undefined));
    }
    return openTableFrom(this.sources, this.subtablePath(name));
  }

  /** Closes all files of the table. Its columns cannot be read any more. */
  close(): void {
    this.contents.close();
    this.columns.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

interface OpenedContents {
  readonly kind: TableDat["kind"];
  readonly contents: TableContents;
  readonly concatenated?: { readonly paths: readonly string[]; readonly subtables: readonly string[] };
}

/**
 * Opens a table; see `openTable` of the Node entry point.
 *
 * @throws TableNotFoundError, TableFormatError, UnsupportedFormatError, TableIoError
 */
export function openTableFrom(sources: TableSources, path: string): Table {
  const trimmed = trimPath(path);
  const opened = openContents(sources, trimmed, 0);
  const infoFile = joinPath(trimmed, "table.info");
  const text = sources.exists(infoFile) ? decoder.decode(readFile(sources, infoFile)) : undefined;
  return new Table(sources, trimmed, opened, parseTableInfo(text));
}

const decoder = new TextDecoder();

function readFile(sources: TableSources, path: string): Uint8Array {
  const source = sources.open(path);
  try {
    return readPiece(source, 0, source.sizeBytes, "the whole file");
  } finally {
    source.close();
  }
}

function openContents(sources: TableSources, path: string, depth: number): OpenedContents {
  const file = joinPath(path, "table.dat");
  if (depth > maxReferenceDepth) {
    throw new TableFormatError(file, "references to other tables", `at most ${maxReferenceDepth} levels`, "more");
  }
  if (!sources.exists(file)) throw new TableNotFoundError(path, "it holds no file table.dat");
  const dat = parseTableDat(readFile(sources, file), file);
  switch (dat.kind) {
    case "plain": {
      const rowCount = lockedRowCount(sources, path) ?? dat.rowCount;
      const open = (name: string): ByteSource => sources.open(name);
      const contents = openPlainContents(path, withResolvedPaths(dat, path), rowCount, open);
      return { kind: "plain", contents };
    }
    case "reference":
      return { kind: "reference", contents: openReferenceContents(sources, path, dat, depth) };
    case "concat":
      return openConcatContents(sources, path, dat, depth);
  }
}

/** Updates of tiled columns leave table.dat as it is: the row count beside the locks is the newer one, unless it is 0. */
function lockedRowCount(sources: TableSources, path: string): number | undefined {
  const file = joinPath(path, "table.lock");
  if (!sources.exists(file)) return undefined;
  const sync = parseLockFile(readFile(sources, file), file);
  return sync === undefined || sync.rowCount === 0 ? undefined : sync.rowCount;
}

/** Table keywords hold paths relative to their table; an open table shows where they lead. */
function withResolvedPaths(dat: PlainTableDat, path: string): PlainTableDat {
  const columns = dat.desc.columns.map((column) => ({ ...column, keywords: resolvePaths(column.keywords, path) }));
  const desc = { ...dat.desc, keywords: resolvePaths(dat.desc.keywords, path), columns };
  return { ...dat, desc };
}

function resolvePaths(keywords: KeywordSet, path: string): KeywordSet {
  const resolved = new Map<string, KeywordValue>();
  for (const [name, value] of keywords) {
    if (value.kind === "record") resolved.set(name, { ...value, value: resolvePaths(value.value, path) });
    else if (value.kind === "table") {
      resolved.set(name, { ...value, value: { table: resolveTablePath(value.value.table, path) } });
    } else resolved.set(name, value);
  }
  return resolved;
}

function openReferenceContents(
  sources: TableSources,
  path: string,
  dat: ReferenceTableDat,
  depth: number,
): TableContents {
  const file = joinPath(path, "table.dat");
  const root = openContents(sources, resolveTablePath(dat.root, path), depth + 1).contents;
  for (let row = 0; row < dat.rows.length; row++) {
    if ((dat.rows[row] as number) >= root.rowCount) {
      root.close();
      throw new TableFormatError(file, `reference of row ${row}`, `below ${root.rowCount}`, `${dat.rows[row]}`);
    }
  }
  const rootDescs = new Map<ColumnDesc, ColumnDesc>();
  for (const name of dat.columnOrder) {
    const rootName = dat.columnNames.get(name);
    const rootDesc = root.desc.columns.find((column) => column.name === rootName);
    if (rootDesc === undefined) {
      root.close();
      throw new TableFormatError(file, `column ${name}`, `a column of ${dat.root}`, `${rootName}`);
    }
    rootDescs.set({ ...rootDesc, name }, rootDesc);
  }
  return {
    desc: { ...root.desc, columns: [...rootDescs.keys()] },
    rowCount: dat.rowCount,
    openColumn: (desc) => {
      const rootDesc = rootDescs.get(desc) as ColumnDesc;
      return new SelectedColumn(root.openColumn(rootDesc), dat.rows, cellLengthOf(rootDesc));
    },
    close: () => root.close(),
  };
}

function openConcatContents(sources: TableSources, path: string, dat: ConcatTableDat, depth: number): OpenedContents {
  const paths = dat.tables.map((table) => resolveTablePath(table, path));
  const members: TableContents[] = [];
  const close = (): void => {
    for (const member of members) member.close();
  };
  try {
    for (const table of paths) members.push(openContents(sources, table, depth + 1).contents);
  } catch (error) {
    close();
    throw error;
  }
  const first = members[0];
  if (first === undefined) throw new TableFormatError(joinPath(path, "table.dat"), "tables", "one at least", "none");
  const starts = [0];
  for (const member of members) starts.push((starts[starts.length - 1] as number) + member.rowCount);
  const openColumn = (desc: ColumnDesc): StoredColumn => {
    const parts = members.map((member, index) => {
      const own = member.desc.columns.find((column) => column.name === desc.name);
      if (own === undefined || own.type !== desc.type || own.form !== desc.form) {
        const expected = `a column ${desc.name} of type ${desc.type}`;
        throw new TableFormatError(joinPath(paths[index] as string, "table.dat"), "columns", expected, "none");
      }
      return member.openColumn(own);
    });
    return new ConcatenatedColumn(parts, starts, cellLengthOf(desc));
  };
  const rowCount = starts[starts.length - 1] as number;
  return {
    kind: "concat",
    contents: { desc: first.desc, rowCount, openColumn, close },
    concatenated: { paths, subtables: dat.concatenatedSubtables },
  };
}

/** Elements a cell takes in a caller's array. */
function cellLengthOf(desc: ColumnDesc): (shape: readonly number[] | undefined) => number {
  const parts = desc.type === "string" || desc.type === "record" ? 1 : numericLayouts[desc.type].parts;
  const isArray = desc.form === "array";
  return (shape) => (isArray && (shape === undefined || shape.length === 0) ? 0 : elementCount(shape ?? []) * parts);
}
