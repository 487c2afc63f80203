/** Table and column descriptions as they stand in table.dat. */
import type { AipsIoReader } from "../aipsio/reader.ts";
import { readRecord, writeRecord } from "../aipsio/record.ts";
import type { AipsIoWriter } from "../aipsio/writer.ts";
import { codeOfType, recordCode, typeOfCode } from "./data-types.ts";
import type { ColumnDesc, ComplexValue, DataType, ScalarValue, TableDesc } from "./model.ts";

/** The 8-character type names in the class names of column descriptions. */
const classTypeIds: Readonly<Record<Exclude<DataType, "record">, string>> = {
  bool: "Bool    ",
  char: "Char    ",
  uchar: "uChar   ",
  short: "Short   ",
  ushort: "uShort  ",
  int: "Int     ",
  uint: "uInt    ",
  int64: "Int64   ",
  float: "float   ",
  double: "double  ",
  complex: "Complex ",
  dcomplex: "DComplex",
  string: "String  ",
};

const recordColumnClass = "ScalarRecordColumnDesc";
const scalarColumnClassStart = "ScalarColumnDesc<";
const arrayColumnClassStart = "ArrayColumnDesc<";

/** Reads a table description, with all its columns. */
export function readTableDesc(reader: AipsIoReader): TableDesc {
  const object = reader.openObject("TableDesc", 2);
  const name = reader.string();
  const version = reader.string();
  const comment = reader.string();
  const keywords = readRecord(reader);
  const privateKeywords = object.version > 1 ? readRecord(reader) : new Map();
  const columnCount = reader.u32();
  const columns: ColumnDesc[] = [];
  for (let i = 0; i < columnCount; i++) columns.push(readColumnDesc(reader));
  reader.closeObject();
  return { name, version, comment, keywords, privateKeywords, columns };
}

function readColumnDesc(reader: AipsIoReader): ColumnDesc {
  expectVersion(reader, "column description");
  const className = reader.string();
  expectVersion(reader, `column description ${className}`);
  const name = reader.string();
  const comment = reader.string();
  const dataManagerType = reader.string();
  const dataManagerGroup = reader.string();
  const code = reader.i32();
  const option = reader.i32();
  const ndim = reader.i32();
  const isRecord = className === recordColumnClass;
  const type = isRecord && code === recordCode ? "record" : typeOfCode(code);
  if (type === undefined) throw reader.error(`column ${name}: data type`, "a known type code", `${code}`);
  const isArray = className.startsWith(arrayColumnClassStart);
  if (!isArray && !isRecord && !className.startsWith(scalarColumnClassStart)) {
    throw reader.error(`column ${name}: class`, "a scalar, array or record column", JSON.stringify(className));
  }
  const shape = ndim === 0 ? [] : reader.iposition();
  const maxLengthBytes = reader.u32();
  const keywords = readRecord(reader);
  expectVersion(reader, `column ${name}`);
  let defaultValue: ScalarValue | undefined;
  if (isArray) reader.bool();
  else if (type !== "record") defaultValue = reader.scalar(type);
  return {
    name,
    comment,
    type,
    form: isArray ? "array" : "scalar",
    ndim,
    ...(shape.length > 0 ? { shape } : {}),
    option,
    maxLengthBytes,
    dataManagerType,
    dataManagerGroup,
    keywords,
    ...(defaultValue === undefined || isZero(defaultValue) ? {} : { defaultValue }),
  };
}

function expectVersion(reader: AipsIoReader, what: string): void {
  const version = reader.u32();
  if (version !== 1) throw reader.error(`${what}: version`, "1", `${version}`);
}

function isZero(value: ScalarValue): boolean {
  if (typeof value === "object") return Object.is(value.re, 0) && Object.is(value.im, 0);
  return Object.is(value, 0) || value === 0n || value === false || value === "";
}

/** Writes a table description; the twin of {@link readTableDesc}. */
export function writeTableDesc(writer: AipsIoWriter, desc: TableDesc): void {
  writer.openObject("TableDesc", 2);
  writer.string(desc.name);
  writer.string(desc.version);
  writer.string(desc.comment);
  writeRecord(writer, desc.keywords);
  writeRecord(writer, desc.privateKeywords);
  writer.u32(desc.columns.length);
  for (const column of desc.columns) writeColumnDesc(writer, column);
  writer.closeObject();
}

function writeColumnDesc(writer: AipsIoWriter, column: ColumnDesc): void {
  writer.u32(1);
  writer.string(columnClass(column));
  writer.u32(1);
  writer.string(column.name);
  writer.string(column.comment);
  writer.string(column.dataManagerType);
  writer.string(column.dataManagerGroup);
  writer.i32(codeOfType(column.type));
  writer.i32(column.option);
  writer.i32(column.ndim);
  if (column.ndim !== 0) writer.iposition(column.shape ?? []);
  writer.u32(column.maxLengthBytes);
  writeRecord(writer, column.keywords);
  writer.u32(1);
  if (column.form === "array") writer.bool(false);
  else if (column.type !== "record") writer.scalar(column.type, column.defaultValue ?? zeroOf(column.type));
}

function columnClass(column: ColumnDesc): string {
  if (column.type === "record") return recordColumnClass;
  return `${column.form === "array" ? arrayColumnClassStart : scalarColumnClassStart}${classTypeIds[column.type]}`;
}

const complexZero: ComplexValue = { re: 0, im: 0 };

function zeroOf(type: Exclude<DataType, "record">): ScalarValue {
  switch (type) {
    case "bool":
      return false;
    case "string":
      return "";
    case "int64":
      return 0n;
    case "complex":
    case "dcomplex":
      return complexZero;
    default:
      return 0;
  }
}
