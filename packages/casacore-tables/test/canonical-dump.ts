/** What this package reads in tables, in the form dump_table.py prints: see there for the definition. */
import { createHash, type Hash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { ArrayValue, DataType, KeywordSet, KeywordValue, NumericArray, ScalarValue } from "../src/node.ts";
import { type Column, openTable, type Table } from "../src/node.ts";
import { numericLayouts } from "../src/table/data-types.ts";

export interface ColumnDump {
  readonly type: string;
  readonly hash: string;
  readonly keywords: string;
}

export interface TableDump {
  readonly rowCount: number;
  readonly info: readonly string[];
  readonly keywords: string;
  readonly columns: Readonly<Record<string, ColumnDump>>;
}

/** Directories at or below `root` that are tables, in the order of os.walk with sorted names. */
export function tablesUnder(root: string): string[] {
  const entries = readdirSync(root, { withFileTypes: true });
  const found = entries.some((entry) => entry.name === "table.dat") ? [root] : [];
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  for (const name of names.sort()) found.push(...tablesUnder(join(root, name)));
  return found;
}

export function dumpTable(path: string): TableDump {
  const table = openTable(path);
  try {
    return dumpOpenTable(table);
  } finally {
    table.close();
  }
}

export function dumpOpenTable(table: Table): TableDump {
  const columns: Record<string, ColumnDump> = {};
  for (const name of table.columnNames) {
    const column = table.column(name);
    columns[name] = {
      type: column.type === "bool" ? "boolean" : column.type,
      hash: columnHash(column),
      keywords: JSON.stringify(canonicalRecord(column.keywords)),
    };
  }
  const { type, subType, readme } = table.info;
  return {
    rowCount: table.rowCount,
    info: [type, subType, readme.replace(/\n+$/, "")],
    keywords: JSON.stringify(canonicalRecord(table.keywords)),
    columns,
  };
}

function canonicalRecord(record: KeywordSet): unknown {
  return { fields: [...record].map(([name, value]) => [name, canonicalKeyword(value)]) };
}

function canonicalKeyword(value: KeywordValue): unknown {
  switch (value.kind) {
    case "scalar":
      return canonicalScalar(value.value);
    case "array":
      return { shape: value.value.shape, values: canonicalElements(value.value) };
    case "record":
      return canonicalRecord(value.value);
    case "table":
      return `Table: ${value.value.table}`;
  }
}

function canonicalElements({ type, data }: ArrayValue): unknown[] {
  if (type === "string") return [...(data as readonly string[])];
  const numbers = data as NumericArray;
  if (type === "bool") return Array.from(numbers as Uint8Array, (flag) => flag !== 0);
  const texts = Array.from(numbers as Float64Array, (number) => hexadecimal(number));
  if (type !== "complex" && type !== "dcomplex") return texts;
  return Array.from({ length: texts.length / 2 }, (_, i) => [texts[2 * i], texts[2 * i + 1]]);
}

function canonicalScalar(value: ScalarValue): unknown {
  if (typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "object") return [hexadecimal(value.re), hexadecimal(value.im)];
  return hexadecimal(value);
}

function hexadecimal(number: number | bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(Number(number));
  return bytes.toString("hex");
}

/** Rows of one call, as a user streaming through the column would choose them; odd, so that it meets no tile or bucket edge. */
const chunkRows = 1013;

/** Reads scalars in chunks into one buffer, arrays of one shape likewise, others cell by cell. */
export function columnHash(column: Column): string {
  const digest = createHash("sha256");
  if (column.type === "record") {
    for (let row = 0; row < column.rowCount; row++) {
      updateString(digest, JSON.stringify(canonicalRecord(column.getRecord(row))));
    }
  } else if (column.form === "scalar") hashScalars(digest, column, column.type);
  else hashArrays(digest, column, column.type);
  return digest.digest("hex");
}

function hashScalars(digest: Hash, column: Column, type: Exclude<DataType, "record">): void {
  const buffer = type === "string" ? undefined : numericLayouts[type].create(chunkRows * numericLayouts[type].parts);
  for (let row = 0; row < column.rowCount; row += chunkRows) {
    const end = Math.min(column.rowCount, row + chunkRows);
    if (buffer === undefined || type === "string") {
      for (const text of column.getScalarRange(row, end) as string[]) updateString(digest, text);
    } else {
      column.getScalarRange(row, end, buffer);
      updateNumbers(digest, buffer.subarray(0, (end - row) * numericLayouts[type].parts));
    }
  }
}

function hashArrays(digest: Hash, column: Column, type: Exclude<DataType, "record">): void {
  for (let row = 0; row < column.rowCount; ) {
    const end = column.equalShapeEnd(row, Math.min(column.rowCount, row + chunkRows));
    const shape = column.shapeOf(row);
    if (shape === undefined) {
      for (; row < end; row++) digest.update(Uint8Array.of(0));
      continue;
    }
    const head = Buffer.alloc(5 + 4 * shape.length);
    head.writeUInt8(1);
    head.writeUInt32LE(shape.length, 1);
    for (const [axis, length] of shape.entries()) head.writeUInt32LE(length, 5 + 4 * axis);
    if (type === "string") {
      for (; row < end; row++) {
        digest.update(head);
        for (const text of column.getArray(row).data as readonly string[]) updateString(digest, text);
      }
      continue;
    }
    const count = shape.length === 0 ? 0 : shape.reduce((product, length) => product * length, 1);
    const cellLength = count * numericLayouts[type].parts;
    const cells = numericLayouts[type].create((end - row) * cellLength);
    column.getCellsInto(row, end, cells);
    for (let i = 0; row < end; row++, i++) {
      digest.update(head);
      updateNumbers(digest, cells.subarray(i * cellLength, (i + 1) * cellLength));
    }
  }
}

function updateString(digest: Hash, text: string): void {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  digest.update(length).update(bytes);
}

/** The hosts this runs on are little endian, as the canonical form is. */
function updateNumbers(digest: Hash, numbers: NumericArray): void {
  digest.update(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
}
